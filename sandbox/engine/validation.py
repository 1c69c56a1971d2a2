"""What the engine refuses before an order exists. All venues share the rules and word the refusals themselves."""

from decimal import Decimal

from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.orders import OrderSpec, Protection
from sandbox.instruments import ContractKind, Instrument, Venue
from sandbox.words import (
    OrderType,
    PositionIdx,
    PositionMode,
    Reason,
    RefusedError,
    Side,
    StopKind,
    TriggerDirection,
)

MAX_ORDERS_PER_SYMBOL = 500
MAX_STOPS_PER_SYMBOL = 10
MAX_TPSL_PER_SYMBOL = 20


def check_order(core: Core, account: Account, spec: OrderSpec) -> None:
    """Raise RefusedError when the venue would refuse this order outright; money is checked by ``check_funds``."""
    instrument = core.instrument(spec.symbol)
    closed = not instrument.tradable and not spec.reduce_only
    if closed or instrument.kind is ContractKind.INVERSE_PERPETUAL:
        raise RefusedError(Reason.NOT_TRADING, spec.symbol)
    if (
        core.venue is not Venue.HYPERLIQUID
    ):  # it does not promise that a cloid is unique; a modified order keeps its own
        check_client_id(account, spec.client_order_id, among_open=core.venue is Venue.OKX)
    check_position_idx(account, spec)
    check_reduce_only(account, spec)
    check_size(instrument, spec)
    check_prices(core, instrument, spec)
    check_counts(account, spec)
    base = spec.price if spec.type is OrderType.LIMIT and spec.price is not None else core.quote(spec.symbol).last
    if not spec.reduce_only:
        check_protection(spec.side, base, spec.take_profit, spec.stop_loss)


def check_client_id(account: Account, client_order_id: str | None, *, among_open: bool) -> None:
    """A client id is used once, or once among open orders."""
    known = account.client_ids.get(client_order_id or "")
    if known is not None and (not among_open or account.orders[known].is_open):
        raise RefusedError(Reason.DUPLICATE_CLIENT_ID, str(client_order_id))


def check_position_idx(account: Account, spec: OrderSpec) -> None:
    """Index 0 belongs to one-way mode, 1 and 2 to hedge mode."""
    hedge = account.mode_of(spec.symbol) is PositionMode.HEDGE
    if hedge == (spec.position_idx is PositionIdx.ONE_WAY):
        raise RefusedError(Reason.POSITION_MODE_MISMATCH, spec.symbol)


def check_size(instrument: Instrument, spec: OrderSpec) -> None:
    """Above zero, on the grid, between the limits."""
    if spec.size < 0 or (spec.size == 0 and not spec.whole_position):
        raise RefusedError(Reason.SIZE_ZERO, str(spec.size))
    if spec.size == 0:
        return
    if not instrument.on_size_grid(spec.size):
        raise RefusedError(Reason.SIZE_OFF_GRID, str(spec.size))
    if spec.size < instrument.min_qty:
        raise RefusedError(Reason.SIZE_TOO_SMALL, str(instrument.min_qty))
    limit = instrument.max_market_qty if spec.type is OrderType.MARKET else instrument.max_limit_qty
    if spec.size > limit:
        raise RefusedError(Reason.SIZE_TOO_LARGE, str(limit))


def check_prices(core: Core, instrument: Instrument, spec: OrderSpec) -> None:
    """On the grid, not too far across the market, worth enough, trigger on the right side."""
    quote = core.quote(spec.symbol)
    trigger_price = spec.trigger.price if spec.trigger is not None else None
    for price in (spec.price, trigger_price, spec.activation):
        check_on_grid(instrument, price)
    price = spec.price if spec.price is not None else quote.last
    immediate = spec.trigger is None and spec.stop is StopKind.NONE
    if spec.type is OrderType.LIMIT and immediate:
        check_price_band(instrument, spec.side, price, quote.mark)
    if not spec.reduce_only and not spec.whole_position and spec.size * price < instrument.min_notional:
        raise RefusedError(Reason.BELOW_MIN_NOTIONAL, str(instrument.min_notional))
    if spec.parent_id is not None:
        return  # the market will be elsewhere when the entry has filled
    if spec.trigger is not None and spec.trigger.price is not None and spec.trigger.direction is not None:
        check_trigger_side(spec.trigger.direction, spec.trigger.price, quote.by(spec.trigger.by))


def check_on_grid(instrument: Instrument, price: Decimal | None) -> None:
    """A price is above zero and a multiple of the tick."""
    if price is None:
        return
    if price <= 0 or not instrument.on_price_grid(price):
        raise RefusedError(Reason.PRICE_OFF_GRID, str(price))


def check_price_band(instrument: Instrument, side: Side, price: Decimal, mark: Decimal) -> None:
    """A limit order may not cross the mark price by more than the band (far away on its own side is fine)."""
    limit = mark * (1 + side.sign * instrument.price_band)
    if side.sign * (price - limit) > 0:
        raise RefusedError(Reason.PRICE_OUT_OF_BAND, str(limit))


def check_trigger_side(direction: TriggerDirection, trigger: Decimal, current: Decimal) -> None:
    """A rising trigger lies above the current price, a falling one below."""
    if direction is TriggerDirection.RISE and trigger <= current:
        raise RefusedError(Reason.TRIGGER_MUST_RISE, f"{trigger} <= {current}")
    if direction is TriggerDirection.FALL and trigger >= current:
        raise RefusedError(Reason.TRIGGER_MUST_FALL, f"{trigger} >= {current}")


def check_reduce_only(account: Account, spec: OrderSpec) -> None:
    """A reduce-only order needs an opposite position, unless it waits for an entry or a trigger."""
    if not spec.reduce_only or spec.parent_id is not None or spec.trigger is not None:
        return
    size = account.position(spec.symbol, spec.position_idx).size
    if size == 0:
        raise RefusedError(Reason.REDUCE_ONLY_NO_POSITION, spec.symbol)
    if size * spec.side.sign > 0:
        raise RefusedError(Reason.REDUCE_ONLY_SAME_SIDE, spec.symbol)


def check_counts(account: Account, spec: OrderSpec) -> None:
    """The venue's limits on open orders of one market."""
    same = [order for order in account.open_orders() if order.symbol == spec.symbol]
    if spec.stop is StopKind.NONE:
        if sum(order.spec.stop is StopKind.NONE for order in same) >= MAX_ORDERS_PER_SYMBOL:
            raise RefusedError(Reason.TOO_MANY_ORDERS, spec.symbol)
    elif spec.stop is StopKind.STOP:
        if sum(order.spec.stop is StopKind.STOP for order in same) >= MAX_STOPS_PER_SYMBOL:
            raise RefusedError(Reason.TOO_MANY_STOPS, spec.symbol)
    elif not spec.whole_position:
        partial = [order for order in same if order.spec.stop in {StopKind.TAKE_PROFIT, StopKind.STOP_LOSS}]
        if sum(not order.spec.whole_position for order in partial) >= MAX_TPSL_PER_SYMBOL:
            raise RefusedError(Reason.TOO_MANY_TPSL, spec.symbol)


def check_protection(side: Side, base: Decimal, take_profit: Protection | None, stop_loss: Protection | None) -> None:
    """Profit is taken beyond the base price in the position's direction, a loss is stopped before it."""
    if take_profit is not None and side.sign * (take_profit.trigger_price - base) <= 0:
        raise RefusedError(Reason.BAD_TAKE_PROFIT, f"{take_profit.trigger_price}/{side.value}/{base}")
    if stop_loss is not None and side.sign * (base - stop_loss.trigger_price) <= 0:
        raise RefusedError(Reason.BAD_STOP_LOSS, f"{stop_loss.trigger_price}/{side.value}/{base}")


def check_tier(core: Core, account: Account, spec: OrderSpec) -> None:
    """The position that the order would make must fit the risk limit at the account's leverage."""
    if spec.reduce_only:
        return
    price = spec.price if spec.price is not None else core.quote(spec.symbol).last
    after = account.position(spec.symbol, spec.position_idx).size + spec.side.sign * spec.size
    instrument = core.instrument(spec.symbol)
    value = abs(after) * price
    tier = instrument.tier(value)
    if value > instrument.tiers[-1].limit or core.leverage(account, spec.symbol) > tier.max_leverage:
        raise RefusedError(Reason.RISK_LIMIT, f"{value}")
