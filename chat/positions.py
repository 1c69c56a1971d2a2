"""Positions: the list, a card, and closing all or part of one."""

from decimal import Decimal

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, freeze
from chat.money import find_instrument
from chat.reading import ask, page_of, positions, scoped
from chat.trade import results_screen
from core.confirming import send_once_for
from core.levels import WHOLE, size_to_close
from core.phrases import CloseWish, parse_close, parse_share
from models.account import Account
from models.errors import BadOrder
from models.position import Position
from models.requests import OrderResult
from models.values import plain
from telegram_ui.buttons import PositionKey
from telegram_ui.screen import Screen
from telegram_ui.views.positions import position_gone_view, position_view, positions_view
from telegram_ui.views.trade import close_preview_view


async def cmd_positions(call: Call) -> Reply:
    """List the open positions of the chosen accounts, of all, or of a venue: `/positions all`."""
    accounts, scope = await scoped(call, 1)
    return positions_view(call.t, await positions(call, accounts=accounts), page_of(call), scope)


async def on_position(call: Call) -> Reply:
    """Show one position."""
    key = PositionKey.read(call.arguments)
    account = key.account_of(call.user_id)
    position = await find_position(call, key)
    if position is None:
        return position_gone_view(call.t, account, key.symbol)
    return position_view(call.t, account, position, can_trade=call.person.can_trade)


async def find_position(call: Call, key: PositionKey) -> Position | None:
    """Return the position that a button is about, as it is now; None when it is closed."""
    found = await call.backend.get_positions(call.user_id, key.symbol, key.exchange, key.account_type)
    return next((position for position in found if position.side is key.side), None)


async def cmd_close(call: Call) -> Reply:
    """Preview a close; list the positions where several could be meant, or none was named."""
    if not call.text.strip():
        return await cmd_positions(call)
    wish = parse_close(call.text)
    instrument = await find_instrument(call, (await call.services.accounts.chosen(call.user_id))[0], wish.symbol)
    parts = await positions(call, instrument.symbol)
    failed = next((part.error for part in parts if part.error), None)
    if failed is not None:
        raise failed
    owned = [(part.account, position) for part in parts for position in part.value or []]
    if len(owned) > 1:
        return positions_view(call.t, parts)
    if not owned:
        raise BadOrder("no such position", code="no_position", symbol=instrument.symbol)
    account, position = owned[0]
    return await close_preview(call, account, position, wish)


async def on_close(call: Call) -> Reply:
    """Preview a close from a card's button."""
    key = PositionKey.read(call.arguments)
    account = key.account_of(call.user_id)
    position = await find_position(call, key)
    if position is None:
        return position_gone_view(call.t, account, key.symbol)
    percent = parse_share(call.argument(4))
    return await close_preview(call, account, position, CloseWish(symbol=key.symbol, percent=percent))


async def close_preview(call: Call, account: Account, position: Position, wish: CloseWish) -> Screen:
    """Show what a close would take away, on the market's grid, behind a confirm button."""
    instrument = await find_instrument(call, account, position.symbol)
    size = size_to_close(position.size, instrument, percent=wish.percent, size=wish.size)
    is_whole = size == position.size
    payload = {
        "exchange": account.exchange,
        "account_type": account.account_type.value,
        "symbol": position.symbol,
        "side": position.side.value,
        "size": None if is_whole else plain(size),
    }
    confirm = await freeze(call, "close", payload)
    percent = WHOLE if is_whole else (size / position.size * 100).quantize(Decimal(1))
    return close_preview_view(call.t, account, position, size=size, percent=percent, confirm=confirm)


async def _close(call: Call, payload: Payload, token: str) -> Screen:
    """Send a confirmed close."""
    key = PositionKey.read((payload["exchange"], payload["account_type"], payload["symbol"], payload["side"]))

    async def question(account: Account) -> OrderResult:
        cause = cause_of(token)
        return await send_once_for(
            cause,
            lambda: call.backend.close_position(
                call.user_id,
                key.symbol,
                payload["size"],
                account.exchange,
                account.account_type,
                position_side=key.side,
                cause=cause,
            ),
        )

    return await results_screen(call, [await ask(key.account_of(call.user_id), question)])


CLOSE = Deed(kind="close", run=_close)
