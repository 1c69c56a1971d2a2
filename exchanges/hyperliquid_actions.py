"""From our actions to HyperLiquid's: one row per action, pure, nothing is sent.

`SetProtection` becomes ONE action. If it sets a price, that is an `order` action of position orders: the new protection
stands before the old is cancelled, so the position is never naked, and the caller cancels what was `replaced` once the
new was accepted. If it only removes, it is that cancel itself. (`batchModify` would replace in one step, but gives a
position order a size of its own, and fails as a whole when the old order has just fired.)
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.hyperliquid_orders import asset_of, children, cloid_of, levels_of, oid_of, order_wire, protection_wires
from exchanges.hyperliquid_wires import (
    USD_DECIMALS,
    CancelAction,
    CancelWire,
    CloidCancelAction,
    CloidCancelWire,
    Grouping,
    LeverageAction,
    MarginAction,
    ModifyAction,
    ModifyWire,
    NoopAction,
    OrderAction,
    WireAction,
)
from models.enums import MarginMode, PositionMode
from models.errors import BadOrder
from models.market import Instrument
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    OrderRequest,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)


def to_wire(action: Action) -> WireAction:
    """Return the venue's action.

    Raises:
        BadOrder: HyperLiquid has no such thing, or a value that it needs is missing.
    """
    return _BUILDERS[type(action)](action)


def client_ids(action: Action) -> tuple[str | None, ...]:
    """Return our id of each leg, in the order of the venue's answers; None where a leg has none."""
    match action:
        case SetProtection() if not levels_of(action.protection):
            return tuple(order.client_order_id for order in action.replaced)
        case CancelAll():
            return tuple(order.client_order_id for order in action.orders)
        case CancelOrder():
            return (action.client_order_id,)
        case AmendOrder():
            return (action.client_order_id if action.replacement is None else action.replacement.client_order_id,)
        case OrderRequest() | BatchOrders() | SetProtection():
            wire = to_wire(action)
            return tuple(order.c for order in wire.orders) if isinstance(wire, OrderAction) else (None,)
        case _:
            return (None,)


def _order(request: OrderRequest) -> OrderAction:
    orders = (order_wire(request), *children(request))
    return OrderAction(orders, Grouping.NONE if len(orders) == 1 else Grouping.ENTRY)


def _batch(batch: BatchOrders) -> OrderAction:
    if not batch.orders:
        raise BadOrder("A batch needs at least one order.", code="nothing_to_do")
    if len(batch.orders) == 1:
        return _order(batch.orders[0])
    if any(levels_of(request.protection) for request in batch.orders):
        # a normalTpsl group has one entry: more would leave open which one the children protect
        raise BadOrder("Orders with protection go one by one on HyperLiquid.", code="protection_in_batch")
    return OrderAction(tuple(order_wire(request) for request in batch.orders), Grouping.NONE)


def _set_protection(action: SetProtection) -> WireAction:
    if action.is_hedge:
        raise _one_way()
    if action.trailing_distance or action.trailing_activation:
        raise BadOrder("HyperLiquid has no trailing stops.", code="trailing_not_supported")
    if not levels_of(action.protection):
        return _cancels(action.replaced)
    orders = protection_wires(
        action.instrument,
        action.protection,
        side=action.position_side.closing_side,
        size=action.position_size if action.size is None else action.size,
        ids=action.client_ids,
    )
    return OrderAction(orders, Grouping.POSITION if action.size is None else Grouping.NONE)


def _amend(action: AmendOrder) -> ModifyAction:
    if action.replacement is None:
        raise BadOrder(
            "HyperLiquid replaces an order as a whole: `replacement` is missing.", code="replacement_missing"
        )
    if levels_of(action.replacement.protection):
        raise BadOrder("Protection is changed with orders of its own.", code="protection_in_amend")
    oid = oid_of(action.order_id) if action.order_id is not None else cloid_of(action.client_order_id or "")
    return ModifyAction((ModifyWire(oid, order_wire(action.replacement)),))


def _cancel(action: CancelOrder) -> CancelAction | CloidCancelAction:
    return _cancels((action,))


def _cancel_all(action: CancelAll) -> CancelAction | CloidCancelAction:
    return _cancels(action.orders)


def _cancels(orders: tuple[CancelOrder, ...]) -> CancelAction | CloidCancelAction:
    if not orders:
        raise BadOrder("There is nothing to cancel.", code="nothing_to_cancel")
    if all(order.order_id is not None for order in orders):
        return CancelAction(tuple(CancelWire(asset_of(o.instrument), oid_of(o.order_id or "")) for o in orders))
    return CloidCancelAction(
        tuple(CloidCancelWire(asset_of(o.instrument), cloid_of(o.client_order_id or "")) for o in orders)
    )


def _set_leverage(action: SetLeverage) -> LeverageAction:
    if action.margin_mode is None and not action.instrument.isolated_only:
        raise BadOrder(
            "HyperLiquid sets leverage and margin mode together: say which mode.", code="margin_mode_missing"
        )
    mode = MarginMode.ISOLATED if action.margin_mode is None else action.margin_mode
    # a portfolio-margined account counts as cross, market by market
    return _leverage(action.instrument, action.leverage, is_cross=mode is not MarginMode.ISOLATED)


def _set_margin_mode(action: SetMarginMode) -> LeverageAction:
    if action.margin_mode is MarginMode.PORTFOLIO:
        raise BadOrder("Portfolio margin is an account's, not a market's.", code="margin_mode_not_supported")
    if action.instrument is None or action.leverage is None:
        raise BadOrder("HyperLiquid sets the margin mode of one market, with its leverage.", code="leverage_missing")
    return _leverage(action.instrument, action.leverage, is_cross=action.margin_mode is MarginMode.CROSS)


def _leverage(instrument: Instrument, leverage: Decimal, *, is_cross: bool) -> LeverageAction:
    if is_cross and instrument.isolated_only:
        raise BadOrder(f"{instrument.symbol} takes isolated margin only.", code="isolated_only")
    if not leverage.is_finite() or leverage < 1 or leverage != leverage.to_integral_value():
        raise BadOrder(f"leverage: expected a whole number from 1 up, was {leverage}", code="bad_leverage")
    return LeverageAction(asset=asset_of(instrument), is_cross=is_cross, leverage=int(leverage))


def _adjust_margin(action: AdjustMargin) -> MarginAction:
    if action.is_hedge:
        raise _one_way()
    millionths = action.amount.scaleb(USD_DECIMALS) if action.amount.is_finite() else Decimal(0)
    if not millionths or millionths != millionths.to_integral_value():
        raise BadOrder(
            f"amount: expected dollars with at most {USD_DECIMALS} decimals and not zero, was {action.amount}",
            code="bad_number",
            name="amount",
        )
    # isBuy has no effect in one-way mode; the venue's own SDK always says true
    return MarginAction(asset=asset_of(action.instrument), is_buy=True, ntli=int(millionths))


def _set_position_mode(action: SetPositionMode) -> WireAction:
    if action.position_mode is PositionMode.ONE_WAY:
        raise BadOrder("HyperLiquid is always in one-way mode.", code="already_set")
    raise _one_way()


def _noop(_action: Noop) -> NoopAction:
    return NoopAction()


def _one_way() -> BadOrder:
    return BadOrder("HyperLiquid has one position per market: no hedge mode.", code="hedge_not_supported")


_BUILDERS: Final[Mapping[type[Action], Callable[[Any], WireAction]]] = {
    OrderRequest: _order,
    BatchOrders: _batch,
    AmendOrder: _amend,
    CancelOrder: _cancel,
    CancelAll: _cancel_all,
    SetLeverage: _set_leverage,
    SetMarginMode: _set_margin_mode,
    SetPositionMode: _set_position_mode,
    SetProtection: _set_protection,
    AdjustMargin: _adjust_margin,
    Noop: _noop,
}
