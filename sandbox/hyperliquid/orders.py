"""Orders, cancels and modifications: from HyperLiquid's actions to the engine, one status per leg.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.engine import (
    Instrument,
    Order,
    OrderSpec,
    OrderStatus,
    OrderType,
    Reason,
    RefusedError,
    Side,
    StopKind,
    TimeInForce,
    Trigger,
    TriggerBy,
    TriggerDirection,
)
from sandbox.hyperliquid import shapes
from sandbox.hyperliquid.accounts import RefusedAction
from sandbox.hyperliquid.assets import is_isolated_only
from sandbox.hyperliquid.refusals import order_error
from sandbox.hyperliquid.venue import Venue

Status = dict[str, Any] | str

_TIFS = {
    "Gtc": TimeInForce.GTC,
    "Ioc": TimeInForce.IOC,
    "Alo": TimeInForce.POST_ONLY,
    shapes.MARKET_TIF: TimeInForce.IOC,
}
_STOPS = {"tp": StopKind.TAKE_PROFIT, "sl": StopKind.STOP_LOSS}
# a sell takes profit above and stops below; a buy the other way round
_DIRECTIONS = {
    (Side.SELL, "tp"): TriggerDirection.RISE,
    (Side.SELL, "sl"): TriggerDirection.FALL,
    (Side.BUY, "tp"): TriggerDirection.FALL,
    (Side.BUY, "sl"): TriggerDirection.RISE,
}
_NEVER_MATCHED = frozenset({OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.DEACTIVATED})
_CANNOT_MODIFY = "Cannot modify canceled or filled order"


def place(venue: Venue, account: str, action: Mapping[str, Any]) -> list[Status]:
    """Place a batch and return one status per order; a refused one does not stop the others.

    Grouping `na` takes every order for itself. `normalTpsl` makes all but the first children of the first.
    `positionTpsl` makes every one follow the position, whatever its size is by then.
    """
    rows, grouping = action["orders"], action["grouping"]
    if grouping == "positionTpsl":
        group = venue.next_group()
        return [_place_one(venue, account, row, oco=group, whole_position=True)[0] for row in rows]
    if grouping != "normalTpsl" or not rows:
        return [_place_one(venue, account, row)[0] for row in rows]
    status, entry = _place_one(venue, account, rows[0])
    if entry is None:
        return [status for _ in rows]
    group = venue.next_group()
    children = (_place_one(venue, account, row, parent=entry, oco=group)[0] for row in rows[1:])
    return [status, *children]


def cancel(venue: Venue, account: str, action: Mapping[str, Any]) -> list[Status]:
    """Cancel by oid or by cloid and return one status per cancel."""
    return [
        _cancel_one(venue, account, row.get("a", row.get("asset")), row.get("o", row.get("cloid")))
        for row in action["cancels"]
    ]


def modify(venue: Venue, account: str, action: Mapping[str, Any]) -> list[Status]:
    """Replace orders and return one status per replacement: each gets a new oid under its old cloid."""
    return [_modify_one(venue, account, row["oid"], row["order"]) for row in action["modifies"]]


def modify_single(venue: Venue, account: str, action: Mapping[str, Any]) -> None:
    """Replace one order.

    Raises:
        RefusedAction: As the older `modify` says it, about the whole action.
    """
    status = _modify_one(venue, account, action["oid"], action["order"])
    if isinstance(status, dict) and "error" in status:
        raise RefusedAction(status["error"])


def _place_one(
    venue: Venue,
    account: str,
    row: Mapping[str, Any],
    *,
    parent: Order | None = None,
    oco: str | None = None,
    whole_position: bool = False,
) -> tuple[Status, Order | None]:
    instrument = venue.assets.by_id(row["a"])
    if instrument is None:
        return {"error": order_error(Reason.UNKNOWN_SYMBOL, asset=row["a"])}, None
    spec = _spec(row, instrument)
    if spec.trigger is not None:
        spec = replace(
            spec,
            parent_id=None if parent is None else parent.order_id,
            oco_group=oco,
            whole_position=whole_position,
            reduce_only=spec.reduce_only or whole_position,
        )
    return _submit(venue, account, row["a"], spec)


def _submit(venue: Venue, account: str, asset: int, spec: OrderSpec) -> tuple[Status, Order | None]:
    """Give the order to the engine; the error names the asset, as every error of a leg does."""
    venue.margin_mode(account, spec.symbol)
    if venue.behaviour.drops_builder_cloids and spec.client_order_id and is_isolated_only(spec.symbol):
        return {"resting": {"oid": venue.engine.core.next_number(), "cloid": spec.client_order_id}}, None
    try:
        _check_small_close(venue, account, spec)
        order = venue.engine.place(account, spec)
    except RefusedError as refused:
        venue.reject(account, spec, refused.reason)
        return {"error": order_error(refused.reason, asset=asset, bbo=venue.bbo(spec.symbol))}, None
    if order.status in _NEVER_MATCHED and not order.filled_size:
        reason = order.reason or Reason.NOTHING_TO_FILL
        return {"error": order_error(reason, asset=asset, bbo=venue.bbo(spec.symbol))}, None
    return shapes.placed_status(order), order


def _check_small_close(venue: Venue, account: str, spec: OrderSpec) -> None:
    """Refuse to close a sliver: below the minimum, only a whole position may be closed."""
    if not spec.reduce_only or spec.trigger is not None or spec.price is None:
        return
    held = abs(venue.engine.position(account, spec.symbol).position.size)
    minimum = venue.engine.instruments[spec.symbol].min_notional
    if 0 < spec.size < held and spec.size * spec.price < minimum:
        raise RefusedError(Reason.BELOW_MIN_NOTIONAL, str(minimum))


def _spec(row: Mapping[str, Any], instrument: Instrument) -> OrderSpec:
    side = Side.BUY if row["b"] else Side.SELL
    price = Decimal(row["p"])
    common = {
        "symbol": instrument.symbol,
        "side": side,
        "size": Decimal(row["s"]),
        "price": price,
        "reduce_only": row["r"],
        "client_order_id": row.get("c"),
    }
    limit, trigger = row["t"].get("limit"), row["t"].get("trigger")
    if limit is not None:
        tag = limit["tif"] if limit["tif"] == shapes.MARKET_TIF else ""
        return OrderSpec(**common, type=OrderType.LIMIT, time_in_force=_TIFS[limit["tif"]], tag=tag)
    return OrderSpec(
        **common,
        type=OrderType.MARKET if trigger["isMarket"] else OrderType.LIMIT,
        trigger=Trigger(
            price=Decimal(trigger["triggerPx"]),
            by=TriggerBy.MARK,
            direction=_DIRECTIONS[side, trigger["tpsl"]],
        ),
        stop=_STOPS[trigger["tpsl"]],
    )


def _cancel_one(venue: Venue, account: str, asset: int, key: int | str) -> Status:
    order = venue.find_order(account, key)
    instrument = venue.assets.by_id(asset)
    if order is None or instrument is None or order.symbol != instrument.symbol or not order.is_open:
        return {"error": order_error(Reason.ORDER_NOT_FOUND, asset=asset)}
    venue.engine.cancel(account, order.order_id)
    return "success"


def _modify_one(venue: Venue, account: str, key: int | str, row: Mapping[str, Any]) -> Status:
    old = venue.find_order(account, key)
    instrument = venue.assets.by_id(row["a"])
    if old is None or not old.is_open or instrument is None or instrument.symbol != old.symbol:
        return {"error": _CANNOT_MODIFY}
    spec = _spec(row, instrument)
    broken = _broken_grid(spec, instrument)
    if broken is not None:
        return {"error": order_error(broken, asset=row["a"])}
    spec = replace(spec, client_order_id=spec.client_order_id or old.client_order_id)
    if spec.trigger is not None:
        inherited = {name: getattr(old.spec, name) for name in ("parent_id", "oco_group", "whole_position")}
        spec = replace(spec, **inherited)
    # the old order leaves first: whoever listens sees it canceled before its successor appears
    venue.engine.cancel(account, old.order_id)
    status, _ = _submit(venue, account, row["a"], spec)
    return status


def _broken_grid(spec: OrderSpec, instrument: Instrument) -> Reason | None:
    """Return what the payload alone is refused for; the old order then stays."""
    if spec.price is not None and not instrument.on_price_grid(spec.price):
        return Reason.PRICE_OFF_GRID
    return None if instrument.on_size_grid(spec.size) else Reason.SIZE_OFF_GRID
