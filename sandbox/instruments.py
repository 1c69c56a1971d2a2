"""What can be traded: the venue-neutral description of one market, with the venue's real grid."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Venue(StrEnum):
    """The simulated venues."""

    BYBIT = "bybit"
    HYPERLIQUID = "hyperliquid"
    OKX = "okx"


class ContractKind(StrEnum):
    """What kind of contract a market trades; only linear perpetuals and futures can be traded here."""

    LINEAR_PERPETUAL = "linear_perpetual"
    LINEAR_FUTURE = "linear_future"
    INVERSE_PERPETUAL = "inverse_perpetual"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTier:
    """One step of the risk-limit table: up to ``limit`` of position value these rates hold."""

    limit: Decimal
    max_leverage: Decimal
    maintenance_rate: Decimal
    deduction: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One market of one venue.

    Attributes:
        symbol: The venue's own name ("BTCUSDT", "1000PEPEUSDT", "BTC", "kPEPE", "BTC-USDT-SWAP").
        base: The underlying coin whose price moves every venue ("PEPE" for 1000PEPEUSDT and kPEPE).
        base_coin: The venue's name of the contract's base ("1000PEPE", "kPEPE").
        multiplier: How many underlying coins one contract coin is (1000 for 1000PEPE).
        tick_size: Fixed price step, or None where the step follows from significant figures (HyperLiquid).
        price_band: How far a limit order may cross the mark price, and a market order may slip (0.05 = 5 %).
        funding_hours: Hours between funding payments; 0 means none (dated futures).
        sz_decimals: HyperLiquid's size decimals; None on Bybit.
        asset_id: HyperLiquid's index in the universe; None on Bybit.
        delivery_ms: When a dated future settles; None for perpetuals.
        contract_size: How much of the base one contract is, where the venue counts in contracts (OKX).
    """

    venue: Venue
    symbol: str
    base: str
    base_coin: str
    quote: str
    settle: str
    kind: ContractKind
    multiplier: Decimal
    tick_size: Decimal | None
    qty_step: Decimal
    min_qty: Decimal
    max_limit_qty: Decimal
    max_market_qty: Decimal
    min_notional: Decimal
    price_band: Decimal
    tiers: tuple[RiskTier, ...]
    funding_hours: int
    launch_ms: int
    sz_decimals: int | None = None
    asset_id: int | None = None
    delivery_ms: int | None = None
    contract_size: Decimal | None = None
    tradable: bool = True

    @property
    def max_leverage(self) -> Decimal:
        """The highest leverage, that of the first risk tier."""
        return self.tiers[0].max_leverage

    def tier(self, position_value: Decimal) -> RiskTier:
        """The risk tier of a position of this value; the last one when it is larger than all limits."""
        return next((tier for tier in self.tiers if position_value <= tier.limit), self.tiers[-1])

    def tick_at(self, price: Decimal) -> Decimal:
        """The price step near this price: fixed, or five significant figures capped by 6 - szDecimals decimals."""
        if self.tick_size is not None:
            return self.tick_size
        by_figures = price.adjusted() - 4
        by_decimals = (self.sz_decimals or 0) - 6
        return Decimal(1).scaleb(min(0, max(by_figures, by_decimals)))

    def on_price_grid(self, price: Decimal) -> bool:
        """Whether the venue accepts this price (whole numbers are always fine at HyperLiquid)."""
        return price % self.tick_at(price) == 0

    def on_size_grid(self, size: Decimal) -> bool:
        """Whether the size is a multiple of the step."""
        return size % self.qty_step == 0

    def round_price(self, price: Decimal, rounding: str) -> Decimal:
        """The price on the grid, rounded with one of ``decimal``'s rounding modes."""
        tick = self.tick_at(price)
        return (price / tick).quantize(Decimal(1), rounding=rounding) * tick

    def floor_size(self, size: Decimal) -> Decimal:
        """The largest size on the grid that is not above this one."""
        return size // self.qty_step * self.qty_step
