"""What a venue's adapter promises, whichever venue it is.

One adapter object serves one account. It shares the process-wide transport of its venue and holds key material, no
connection. Reads raise `Unavailable`; an empty list is the venue's own answer, never an error. Markets are named by
`Instrument`, so that an adapter never guesses what a name means.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

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
    Sender,
    Ticker,
)
from models.venue import AccountState, Credentials, KeyInfo

__all__ = [
    "AccountEvent",
    "AccountState",
    "AccountVenue",
    "Credentials",
    "Exchange",
    "KeyInfo",
    "PublicMarket",
    "Streaming",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """Something the private stream told: models to merge, or a gap after which only a snapshot is the truth."""

    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    balance: Balance | None = None
    is_gap: bool = False


class PublicMarket(Protocol):
    """What a venue tells anybody; one object per venue and environment."""

    async def get_instruments(self) -> list[Instrument]:
        """Return every listed market, all pages and dexes."""

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices now."""

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all markets in as few requests as the venue allows."""

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first. `interval` is 1m, 5m, 15m, 1h, 4h or 1d."""

    async def get_server_time(self) -> datetime:
        """Return the venue's clock."""


class AccountVenue(PublicMarket, Sender, Protocol):
    """One account at one venue: everything but the stream, which the direct paths do without."""

    async def get_balance(self) -> Balance:
        """Return the account's money."""

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return the open positions, all pages, dexes and settlement coins; flat rows left out."""

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return what is open: resting, conditional and protection orders, each once."""

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look everywhere the venue keeps orders.

        Returns:
            None only if every place answered and none had it: a complete miss.

        Raises:
            Unavailable: Some place did not answer, which proves nothing.
        """

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first."""

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first, without funding."""

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return the results of closed positions, newest first."""

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first."""

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the leverage that a new position would get; None where the venue does not say."""

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the account's fees."""

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return margin and position mode."""

    async def get_key_info(self) -> KeyInfo:
        """Ask the venue what this key may do.

        Raises:
            Rejected: The key is not valid here; `code` says why: `key_invalid`, `key_expired`, `ip_not_allowed` …
        """


@runtime_checkable
class Streaming(Protocol):
    """Tells by itself what happens to an account."""

    def stream(self, instruments: Sequence[Instrument]) -> AsyncGenerator[AccountEvent]:
        """Yield what the private stream says, for ever, reconnecting; a gap is an event of its own."""


class Exchange(AccountVenue, Streaming, Protocol):
    """One account at one venue, streaming."""
