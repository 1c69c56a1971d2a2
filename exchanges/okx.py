"""One OKX account: what it holds and what is open. Writing is in `okx_sender`.

Every perpetual is read, whatever settles it; dated futures, options and spot margin are not shown.
"""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from exchanges import okx_errors as errors
from exchanges import okx_stream
from exchanges import okx_words as okx
from exchanges.base import AccountEvent, AccountState, Credentials, KeyInfo
from exchanges.okx_account_rows import balance_from_okx, key_from_okx, position_from_okx, state_from_okx
from exchanges.okx_history import scope
from exchanges.okx_http import Answer, Keys
from exchanges.okx_lookup import OkxLookup
from exchanges.okx_market_rows import fee_rates_from_okx
from exchanges.okx_order_rows import STOP_AND_TARGET, TRAILING, TRIGGER
from exchanges.okx_protection import Guard, guard_from_okx, protected
from exchanges.okx_sender import OkxSender
from exchanges.spec import Endpoints
from exchanges.together import both, together
from exchanges.transport import Network
from models import wire
from models.errors import BadPayload, NoCredentials, Rejected, Unavailable
from models.unified import Balance, FeeRates, Instrument, Order, Position

_CONFIG: Final = "/api/v5/account/config"
_BALANCE: Final = "/api/v5/account/balance"
_POSITIONS: Final = "/api/v5/account/positions"
_LEVERAGE: Final = "/api/v5/account/leverage-info"
_FEES: Final = "/api/v5/account/trade-fee"
_PENDING: Final = "/api/v5/trade/orders-pending"
_ALGO_PENDING: Final = "/api/v5/trade/orders-algo-pending"
_ALGO_KINDS: Final = (STOP_AND_TARGET, TRIGGER, TRAILING)
"""What is listed together; anything else that can be placed at OKX is not of ours and is no single order."""
_USUAL_FAMILY: Final = "BTC-USDT"  # whose fees stand for the account's
_CONFIG_KEPT_S: Final = 60.0


class OkxExchange(OkxLookup, OkxSender):
    """One account at OKX; an `Exchange`.

    Args:
        credentials: `api_key`, `api_secret` and `passphrase`.
        endpoints: Of the account type.
        network: The process's connections.

    Raises:
        NoCredentials: One of the three is missing.
    """

    def __init__(self, credentials: Credentials, endpoints: Endpoints, network: Network) -> None:
        values = [credentials.values.get(name) for name in ("api_key", "api_secret", "passphrase")]
        key, secret, passphrase = values
        if not key or not secret or not passphrase:
            raise NoCredentials("OKX needs an API key, its secret and its passphrase.")
        keys = Keys(api_key=key, api_secret=secret, passphrase=passphrase)
        OkxLookup.__init__(self, endpoints, network, keys=keys)
        OkxSender.__init__(self, self._http, self._guards)
        self._account_type = credentials.account_type
        self._stream_url = endpoints.stream
        self._session = network.session
        self._config: wire.Row | None = None
        self._config_until = 0.0

    def __repr__(self) -> str:
        return f"OkxExchange({self._account_type}, key {self.signer})"

    async def get_balance(self) -> Balance:
        """Return the trading account's money, counted as its account mode asks for.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance
        """
        answer, config = await both(self._http.read(_BALANCE, is_signed=True), self._known_config())
        row = _only(answer, "the trading account")
        level = None if config is None else wire.optional_text(config, "acctLv")
        return balance_from_okx(row, level=level, account_type=self._account_type, as_of=answer.as_of)

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return the open positions, each with the levels that would close all of it.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions
        """
        reading = self._http.read(_POSITIONS, scope(instrument), is_signed=True)
        answer, guards = await both(reading, self._guards(instrument))
        rows = [row for row in answer.records if row.get("instType") == okx.SWAP]
        positions = []
        for row, contract in await self._sized(rows):
            position = position_from_okx(row, contract=contract, account_type=self._account_type, as_of=answer.as_of)
            if position is not None:
                positions.append(protected(position, guards))
        return positions

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return what is open: resting, conditional and protection orders, each once.

        https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-list
        """
        resting, *waiting = await together(
            [
                self._rows(_PENDING, scope(instrument), "ordId"),
                *(self._algo_rows(kinds, instrument) for kinds in _ALGO_KINDS),
            ]
        )
        rows, as_of = resting
        orders = [self._order(row, contract, as_of) for row, contract in await self._sized(rows)]
        for rows, as_of in waiting:
            for row, contract in await self._sized(rows):
                orders += self._algo_orders(row, contract, as_of)
        return list({order.order_id: order for order in orders if order.is_open}.values())

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the leverage that a new position would get. Hedge legs may differ; then it is the smaller.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-leverage
        """
        query = {"instId": instrument.native_symbol, "mgnMode": okx.CROSS}
        answer = await self._http.read(_LEVERAGE, query, is_signed=True)
        found = [wire.optional_price(row, "lever") for row in answer.records if wire.text(row, "instId")]
        return min((leverage for leverage in found if leverage is not None), default=None)

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the fees of a market; without one, those of the venue's busiest, which it names.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-fee-rates
        """
        family = _USUAL_FAMILY if instrument is None else instrument.native_symbol.removesuffix(f"-{okx.SWAP}")
        answer = await self._http.read(_FEES, {"instType": okx.SWAP, "instFamily": family}, is_signed=True)
        symbol = okx.symbol_of(f"{family}-{okx.SWAP}")
        settle = "USDT" if instrument is None else instrument.settle
        return fee_rates_from_okx(_only(answer, "a fee rate"), settle=settle, symbol=symbol)

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return margin and position mode, which at OKX are the account's."""
        return state_from_okx(await self._read_config())

    async def get_key_info(self) -> KeyInfo:
        """Ask what this key may do.

        Raises:
            Rejected: The key is not valid here; `code` says why.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-account-configuration
        """
        try:
            return key_from_okx(await self._read_config())
        except Unavailable as e:
            if e.code not in errors.KEY_WORDS:
                raise
            raise Rejected(e.message, code=e.code, venue_code=str(e.fields.get("venue_code", ""))) from e

    def stream(self, instruments: Sequence[Instrument]) -> AsyncGenerator[AccountEvent]:
        """Yield what the private stream says, for ever; it is of the whole account, whichever markets are named.

        https://www.okx.com/docs-v5/en/#overview-websocket
        """
        return okx_stream.account_events(
            self._session,
            self._stream_url,
            self._http,
            contracts=self._contracts,
            account_type=self._account_type,
        )

    async def _read_config(self) -> wire.Row:
        answer = await self._http.read(_CONFIG, is_signed=True)
        self._config = _only(answer, "the account's configuration")
        self._config_until = self._http.transport.gate.monotonic() + _CONFIG_KEPT_S
        return self._config

    async def _known_config(self) -> wire.Row | None:
        """Return the account's configuration, asked for once a minute at most.

        It only describes a balance, so where it cannot be had the last one known stands, or none.
        """
        if self._http.transport.gate.monotonic() >= self._config_until:
            with contextlib.suppress(Unavailable):
                await self._read_config()
        return self._config

    async def _guards(self, instrument: Instrument | None) -> list[Guard]:
        rows, _ = await self._algo_rows(STOP_AND_TARGET, instrument)
        guards = [guard_from_okx(row, contract=contract) for row, contract in await self._sized(rows)]
        return [guard for guard in guards if guard is not None]

    async def _algo_rows(self, kinds: str, instrument: Instrument | None) -> tuple[list[wire.Row], datetime]:
        """https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-list"""
        return await self._rows(_ALGO_PENDING, {**scope(instrument), "ordType": kinds}, "algoId")


def _only(answer: Answer, what: str) -> wire.Row:
    if not answer.rows:
        raise BadPayload(f"data: expected {what}, was empty")
    return answer.records[0]
