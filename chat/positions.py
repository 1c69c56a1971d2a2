"""Positions: the list, a card, and closing all or part of one."""

import asyncio
from collections.abc import Sequence
from typing import Any

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, freeze, plan
from chat.money import find_instrument
from chat.reading import accounts_named, ask, ask_all, page_of, positions, scoped
from chat.trade import results_screen
from core.confirming import answer_once_for
from core.exits import shows_exit
from core.frozen_orders import frozen_account
from core.levels import size_to_close
from core.phrases import EVERYTHING, CloseWish, parse_close, parse_share
from core.places import split_places
from models.account import Account
from models.errors import BadOrder, TradingError, Unavailable
from models.position import Position
from models.requests import OrderResult
from models.values import plain
from telegram_ui.buttons import PositionKey
from telegram_ui.parts import Part
from telegram_ui.screen import Screen, Toast
from telegram_ui.views.positions import position_gone_view, position_view, positions_view
from telegram_ui.views.safety import close_all_plan
from telegram_ui.views.trade import Closing, close_preview_view


async def cmd_positions(call: Call) -> Reply:
    """List the open positions of the chosen accounts, of all, or of a venue: `/positions all`."""
    accounts, scope = await scoped(call, 1)
    return positions_view(call.t, await positions(call, accounts=accounts), page_of(call), scope)


async def on_position(call: Call) -> Reply:
    """Show one position."""
    return await _card(call)


async def on_pin(call: Call) -> Reply:
    """Keep a position's card at the top of the chat, where it follows the market for hours."""
    screen = await _card(call, is_pinned=True)
    if screen.is_live and not call.is_again and not await call.pin():
        return Toast(text=call.t("Telegram did not pin it; try again."))
    return screen


async def _card(call: Call, *, is_pinned: bool = False) -> Screen:
    key = PositionKey.read(call.arguments)
    account = key.account_of(call.user_id)
    position = await find_position(call, key)
    if position is None:
        return position_gone_view(call.t, account, key.symbol)
    return position_view(call.t, account, position, can_trade=call.person.can_trade, is_pinned=is_pinned)


async def find_position(call: Call, key: PositionKey) -> Position | None:
    """Return the position that a button is about, as it is now; None when it is closed."""
    found = await call.backend.get_positions(call.user_id, key.symbol, key.exchange, key.account_type)
    return next((position for position in found if position.side is key.side), None)


@shows_exit
async def cmd_close(call: Call) -> Reply:
    """Preview a close on every account that holds the market; list the positions where none was named."""
    text, places = split_places(call.text)
    if not call.text.strip():
        return await cmd_positions(call)
    if text.strip().lower() in EVERYTHING:
        return await _close_all(call, await accounts_named(call, places))
    wish = parse_close(text)
    parts = await ask_all(await accounts_named(call, places), lambda account: held_in(call, account, wish.symbol))
    failed = [part for part in parts if part.error is not None]
    owned = [(part.account, position) for part in parts for position in part.value or []]
    if any(len(part.value or []) > 1 for part in parts):
        return positions_view(call.t, parts)
    if owned:
        return await _close_previews(call, owned, wish, failed)
    raise nothing_held(parts, wish.symbol)


@shows_exit
async def on_close_all(call: Call) -> Reply:
    """Ask before closing every position of the accounts that are listed."""
    accounts, _ = await scoped(call, 0)
    return await _close_all(call, accounts)


async def _close_all(call: Call, accounts: Sequence[Account]) -> Screen:
    parts = await positions(call, accounts=accounts)
    closings = [
        Closing(account=part.account, position=position, size=position.size)
        for part in parts
        for position in part.value or []
    ]
    if not closings:
        return positions_view(call.t, parts)
    payload = {"closes": [_frozen(closing) for closing in closings]}
    return await plan(call, "close", payload, close_all_plan(call.t, parts), None)


def nothing_held(parts: Sequence[Part[list[Position]]], symbol: str) -> TradingError:
    """Return the error of a market in which no account is known to hold anything."""
    errors = [part.error for part in parts if part.error]
    silent = [error for error in errors if isinstance(error, Unavailable)]
    if silent or len(errors) == len(parts):  # nobody knows that nothing is held there
        return (*silent, *errors)[0]
    return BadOrder("nothing is held there", code="nothing_held", symbol=symbol.upper())


async def held_in(call: Call, account: Account, symbol: str) -> list[Position]:
    """Return what an account holds in the market that a typed name means there."""
    instrument = await find_instrument(call, account, symbol)
    return await call.backend.get_positions(call.user_id, instrument.symbol, account.exchange, account.account_type)


@shows_exit
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
    """Show what a close would take away, on the market's grid, behind a confirm button.

    Raises:
        BadOrder: So much cannot be closed.
    """
    return await _close_previews(call, [(account, position)], wish)


async def _close_previews(
    call: Call,
    owned: Sequence[tuple[Account, Position]],
    wish: CloseWish,
    failed: Sequence[Part[list[Position]]] = (),
) -> Screen:
    """Show what a close would take away in each account; accounts that cannot are told beside the others."""

    async def look(account: Account, position: Position) -> Part[Closing]:
        return await ask(account, lambda _: _closing(call, account, position, wish))

    looked = await asyncio.gather(*(look(account, position) for account, position in owned))
    closings = [part.value for part in looked if part.value is not None]
    if not closings:
        raise next(part.error for part in looked if part.error is not None)
    confirm = await freeze(call, "close", {"closes": [_frozen(closing) for closing in closings]})
    refused: list[Part[Any]] = [*(part for part in looked if part.error is not None), *failed]
    return close_preview_view(call.t, closings, confirm=confirm, refused=refused)


async def _closing(call: Call, account: Account, position: Position, wish: CloseWish) -> Closing:
    instrument = await find_instrument(call, account, position.symbol)
    size = size_to_close(position.size, instrument, percent=wish.percent, size=wish.size)
    return Closing(account=account, position=position, size=size)


def _frozen(closing: Closing) -> dict[str, str | None]:
    return {
        **frozen_account(closing.account),
        "symbol": closing.position.symbol,
        "side": closing.position.side.value,
        "size": None if closing.is_whole else plain(closing.size),
    }


async def _close(call: Call, payload: Payload, token: str) -> Screen:
    """Send confirmed closes, one per account, at the same time."""
    parts = await asyncio.gather(
        *(_close_one(call, close, cause_of(token, n)) for n, close in enumerate(payload["closes"]))
    )
    return await results_screen(call, parts)


async def _close_one(call: Call, close: Payload, cause: str) -> Part[OrderResult]:
    key = PositionKey.read((close["exchange"], close["account_type"], close["symbol"], close["side"]))

    async def question(account: Account) -> OrderResult:
        return await answer_once_for(cause, lambda: send_close(call, account, key, cause, close["size"]))

    return await ask(key.account_of(call.user_id), question)


async def send_close(
    call: Call, account: Account, key: PositionKey, cause: str, size: str | None = None
) -> OrderResult:
    """Close a position, or so much of it."""
    return await call.backend.close_position(
        call.user_id,
        key.symbol,
        size,
        account.exchange,
        account.account_type,
        position_side=key.side,
        cause=cause,
    )


CLOSE = Deed(kind="close", run=_close)
