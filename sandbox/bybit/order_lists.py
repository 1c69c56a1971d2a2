"""Reading orders, executions, closed profit and the transaction log.

https://bybit-exchange.github.io/docs/v5/order/open-order
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sandbox.bybit.errors import bad_parameter
from sandbox.bybit.order_shapes import (
    SIDES,
    closed_pnl_row,
    execution_row,
    funding_row,
    order_row,
)
from sandbox.bybit.wire import Call, Json, page, text, time_range
from sandbox.engine import ZERO, Fill, LedgerKind, LedgerLine, Order, OrderStatus, StopKind

CLOSED_KEPT: Final = 500
DAY_MS: Final = 86_400_000
UNFILLED_ENDS: Final = {OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.DEACTIVATED}
FILTERS: Final = {
    "Order": lambda order: order.spec.stop is StopKind.NONE,
    "StopOrder": lambda order: order.spec.stop is not StopKind.NONE,
    "tpslOrder": lambda order: order.spec.stop in {StopKind.TAKE_PROFIT, StopKind.STOP_LOSS},
}


def realtime(call: Call) -> Json:
    """Open orders, and with openOnly=1 or by id the last 500 closed ones (gone after a service restart)."""
    if call.holds_nothing():
        return call.empty_page()
    by_id = bool(call.text("orderId") or call.text("orderLinkId"))
    if not any(call.text(name) for name in ("symbol", "baseCoin", "settleCoin")):
        raise bad_parameter("Missing some parameters that must be filled in, symbol or settleCoin or baseCoin")
    orders = [order for order in visible(call, call.world.behaviour.realtime_lag_ms) if matches(call, order)]
    cleared = call.world.behaviour.realtime_cleared_ms
    closed = [order for order in orders if not order.is_open and order.updated_ms > cleared][:CLOSED_KEPT]
    opened = [order for order in orders if order.is_open]
    only_closed = call.integer("openOnly", 0) == 1
    if by_id:
        return order_page(call, [*opened, *closed])
    return order_page(call, closed if only_closed else opened)


def history(call: Call) -> Json:
    """Closed orders of a week; what ended without an execution is listed for 24 hours only."""
    if call.holds_nothing():
        return call.empty_page()
    start, end = time_range(call)
    chosen = [
        order
        for order in visible(call, call.world.behaviour.history_lag_ms)
        if not order.is_open and matches(call, order) and start <= order.created_ms <= end and _listed(call, order)
    ]
    return order_page(call, chosen)


def _listed(call: Call, order: Order) -> bool:
    forgotten = order.status in UNFILLED_ENDS and not order.filled_size
    return not forgotten or order.updated_ms > call.now_ms - DAY_MS


def visible(call: Call, lag_ms: int) -> Iterator[Order]:
    """The account's orders that a lagging read shows already, newest first."""
    now = call.world.clock.now_ms()
    return (order for order in call.engine.orders(call.account_id) if order.updated_ms + lag_ms <= now)


def matches(call: Call, order: Order) -> bool:
    """Whether an order passes the request's filters; orderId goes before orderLinkId, both before the rest."""
    if call.text("orderId"):
        return order.order_id == call.text("orderId")
    if call.text("orderLinkId"):
        return order.client_order_id == call.text("orderLinkId")
    instrument = call.engine.instruments[order.symbol]
    wanted_kind = FILTERS.get(call.text("orderFilter"))
    pairs = (
        (call.text("symbol"), order.symbol),
        (call.text("baseCoin"), instrument.base_coin),
        (call.text("settleCoin"), instrument.settle),
    )
    return all(value == asked for asked, value in pairs if asked) and (wanted_kind is None or wanted_kind(order))


def order_page(call: Call, orders: list[Order]) -> Json:
    """One page of orders."""
    rows, cursor = page(call, orders, key=lambda order: f"{order.order_id}:{order.created_ms}", default=20, most=50)
    return {
        "category": "linear",
        "nextPageCursor": cursor,
        "list": [order_row(call.engine, order) for order in rows],
    }


def executions(call: Call) -> Json:
    """Trades and funding payments of a week."""
    if call.holds_nothing():
        return call.empty_page()
    start, end = time_range(call)
    wanted = call.text("execType")
    rows = [execution_row(call.engine, fill) for fill in call.engine.fills(call.account_id) if _fill_fits(call, fill)]
    if not call.text("orderId") and not call.text("orderLinkId"):
        rows += [
            funding_row(call.engine, payment)
            for payment in call.engine.fundings(call.account_id)
            if call.text("symbol") in {"", payment.symbol}
        ]
    rows = [row for row in rows if start <= int(row["execTime"]) <= end and wanted in {"", row["execType"]}]
    rows.sort(key=lambda row: (int(row["execTime"]), row["seq"]), reverse=True)
    chosen, cursor = page(call, rows, key=lambda row: f"{row['execId']}:{row['execTime']}", default=50, most=100)
    return {"category": "linear", "nextPageCursor": cursor, "list": chosen}


def _fill_fits(call: Call, fill: Fill) -> bool:
    if call.text("orderId"):
        return fill.order_id == call.text("orderId")
    if call.text("orderLinkId"):
        return fill.client_order_id == call.text("orderLinkId")
    base = call.text("baseCoin")
    return call.text("symbol") in {"", fill.symbol} and base in {"", call.engine.instruments[fill.symbol].base_coin}


def closed_pnl(call: Call) -> Json:
    """Closed profit of a week."""
    if call.holds_nothing():
        return call.empty_page()
    start, end = time_range(call)
    symbol = call.text("symbol")
    records = [
        record
        for record in call.engine.closed_pnl(call.account_id)
        if symbol in {"", record.symbol} and start <= record.updated_ms <= end
    ]
    chosen, cursor = page(
        call, records, key=lambda record: f"{record.order_id}:{record.updated_ms}", default=50, most=100
    )
    return {"category": "linear", "nextPageCursor": cursor, "list": [closed_pnl_row(record) for record in chosen]}


def transaction_log(call: Call) -> Json:
    """Every change of cash in the last day, or the given week; there are no contracts but linear ones."""
    if call.text("category", "linear") != "linear":
        return {"nextPageCursor": "", "list": []}
    start, end = time_range(call)
    if not call.params.get("startTime") and not call.params.get("endTime"):
        start = end - DAY_MS
    fills = {fill.fill_id: fill for fill in call.engine.fills(call.account_id)}
    lines = call.engine.ledger.lines(account_id=call.account_id)
    wanted, coin = call.text("type"), call.text("currency")
    rows = [row for row in _log_rows(call, lines, fills) if start <= int(row["transactionTime"]) <= end]
    rows = [row for row in rows if wanted in {"", row["type"]} and coin in {"", row["currency"]}]
    rows.reverse()
    chosen, cursor = page(call, rows, key=lambda row: row["id"], default=20, most=50)
    return {"nextPageCursor": cursor, "list": chosen}


def _log_rows(call: Call, lines: list[LedgerLine], fills: dict[str, Fill]) -> Iterator[Json]:
    for line in lines:
        if line.kind is LedgerKind.FEE and line.detail.get("fill_id") in fills:
            yield _trade_line(line, fills[line.detail["fill_id"]])
        elif line.kind is LedgerKind.FUNDING and line.amount is not None:
            yield _log_line(line, kind="SETTLEMENT", funding=text(line.amount), feeRate=line.detail.get("rate", ""))
        elif line.kind is LedgerKind.DEPOSIT and line.amount is not None:
            yield _log_line(line, kind="TRANSFER_IN" if line.amount > 0 else "TRANSFER_OUT")


def _trade_line(line: LedgerLine, fill: Fill) -> Json:
    return _log_line(
        line,
        kind="TRADE",
        side=SIDES[fill.side],
        qty=text(fill.size),
        size=text(fill.position_before + fill.side.sign * fill.size),
        tradePrice=text(fill.price),
        fee=text(fill.fee),
        cashFlow=text(fill.realised_pnl),
        change=text(fill.realised_pnl - fill.fee),
        feeRate=text(fill.fee_rate),
        tradeId=fill.fill_id,
        orderId=fill.order_id,
        orderLinkId=fill.client_order_id or "",
    )


def _log_line(line: LedgerLine, *, kind: str, **fields: str) -> Json:
    amount = line.amount or ZERO
    return {
        "id": f"{line.account_id}_{line.seq}",
        "symbol": line.symbol,
        "category": "linear",
        "side": "None",
        "transactionTime": str(line.time_ms),
        "type": kind,
        "transSubType": "",
        "qty": "0",
        "size": "0",
        "currency": line.coin,
        "tradePrice": "",
        "funding": "",
        "fee": "0",
        "cashFlow": text(amount),
        "change": text(amount),
        "cashBalance": text(_balance(line)),
        "feeRate": "",
        "bonusChange": "",
        "tradeId": "",
        "orderId": "",
        "orderLinkId": "",
        "extraFees": "",
        **fields,
    }


def _balance(line: LedgerLine) -> Decimal:
    return Decimal(line.detail["wallet"])
