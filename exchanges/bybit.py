"""One Bybit account: what it holds and what it did, on pybit's endpoints. Writing is in `bybit_sender`.

Positions and orders are read of USDT-, USDC- and coin-settled contracts alike, so that nothing an account holds stays
hidden; coin-settled ones can be closed and cancelled here, not opened.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from exchanges import bybit_errors as errors
from exchanges import bybit_stream
from exchanges.base import AccountEvent, AccountState, Credentials, KeyInfo
from exchanges.bybit_account import key_info, order_from_fills
from exchanges.bybit_http import Answer, Call
from exchanges.bybit_market import CONTRACTS, BybitMarket, together
from exchanges.bybit_orders import MARGIN_MODES, market
from exchanges.bybit_sender import BybitSender
from exchanges.pacing import Purpose
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models import wire
from models.enums import MarginMode, PositionMode
from models.errors import BadPayload, NoCredentials, Rejected, Unavailable
from models.unified import (
    Balance,
    ClosedPnl,
    FeeRates,
    Fill,
    FundingPayment,
    Instrument,
    Order,
    Position,
)
from models.values import from_millis, to_millis

_SCOPES: tuple[Mapping[str, str], ...] = (
    {"category": "linear", "settleCoin": "USDT"},
    {"category": "linear", "settleCoin": "USDC"},
    {"category": "inverse"},
)
_POSITIONS_A_PAGE = 200
_ORDERS_A_PAGE = 50
_FILLS_A_PAGE = 100
_LOG_A_PAGE = 50
_WINDOW = timedelta(days=7) - timedelta(milliseconds=1)
_OLDEST = timedelta(days=729)  # Bybit keeps two years
_MODE_KEPT_S = 60.0
_USUAL_MARKET = "BTCUSDT"  # whose fees stand for the account's
_NOT_UNIFIED = frozenset({1})
_MARGIN_MODES = {word: mode for mode, word in MARGIN_MODES.items()}
_KEY_WORDS = frozenset(
    {"key_invalid", "key_expired", "key_no_permission", "ip_not_allowed", "region_restricted", "account_not_unified"}
)

Model = TypeVar("Model")


class BybitExchange(BybitMarket, BybitSender):
    """One account at Bybit; an `Exchange`.

    Args:
        credentials: `api_key` and `api_secret`.
        endpoints: Of the account type.
        network: The process's connections.

    Raises:
        NoCredentials: The key or the secret is missing.
    """

    def __init__(self, credentials: Credentials, endpoints: Endpoints, network: Network) -> None:
        key, secret = credentials.values.get("api_key"), credentials.values.get("api_secret")
        if not key or not secret:
            raise NoCredentials("Bybit needs an API key and its secret.")
        BybitMarket.__init__(self, endpoints, network, api_key=key, api_secret=secret)
        BybitSender.__init__(self, self._http)
        self._account_type = credentials.account_type
        self._stream_url = endpoints.stream
        self._session = network.session
        self._margin_mode: MarginMode | None = None
        self._margin_mode_until = 0.0

    def __repr__(self) -> str:
        return f"BybitExchange({self._account_type}, key {self.signer})"

    async def get_balance(self) -> Balance:
        """Return the account's money, counted as its margin mode asks for.

        https://bybit-exchange.github.io/docs/v5/account/wallet-balance
        """
        wallet, info = await together(
            [self._http.read(self._api.get_wallet_balance(accountType="UNIFIED")), self._info()]
        )
        rows = wire.records(wallet.result, "list")
        if not rows:
            raise BadPayload("list: expected the unified account, was empty")
        return Balance.from_bybit(
            rows[0],
            margin_mode=_margin_mode(info.result),
            account_type=self._account_type,
            as_of=wallet.as_of,
        )

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return the open positions, every page, settlement coin and hedge leg.

        https://bybit-exchange.github.io/docs/v5/position
        """
        mode = await self._known_margin_mode()
        pages = await self._in_scopes(self._api.get_positions, _POSITIONS_A_PAGE, instrument)
        positions: dict[tuple[str, object], Position] = {}
        for rows, as_of in pages:
            for row in rows:
                position = Position.from_bybit(row, margin_mode=mode, account_type=self._account_type, as_of=as_of)
                if position is not None:
                    positions[position.native_symbol, position.side] = position
        return list(positions.values())

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return what is open: resting, conditional and protection orders, each once.

        https://bybit-exchange.github.io/docs/v5/order/open-order
        """
        pages = await self._in_scopes(self._api.get_open_orders, _ORDERS_A_PAGE, instrument)
        orders = (self._order(row, as_of) for rows, as_of in pages for row in rows)
        return list({order.order_id: order for order in orders if order.is_open}.values())

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look among open and recent orders, then in the history and the executions.

        Bybit forgets orders that were cancelled without a fill after 24 hours; of older ones a miss proves only that
        nothing was executed.

        Returns:
            None only if all three places answered and none had it.
        """
        name = {"orderId": order_id} if order_id is not None else {"orderLinkId": client_order_id}
        if not any(name.values()):
            raise ValueError("an order is looked up by the venue's id or by ours")
        query = {**market(instrument), **name}
        recent = await self._matches(self._api.get_open_orders, _ORDERS_A_PAGE, query, name)
        if not recent:
            recent, fills = await together(
                [
                    self._matches(self._api.get_order_history, _ORDERS_A_PAGE, query, name),
                    self._matches(self._api.get_executions, _FILLS_A_PAGE, query, name),
                ]
            )
        if recent:
            return self._order(recent[0], None)
        return order_from_fills(self._models(Fill.from_bybit, fills))

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first; without `since`, of the last seven days.

        https://bybit-exchange.github.io/docs/v5/order/order-list
        """
        rows = await self._history(self._api.get_order_history, _ORDERS_A_PAGE, _SCOPES, instrument, since, limit)
        orders = {order.order_id: order for order in (self._order(row, None) for row in rows) if not order.is_open}
        return _newest(orders.values(), lambda order: order.updated_at or order.created_at, limit)

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first, without funding; without `since`, of the last seven days.

        https://bybit-exchange.github.io/docs/v5/order/execution
        """
        rows = await self._history(self._api.get_executions, _FILLS_A_PAGE, CONTRACTS, instrument, since, limit)
        fills = {fill.fill_id: fill for fill in self._models(Fill.from_bybit, rows)}
        return _newest(fills.values(), lambda fill: fill.filled_at, limit)

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return the results of closed positions, newest first; without `since`, of the last seven days.

        https://bybit-exchange.github.io/docs/v5/position/close-pnl
        """
        rows = await self._history(self._api.get_closed_pnl, _FILLS_A_PAGE, CONTRACTS, instrument, since, limit)
        return _newest(self._models(ClosedPnl.from_bybit, rows), lambda closed: closed.closed_at, limit)

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first; without `since`, of the last seven days.

        https://bybit-exchange.github.io/docs/v5/account/transaction-log
        """
        kinds = CONTRACTS if instrument is None else ({"category": market(instrument)["category"]},)
        log = [{"accountType": "UNIFIED", "type": "SETTLEMENT", **kind} for kind in kinds]
        rows = await self._history(self._api.get_transaction_log, _LOG_A_PAGE, log, None, since, limit)
        payments = [
            payment
            for payment in self._models(FundingPayment.from_bybit, rows)
            if instrument is None or payment.native_symbol == instrument.native_symbol
        ]
        return _newest(payments, lambda payment: payment.paid_at, limit)

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the leverage that a new position would get; None with portfolio margin, which has none.

        Bybit answers for a named market even where nothing is open. Hedge legs may differ; then it is the smaller.
        """
        answer = await self._http.read(self._api.get_positions(**market(instrument)))
        found = [wire.optional_price(row, "leverage") for row in _rows_of(answer, instrument)]
        return min((leverage for leverage in found if leverage is not None), default=None)

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the fees of a market; without one, those of the venue's busiest, which it names.

        https://bybit-exchange.github.io/docs/v5/account/fee-rate
        """
        query = {"category": "linear", "symbol": _USUAL_MARKET} if instrument is None else market(instrument)
        answer = await self._http.read(self._api.get_fee_rates(**query))
        rows = wire.records(answer.result, "list")
        if not rows:
            raise BadPayload("list: expected a fee rate, was empty")
        return FeeRates.from_bybit(rows[0])

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return the account's margin mode and, given a market, its position mode.

        https://bybit-exchange.github.io/docs/v5/account/account-info
        """
        info = await self._info()
        position_mode = None
        if instrument is not None:
            answer = await self._http.read(self._api.get_positions(**market(instrument)))
            position_mode = _position_mode(_rows_of(answer, instrument))
        status = wire.optional_integer(info.result, "unifiedMarginStatus")
        return AccountState(
            margin_mode=_margin_mode(info.result),
            position_mode=position_mode,
            is_unified=status not in _NOT_UNIFIED,
        )

    async def get_key_info(self) -> KeyInfo:
        """Ask what this key may do.

        Raises:
            Rejected: The key is not valid here; `code` says why.

        https://bybit-exchange.github.io/docs/v5/user/apikey-info
        """
        try:
            answer = await self._http.read(self._api.get_api_key_information())
        except Unavailable as e:
            if e.code in _KEY_WORDS:
                raise Rejected(e.message, code=e.code, venue_code=str(e.fields.get("venue_code", ""))) from e
            if e.fields.get("venue_code") != str(errors.NOT_IN_DEMO):
                raise
            await self._info()  # demo has no word about keys; that it answers at all is the check
            return key_info({}, account_type=self._account_type)
        return key_info(answer.result, account_type=self._account_type)

    def stream(self, instruments: Sequence[Instrument]) -> AsyncGenerator[AccountEvent]:
        """Yield what the private stream says, for ever; it is of the whole account, whichever markets are named.

        https://bybit-exchange.github.io/docs/v5/ws/connect
        """
        return bybit_stream.account_events(self._session, self._stream_url, self._http, account_type=self._account_type)

    async def _info(self) -> Answer:
        info = await self._http.read(self._api.get_account_info())
        self._margin_mode = _margin_mode(info.result)
        self._margin_mode_until = self._gate.monotonic() + _MODE_KEPT_S
        return info

    async def _known_margin_mode(self) -> MarginMode | None:
        """Return the account's margin mode, which a position's row does not tell; asked for once a minute at most.

        It only describes a position, so where it cannot be had the last one known stands, or none.
        """
        if self._gate.monotonic() >= self._margin_mode_until:
            with contextlib.suppress(Unavailable):
                await self._info()
        return self._margin_mode

    async def _in_scopes(
        self, endpoint: Callable[..., Call], a_page: int, instrument: Instrument | None
    ) -> list[tuple[list[wire.Row], datetime]]:
        scopes = _SCOPES if instrument is None else (market(instrument),)
        return await together(self._all(endpoint, scope, a_page=a_page) for scope in scopes)

    async def _history(
        self,
        endpoint: Callable[..., Call],
        a_page: int,
        scopes: Sequence[Mapping[str, object]],
        instrument: Instrument | None,
        since: datetime | None,
        limit: int,
    ) -> list[wire.Row]:
        """Return the rows of every scope, window by window from the newest, until there are `limit` of each."""

        async def of(scope: Mapping[str, object]) -> list[wire.Row]:
            rows: list[wire.Row] = []
            for window in windows(since, from_millis(self.venue_time_ms())):
                page, _ = await self._all(endpoint, {**scope, **window}, a_page=a_page, most=limit - len(rows))
                rows += page
                if len(rows) >= limit:
                    break
            return rows

        asked = scopes if instrument is None else (market(instrument),)
        return [row for rows in await together(of(scope) for scope in asked) for row in rows]

    async def _matches(
        self, endpoint: Callable[..., Call], a_page: int, query: Mapping[str, Any], name: Mapping[str, str | None]
    ) -> list[wire.Row]:
        """Return the rows of one order; an answer about another order proves nothing, so it is no miss."""
        rows, _ = await self._all(endpoint, query, a_page=a_page, purpose=Purpose.LOOKUP)
        if any(row.get(field) != value for row in rows for field, value in name.items()):
            raise BadPayload("The venue answered about another order than the one asked for.")
        return rows

    def _order(self, row: wire.Row, as_of: datetime | None) -> Order:
        return Order.from_bybit(row, account_type=self._account_type, as_of=as_of)

    def _models(self, reader: Callable[..., Model | None], rows: Sequence[wire.Row]) -> list[Model]:
        models = (reader(row, account_type=self._account_type) for row in rows)
        return [model for model in models if model is not None]


def windows(since: datetime | None, now: datetime) -> Iterator[dict[str, int]]:
    """Yield the windows, newest first and none longer than a week, in which Bybit tells history since a moment."""
    if since is None:
        yield {}
        return
    since, end = max(since, now - _OLDEST), now
    while end >= since:
        start = max(since, end - _WINDOW)
        yield {"startTime": to_millis(start), "endTime": to_millis(end)}
        end = start - timedelta(milliseconds=1)


def _rows_of(answer: Answer, instrument: Instrument) -> list[wire.Row]:
    rows = wire.records(answer.result, "list")
    return [row for row in rows if row.get("symbol") == instrument.native_symbol]


def _margin_mode(info: wire.Row) -> MarginMode | None:
    return wire.described(info, "marginMode", _MARGIN_MODES)


def _position_mode(rows: Sequence[wire.Row]) -> PositionMode | None:
    legs = {wire.optional_integer(row, "positionIdx") for row in rows}
    if not legs:
        return None
    return PositionMode.HEDGE if legs & {1, 2} else PositionMode.ONE_WAY


def _newest(models: Iterable[Model], moment: Callable[[Model], datetime | None], limit: int) -> list[Model]:
    ordered = sorted(models, key=lambda model: to_millis(found) if (found := moment(model)) else 0, reverse=True)
    return ordered[:limit]
