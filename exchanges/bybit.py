"""One Bybit account: what it holds and what it did, on pybit's endpoints. Writing is in `bybit_sender`.

Positions and orders are read of USDT-, USDC- and coin-settled contracts alike, so that nothing an account holds stays
hidden; coin-settled ones can be closed and cancelled here, not opened.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from exchanges import bybit_errors as errors
from exchanges import bybit_stream
from exchanges.base import AccountEvent, AccountState, Credentials, KeyInfo
from exchanges.bybit_account import key_info, order_from_fills
from exchanges.bybit_calls import Answer, Call
from exchanges.bybit_history import FILLS_A_PAGE, ORDERS_A_PAGE, SCOPES, BybitHistory, Page
from exchanges.bybit_market import check_market
from exchanges.bybit_orders import MARGIN_MODES, market
from exchanges.bybit_sender import BybitSender
from exchanges.pacing import Purpose, read_purpose
from exchanges.spec import Endpoints
from exchanges.together import together
from exchanges.transport import Network
from models import wire
from models.enums import MarginMode, PositionMode
from models.errors import BadPayload, NoCredentials, Rejected, Unavailable
from models.requests import Ack, SignedRequest
from models.unified import (
    Balance,
    FeeRates,
    Fill,
    Instrument,
    Order,
    Position,
)

_POSITIONS_A_PAGE = 200
_MODE_KEPT_S = 60.0
_EMPTY_KEPT_S = 60.0
_UNIFIED = "UNIFIED"
_USUAL_MARKET = "BTCUSDT"  # whose fees stand for the account's
_NOT_UNIFIED = frozenset({1})
_MARGIN_MODES = {word: mode for mode, word in MARGIN_MODES.items()}
_KEY_WORDS = frozenset(
    {"key_invalid", "key_expired", "key_no_permission", "ip_not_allowed", "region_restricted", "account_not_unified"}
)

Model = TypeVar("Model")


class BybitExchange(BybitHistory, BybitSender):
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
        BybitHistory.__init__(self, endpoints, network, api_key=key, api_secret=secret)
        BybitSender.__init__(self, self._http)
        self._account_type = credentials.account_type
        self._stream_url = endpoints.stream
        self._session = network.session
        self._margin_mode: MarginMode | None = None
        self._margin_mode_until = 0.0
        self._empty_until: dict[tuple[str, int], float] = {}
        self._first_calls: dict[str, list[Call]] = {}  # the same questions every few seconds: worded once

    def __repr__(self) -> str:
        return f"BybitExchange({self._account_type}, key {self.signer})"

    async def get_balance(self) -> Balance:
        """Return the account's money, counted as its margin mode asks for.

        https://bybit-exchange.github.io/docs/v5/account/wallet-balance
        """
        wallet, info = await together(
            [self._http.read(self._api.get_wallet_balance(accountType=_UNIFIED)), self._info()]
        )
        rows = wire.records(wallet.result, "list")
        if not rows:
            raise BadPayload("list: expected the unified account, was empty")
        return Balance.from_bybit(
            next((row for row in rows if row.get("accountType") == _UNIFIED), rows[0]),
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
        pages = await self._in_scopes(self._api.get_open_orders, ORDERS_A_PAGE, instrument)
        return list({order.order_id: order for order in self._orders(pages) if order.is_open}.values())

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
        rows, as_of = await self._matches(self._api.get_open_orders, ORDERS_A_PAGE, query, name)
        if rows:
            return self._order(rows[0], as_of)
        (rows, as_of), fills = await together(
            [
                self._matches(self._api.get_order_history, ORDERS_A_PAGE, query, name),
                self._matches(self._api.get_executions, FILLS_A_PAGE, query, name),
            ]
        )
        if rows:
            return self._order(rows[0], as_of)
        return order_from_fills(self._models(Fill.from_bybit, [fills]), as_of=fills[1])

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
        check_market(rows, query)
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

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Post the bytes once and classify the answer; see `BybitSender.send`."""
        self._empty_until.clear()
        return await super().send(request)

    def stream(self, instruments: Sequence[Instrument]) -> AsyncGenerator[AccountEvent]:
        """Yield what the private stream says, for ever; it is of the whole account, whichever markets are named.

        https://bybit-exchange.github.io/docs/v5/ws/connect
        """
        return bybit_stream.account_events(self._session, self._stream_url, self._http, account_type=self._account_type)

    async def _info(self) -> Answer:
        info = await self._http.read(self._api.get_account_info())
        self._margin_mode = _margin_mode(info.result)
        self._margin_mode_until = self._transport.gate.monotonic() + _MODE_KEPT_S
        return info

    async def _known_margin_mode(self) -> MarginMode | None:
        """Return the account's margin mode, which a position's row does not tell; asked for once a minute at most.

        It only describes a position, so where it cannot be had the last one known stands, or none.
        """
        if self._transport.gate.monotonic() >= self._margin_mode_until:
            with contextlib.suppress(Unavailable):
                await self._info()
        return self._margin_mode

    async def _in_scopes(self, endpoint: Callable[..., Call], a_page: int, instrument: Instrument | None) -> list[Page]:
        """Return the pages of one market, or of everything an account can hold.

        A background sync skips for a minute what was empty at the last look, unless something was sent in between; the
        stream tells of it meanwhile. Whoever waits for an answer gets all of it.
        """
        if instrument is not None:
            return [await self._all(endpoint, market(instrument), a_page=a_page)]
        now, what = self._transport.gate.monotonic(), endpoint.__name__
        is_lazy = read_purpose() is Purpose.SYNC
        scopes = [n for n in range(len(SCOPES)) if not (is_lazy and self._empty_until.get((what, n), 0.0) > now)]
        firsts = self._first_calls.get(what)
        if firsts is None:
            firsts = self._first_calls[what] = [endpoint(**scope, limit=a_page) for scope in SCOPES]
        pages = await together(self._all(endpoint, SCOPES[n], a_page=a_page, first=firsts[n]) for n in scopes)
        for n, (rows, _) in zip(scopes, pages, strict=True):
            self._empty_until[what, n] = 0.0 if rows or n == 0 else now + _EMPTY_KEPT_S
        return pages

    async def _matches(
        self, endpoint: Callable[..., Call], a_page: int, query: Mapping[str, Any], name: Mapping[str, str | None]
    ) -> Page:
        """Return the rows of one order; an answer about another order proves nothing, so it is no miss."""
        rows, as_of = await self._all(endpoint, query, a_page=a_page, purpose=Purpose.LOOKUP)
        if any(row.get(field) != value for row in rows for field, value in name.items()):
            raise BadPayload("The venue answered about another order than the one asked for.")
        return rows, as_of

    def _order(self, row: wire.Row, as_of: datetime) -> Order:
        return Order.from_bybit(row, account_type=self._account_type, as_of=as_of)


def _rows_of(answer: Answer, instrument: Instrument) -> list[wire.Row]:
    rows = wire.records(answer.result, "list")
    return [row for row in rows if wire.text(row, "symbol") == instrument.native_symbol]


def _margin_mode(info: wire.Row) -> MarginMode | None:
    return wire.described(info, "marginMode", _MARGIN_MODES)


def _position_mode(rows: Sequence[wire.Row]) -> PositionMode | None:
    legs = {wire.optional_integer(row, "positionIdx") for row in rows}
    if not legs:
        return None
    return PositionMode.HEDGE if legs & {1, 2} else PositionMode.ONE_WAY
