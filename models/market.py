"""What a venue says about a market: its grid, its price, its history."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.enums import ContractKind, InstrumentStatus
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Value):
    """The grid and limits of one market, as plain data; everything two venues may differ in stands here.

    Prices lie on the grid of `price_tick`, or, where that is None, on at most `price_significant_figures` figures and
    `price_max_decimals` decimals, whole numbers always allowed. None means the venue sets no such limit.
    """

    exchange: str
    symbol: str
    native_symbol: str
    base: str
    quote: str
    settle: str
    kind: ContractKind
    status: InstrumentStatus
    size_step: Decimal
    min_size: Decimal
    max_size: Decimal | None = None
    max_market_size: Decimal | None = None
    price_tick: Decimal | None = None
    price_significant_figures: int | None = None
    price_max_decimals: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    min_notional: Decimal | None = None
    min_leverage: Decimal = Decimal(1)
    max_leverage: Decimal | None = None
    leverage_step: Decimal = Decimal(1)
    funding_interval_s: int | None = None
    isolated_only: bool = False
    base_multiplier: int = 1
    """How many coins one unit of `base` stands for: 1000 for 1000PEPE and kPEPE."""
    asset_id: int | None = None
    """HyperLiquid's number of the asset."""
    dex: str | None = None
    """HyperLiquid HIP-3 dex that lists the market; None for the main one."""

    @property
    def is_tradable(self) -> bool:
        """Whether new positions can be opened."""
        return self.status is InstrumentStatus.TRADING

    @property
    def is_linear(self) -> bool:
        """Whether profit is counted in the quote currency."""
        return self.kind in {ContractKind.LINEAR_PERPETUAL, ContractKind.LINEAR_FUTURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker(Value):
    """A market's prices at one moment. None: the venue does not say."""

    exchange: str
    symbol: str
    last_price: Decimal | None
    mark_price: Decimal | None
    index_price: Decimal | None = None
    bid_price: Decimal | None = None
    ask_price: Decimal | None = None
    change_24h_fraction: Decimal | None = None
    """0.0123 means +1.23 %."""
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    """In base currency."""
    turnover_24h: Decimal | None = None
    """In quote currency."""
    open_interest: Decimal | None = None
    """In base currency."""
    funding_rate: Decimal | None = None
    """As a fraction per funding interval."""
    next_funding_at: datetime | None = None
    as_of: datetime

    @property
    def reference_price(self) -> Decimal | None:
        """The price to size and value by: mark, else last."""
        return self.mark_price if self.mark_price is not None else self.last_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle(Value):
    """One bar; `opened_at` is its start, volume is in base currency."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates(Value):
    """Fees as fractions of notional; negative is a rebate."""

    maker: Decimal
    taker: Decimal
    symbol: str | None = None
