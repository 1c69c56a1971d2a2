"""What positions and orders need as collateral, what is left, and where a position would be liquidated."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.orders import ZERO, Order
from sandbox.engine.records import Position
from sandbox.engine.views import AccountView, CoinView, PositionView
from sandbox.words import OrderType, PositionIdx, Side, StopKind


def maintenance_margin(core: Core, symbol: str, value: Decimal) -> Decimal:
    """The collateral below which a position of this value is liquidated."""
    tier = core.instrument(symbol).tier(value)
    return value * tier.maintenance_rate - tier.deduction


def initial_margin(core: Core, account: Account, position: Position) -> Decimal:
    """Collateral the position takes up: its own when isolated, value / leverage in cross margin."""
    if position.isolated_margin is not None:
        return position.isolated_margin
    value = abs(position.size) * core.quote(position.symbol).mark
    return value / core.leverage(account, position.symbol)


def order_margin(core: Core, account: Account, symbol: str, orders: Iterable[Order]) -> Decimal:
    """Collateral that resting orders of one market hold: only what would enlarge a position, the larger side."""
    need: dict[tuple[PositionIdx, Side], Decimal] = {}
    sizes: dict[tuple[PositionIdx, Side], Decimal] = {}
    for order in orders:
        if holds_margin(order):
            key = (order.spec.position_idx, order.side)
            price = order.price if order.price is not None else core.quote(symbol).last
            need[key] = need.get(key, ZERO) + order.remaining * price
            sizes[key] = sizes.get(key, ZERO) + order.remaining
    total = ZERO
    for idx in PositionIdx:
        total += max(
            (
                _beyond_position(account.position(symbol, idx), side, sizes[idx, side], need[idx, side])
                for side in Side
                if (idx, side) in need
            ),
            default=ZERO,
        )
    return total / core.leverage(account, symbol) if total else ZERO


def holds_margin(order: Order) -> bool:
    """Whether an open order reserves collateral: armed conditional and reduce-only orders do not."""
    return (
        order.is_open and not order.spec.reduce_only and (order.spec.stop is StopKind.NONE or bool(order.triggered_ms))
    )


def _beyond_position(position: Position, side: Side, size: Decimal, value: Decimal) -> Decimal:
    """The value of what is left of the orders after they have closed an opposite position."""
    closing = max(ZERO, -side.sign * position.size)
    return ZERO if size <= closing else value * (size - closing) / size


def total_order_margin(core: Core, account: Account) -> Decimal:
    """Collateral held by all open orders."""
    return sum(
        (order_margin(core, account, symbol, orders) for symbol, orders in account.orders_by_symbol().items()), ZERO
    )


def available(core: Core, account: Account) -> Decimal:
    """What new orders may use; below zero when the account is under water."""
    total = account.total_wallet() - total_order_margin(core, account)
    for position in account.open_positions():
        total -= initial_margin(core, account, position)
        if position.isolated_margin is None:
            total += position.unrealised(core.quote(position.symbol).mark)
    return total


def cross_balance(core: Core, account: Account) -> tuple[Decimal, Decimal]:
    """Equity behind the cross positions, and the maintenance margin they need together."""
    balance, maintenance = account.total_wallet(), ZERO
    for position in account.open_positions():
        if position.isolated_margin is not None:
            balance -= position.isolated_margin
            continue
        mark = core.quote(position.symbol).mark
        balance += position.unrealised(mark)
        maintenance += maintenance_margin(core, position.symbol, abs(position.size) * mark)
    return balance, maintenance


def bankruptcy_price(position: Position) -> Decimal | None:
    """Where an isolated position has lost all its collateral; None for cross and flat positions."""
    if position.isolated_margin is None or not position.size:
        return None
    return (position.entry_value - position.isolated_margin) / position.size


def liquidation_price(core: Core, account: Account, position: Position) -> Decimal | None:
    """The mark price at which the position is taken over, other markets standing still; None when there is none."""
    if not position.size:
        return None
    mark = core.quote(position.symbol).mark
    tier = core.instrument(position.symbol).tier(abs(position.size) * mark)
    if position.isolated_margin is not None:
        # collateral + size * (price - entry) = |size| * price * rate - deduction
        collateral = position.isolated_margin - position.entry_value + tier.deduction
        price = -collateral / (position.size - abs(position.size) * tier.maintenance_rate)
    else:
        balance, maintenance = cross_balance(core, account)
        price = mark - (balance - maintenance) / (position.size - abs(position.size) * tier.maintenance_rate)
    return price if price > 0 else None


def position_view(core: Core, account: Account, position: Position) -> PositionView:
    """A position with everything that follows from the market now."""
    quote = core.quote(position.symbol)
    value = abs(position.size) * quote.mark
    return PositionView(
        position=position,
        leverage=core.leverage(account, position.symbol),
        margin_mode=account.margin_mode_of(position.symbol),
        mark_price=quote.mark,
        value=value,
        unrealised=position.unrealised(quote.mark),
        initial_margin=initial_margin(core, account, position) if position.size else ZERO,
        maintenance_margin=maintenance_margin(core, position.symbol, value) if position.size else ZERO,
        liquidation_price=liquidation_price(core, account, position),
        bankruptcy_price=bankruptcy_price(position),
        break_even_price=_break_even(core, position),
        take_profit=whole_position_order(account, position, StopKind.TAKE_PROFIT),
        stop_loss=whole_position_order(account, position, StopKind.STOP_LOSS),
        trailing_stop=whole_position_order(account, position, StopKind.TRAILING),
    )


def whole_position_order(account: Account, position: Position, stop: StopKind) -> Order | None:
    """The armed whole-position protection of this kind, if any."""
    for order in account.open_orders():
        spec = order.spec
        same_position = spec.symbol == position.symbol and spec.position_idx is position.idx
        if same_position and spec.whole_position and spec.stop is stop and order.triggered_ms is None:
            return order
    return None


def _break_even(core: Core, position: Position) -> Decimal | None:
    if not position.size:
        return None
    direction = 1 if position.size > 0 else -1
    costs = position.open_fees - position.funding
    return (position.entry_value + costs) / position.size / (1 - direction * core.taker_rate)


def coin_views(core: Core, account: Account) -> tuple[CoinView, ...]:
    """Each coin of the account with what its positions and orders take up."""
    rows: dict[str, dict[str, Decimal]] = {coin: {} for coin in account.wallet}

    def add(coin: str, **amounts: Decimal) -> None:
        row = rows.setdefault(coin, {})
        for name, amount in amounts.items():
            row[name] = row.get(name, ZERO) + amount

    for position in account.positions.values():
        view = position_view(core, account, position)
        add(
            core.instrument(position.symbol).settle,
            unrealised=view.unrealised,
            position_margin=view.initial_margin,
            position_maintenance=view.maintenance_margin,
            cumulative_realised=position.cumulative_realised,
        )
    for symbol, orders in account.orders_by_symbol().items():
        add(core.instrument(symbol).settle, order_margin=order_margin(core, account, symbol, orders))
    return tuple(_coin_view(coin, account.wallet.get(coin, ZERO), row) for coin, row in rows.items())


def _coin_view(coin: str, wallet: Decimal, row: dict[str, Decimal]) -> CoinView:
    unrealised = row.get("unrealised", ZERO)
    return CoinView(
        coin=coin,
        wallet=wallet,
        unrealised=unrealised,
        equity=wallet + unrealised,
        position_margin=row.get("position_margin", ZERO),
        position_maintenance=row.get("position_maintenance", ZERO),
        order_margin=row.get("order_margin", ZERO),
        cumulative_realised=row.get("cumulative_realised", ZERO),
    )


def account_view(core: Core, account: Account) -> AccountView:
    """The account's money now."""
    coins = coin_views(core, account)
    wallet = sum((coin.wallet for coin in coins), ZERO)
    unrealised = sum((coin.unrealised for coin in coins), ZERO)
    balance, _ = cross_balance(core, account)
    return AccountView(
        account_id=account.account_id,
        time_ms=core.now_ms(),
        coins=coins,
        equity=wallet + unrealised,
        wallet=wallet,
        unrealised=unrealised,
        margin_balance=balance,
        available=available(core, account),
        initial_margin=sum((coin.position_margin + coin.order_margin for coin in coins), ZERO),
        maintenance_margin=sum((coin.position_maintenance for coin in coins), ZERO),
        position_value=sum((abs(p.size) * core.quote(p.symbol).mark for p in account.open_positions()), ZERO),
    )


def entry_cost(core: Core, account: Account, order: Order) -> Decimal:
    """Collateral an order would additionally hold, with both fees of a round trip.

    What the order closes first gives its collateral back for what it opens then.
    """
    others = [other for other in account.open_orders() if other.symbol == order.symbol and other is not order]
    before = order_margin(core, account, order.symbol, others)
    after = order_margin(core, account, order.symbol, [*others, order])
    if after <= before:
        return ZERO
    position = account.position(order.symbol, order.spec.position_idx)
    closing = min(order.remaining, max(ZERO, -order.side.sign * position.size))
    freed = initial_margin(core, account, position) * closing / abs(position.size) if closing else ZERO
    price = order.price if order.spec.type is OrderType.LIMIT and order.price else core.quote(order.symbol).last
    fees = 2 * core.taker_rate * account.fee_factor * order.remaining * price
    return max(ZERO, after - before - freed) + fees
