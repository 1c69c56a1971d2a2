"""What else can be done from a position's card: a trailing stop, adding, reversing, closing any part."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan
from chat.money import find_instrument
from chat.positions import close_preview, find_position, send_close
from chat.protect import Held, only_position
from chat.questions import ask_for, close_question
from chat.reading import ask
from chat.trade import preview, results_screen
from core.accounts import spec_of
from core.confirming import answer_once_for
from core.exits import shows_exit
from core.frozen_orders import frozen_order, place_frozen
from core.phrases import parse_close, parse_symbol
from core.ticket import parse_ticket
from core.trailing import trailing_distance
from exchanges.spec import Capability
from models.account import Account
from models.enums import Outcome
from models.errors import BadOrder, LimitExceeded
from models.position import Position
from models.requests import OrderResult
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Ticket, TicketSize
from models.values import plain
from telegram_ui.buttons import PositionKey
from telegram_ui.screen import Screen
from telegram_ui.texts import Texts
from telegram_ui.views.card import ask_add_view, ask_share_view, ask_trailing_view, reverse_plan, trailing_plan
from telegram_ui.views.positions import position_gone_view

_CENT = Decimal("0.01")
_COUNTED_TWICE = frozenset({"max_total_notional", "max_positions"})
"""Limits that a reversal meets only until its first step is done."""


@shows_exit
async def on_trailing(call: Call) -> Reply:
    """Ask for a trailing stop's distance."""
    key = PositionKey.read(call.arguments)
    _need_trailing(key.exchange)
    written = call.arguments[len(key.arguments()) :]
    if written:
        held = await _held(call)
        return await _plan_trailing(call, held, trailing_distance(held.position, held.instrument, written[0]))
    await ask_for(call, "trailing", call.arguments)
    return await _asked(call, ask_trailing_view)


@shows_exit
async def on_share(call: Call) -> Reply:
    """Ask how much is closed."""
    await ask_for(call, "share", call.arguments)
    return await _asked(call, ask_share_view)


async def on_add(call: Call) -> Reply:
    """Ask how much is added."""
    await ask_for(call, "add", call.arguments)
    return await _asked(call, ask_add_view)


async def _asked(call: Call, view: Callable[[Texts, Account, Position], Screen]) -> Screen:
    """Show the question about the position of a button, if it is still there."""
    key = PositionKey.read(call.arguments)
    position, account = await find_position(call, key), key.account_of(call.user_id)
    if position is None:
        await close_question(call)
        return position_gone_view(call.t, account, key.symbol)
    return view(call.t, account, position)


@shows_exit
async def on_trailing_answer(call: Call) -> Reply:
    """Preview the trailing stop that was written."""
    held = await _held(call)
    distance = trailing_distance(held.position, held.instrument, call.text)
    await close_question(call)
    return await _plan_trailing(call, held, distance)


@shows_exit
async def cmd_trailing(call: Call) -> Reply:
    """Preview `/trail BTC 2%`."""
    symbol, _, rest = call.text.strip().partition(" ")
    if not rest.strip():
        raise BadOrder("expected a market and a distance", code="missing_number", word=symbol[:32] or "…")
    found = await only_position(call, parse_symbol(symbol), "tr", rest.strip())
    if isinstance(found, Screen):
        return found
    _need_trailing(found.account.exchange)
    return await _plan_trailing(call, found, trailing_distance(found.position, found.instrument, rest))


def _need_trailing(exchange: str) -> None:
    if not spec_of(exchange).can(Capability.TRAILING_STOP):
        raise BadOrder("the venue has no trailing stops", code="trailing_not_supported")


async def _plan_trailing(call: Call, held: Held, distance: Decimal) -> Screen:
    key = PositionKey.of(held.position, held.account)
    payload = {"place": list(key.arguments()), "distance": plain(distance)}
    offer = trailing_plan(call.t, held.position, distance, held.instrument)
    return await plan(call, "trail", payload, offer, held.account)


async def _trail(call: Call, payload: Payload, token: str) -> Screen:
    key = PositionKey.read(tuple(payload["place"]))

    async def question(account: Account) -> OrderResult:
        cause = cause_of(token)
        return await answer_once_for(
            cause,
            lambda: call.backend.set_protection(
                call.user_id,
                key.symbol,
                trailing_distance=Decimal(payload["distance"]),
                position_side=key.side,
                exchange=account.exchange,
                account_type=account.account_type,
                cause=cause,
            ),
        )

    done = call.t("Trailing {distance}", distance=call.t.price(Decimal(payload["distance"])))
    return await results_screen(call, [await ask(key.account_of(call.user_id), question)], done=done)


@shows_exit
async def on_share_answer(call: Call) -> Reply:
    """Preview the close of the part that was written."""
    held = await _held(call)
    wish = parse_close(f"{held.position.symbol} {call.text.strip()}")
    screen = await close_preview(call, held.account, held.position, wish)
    await close_question(call)
    return screen


async def on_add_answer(call: Call) -> Reply:
    """Preview more of a position, in its own account."""
    held = await _held(call)
    side = held.position.side.opening_side
    screen = await preview(call, parse_ticket(f"{held.position.symbol} {call.text}", side), accounts=[held.account])
    await close_question(call)
    return screen


async def _held(call: Call) -> Held:
    key = PositionKey.read(call.arguments)
    position, account = await find_position(call, key), key.account_of(call.user_id)
    if position is None:
        raise BadOrder("no such position", code="no_position", symbol=key.symbol)
    return Held(account, position, await find_instrument(call, account, key.symbol))


async def on_reverse(call: Call) -> Reply:
    """Preview a close and the opening of the other side, as large and as far from its stop."""
    held = await _held(call)
    opening = await _opening(call, held.account, _reversed(held.position, held.position.size))
    key = PositionKey.of(held.position, held.account)
    payload = {"place": list(key.arguments()), "stop": _stop_percent(held.position)}
    return await plan(call, "reverse", payload, reverse_plan(call.t, held.position, opening), held.account)


async def _opening(call: Call, account: Account, ticket: Ticket) -> OrderPreview:
    """Preview the second step; limits that the first step makes room for are looked at when it is done."""
    try:
        return await call.backend.preview_order(call.user_id, ticket, account.exchange, account.account_type)
    except LimitExceeded as e:
        if e.code not in _COUNTED_TWICE:
            raise
        raise BadOrder("reverse it in two steps", code="reverse_in_steps") from e


def _reversed(position: Position, size: Decimal, stop: str | None = None) -> Ticket:
    percent = stop or _stop_percent(position)
    return Ticket(
        symbol=position.symbol,
        side=position.side.closing_side,
        size=TicketSize(amount=size, unit=SizeUnit.COINS),
        stop_loss=Level(amount=Decimal(percent), unit=LevelUnit.PERCENT) if percent else None,
    )


def _stop_percent(position: Position) -> str | None:
    """Return how far a position's stop is from its entry, where it still limits a loss."""
    stop, entry = position.stop_loss, position.entry_price
    if not stop or (stop >= entry) is position.is_long:
        return None
    percent = (abs(entry - stop) / entry * 100).quantize(_CENT, ROUND_HALF_EVEN)
    return plain(percent) if percent else None


async def _reverse(call: Call, payload: Payload, token: str) -> Screen:
    """Close, and open the other side only if the close was filled whole."""
    key = PositionKey.read(tuple(payload["place"]))
    position = await find_position(call, key)
    closed = await ask(key.account_of(call.user_id), lambda account: _close(call, key, account, cause_of(token)))
    done = closed.value
    if done is None or done.outcome is not Outcome.FILLED or not done.filled_size or position is None:
        return await results_screen(call, [closed])
    size, stop = done.filled_size, payload["stop"]
    opened = await ask(
        closed.account, lambda account: _open(call, account, _reversed(position, size, stop), cause_of(token, 1))
    )
    return await results_screen(call, [closed, opened])


async def _close(call: Call, key: PositionKey, account: Account, cause: str) -> OrderResult:
    return await answer_once_for(cause, lambda: send_close(call, account, key, cause))


async def _open(call: Call, account: Account, ticket: Ticket, cause: str) -> OrderResult:
    found = await call.backend.preview_order(call.user_id, ticket, account.exchange, account.account_type)
    return await place_frozen(call.backend, call.user_id, frozen_order(found), cause)


TRAIL = Deed(kind="trail", run=_trail)
REVERSE = Deed(kind="reverse", run=_reverse)
