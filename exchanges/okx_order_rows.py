"""Readers of OKX's orders, algo orders and executions. Pure.

What waits for a trigger is an *algo order*, with ids and lists of its own. One that holds a take-profit and a stop-loss
at once is two orders to us, whose ids end in `-tp` and `-sl`; each can be changed and removed by itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from exchanges import okx_words as okx
from models import wire
from models.enums import AccountType, FillKind, OrderSide, OrderStatus, OrderType, PositionSide, TriggerBy
from models.unified import Fill, Order

TAKE_PROFIT: Final = "tp"
STOP_LOSS: Final = "sl"
LEVELS: Final = (TAKE_PROFIT, STOP_LOSS)
TRAILING: Final = "move_order_stop"
TRIGGER: Final = "trigger"
STOP_AND_TARGET: Final = "conditional,oco"
"""The algo orders that fire at a level; OKX lists both in one answer."""

_TYPES: Final[Mapping[tuple[str, bool], OrderType]] = {
    (TAKE_PROFIT, True): OrderType.TAKE_PROFIT_MARKET,
    (TAKE_PROFIT, False): OrderType.TAKE_PROFIT_LIMIT,
    (STOP_LOSS, True): OrderType.STOP_MARKET,
    (STOP_LOSS, False): OrderType.STOP_LIMIT,
}
"""By level, and whether it takes the market's price."""


class AlgoId(NamedTuple):
    """What our id of an algo order names: the venue's id, and the level of it where it holds two."""

    algo_id: str
    level: str | None

    @classmethod
    def read(cls, text: str) -> "AlgoId":
        """Take an id apart."""
        algo_id, _, level = text.partition("-")
        return cls(algo_id, level or None)


def order_from_okx(
    row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None, as_of: datetime | None = None
) -> Order:
    """Read an order of the pending or closed list, of the order stream, or found by its id.

    https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details
    """
    native, word = wire.text(row, "instId"), wire.text(row, "state")
    order_type = wire.described(row, "ordType", okx.ORDER_TYPES) or OrderType.UNKNOWN
    take_profit, stop_loss = _attached(row)
    return Order(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        order_id=wire.text(row, "ordId"),
        # what a fired algo order became carries that one's id
        client_order_id=wire.optional_text(row, "clOrdId") or wire.optional_text(row, "algoClOrdId"),
        side=wire.choice(row, "side", okx.SIDES),
        order_type=order_type,
        status=wire.choice(row, "state", okx.ORDER_STATUSES),
        size=wire.unsigned(row, "sz") * contract or None,
        filled_size=(wire.optional_unsigned(row, "accFillSz") or Decimal(0)) * contract,
        price=None if order_type.is_market else wire.optional_price(row, "px"),
        average_price=wire.optional_price(row, "avgPx"),
        time_in_force=wire.described(row, "ordType", okx.TIMES_IN_FORCE),
        reduce_only=wire.flag(row, "reduceOnly") or _closes(row),
        position_side=_leg(row),
        take_profit=take_profit,
        stop_loss=stop_loss,
        parent_order_id=wire.optional_text(row, "algoId"),
        reject_reason=_why_cancelled(row),
        venue_status=word,
        fee=_paid(row, "fee"),
        fee_currency=wire.optional_text(row, "feeCcy"),
        created_at=wire.optional_moment(row, "cTime"),
        updated_at=wire.optional_moment(row, "uTime"),
        account_type=account_type,
        as_of=as_of,
    )


def orders_from_okx_algo(
    row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None, as_of: datetime | None = None
) -> list[Order]:
    """Read an algo order: one order, or a take-profit and a stop-loss.

    Of what has taken effect only the trigger is told here; its fills are those of the order in `ordIdList`.

    https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-list
    """
    levels = levels_of(row)
    found = {level: wire.optional_price(row, f"{level}TriggerPx") for level in levels} or {"": _trigger(row)}
    whole = row.get("closeFraction") == okx.WHOLE
    native = wire.text(row, "instId")
    return [
        Order(
            exchange=okx.EXCHANGE,
            symbol=okx.symbol_of(native),
            native_symbol=native,
            order_id=wire.text(row, "algoId") + (f"-{level}" if len(levels) > 1 else ""),
            client_order_id=wire.optional_text(row, "algoClOrdId"),
            side=wire.choice(row, "side", okx.SIDES),
            order_type=_algo_type(row, level),
            status=_algo_status(row, level),
            size=None if whole else (wire.optional_unsigned(row, "sz") or Decimal(0)) * contract or None,
            price=_limit(row, level),
            trigger_price=trigger,
            trigger_by=_trigger_by(row, level),
            reduce_only=wire.flag(row, "reduceOnly") or whole or _closes(row),
            closes_position=whole,
            position_side=_leg(row),
            reject_reason=wire.optional_text(row, "failCode") if row.get("failCode") != "0" else None,
            venue_status=wire.text(row, "state"),
            created_at=wire.optional_moment(row, "cTime"),
            updated_at=wire.optional_moment(row, "uTime"),
            account_type=account_type,
            as_of=as_of,
        )
        for level, trigger in found.items()
    ]


def as_fired(order: Order, level: Order) -> Order:
    """Return the order that an algo order became, told as what it was placed as.

    OKX lists it as a plain market or limit order that bears the algo order's number.

    Args:
        order: As OKX lists it.
        level: The level that fired.
    """
    return replace(
        order,
        client_order_id=level.client_order_id or order.client_order_id,
        order_type=order.order_type if level.order_type is OrderType.UNKNOWN else level.order_type,
        trigger_price=level.trigger_price,
        trigger_by=level.trigger_by,
        reduce_only=order.reduce_only or level.reduce_only,
        closes_position=level.closes_position,
        parent_order_id=level.order_id,
    )


def fill_from_okx(row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None) -> Fill | None:
    """Read an element of the executions, or the execution that an order's push tells of; None if it tells of none.

    OKX writes a fee that was paid as negative.

    https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-transaction-details-last-3-days
    """
    size = wire.optional_unsigned(row, "fillSz")
    trade_id = wire.optional_text(row, "tradeId")
    if not size or trade_id is None:
        return None
    native, order_id = wire.text(row, "instId"), wire.optional_text(row, "ordId") or ""
    is_push = "fillFee" in row
    liquidity = wire.optional_text(row, "execType")
    return Fill(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        fill_id=f"{order_id}:{trade_id}",  # a trade id is of one market, and both sides of a trade bear it
        order_id=order_id,
        client_order_id=wire.optional_text(row, "clOrdId") or wire.optional_text(row, "algoClOrdId"),
        side=wire.choice(row, "side", okx.SIDES),
        size=size * contract,
        price=wire.unsigned(row, "fillPx"),
        fee=_paid(row, "fillFee" if is_push else "fee"),
        fee_currency=wire.optional_text(row, "fillFeeCcy" if is_push else "feeCcy"),
        is_maker=None if liquidity is None else liquidity == "M",
        kind=_fill_kind(row),
        realized_pnl=wire.optional_decimal(row, "fillPnl"),
        filled_at=wire.moment(row, "fillTime"),
        account_type=account_type,
    )


def levels_of(row: wire.Row) -> list[str]:
    """Return which of take-profit and stop-loss an algo order holds."""
    return [level for level in LEVELS if wire.optional_price(row, f"{level}TriggerPx") is not None]


def _algo_type(row: wire.Row, level: str) -> OrderType:
    kind = wire.text(row, "ordType")
    if kind == TRAILING:
        return OrderType.TRAILING_STOP
    if not level and kind != TRIGGER:
        return OrderType.UNKNOWN
    return _TYPES[level or _direction(row), _limit(row, level) is None]


def _direction(row: wire.Row) -> str:
    """Return whether a plain trigger goes with the market or waits against it, by the price when it was placed."""
    trigger, before = wire.optional_price(row, "triggerPx"), wire.optional_price(row, "last")
    if trigger is None or before is None:
        return STOP_LOSS
    rises = trigger > before
    return STOP_LOSS if rises == (wire.choice(row, "side", okx.SIDES) is OrderSide.BUY) else TAKE_PROFIT


def _algo_status(row: wire.Row, level: str) -> OrderStatus:
    """Return the state of one level: of two, the one that did not fire is cancelled by the other."""
    status = wire.choice(row, "state", okx.ALGO_STATUSES)
    fired = wire.optional_text(row, "actualSide")
    is_other = status is OrderStatus.TRIGGERED and level and fired in LEVELS and fired != level
    return OrderStatus.CANCELLED if is_other else status


def _limit(row: wire.Row, level: str) -> Decimal | None:
    name = f"{level}OrdPx" if level else "ordPx"
    price = wire.optional_decimal(row, name)
    return price if price is not None and price > 0 else None  # -1 takes the market's price


def _trigger(row: wire.Row) -> Decimal | None:
    fixed = wire.optional_price(row, "triggerPx")
    return wire.optional_price(row, "moveTriggerPx") if fixed is None else fixed


def _trigger_by(row: wire.Row, level: str) -> TriggerBy | None:
    return wire.described(row, f"{level}TriggerPxType" if level else "triggerPxType", okx.TRIGGER_PRICES)


def _attached(row: wire.Row) -> tuple[Decimal | None, Decimal | None]:
    """Return the take-profit and stop-loss that become active when an order fills."""
    attached = wire.records(row, "attachAlgoOrds") if row.get("attachAlgoOrds") else []
    take_profit, stop_loss = (
        next((price for item in attached if (price := wire.optional_price(item, f"{level}TriggerPx"))), None)
        for level in LEVELS
    )
    return take_profit, stop_loss


def _why_cancelled(row: wire.Row) -> str | None:
    by_its_owner = wire.optional_text(row, "cancelSource") in {None, "1"}
    return None if by_its_owner else wire.optional_text(row, "cancelSourceReason")


def _leg(row: wire.Row) -> PositionSide | None:
    return okx.LEGS.get(str(row.get("posSide")))


def _closes(row: wire.Row) -> bool:
    """Whether an order in hedge mode closes: there it is told by the side alone."""
    leg = _leg(row)
    return leg is not None and wire.choice(row, "side", okx.SIDES) is leg.closing_side


def _paid(row: wire.Row, name: str) -> Decimal | None:
    change = wire.optional_decimal(row, name)
    return None if change is None else -change or Decimal(0)


def _fill_kind(row: wire.Row) -> FillKind:
    forced = okx.FORCED_FILLS.get(wire.optional_text(row, "subType") or "")
    return forced or okx.FORCED_ORDERS.get(wire.optional_text(row, "category") or "", FillKind.TRADE)
