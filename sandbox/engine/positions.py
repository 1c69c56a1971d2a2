"""How an execution changes a position, the wallet and the profit records."""

from dataclasses import replace
from decimal import Decimal

from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.orders import ZERO, Order
from sandbox.engine.records import ClosedPnl, Fill, Position
from sandbox.words import EventKind, FillKind, LedgerKind


def book_fill(
    core: Core,
    account: Account,
    order: Order,
    *,
    price: Decimal,
    size: Decimal,
    maker: bool,
    kind: FillKind = FillKind.TRADE,
) -> Fill:
    """Enter one execution of an order: position, wallet, fee, profit records, ledger, events.

    A position in one-way mode may flip: the part that closes is realised, the rest opens the other way.
    """
    position = account.position(order.symbol, order.spec.position_idx)
    before = position.size
    closed = min(size, max(ZERO, -order.side.sign * before))
    entry_part = abs(position.entry_value * closed / before) if closed else ZERO
    open_fee = position.open_fees * closed / abs(before) if closed else ZERO
    realised = (price * closed - entry_part) * (1 if before > 0 else -1) if closed else ZERO
    rate = (core.maker_rate if maker else core.taker_rate) * account.fee_factor
    if kind is FillKind.LIQUIDATION and position.isolated_margin is not None:
        rate = ZERO  # the whole collateral is lost already
    fee = price * size * rate

    order.filled_size += size
    order.filled_value += price * size
    order.fee += fee
    fill = _make_fill(core, account, order, position, price=price, size=size, maker=maker, kind=kind, closed=closed,
                      realised=realised, rate=rate)  # fmt: skip
    _move_position(core, account, position, order, price=price, size=size, closed=closed, fee=fee)
    coin = fill.fee_coin
    core.move_money(account, coin, realised, LedgerKind.REALISED, symbol=order.symbol, fill_id=fill.fill_id)
    core.move_money(account, coin, -fee, LedgerKind.FEE, symbol=order.symbol, fill_id=fill.fill_id)
    position.realised += realised - fee
    position.cumulative_realised += realised - fee
    account.fills.append(fill)
    _write_fill(core, account, fill)
    if closed:
        close_fee = fee * closed / size
        _record_closed(core, account, order, fill, entry_part=entry_part, open_fee=open_fee, close_fee=close_fee)
    return fill


def _make_fill(
    core: Core,
    account: Account,
    order: Order,
    position: Position,
    *,
    price: Decimal,
    size: Decimal,
    maker: bool,
    kind: FillKind,
    closed: Decimal,
    realised: Decimal,
    rate: Decimal,
) -> Fill:
    number = core.next_number()
    return Fill(
        number=number,
        fill_id=core.make_id(number),
        account_id=account.account_id,
        order_id=order.order_id,
        order_number=order.number,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        position_idx=order.spec.position_idx,
        price=price,
        size=size,
        value=price * size,
        fee=price * size * rate,
        fee_rate=rate,
        fee_coin=core.instrument(order.symbol).settle,
        maker=maker,
        kind=kind,
        time_ms=core.now_ms(),
        closed_size=closed,
        realised_pnl=realised,
        position_before=position.size,
        order_size=order.size,
        order_price=order.price,
        remaining=order.size - order.filled_size,
        order_type=order.spec.type,
        stop=order.spec.stop,
        mark_price=core.quote(order.symbol).mark,
    )


def _move_position(
    core: Core,
    account: Account,
    position: Position,
    order: Order,
    *,
    price: Decimal,
    size: Decimal,
    closed: Decimal,
    fee: Decimal,
) -> None:
    now = core.now_ms()
    opened = size - closed
    if closed:
        share_left = 1 - closed / abs(position.size)
        position.entry_value *= share_left
        position.open_fees *= share_left
        if position.isolated_margin is not None:
            position.isolated_margin *= share_left
        position.size += order.side.sign * closed
        if position.size == 0:
            position.entry_value = position.open_fees = ZERO
            position.isolated_margin = None
    if opened:
        if position.size == 0:
            position.opened_ms = now
            position.created_ms = position.created_ms or now
            position.realised = position.funding = ZERO
        position.size += order.side.sign * opened
        position.entry_value += order.side.sign * opened * price
        position.open_fees += fee * opened / size
        if core.is_isolated(account, order.symbol):
            own = opened * price / core.leverage(account, order.symbol)
            position.isolated_margin = (position.isolated_margin or ZERO) + own
    position.updated_ms = now
    core.emit(EventKind.POSITION, account, position)


def _write_fill(core: Core, account: Account, fill: Fill) -> None:
    core.ledger.add(
        time_ms=fill.time_ms,
        account_id=account.account_id,
        kind=LedgerKind.FILL,
        symbol=fill.symbol,
        coin=fill.fee_coin,
        detail={
            "fill_id": fill.fill_id,
            "order_id": fill.order_id,
            "client_order_id": fill.client_order_id or "",
            "side": fill.side.value,
            "price": str(fill.price),
            "size": str(fill.size),
            "fee": str(fill.fee),
            "maker": str(fill.maker).lower(),
            "kind": fill.kind.value,
            "closed_size": str(fill.closed_size),
            "position_idx": str(fill.position_idx.value),
        },
    )
    core.emit(EventKind.FILL, account, fill)


def _record_closed(
    core: Core,
    account: Account,
    order: Order,
    fill: Fill,
    *,
    entry_part: Decimal,
    open_fee: Decimal,
    close_fee: Decimal,
) -> None:
    """One closed-profit record per closing order: further fills of the same order are added to it."""
    pnl = fill.realised_pnl - open_fee - close_fee
    last = account.closed_pnl[-1] if account.closed_pnl else None
    if last is not None and last.order_id == order.order_id:
        account.closed_pnl[-1] = replace(
            last,
            closed_size=last.closed_size + fill.closed_size,
            entry_value=last.entry_value + entry_part,
            exit_value=last.exit_value + fill.price * fill.closed_size,
            open_fee=last.open_fee + open_fee,
            close_fee=last.close_fee + close_fee,
            pnl=last.pnl + pnl,
            fill_count=last.fill_count + 1,
            updated_ms=fill.time_ms,
        )
        return
    account.closed_pnl.append(
        ClosedPnl(
            number=fill.number,
            account_id=account.account_id,
            symbol=order.symbol,
            order_id=order.order_id,
            side=order.side,
            order_type=order.spec.type,
            order_price=fill.price if order.price is None else order.price,
            kind=fill.kind,
            closed_size=fill.closed_size,
            order_size=order.size,
            entry_value=entry_part,
            exit_value=fill.price * fill.closed_size,
            open_fee=open_fee,
            close_fee=close_fee,
            pnl=pnl,
            fill_count=1,
            leverage=core.leverage(account, order.symbol),
            created_ms=fill.time_ms,
            updated_ms=fill.time_ms,
        )
    )
