"""Direct Bybit access for `USE_UNIFIED=false`: stock pybit, called in bounded threads; returns models.

Deliberately independent of `exchanges/bybit.py`, so that a defect there is really bypassed. Small and frozen: new
abilities go to the unified path. https://bybit-exchange.github.io/docs/v5/intro
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from direct.bybit_answers import read_answer
from direct.bybit_bodies import Call, call_for
from direct.calls import TIMEOUT_S, Pools, Turns, clock_at, network_ack, post_once
from exchanges.bybit_errors import SETTING_REFUSED, word
from exchanges.clock import STALE_S, VenueClock
from models.enums import AccountType, ContractKind, MarginMode, PositionMode
from models.errors import BadPayload, Rejected, Unavailable
from models.instrument import instruments_from_bybit
from models.requests import Ack, Action, BatchOrders, SignedRequest, Stamp
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
from models.values import from_millis, to_millis
from models.venue import AccountState, Credentials, KeyInfo

Row = Mapping[str, Any]

RECV_WINDOW_MS = 5000
_FORBIDDEN = 403
_WINDOW = timedelta(days=7)  # the longest span that history endpoints take
_SCOPES = (
    {"category": "linear", "settleCoin": "USDT"},
    {"category": "linear", "settleCoin": "USDC"},
    {"category": "inverse"},
)
_INTERVALS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": "D"}
_MARGIN_MODES = {
    "ISOLATED_MARGIN": MarginMode.ISOLATED,
    "REGULAR_MARGIN": MarginMode.CROSS,
    "PORTFOLIO_MARGIN": MarginMode.PORTFOLIO,
}


class Client(HTTP):
    """Stock pybit on a given host, by the venue's clock, without its secret-showing repr and without its retries."""

    __repr__, __eq__, __hash__ = object.__repr__, object.__eq__, object.__hash__

    def __init__(
        self, base_url: str, clock: VenueClock, *, api_key: str | None = None, api_secret: str | None = None
    ) -> None:
        super().__init__(api_key=api_key, api_secret=api_secret, timeout=TIMEOUT_S, retry_codes={-1})  # type: ignore[no-untyped-call]
        self.endpoint = base_url
        self._venue_clock = clock

    def _prepare_headers(
        self, payload: str, recv_window: int, content_type: str = "application/json"
    ) -> dict[str, str]:
        return self.signed(payload, self._venue_clock.now_ms(), recv_window)

    def signed(self, payload: str, timestamp_ms: int, window_ms: int) -> dict[str, str]:
        """Return the headers of a request with its signature."""
        return {
            "Content-Type": "application/json",
            "X-BAPI-API-KEY": str(self.api_key),
            "X-BAPI-SIGN": self._auth(payload, window_ms, timestamp_ms),  # type: ignore[no-untyped-call]
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": str(timestamp_ms),
            "X-BAPI-RECV-WINDOW": str(window_ms),
        }


class Recorder(HTTP):
    """pybit's endpoint methods, up to the point where they would send: what they would send is handed back."""

    def _submit_request(
        self,
        method: str | None = None,
        path: str | None = None,
        query: dict[str, Any] | None = None,
        auth: bool = False,
    ) -> tuple[str, str]:
        untyped: Any = self
        return str(path), untyped.prepare_payload(method, untyped._clean_query(query))


class DirectBybit:
    """One account, or nobody's (public data only), on one host."""

    needs_nonce = False
    fence_s = RECV_WINDOW_MS / 1000

    def __init__(
        self, *, base_url: str, account_type: AccountType, credentials: Credentials | None, pools: Pools
    ) -> None:
        values = credentials.values if credentials else {}
        self._key, secret = values.get("api_key"), values.get("api_secret")
        self._clock = clock_at(base_url)
        self._http: Any = Client(base_url, self._clock, api_key=self._key, api_secret=secret)
        self._recorder: Any = Recorder()  # type: ignore[no-untyped-call]
        self._recorder.endpoint = base_url
        self._account_type = account_type
        self._pools = pools
        self._turns = Turns()

    @property
    def signer(self) -> str:
        """Bybit has no nonces; the key names the signer."""
        return f"bybit:{(self._key or '')[:6]}"

    def venue_time_ms(self) -> int:
        """Return Bybit's clock by its last answer."""
        return self._clock.now_ms()

    # Reads ----------------------------------------------------------------------------------------------------------

    async def _read(self, call: Callable[[], Any]) -> Any:
        if not self._clock.is_known:
            await self.get_server_time()
        try:
            answer = await self._ask(call)
        except (Rejected, Unavailable) as e:
            if e.code != "clock_skew":
                raise
            await self.get_server_time()
            answer = await self._ask(call)
        if self._is_stale(answer):
            await self.get_server_time()
            if self._is_stale(answer):
                raise Unavailable("the answer is older than the question: something caches it", code="stale_answer")
        return answer["result"]

    async def _ask(self, call: Callable[[], Any], *, is_certain: bool = False) -> dict[str, Any]:
        def fetch() -> Any:
            try:
                return call()
            except InvalidRequestError as e:
                code = e.status_code
                if code in SETTING_REFUSED:
                    raise Rejected(e.message, code=word(code), venue_code=str(code)) from e
                raise Unavailable(f"retCode {code}: {e.message}", code=word(code)) from e
            except FailedRequestError as e:
                if e.status_code == _FORBIDDEN:
                    self._turns.leave_alone()
                raise Unavailable(f"HTTP {e.status_code}: {e.message}") from e
            except PermissionError as e:
                raise Rejected("this account has no API key", code="no_credentials") from e

        sent_at = time.monotonic()
        answer = await self._pools.read(fetch)
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
            raise BadPayload("expected an object with a result")
        self._observe(answer, sent_at, is_certain=is_certain)
        return answer

    def _observe(self, answer: object, sent_at: float, *, is_certain: bool) -> None:
        """Learn the venue's time from an answer that tells it."""
        moment = answer.get("time") if isinstance(answer, dict) else None
        if isinstance(moment, int):
            received_at = time.monotonic()
            self._clock.observe(moment / 1000, sent_at=sent_at, received_at=received_at, is_certain=is_certain)

    def _is_stale(self, answer: Mapping[str, Any]) -> bool:
        moment = answer.get("time")
        return isinstance(moment, int) and self._clock.now_ms() - moment > (STALE_S + 1) * 1000

    async def _pages(self, method: str, most: int, **query: Any) -> list[Row]:
        rows: list[Row] = []
        cursor: str | None = None
        while len(rows) < most:
            call = getattr(self._http, method)
            page = await self._read(lambda c=cursor, f=call: f(**query, cursor=c))  # type: ignore[misc]
            rows += page.get("list") or []
            cursor = page.get("nextPageCursor")
            if not cursor or not page.get("list"):
                break
        return rows[:most]

    async def _by_settle(self, method: str, instrument: Instrument | None, most: int, **query: Any) -> list[Row]:
        if instrument is not None:
            return await self._pages(
                method, most, category=_category(instrument), symbol=instrument.native_symbol, **query
            )
        return [row for scope in _SCOPES for row in await self._pages(method, most, **scope, **query)]

    async def get_server_time(self) -> datetime:
        """Return Bybit's clock."""
        answer = await self._ask(self._http.get_server_time, is_certain=True)
        return from_millis(int(answer["result"]["timeNano"]) // 1_000_000)

    async def get_instruments(self) -> list[Instrument]:
        """Return every linear and inverse market."""
        rows = [
            row
            for category in ("linear", "inverse")
            for row in await self._pages("get_instruments_info", 5000, category=category, limit=1000)
        ]
        return instruments_from_bybit(rows)

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices."""
        query = {"category": _category(instrument), "symbol": instrument.native_symbol}
        result = await self._read(lambda: self._http.get_tickers(**query))
        return Ticker.from_bybit(_only(result), as_of=self._now())

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all linear markets."""
        result = await self._read(lambda: self._http.get_tickers(category="linear"))
        return [Ticker.from_bybit(row, as_of=self._now()) for row in result["list"]]

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first."""
        query: dict[str, Any] = {
            "category": _category(instrument),
            "symbol": instrument.native_symbol,
            "interval": _INTERVALS[interval],
            "limit": min(limit, 1000),
        }
        result = await self._read(lambda: self._http.get_kline(**query, end=to_millis(end) if end else None))
        return [Candle.from_bybit(row) for row in reversed(result["list"])]

    async def get_balance(self) -> Balance:
        """Return the unified account's money."""
        result = await self._read(lambda: self._http.get_wallet_balance(accountType="UNIFIED"))
        state = await self.get_account_state()
        first = _only(result)
        row = next((row for row in result["list"] if row.get("accountType") == "UNIFIED"), first)
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
        return [position for position in read if position is not None]

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return open orders, conditional ones included."""
        rows = await self._by_settle("get_open_orders", instrument, 1000, limit=50)
        orders = [self._order(row) for row in rows]
        return [order for order in orders if order.is_open]

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look among open and recent orders, then history, then executions; None is a complete miss."""
        query = {"category": _category(instrument), "symbol": instrument.native_symbol}
        ids = {"orderId": order_id} if order_id else {"orderLinkId": client_order_id}
        for method in ("get_open_orders", "get_order_history"):
            call = getattr(self._http, method)
            result = await self._read(lambda f=call: f(**query, **ids))  # type: ignore[misc]
            for row in result.get("list") or []:
                if client_order_id is None or row.get("orderLinkId") == client_order_id:
                    return self._order(row)
        result = await self._read(lambda: self._http.get_executions(**query, **ids))
        if any(row.get("orderLinkId") == client_order_id for row in result.get("list") or []):
            raise Unavailable("executions are listed, the order is not yet")
        return None

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first."""
        return [self._order(row) for row in await self._history("get_order_history", instrument, since, limit)]

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions without funding, newest first."""
        rows = await self._history("get_executions", instrument, since, limit)
        read = (Fill.from_bybit(row, account_type=self._account_type) for row in rows)
        return [fill for fill in read if fill is not None]

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return results of closed positions, newest first."""
        rows = await self._history("get_closed_pnl", instrument, since, limit)
        return [ClosedPnl.from_bybit(row, account_type=self._account_type) for row in rows]

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first."""
        rows = await self._history("get_transaction_log", None, since, limit, type="SETTLEMENT")
        wanted = [row for row in rows if instrument is None or row.get("symbol") == instrument.native_symbol]
        read = (FundingPayment.from_bybit(row, account_type=self._account_type) for row in wanted)
        return [payment for payment in read if payment is not None]

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the market's leverage."""
        rows = await self._by_settle("get_positions", instrument, 2, limit=2)
        return next((Decimal(row["leverage"]) for row in rows if row.get("leverage")), None)

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the account's fees."""
        symbol = instrument.native_symbol if instrument else "BTCUSDT"
        category = _category(instrument) if instrument else "linear"
        result = await self._read(lambda: self._http.get_fee_rates(category=category, symbol=symbol))
        row = _only(result)
        return FeeRates(
            maker=Decimal(row["makerFeeRate"]),
            taker=Decimal(row["takerFeeRate"]),
            symbol=instrument.symbol if instrument else None,
        )

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return margin and position mode."""
        info = await self._read(self._http.get_account_info)
        mode = None
        if instrument is not None:
            rows = await self._by_settle("get_positions", instrument, 2, limit=2)
            is_hedge = any(row.get("positionIdx") for row in rows)
            mode = PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY
        return AccountState(margin_mode=_MARGIN_MODES.get(info.get("marginMode", "")), position_mode=mode)

    async def get_key_info(self) -> KeyInfo:
        """Ask Bybit what this key may do."""
        info = await self._read(self._http.get_api_key_information)
        permissions = [f"{group}:{name}" for group, names in info["permissions"].items() for name in names]
        expires = info.get("expiredAt") or ""
        return KeyInfo(
            is_valid=True,
            can_trade=not info["readOnly"] and bool(info["permissions"].get("ContractTrade")),
            can_withdraw="Wallet:Withdraw" in permissions,
            is_read_only=bool(info["readOnly"]),
            bound_ips=tuple(ip for ip in info.get("ips") or () if ip != "*"),
            expires_at=datetime.fromisoformat(expires) if expires[:4] > "1970" else None,
            permissions=tuple(permissions),
            label=info.get("note"),
        )

    async def _history(
        self, method: str, instrument: Instrument | None, since: datetime | None, limit: int, **query: Any
    ) -> list[Row]:
        rows: list[Row] = []
        if instrument is not None:
            query["symbol"] = instrument.native_symbol
        for start, end in _windows(since or self._now() - _WINDOW, self._now()):
            span = {"startTime": to_millis(start), "endTime": to_millis(end)}
            rows += await self._pages(method, limit - len(rows), category="linear", **span, **query)
            if len(rows) >= limit:
                break
        return rows

    def _order(self, row: Row) -> Order:
        return Order.from_bybit(row, account_type=self._account_type, as_of=self._now())

    def _now(self) -> datetime:
        return from_millis(self.venue_time_ms())

    # Writes: called by core.orders only -----------------------------------------------------------------------------

    async def wait_turn(self, action: Action) -> None:
        """Wait for this account's turn to send."""
        await self._turns.wait(action)

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Let pybit build the request, and sign it with the attempt's own time."""
        call: Call = call_for(action)
        url, body = getattr(self._recorder, call.method)(**call.params)
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
        if answer.status == _FORBIDDEN:
            self._turns.leave_alone()
        with suppress(ValueError):
            self._observe(json.loads(answer.content), sent_at, is_certain=True)
        return read_answer(answer.status, answer.content, request.action)


def _only(result: Row) -> Row:
    rows = result.get("list")
    if not isinstance(rows, list) or not rows:
        raise BadPayload("list: expected one row, was empty")
    return cast(Row, rows[0])


def _category(instrument: Instrument) -> str:
    inverse = {ContractKind.INVERSE_PERPETUAL, ContractKind.INVERSE_FUTURE}
    return "inverse" if instrument.kind in inverse else "linear"


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span into pieces that the venue takes, newest first."""
    end = until
    since = since.astimezone(UTC)
    while end > since:
        start = max(since, end - _WINDOW)
        yield start, end
        end = start
