"""Direct Bybit access for `USE_UNIFIED=false`: stock pybit, called in bounded threads; returns models.

Deliberately independent of `exchanges/bybit.py`, so that a defect there is really bypassed. Small and frozen: new
abilities go to the unified path. https://bybit-exchange.github.io/docs/v5/intro
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import requests

from direct.bybit_answers import read_answer
from direct.bybit_asking import CONTRACTS, FORBIDDEN, SCOPES, BybitAsking, Row, category_of
from direct.bybit_bodies import Call, call_for
from direct.bybit_key import UNTOLD, read_key
from direct.calls import network_ack, post_once
from exchanges.bybit_errors import NOT_IN_DEMO
from models import wire
from models.enums import MarginMode, PositionMode
from models.errors import BadPayload, Unavailable
from models.instrument import instruments_from_bybit
from models.requests import Ack, Action, BatchOrders, SignedRequest, Stamp, stay_at
from models.unified import (
    Balance,
    Candle,
    ClosedPnl,
    FeeRates,
    Fill,
    FundingPayment,
    Instrument,
    Order,
    Position,
    Ticker,
)
from models.values import to_millis
from models.venue import AccountState, KeyInfo

Model = TypeVar("Model")

RECV_WINDOW_MS = 5000
_NOT_UNIFIED = {1}
_INTERVALS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": "D"}
_MARGIN_MODES = {
    "ISOLATED_MARGIN": MarginMode.ISOLATED,
    "REGULAR_MARGIN": MarginMode.CROSS,
    "PORTFOLIO_MARGIN": MarginMode.PORTFOLIO,
}


class DirectBybit(BybitAsking):
    """One account, or nobody's (public data only), on one host."""

    needs_nonce = False
    fence_s = RECV_WINDOW_MS / 1000

    @property
    def signer(self) -> str:
        """Bybit has no nonces; the key names the signer."""
        return f"bybit:{(self._key or '')[:6]}"

    async def get_instruments(self) -> list[Instrument]:
        """Return every linear and inverse market."""
        rows = [
            row for kind in CONTRACTS for row in await self._pages("get_instruments_info", 5000, **kind, limit=1000)
        ]
        return instruments_from_bybit(rows)

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices."""
        query = {"category": category_of(instrument), "symbol": instrument.native_symbol}
        result = await self._read(lambda: self._http.get_tickers(**query))
        ticker = Ticker.from_bybit(_only(result), as_of=self._now())
        if ticker.symbol != instrument.symbol:
            raise BadPayload("the venue answered about another market than the one asked for")
        return ticker

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all linear and inverse markets."""
        tickers = []
        for kind in CONTRACTS:
            result = await self._read(lambda k=kind: self._http.get_tickers(**k))  # type: ignore[misc]
            tickers += [Ticker.from_bybit(row, as_of=self._now()) for row in wire.records(result, "list")]
        return tickers

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first."""
        query: dict[str, Any] = {
            "category": category_of(instrument),
            "symbol": instrument.native_symbol,
            "interval": _INTERVALS[interval],
            "limit": min(limit, 1000),
        }
        result = await self._read(lambda: self._http.get_kline(**query, end=to_millis(end) if end else None))
        bars = result.get("list")
        if not isinstance(bars, list):
            raise wire.bad_field("list", "a list of bars", bars)
        return [Candle.from_bybit(bar) for bar in reversed(bars)]

    async def get_balance(self) -> Balance:
        """Return the unified account's money."""
        result = await self._read(lambda: self._http.get_wallet_balance(accountType="UNIFIED"))
        state = await self.get_account_state()
        rows = wire.records(result, "list")
        row = next((row for row in rows if row.get("accountType") == "UNIFIED"), _only(result))
        return Balance.from_bybit(
            row, margin_mode=state.margin_mode, account_type=self._account_type, as_of=self._now()
        )

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return open positions of every settlement coin."""
        rows = await self._by_settle("get_positions", instrument, 1000, limit=200)
        mode = (await self.get_account_state()).margin_mode
        read = (
            Position.from_bybit(row, margin_mode=mode, account_type=self._account_type, as_of=self._now())
            for row in rows
        )
        # a row that moves from page to page while they are read is listed twice
        return list({(p.native_symbol, p.side): p for p in read if p is not None}.values())

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return open orders, conditional ones included."""
        rows = await self._by_settle("get_open_orders", instrument, 1000, limit=50)
        orders = [self._order(row) for row in rows]
        return list({order.order_id: order for order in orders if order.is_open}.values())

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look among open and recent orders, then history, then executions; None is a complete miss."""
        query = {"category": category_of(instrument), "symbol": instrument.native_symbol}
        ids = {"orderId": order_id} if order_id else {"orderLinkId": client_order_id}
        for method in ("get_open_orders", "get_order_history"):
            call = getattr(self._http, method)
            result = await self._read(lambda f=call: f(**query, **ids))  # type: ignore[misc]
            rows = _all_of(result, ids)
            if rows:
                return self._order(rows[0])
        if _all_of(await self._read(lambda: self._http.get_executions(**query, **ids)), ids):
            raise Unavailable("executions are listed, the order is not yet")
        return None

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first."""
        rows = await self._history("get_order_history", instrument, SCOPES, since, limit)
        closed = {order.order_id: order for order in map(self._order, rows) if not order.is_open}
        return _newest(closed.values(), lambda order: order.updated_at or order.created_at, limit)

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions without funding, newest first."""
        rows = await self._history("get_executions", instrument, CONTRACTS, since, limit)
        read = (Fill.from_bybit(row, account_type=self._account_type) for row in rows)
        fills = {fill.fill_id: fill for fill in read if fill is not None}
        return _newest(fills.values(), lambda fill: fill.filled_at, limit)

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return results of closed positions, newest first."""
        rows = await self._history("get_closed_pnl", instrument, CONTRACTS, since, limit)
        results = [ClosedPnl.from_bybit(row, account_type=self._account_type) for row in rows]
        return _newest(results, lambda result: result.closed_at, limit)

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first; the venue's log names no market to ask for."""
        kinds = CONTRACTS if instrument is None else ({"category": category_of(instrument)},)
        rows = await self._history(
            "get_transaction_log", None, kinds, since, limit, accountType="UNIFIED", type="SETTLEMENT"
        )
        read = (FundingPayment.from_bybit(row, account_type=self._account_type) for row in rows)
        paid = {payment.payment_id: payment for payment in read if payment is not None}
        wanted = [p for p in paid.values() if instrument is None or p.native_symbol == instrument.native_symbol]
        return _newest(wanted, lambda payment: payment.paid_at, limit)

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the market's leverage; hedge legs may differ, then it is the smaller."""
        rows = await self._by_settle("get_positions", instrument, 2, limit=2)
        found = [wire.optional_price(row, "leverage") for row in rows if wire.text(row, "symbol")]
        return min((leverage for leverage in found if leverage is not None), default=None)

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the account's fees."""
        symbol = instrument.native_symbol if instrument else "BTCUSDT"
        category = category_of(instrument) if instrument else "linear"
        row = _only(await self._read(lambda: self._http.get_fee_rates(category=category, symbol=symbol)))
        if row.get("symbol") != symbol:
            raise BadPayload("the venue answered about another market than the one asked for")
        return FeeRates.from_bybit(row)

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return margin and position mode."""
        info = await self._read(self._http.get_account_info)
        mode = None
        if instrument is not None:
            rows = await self._by_settle("get_positions", instrument, 2, limit=2)
            legs = {wire.integer(row, "positionIdx") for row in rows}
            mode = None if not legs else PositionMode.HEDGE if legs & {1, 2} else PositionMode.ONE_WAY
        status = wire.optional_integer(info, "unifiedMarginStatus")
        return AccountState(
            margin_mode=wire.described(info, "marginMode", _MARGIN_MODES),
            position_mode=mode,
            is_unified=status not in _NOT_UNIFIED,
        )

    async def get_key_info(self) -> KeyInfo:
        """Ask Bybit what this key may do."""
        try:
            return read_key(await self._read(self._http.get_api_key_information))
        except Unavailable as e:
            if e.fields.get("venue_code") != str(NOT_IN_DEMO):
                raise
        await self.get_account_state()  # demo has no word about keys; that it answers at all is the check
        return UNTOLD

    def _order(self, row: Row) -> Order:
        return Order.from_bybit(row, account_type=self._account_type, as_of=self._now())

    # writes: called by core.orders only

    async def wait_turn(self, action: Action) -> None:
        """Wait for this account's turn to send."""
        await self._turns.wait(action)

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Let pybit build the request, and sign it with the attempt's own time."""
        call: Call = call_for(action)
        url, body = getattr(self._recorder, call.method)(**call.params)
        url = stay_at(self._base_url, url)
        window = stamp.fence_ms - stamp.timestamp_ms
        headers = self._http.signed(body, stamp.timestamp_ms, window)
        return SignedRequest(exchange="bybit", action=action, stamp=stamp, url=url, body=body.encode(), headers=headers)

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Post once and classify."""
        legs = len(request.action.orders) if isinstance(request.action, BatchOrders) else 1

        sent_at = time.monotonic()
        try:
            answer = await self._pools.write(lambda: post_once(self._http.client, request))
        except requests.RequestException as e:
            return (network_ack(e),) * legs
        if answer.status == FORBIDDEN:
            self._turns.leave_alone()
        with suppress(ValueError, RecursionError):
            self._observe(json.loads(answer.content), sent_at, is_certain=True)
        return read_answer(answer.status, answer.content, request.action)


def _only(result: Row) -> Row:
    rows = wire.records(result, "list")
    if not rows:
        raise BadPayload("list: expected one row, was empty")
    return rows[0]


def _all_of(result: Row, ids: Mapping[str, str | None]) -> list[Row]:
    """Return the rows of one order; an answer about another order proves nothing, so it is no miss."""
    rows = wire.records(result, "list")
    if any(row.get(field) != value for row in rows for field, value in ids.items()):
        raise BadPayload("the venue answered about another order than the one asked for")
    return rows


def _newest(models: Iterable[Model], moment: Callable[[Model], datetime | None], limit: int) -> list[Model]:
    """Return the newest, in this order: the answers about several kinds of contract are put together."""
    return sorted(models, key=lambda model: to_millis(found) if (found := moment(model)) else 0, reverse=True)[:limit]
