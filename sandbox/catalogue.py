"""The markets of the simulated venues, with the venues' real grids, and where their prices start."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.clock import to_ms
from sandbox.instruments import ContractKind, Instrument, RiskTier, Venue

LAUNCH_MS = to_ms(datetime(2021, 1, 1, tzinfo=UTC))
DELIVERY = datetime(2031, 3, 28, 8, tzinfo=UTC)
BYBIT_MIN_NOTIONAL = Decimal(5)
HYPERLIQUID_MIN_NOTIONAL = Decimal(10)
UNLIMITED = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """An underlying coin: where its price starts, how much it moves in a day, and what rests at the best price."""

    name: str
    price: Decimal
    daily_volatility: float
    depth_usd: int


def _coin(name: str, price: str, volatility: float, depth_usd: int) -> Coin:
    return Coin(name=name, price=Decimal(price), daily_volatility=volatility, depth_usd=depth_usd)


COINS: dict[str, Coin] = {
    coin.name: coin
    for coin in (
        _coin("BTC", "64000", 0.020, 400_000),
        _coin("ETH", "3200", 0.026, 250_000),
        _coin("SOL", "150", 0.035, 120_000),
        _coin("XRP", "0.62", 0.035, 80_000),
        _coin("DOGE", "0.16", 0.045, 60_000),
        _coin("ADA", "0.45", 0.040, 40_000),
        _coin("AVAX", "28", 0.042, 40_000),
        _coin("LINK", "14.5", 0.040, 40_000),
        _coin("LTC", "72", 0.030, 40_000),
        _coin("DOT", "6.1", 0.038, 30_000),
        _coin("BNB", "560", 0.024, 60_000),
        _coin("TRX", "0.135", 0.022, 30_000),
        _coin("TON", "6.8", 0.035, 30_000),
        _coin("SUI", "1.25", 0.055, 40_000),
        _coin("APT", "7.4", 0.050, 25_000),
        _coin("ARB", "0.74", 0.048, 25_000),
        _coin("OP", "1.75", 0.048, 25_000),
        _coin("NEAR", "5.2", 0.048, 25_000),
        _coin("ATOM", "6.4", 0.038, 20_000),
        _coin("FIL", "4.3", 0.042, 20_000),
        _coin("INJ", "21", 0.050, 20_000),
        _coin("UNI", "7.9", 0.042, 20_000),
        _coin("AAVE", "105", 0.042, 20_000),
        _coin("HYPE", "24", 0.055, 40_000),
        _coin("WIF", "2.2", 0.065, 15_000),
        _coin("TIA", "6.3", 0.055, 15_000),
        _coin("ENA", "0.48", 0.060, 15_000),
        _coin("PEPE", "0.0000112", 0.060, 25_000),
        _coin("BONK", "0.0000235", 0.060, 15_000),
        _coin("SHIB", "0.0000172", 0.045, 25_000),
        _coin("TSLA", "250", 0.030, 30_000),
        _coin("GOLD", "2650", 0.010, 60_000),
    )
}

# symbol, underlying, multiplier, tick, qty step (= min qty), max limit qty, max market qty, max leverage, risk limit
BYBIT_LINEAR = (
    ("BTCUSDT", "BTC", 1, "0.10", "0.001", "1190", "119", 100, 2_000_000),
    ("ETHUSDT", "ETH", 1, "0.01", "0.01", "7240", "724", 100, 1_000_000),
    ("SOLUSDT", "SOL", 1, "0.010", "0.1", "79770", "9600", 100, 500_000),
    ("XRPUSDT", "XRP", 1, "0.0001", "0.1", "3900000", "500000", 75, 400_000),
    ("DOGEUSDT", "DOGE", 1, "0.00001", "1", "17470000", "2100000", 75, 400_000),
    ("ADAUSDT", "ADA", 1, "0.0001", "1", "2455000", "300000", 75, 200_000),
    ("AVAXUSDT", "AVAX", 1, "0.001", "0.1", "60000", "11000", 75, 200_000),
    ("LINKUSDT", "LINK", 1, "0.001", "0.1", "106000", "15000", 75, 200_000),
    ("LTCUSDT", "LTC", 1, "0.01", "0.1", "16430", "2700", 75, 200_000),
    ("DOTUSDT", "DOT", 1, "0.0001", "0.1", "202000", "32000", 50, 200_000),
    ("BNBUSDT", "BNB", 1, "0.10", "0.01", "3500", "400", 75, 200_000),
    ("TRXUSDT", "TRX", 1, "0.00001", "1", "3080000", "600000", 75, 200_000),
    ("TONUSDT", "TON", 1, "0.0001", "0.1", "155000", "25000", 50, 200_000),
    ("SUIUSDT", "SUI", 1, "0.00001", "10", "1100000", "180000", 75, 200_000),
    ("APTUSDT", "APT", 1, "0.0001", "0.01", "111000", "21000", 75, 100_000),
    ("ARBUSDT", "ARB", 1, "0.0001", "0.1", "1220000", "200000", 50, 100_000),
    ("OPUSDT", "OP", 1, "0.0001", "0.1", "484000", "70000", 50, 100_000),
    ("NEARUSDT", "NEAR", 1, "0.001", "0.1", "233000", "40000", 50, 100_000),
    ("ATOMUSDT", "ATOM", 1, "0.001", "0.1", "97000", "19000", 50, 100_000),
    ("FILUSDT", "FIL", 1, "0.001", "0.1", "155000", "30000", 50, 100_000),
    ("INJUSDT", "INJ", 1, "0.001", "0.1", "40000", "5500", 50, 100_000),
    ("UNIUSDT", "UNI", 1, "0.001", "0.1", "91000", "16000", 50, 100_000),
    ("AAVEUSDT", "AAVE", 1, "0.01", "0.01", "8480", "1300", 75, 100_000),
    ("HYPEUSDT", "HYPE", 1, "0.001", "0.01", "35000", "5500", 75, 100_000),
    ("WIFUSDT", "WIF", 1, "0.0001", "1", "355000", "60000", 50, 60_000),
    ("TIAUSDT", "TIA", 1, "0.001", "0.1", "88000", "14000", 50, 60_000),
    ("ENAUSDT", "ENA", 1, "0.0001", "1", "1500000", "250000", 50, 60_000),
    ("1000PEPEUSDT", "PEPE", 1000, "0.0000001", "100", "88600000", "12800000", 75, 100_000),
    ("1000BONKUSDT", "BONK", 1000, "0.000001", "100", "22500000", "4000000", 50, 60_000),
    ("SHIB1000USDT", "SHIB", 1000, "0.000001", "10", "68000000", "9800000", 75, 100_000),
    ("BTCPERP", "BTC", 1, "0.10", "0.001", "400", "40", 100, 1_000_000),
    ("ETHPERP", "ETH", 1, "0.01", "0.01", "3000", "300", 100, 500_000),
)
BYBIT_BASE_NAMES = {"1000PEPEUSDT": "1000PEPE", "1000BONKUSDT": "1000BONK", "SHIB1000USDT": "SHIB1000"}

# name, underlying, multiplier, szDecimals, max leverage: the order is the asset index of the universe
HYPERLIQUID_PERPS = (
    ("BTC", "BTC", 1, 5, 40),
    ("ETH", "ETH", 1, 4, 25),
    ("ATOM", "ATOM", 1, 2, 5),
    ("DOT", "DOT", 1, 1, 10),
    ("AVAX", "AVAX", 1, 2, 10),
    ("SOL", "SOL", 1, 2, 20),
    ("BNB", "BNB", 1, 3, 10),
    ("APT", "APT", 1, 2, 10),
    ("OP", "OP", 1, 1, 5),
    ("LTC", "LTC", 1, 2, 10),
    ("ARB", "ARB", 1, 1, 10),
    ("DOGE", "DOGE", 1, 0, 10),
    ("INJ", "INJ", 1, 1, 5),
    ("SUI", "SUI", 1, 1, 10),
    ("kPEPE", "PEPE", 1000, 0, 10),
    ("LINK", "LINK", 1, 1, 10),
    ("XRP", "XRP", 1, 0, 20),
    ("ADA", "ADA", 1, 0, 10),
    ("NEAR", "NEAR", 1, 1, 10),
    ("UNI", "UNI", 1, 1, 10),
    ("TRX", "TRX", 1, 0, 10),
    ("TON", "TON", 1, 1, 10),
    ("FIL", "FIL", 1, 1, 5),
    ("AAVE", "AAVE", 1, 2, 10),
    ("kBONK", "BONK", 1000, 0, 10),
    ("kSHIB", "SHIB", 1000, 0, 10),
    ("TIA", "TIA", 1, 1, 5),
    ("WIF", "WIF", 1, 0, 5),
    ("ENA", "ENA", 1, 0, 10),
    ("HYPE", "HYPE", 1, 2, 10),
)
# the same for a builder-deployed dex: its markets are numbered on their own, from 110000 on
HYPERLIQUID_BUILDER_OFFSET = 110_000
HYPERLIQUID_BUILDER_PERPS = (
    ("xyz:TSLA", "TSLA", 1, 3, 10),
    ("xyz:GOLD", "GOLD", 1, 4, 20),
)

# underlying, contract in base coins, tick, lot in contracts, most per limit and market order, max leverage, risk limit
OKX_SWAPS = (
    ("BTC", "0.01", "0.1", "0.01", 1_000_000, 12_000, 100, 2_000_000),
    ("ETH", "0.1", "0.01", "0.01", 1_000_000, 8_000, 100, 1_000_000),
    ("SOL", "1", "0.01", "0.01", 1_000_000, 10_000, 50, 500_000),
    ("XRP", "100", "0.0001", "0.01", 1_000_000, 5_000, 50, 400_000),
    ("DOGE", "1000", "0.00001", "0.01", 1_000_000, 2_000, 50, 400_000),
    ("ADA", "100", "0.0001", "0.1", 1_000_000, 3_000, 50, 200_000),
    ("AVAX", "1", "0.01", "0.1", 1_000_000, 10_000, 50, 200_000),
    ("LINK", "1", "0.001", "0.1", 1_000_000, 15_000, 50, 200_000),
    ("LTC", "1", "0.01", "0.1", 1_000_000, 3_000, 50, 200_000),
    ("DOT", "1", "0.001", "0.1", 1_000_000, 30_000, 50, 200_000),
    ("BNB", "0.01", "0.1", "1", 1_000_000, 40_000, 50, 200_000),
    ("TON", "1", "0.001", "0.1", 1_000_000, 25_000, 50, 200_000),
    ("SUI", "1", "0.0001", "1", 1_000_000, 180_000, 50, 200_000),
    ("NEAR", "10", "0.001", "0.1", 1_000_000, 4_000, 50, 100_000),
    ("ATOM", "1", "0.001", "0.1", 1_000_000, 19_000, 50, 100_000),
    ("UNI", "1", "0.001", "0.1", 1_000_000, 16_000, 50, 100_000),
    ("AAVE", "0.1", "0.01", "0.1", 1_000_000, 13_000, 50, 100_000),
    ("PEPE", "10000000", "0.000000001", "0.1", 1_000_000, 1_200, 50, 100_000),
    ("SHIB", "1000000", "0.000000001", "0.1", 1_000_000, 9_000, 50, 100_000),
)


def all_instruments() -> list[Instrument]:
    """Every market of every venue."""
    return [*_bybit_linear(), *_bybit_special(), *_hyperliquid(), *_okx()]


def risk_tiers(first_limit: Decimal, max_leverage: int, steps: int = 5) -> tuple[RiskTier, ...]:
    """A risk-limit table: each step allows more value at less leverage; deductions keep the margin continuous."""
    tiers: list[RiskTier] = []
    for step in range(1, steps + 1):
        leverage = (Decimal(max_leverage) / step).quantize(Decimal("0.01"))
        rate = 1 / (2 * leverage)
        before = tiers[-1] if tiers else None
        deduction = before.deduction + before.limit * (rate - before.maintenance_rate) if before else Decimal(0)
        tiers.append(
            RiskTier(limit=first_limit * step, max_leverage=leverage, maintenance_rate=rate, deduction=deduction)
        )
    return tuple(tiers)


def _bybit_linear() -> Iterator[Instrument]:
    for symbol, base, multiplier, tick, step, max_limit, max_market, leverage, limit in BYBIT_LINEAR:
        perp = symbol.endswith("PERP")
        coin = symbol.removesuffix("PERP") if perp else BYBIT_BASE_NAMES.get(symbol, base)
        yield Instrument(
            venue=Venue.BYBIT,
            symbol=symbol,
            base=base,
            base_coin=coin,
            quote="USDC" if perp else "USDT",
            settle="USDC" if perp else "USDT",
            kind=ContractKind.LINEAR_PERPETUAL,
            multiplier=Decimal(multiplier),
            tick_size=Decimal(tick),
            qty_step=Decimal(step),
            min_qty=Decimal(step),
            max_limit_qty=Decimal(max_limit),
            max_market_qty=Decimal(max_market),
            min_notional=BYBIT_MIN_NOTIONAL,
            price_band=Decimal("0.03") if base in {"BTC", "ETH"} else Decimal("0.05"),
            tiers=risk_tiers(Decimal(limit), leverage),
            funding_hours=8,
            launch_ms=LAUNCH_MS,
        )


def _bybit_special() -> Iterator[Instrument]:
    """A dated future, and an inverse perpetual that is listed but cannot be traded here."""
    bitcoin = next(i for i in _bybit_linear() if i.symbol == "BTCUSDT")
    common = {
        name: getattr(bitcoin, name) for name in ("venue", "base", "base_coin", "multiplier", "price_band", "tiers")
    }
    yield Instrument(
        **common,
        symbol=f"BTCUSDT-{DELIVERY:%d%b%y}".upper(),
        quote="USDT",
        settle="USDT",
        kind=ContractKind.LINEAR_FUTURE,
        tick_size=Decimal("0.5"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_limit_qty=Decimal(200),
        max_market_qty=Decimal(20),
        min_notional=BYBIT_MIN_NOTIONAL,
        funding_hours=0,
        launch_ms=LAUNCH_MS,
        delivery_ms=to_ms(DELIVERY),
    )
    yield Instrument(
        **common,
        symbol="BTCUSD",
        quote="USD",
        settle="BTC",
        kind=ContractKind.INVERSE_PERPETUAL,
        tick_size=Decimal("0.50"),
        qty_step=Decimal(1),
        min_qty=Decimal(1),
        max_limit_qty=Decimal(25_000_000),
        max_market_qty=Decimal(5_000_000),
        min_notional=BYBIT_MIN_NOTIONAL,
        funding_hours=8,
        launch_ms=LAUNCH_MS,
        tradable=False,
    )


def _hyperliquid() -> Iterator[Instrument]:
    numbered = (*enumerate(HYPERLIQUID_PERPS), *enumerate(HYPERLIQUID_BUILDER_PERPS, start=HYPERLIQUID_BUILDER_OFFSET))
    for asset_id, (name, base, multiplier, sz_decimals, leverage) in numbered:
        step = Decimal(1).scaleb(-sz_decimals)
        yield Instrument(
            venue=Venue.HYPERLIQUID,
            symbol=name,
            base=base,
            base_coin=name,
            quote="USD",
            settle="USDC",
            kind=ContractKind.LINEAR_PERPETUAL,
            multiplier=Decimal(multiplier),
            tick_size=None,
            qty_step=step,
            min_qty=step,
            max_limit_qty=UNLIMITED,
            max_market_qty=UNLIMITED,
            min_notional=HYPERLIQUID_MIN_NOTIONAL,
            price_band=Decimal("0.80"),
            tiers=risk_tiers(UNLIMITED, leverage, steps=1),
            funding_hours=1,
            launch_ms=LAUNCH_MS,
            sz_decimals=sz_decimals,
            asset_id=asset_id,
        )


def _okx() -> Iterator[Instrument]:
    for base, contract, tick, lot, max_limit, max_market, leverage, limit in OKX_SWAPS:
        size = Decimal(contract)
        yield Instrument(
            venue=Venue.OKX,
            symbol=f"{base}-USDT-SWAP",
            base=base,
            base_coin=base,
            quote="USDT",
            settle="USDT",
            kind=ContractKind.LINEAR_PERPETUAL,
            multiplier=Decimal(1),
            tick_size=Decimal(tick),
            qty_step=Decimal(lot) * size,
            min_qty=Decimal(lot) * size,
            max_limit_qty=max_limit * size,
            max_market_qty=max_market * size,
            min_notional=Decimal(0),
            price_band=Decimal("0.05"),
            tiers=risk_tiers(Decimal(limit), leverage),
            funding_hours=8,
            launch_ms=LAUNCH_MS,
            contract_size=size,
        )
