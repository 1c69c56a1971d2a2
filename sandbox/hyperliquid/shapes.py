"""The engine's books in HyperLiquid's words: pure functions from engine values to JSON.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

import hashlib
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from sandbox.book import BookSource, Level
from sandbox.candles import Candle
from sandbox.clock import from_ms
from sandbox.engine import (
    ZERO,
    Fill,
    FillKind,
    FundingPayment,
    MarginMode,
    Order,
    OrderStatus,
    OrderType,
    PositionView,
    Side,
    StopKind,
    TimeInForce,
    TriggerDirection,
)
from sandbox.hyperliquid.assets import number_text

SIDES: Final = {Side.BUY: "B", Side.SELL: "A"}
MARKET_TIF: Final = "FrontendMarket"
BOOK_LEVELS: Final = 20
_TIFS: Final = {TimeInForce.GTC: "Gtc", TimeInForce.IOC: "Ioc", TimeInForce.POST_ONLY: "Alo", TimeInForce.FOK: "Ioc"}
_STOPS: Final = {StopKind.TAKE_PROFIT: "Take Profit", StopKind.STOP_LOSS: "Stop"}
_MICRO: Final = Decimal("0.000001")
_FINE: Final = Decimal("0.0000000001")


def money(value: Decimal) -> str:
    """Write an amount of USDC, to a millionth."""
    return number_text(value.quantize(_MICRO, ROUND_HALF_EVEN))


def ratio(value: Decimal) -> str:
    """Write a ratio or a computed price, to ten decimals."""
    return number_text(value.quantize(_FINE, ROUND_HALF_EVEN))


def date(time_ms: int) -> str:
    """Write the UTC day of a moment."""
    return from_ms(time_ms).date().isoformat()


# Orders


def basic_order(order: Order) -> dict[str, Any]:
    """Return an order as `openOrders` and `orderUpdates` list it: cloid and reduceOnly only where they hold."""
    row: dict[str, Any] = {
        "coin": order.symbol,
        "side": SIDES[order.side],
        "limitPx": number_text(order.price if order.price is not None else ZERO),
        "sz": number_text(ZERO if order.spec.whole_position else order.size - order.filled_size),
        "oid": order.number,
        "timestamp": order.created_ms,
        "origSz": number_text(ZERO if order.spec.whole_position else order.size),
    }
    if order.client_order_id is not None:
        row["cloid"] = order.client_order_id
    if order.spec.reduce_only:
        row["reduceOnly"] = True
    return row


def full_order(order: Order, *, children: Iterable[Order] = ()) -> dict[str, Any]:
    """Return an order as `frontendOpenOrders` and `orderStatus` show it.

    Args:
        children: Its take-profit and stop-loss that wait for it to fill.
    """
    return basic_order(order) | {
        "triggerCondition": _trigger_condition(order),
        "isTrigger": order.trigger is not None,
        "triggerPx": number_text(_trigger_price(order)),
        "children": [full_order(child) for child in children],
        "isPositionTpsl": order.spec.whole_position,
        "reduceOnly": order.spec.reduce_only,
        "orderType": _order_type(order),
        "tif": _time_in_force(order),
        "cloid": order.client_order_id,
    }


def _trigger_price(order: Order) -> Decimal:
    return order.trigger.price if order.trigger is not None and order.trigger.price is not None else ZERO


def _trigger_condition(order: Order) -> str:
    if order.trigger is None:
        return "N/A"
    if order.triggered_ms is not None:
        return "Triggered"
    word = "above" if order.trigger.direction is TriggerDirection.RISE else "below"
    return f"Price {word} {number_text(_trigger_price(order)).removesuffix('.0')}"


def _order_type(order: Order) -> str:
    kind = "Market" if order.spec.type is OrderType.MARKET or order.spec.tag == MARKET_TIF else "Limit"
    stop = _STOPS.get(order.spec.stop)
    return kind if stop is None else f"{stop} {kind}"


def _time_in_force(order: Order) -> str | None:
    if order.trigger is not None:
        return None
    return order.spec.tag or _TIFS[order.spec.time_in_force]


def order_key(order: Order) -> dict[str, Any]:
    """Return how an answer names an order: its oid, and its cloid where it has one."""
    key: dict[str, Any] = {"oid": order.number}
    return key if order.client_order_id is None else key | {"cloid": order.client_order_id}


def placed_status(order: Order) -> dict[str, Any] | str:
    """Return the entry of `statuses` for an order that was taken."""
    if order.status is OrderStatus.WAITING:
        return "waitingForFill"
    if order.status is OrderStatus.UNTRIGGERED and (order.spec.parent_id is not None or order.spec.whole_position):
        return "waitingForTrigger"
    if order.filled_size and order.average_price is not None and (not order.is_open or not order.remaining):
        filled = {"totalSz": number_text(order.filled_size), "avgPx": _average(order.average_price)}
        return {"filled": filled | order_key(order)}
    return {"resting": order_key(order)}


def _average(price: Decimal) -> str:
    """Write an average price with as many figures as a price may need, and no more."""
    return number_text(price.quantize(_MICRO, ROUND_HALF_EVEN))


# Fills and funding


def transaction_hash(*parts: object) -> str:
    """Return a hash that looks like the venue's and is the same for the same parts."""
    return "0x" + hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def fill(row: Fill) -> dict[str, Any]:
    """Return one execution as `userFills` lists it."""
    shown: dict[str, Any] = {
        "coin": row.symbol,
        "px": number_text(row.price),
        "sz": number_text(row.size),
        "side": SIDES[row.side],
        "time": row.time_ms,
        "startPosition": number_text(row.position_before),
        "dir": _direction(row),
        "closedPnl": money(row.realised_pnl),
        "hash": transaction_hash(row.order_number, row.time_ms),
        "oid": row.order_number,
        "crossed": not row.maker,
        "fee": money(row.fee),
        "tid": row.number,
        "feeToken": row.fee_coin,
        "twapId": None,
    }
    if row.client_order_id is not None:
        shown["cloid"] = row.client_order_id
    if row.kind is FillKind.LIQUIDATION:
        shown["liquidation"] = {
            "liquidatedUser": row.account_id,
            "markPx": number_text(row.mark_price),
            "method": "market",
        }
    return shown


def _direction(row: Fill) -> str:
    before = row.position_before
    after = before + row.side.sign * row.size
    held = "Long" if before > 0 else "Short"
    if row.kind is FillKind.LIQUIDATION:
        return f"Liquidated Cross {held}"
    if before * after < 0:
        return f"{held} > {'Short' if before > 0 else 'Long'}"
    if row.closed_size:
        return f"Close {held}"
    return "Open Long" if row.side is Side.BUY else "Open Short"


def funding(row: FundingPayment) -> dict[str, Any]:
    """Return one funding payment without its time: negative is paid, positive received."""
    return {
        "coin": row.symbol,
        "usdc": money(row.amount),
        "szi": number_text(row.size),
        "fundingRate": ratio(row.rate),
        "nSamples": None,
    }


# Positions


def position(view: PositionView, *, max_leverage: int) -> dict[str, Any]:
    """Return one entry of `assetPositions`."""
    held = view.position
    entry = held.average_price if held.average_price is not None else ZERO
    leverage: dict[str, Any] = {"type": view.margin_mode.value, "value": int(view.leverage)}
    if view.margin_mode is MarginMode.ISOLATED:
        leverage["rawUsd"] = money(margin_used(view) - held.size * view.mark_price)
    cost = abs(held.entry_value) / view.leverage
    return {
        "type": "oneWay",
        "position": {
            "coin": held.symbol,
            "szi": number_text(held.size),
            "leverage": leverage,
            "entryPx": ratio(entry),
            "positionValue": money(view.value),
            "unrealizedPnl": money(view.unrealised),
            "returnOnEquity": ratio(view.unrealised / cost) if cost else "0.0",
            "liquidationPx": None if view.liquidation_price is None else ratio(view.liquidation_price),
            "marginUsed": money(margin_used(view)),
            "maxLeverage": max_leverage,
            # the venue counts what was paid as positive
            "cumFunding": {
                "allTime": money(-held.cumulative_funding),
                "sinceOpen": money(-held.funding),
                "sinceChange": money(-held.funding),
            },
        },
    }


def margin_used(view: PositionView) -> Decimal:
    """Return the collateral behind a position; an isolated one also holds its own profit and loss."""
    own = view.unrealised if view.margin_mode is MarginMode.ISOLATED else ZERO
    return max(ZERO, view.initial_margin + own)


# Market data


def level(row: Level) -> dict[str, Any]:
    """Return one price of the book."""
    return {"px": number_text(row.price), "sz": number_text(row.size), "n": 1 + int(row.size * 7) % 9}


def book(coin: str, source: BookSource, *, time_ms: int, limit: int = BOOK_LEVELS) -> dict[str, Any]:
    """Return the answer of `l2Book`: bids, then asks, best first."""
    levels = [[level(row) for row in source.side(side, limit)] for side in (Side.BUY, Side.SELL)]
    return {"coin": coin, "time": time_ms, "levels": levels}


def candle(coin: str, interval: str, bar: Candle, *, interval_ms: int) -> dict[str, Any]:
    """Return one bar; `T` is its last millisecond."""
    return {
        "t": bar.start_ms,
        "T": bar.start_ms + interval_ms - 1,
        "s": coin,
        "i": interval,
        "o": number_text(bar.open),
        "c": number_text(bar.close),
        "h": number_text(bar.high),
        "l": number_text(bar.low),
        "v": number_text(bar.volume),
        "n": bar.trades,
    }
