"""Stops and targets of open positions: set, moved, taken away, or put where nothing can be lost."""

from dataclasses import dataclass
from decimal import Decimal

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan
from chat.money import find_instrument
from chat.positions import find_position, held_in, nothing_held
from chat.questions import ask_for, close_question
from chat.reading import ask, ask_all, chosen_accounts
from chat.trade import results_screen
from core.confirming import answer_once_for
from core.exits import shows_exit
from core.levels import breakeven_price, level_price, refuse_wrong_side
from core.phrases import parse_level, parse_symbol
from models.account import Account
from models.errors import BadOrder
from models.market import Instrument
from models.position import Position
from models.requests import OrderResult
from models.ticket import Level
from models.values import plain
from telegram_ui.buttons import PositionKey
from telegram_ui.screen import Screen
from telegram_ui.texts import N_
from telegram_ui.views.plans import protection_plan, removal_plan
from telegram_ui.views.positions import ask_level_view, position_gone_view, which_view

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Held:
    """A position with what is needed to work on it."""

    account: Account
    position: Position
    instrument: Instrument


@shows_exit
async def on_stop(call: Call) -> Reply:
    """Ask for a position's new stop."""
    return await _ask_level(call, "stop")


@shows_exit
async def on_target(call: Call) -> Reply:
    """Ask for a position's new target."""
    return await _ask_level(call, "target")


async def _ask_level(call: Call, which: str) -> Reply:
    key = PositionKey.read(call.arguments)
    position = await find_position(call, key)
    account = key.account_of(call.user_id)
    is_stop = which == "stop"
    if position is None:
        return position_gone_view(call.t, account, key.symbol)
    written = call.arguments[len(key.arguments()) :]
    if written:
        held = Held(account, position, await find_instrument(call, account, key.symbol))
        return await _preview(call, held, parse_level(written[0]), is_stop=is_stop)
    await ask_for(call, which, key.arguments())
    return ask_level_view(call.t, account, position, is_stop=is_stop)


@shows_exit
async def on_stop_answer(call: Call) -> Reply:
    """Preview the stop that was written."""
    return await _answer_level(call, is_stop=True)


@shows_exit
async def on_target_answer(call: Call) -> Reply:
    """Preview the target that was written."""
    return await _answer_level(call, is_stop=False)


async def _answer_level(call: Call, *, is_stop: bool) -> Reply:
    level = parse_level(call.text)
    held = await _held(call, PositionKey.read(call.arguments))
    await close_question(call)
    return await _preview(call, held, level, is_stop=is_stop)


@shows_exit
async def cmd_stop(call: Call) -> Reply:
    """Preview `/sl BTC 58000`."""
    return await _command(call, is_stop=True)


@shows_exit
async def cmd_target(call: Call) -> Reply:
    """Preview `/tp BTC 64000`."""
    return await _command(call, is_stop=False)


async def _command(call: Call, *, is_stop: bool) -> Reply:
    symbol, _, rest = call.text.strip().partition(" ")
    if not rest.strip():
        raise BadOrder("expected a market and a price", code="missing_number", word=symbol[:32] or "…")
    level = parse_level(rest)
    found = await only_position(call, parse_symbol(symbol), "sl" if is_stop else "tp", rest.strip())
    return found if isinstance(found, Screen) else await _preview(call, found, level, is_stop=is_stop)


async def only_position(call: Call, symbol: str, name: str, wish: str = "") -> Held | Screen:
    """Return the one position in a market; where there are several, the question which, whose buttons go on.

    Args:
        name: What the buttons do.
        wish: What was written after the market.
    """
    parts = await ask_all(await chosen_accounts(call), lambda account: held_in(call, account, symbol))
    owned = [(part.account, position) for part in parts for position in part.value or []]
    if len(owned) == 1:
        account, position = owned[0]
        return Held(account, position, await find_instrument(call, account, position.symbol))
    if not owned:
        raise nothing_held(parts, symbol)
    return which_view(call.t, owned, name, wish)


async def _held(call: Call, key: PositionKey) -> Held:
    account = key.account_of(call.user_id)
    position = await find_position(call, key)
    if position is None:
        raise BadOrder("no such position", code="no_position", symbol=key.symbol)
    return Held(account, position, await find_instrument(call, account, key.symbol))


@shows_exit
async def on_breakeven(call: Call) -> Reply:
    """Preview a stop where closing costs nothing: the entry with the fees of both ways."""
    held = await _held(call, PositionKey.read(call.arguments))
    rates = await call.backend.get_fee_rates(
        call.user_id, held.position.symbol, held.account.exchange, held.account.account_type
    )
    return await _preview_price(call, held, breakeven_price(held.position, held.instrument, rates.taker), is_stop=True)


@shows_exit
async def cmd_breakeven(call: Call) -> Reply:
    """Preview `/be BTC`."""
    found = await only_position(call, parse_symbol(call.text), "be")
    if isinstance(found, Screen):
        return found
    key = PositionKey.of(found.position, found.account)
    return await on_breakeven(call.with_arguments(*key.arguments()))


async def _preview(call: Call, held: Held, level: Level | None, *, is_stop: bool) -> Screen:
    if level is None:
        return await _preview_price(call, held, _NOTHING, is_stop=is_stop)
    price = level_price(held.position, held.instrument, level, is_stop=is_stop)
    return await _preview_price(call, held, price, is_stop=is_stop)


async def _preview_price(call: Call, held: Held, price: Decimal, *, is_stop: bool) -> Screen:
    position = held.position
    if price:
        refuse_wrong_side(position, price, is_stop=is_stop)
    key = PositionKey.of(position, held.account)
    payload = {"place": list(key.arguments()), "price": plain(price), "is_stop": is_stop}
    if price:
        offer = protection_plan(call.t, position, price, held.instrument, is_stop=is_stop)
    else:
        offer = removal_plan(call.t, position, is_stop=is_stop)
    return await plan(call, "protect", payload, offer, held.account)


async def _protect(call: Call, payload: Payload, token: str) -> Screen:
    key = PositionKey.read(tuple(payload["place"]))
    price = Decimal(payload["price"])

    async def question(account: Account) -> OrderResult:
        cause = cause_of(token)
        return await answer_once_for(
            cause,
            lambda: call.backend.set_protection(
                call.user_id,
                key.symbol,
                stop_loss=price if payload["is_stop"] else None,
                take_profit=None if payload["is_stop"] else price,
                position_side=key.side,
                exchange=account.exchange,
                account_type=account.account_type,
                cause=cause,
            ),
        )

    sentence = N_("Stop {price}") if payload["is_stop"] else N_("Target {price}")
    done = call.t(sentence, price=call.t.price(price)) if price else None
    return await results_screen(call, [await ask(key.account_of(call.user_id), question)], done=done)


PROTECT = Deed(kind="protect", run=_protect)
