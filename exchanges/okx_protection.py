"""Protection of a position at OKX: reduce-only algo orders that cover all of it.

OKX changes an algo order in place but adds no level to one, and takes one order for the whole of a position. So what
is there decides how a level is set, and is read before the stamp.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from exchanges import okx_words as okx
from exchanges.okx_order_rows import LEVELS, STOP_LOSS, TAKE_PROFIT, levels_of, orders_from_okx_algo
from exchanges.okx_orders import AMEND_ALGO, CANCEL_ALGOS, PLACE_ALGO, Body, Request, contracts, leg, level
from models import wire
from models.enums import OrderSide, PositionSide
from models.errors import BadOrder
from models.requests import Protection, SetProtection
from models.unified import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """An algo order that closes: with a stop-loss, a take-profit, or both."""

    algo_id: str
    native_symbol: str
    side: OrderSide
    leg: PositionSide | None
    size: Decimal | None
    """None: whatever the position is."""
    take_profit: Decimal | None
    stop_loss: Decimal | None

    def price(self, name: str) -> Decimal | None:
        """Return the trigger of one of its levels."""
        return {TAKE_PROFIT: self.take_profit, STOP_LOSS: self.stop_loss}[name]

    def covers(self, native_symbol: str, side: PositionSide, size: Decimal) -> bool:
        """Whether it closes all of a position."""
        is_its = self.native_symbol == native_symbol and self.side is side.closing_side and self.leg in {None, side}
        return is_its and (self.size is None or self.size >= size)


def guard_from_okx(row: wire.Row, *, contract: Decimal) -> Guard | None:
    """Read a pending algo order; None if it is none that closes at a level."""
    orders = orders_from_okx_algo(row, contract=contract)
    first = orders[0]
    if not levels_of(row) or not first.reduce_only or not first.is_open:
        return None
    return Guard(
        algo_id=wire.text(row, "algoId"),
        native_symbol=first.native_symbol,
        side=first.side,
        leg=first.position_side,
        size=first.size,
        take_profit=wire.optional_price(row, f"{TAKE_PROFIT}TriggerPx"),
        stop_loss=wire.optional_price(row, f"{STOP_LOSS}TriggerPx"),
    )


def protected(position: Position, guards: Iterable[Guard]) -> Position:
    """Return a position with the levels that would close all of it, the next to fire of each."""
    covering = [g for g in guards if g.covers(position.native_symbol, position.side, position.size)]
    stop = next(iter(_holders(covering, STOP_LOSS, position.side)), None)
    target = next(iter(_holders(covering, TAKE_PROFIT, position.side)), None)
    return replace(
        position,
        stop_loss=position.stop_loss if stop is None else stop.stop_loss,
        take_profit=position.take_profit if target is None else target.take_profit,
    )


def protection_request(action: SetProtection, guards: Sequence[Guard]) -> Request:
    """Return the one request that sets, changes or removes what is asked for.

    Args:
        action: A price sets, None leaves, zero removes.
        guards: What protects the market now.

    Raises:
        BadOrder: OKX has no such thing, or it would take more than one request.
    """
    if action.trailing_distance or action.trailing_activation:
        raise BadOrder("Trailing stops are not set here.", code="trailing_not_supported")
    asked = _asked(action.protection)
    if action.size is not None:
        return _new(action, {name: price for name, price in asked.items() if price}, action.size)
    symbol, side = action.instrument.native_symbol, action.position_side
    covering = [guard for guard in guards if guard.covers(symbol, side, action.position_size)]
    holders = {name: _holders(covering, name, side) for name in asked}
    asked = {name: price for name, price in asked.items() if price or holders[name]}
    held_by = {holders[name][0].algo_id if holders[name] else None for name in asked}
    if len(held_by) > 1:
        raise BadOrder(
            "OKX keeps this position's stop and target apart: set one at a time.", code="protection_one_by_one"
        )
    guard = next((holders[name][0] for name in asked if holders[name]), None)
    if guard is not None:
        _refuse_hidden(asked, holders, side)
        return _changed(action, asked, guard)
    has_whole = any(guard.size is None for guard in covering)
    return _new(action, asked, action.position_size if has_whole else None)


def _asked(protection: Protection) -> dict[str, Decimal]:
    pairs = ((TAKE_PROFIT, protection.take_profit), (STOP_LOSS, protection.stop_loss))
    return {name: price for name, price in pairs if price is not None}


def _holders(guards: Iterable[Guard], name: str, side: PositionSide) -> list[Guard]:
    """Return the guards with a level of a kind, the one that fires first at the front."""
    held = [(price, guard) for guard in guards if (price := guard.price(name)) is not None]
    is_highest_first = (name == STOP_LOSS) == (side is PositionSide.LONG)
    return [guard for _, guard in sorted(held, key=lambda pair: pair[0], reverse=is_highest_first)]


def _refuse_hidden(asked: Mapping[str, Decimal], holders: Mapping[str, Sequence[Guard]], side: PositionSide) -> None:
    """Refuse a level that another order's would fire before: the position would go on showing that one."""
    for name, price in asked.items():
        for other in holders[name][1:2]:
            wanted = replace(other, take_profit=price, stop_loss=price)
            if not price or _holders((wanted, other), name, side)[0] is other:
                raise BadOrder(
                    "Several orders at OKX protect this position: cancel those that are not wanted first.",
                    code="orders_open",
                )


def _limit(protection: Protection, name: str) -> Decimal | None:
    return {TAKE_PROFIT: protection.take_profit_limit, STOP_LOSS: protection.stop_loss_limit}[name]


def _new(action: SetProtection, asked: dict[str, Decimal], size: Decimal | None) -> Request:
    """Place a new algo order: for all of the position, whatever it is then, or for a size.

    https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-place-algo-order
    """
    if not asked:
        raise BadOrder("There is nothing to change.", code="nothing_to_change")
    rests = any(_limit(action.protection, name) is not None for name in asked)
    if rests and size is None:  # for the whole position only at the market's price
        size = action.position_size
    body: Body = {
        "instId": action.instrument.native_symbol,
        "tdMode": okx.CROSS,
        "side": action.position_side.closing_side.value,
        **leg(action.position_side if action.is_hedge else None),
        "ordType": "oco" if len(asked) == len(LEVELS) else "conditional",
        "reduceOnly": True,
        "cxlOnClosePos": True,
        **({"closeFraction": okx.WHOLE} if size is None else {"sz": contracts(action.instrument, size)}),
    }
    for name, price in asked.items():
        body |= level(name, price, _limit(action.protection, name), action.protection.trigger_by)
    return Request(PLACE_ALGO, body)


def _changed(action: SetProtection, asked: dict[str, Decimal], guard: Guard) -> Request:
    """Change levels of an algo order in place, or cancel it when none would be left.

    https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-amend-algo-order
    """
    named = {"instId": action.instrument.native_symbol, "algoId": guard.algo_id}
    left = [name for name in LEVELS if asked.get(name, guard.price(name))]
    if not left:
        return Request(CANCEL_ALGOS, [named])
    body: Body = dict(named)
    for name, price in asked.items():
        fields = level(name, price, _limit(action.protection, name), action.protection.trigger_by)
        wanted = fields if price else {f"{name}TriggerPx": "0"}
        body |= {f"new{field[0].upper()}{field[1:]}": value for field, value in wanted.items()}
    return Request(AMEND_ALGO, body)
