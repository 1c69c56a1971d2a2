"""What markets are called: pure text rules.

The canonical name of a USD-stable linear perpetual is BASE+USDT on either venue, so one name works everywhere; what
has no canonical name keeps the venue's own. What a name means at a venue is answered by its `Instrument` table.
"""

import re

_BYBIT = "bybit"
_HYPERLIQUID = "hyperliquid"
_CANONICAL_QUOTE = "USDT"

# Bybit writes the multiplier behind the coin in this one base; everywhere else it stands before it.
_BYBIT_BASES = {"SHIB1000": "1000SHIB"}
_HYPERLIQUID_THOUSAND = re.compile(r"k([A-Z][A-Z0-9]*)", re.ASCII)
_MULTIPLIER = re.compile(r"(10{3,})[A-Z]", re.ASCII)
_HYPERLIQUID_SPOT = re.compile(r"[@#+]|.*/", re.ASCII)
_DATE = r"-\d{1,2}[A-Z]{3}\d{2}"
_BYBIT_SETTLE = re.compile(
    rf"(?P<base>[A-Z0-9]+?)(?:(?P<usdt>USDT(?:{_DATE})?)|(?P<usdc>PERP|{_DATE})|USD(?:[FGHJKMNQUVXZ]\d{{2}})?)",
    re.ASCII,
)


def canonical_symbol(exchange: str, native_symbol: str) -> str:
    """Return the name under which a venue's market is known everywhere.

    Total and one to one per venue: `BTC` of HyperLiquid and `BTCUSDT` of Bybit are both `BTCUSDT`, kPEPE is
    1000PEPEUSDT, and what is no USDT-like perpetual (BTCPERP, BTCUSD, xyz:TSLA, dated futures, spot) keeps its name.
    """
    if exchange == _HYPERLIQUID:
        has_canonical_name = ":" not in native_symbol and is_perp_coin(native_symbol)
        return f"{canonical_base(native_symbol)}{_CANONICAL_QUOTE}" if has_canonical_name else native_symbol
    if exchange == _BYBIT and native_symbol.endswith(_CANONICAL_QUOTE):
        base = native_symbol.removesuffix(_CANONICAL_QUOTE)
        return f"{_BYBIT_BASES.get(base, base)}{_CANONICAL_QUOTE}"
    return native_symbol


def canonical_base(coin: str) -> str:
    """Return the base under which a coin is known everywhere: kPEPE and SHIB1000 become 1000PEPE and 1000SHIB."""
    thousand = _HYPERLIQUID_THOUSAND.fullmatch(coin)
    return f"1000{thousand.group(1)}" if thousand else _BYBIT_BASES.get(coin, coin)


def base_multiplier(base: str) -> int:
    """Return how many coins one unit of a base stands for: 1000 for 1000PEPE, 1 for BTC and 1INCH."""
    match = _MULTIPLIER.match(canonical_base(base))
    return int(match.group(1)) if match else 1


def is_perp_coin(coin: str) -> bool:
    """Whether a HyperLiquid coin is a perpetual; spot pairs are `@107` or `PURR/USDC`, outcome markets `#…` or `+…`."""
    return _HYPERLIQUID_SPOT.match(coin) is None


def bybit_settle_coin(native_symbol: str) -> str | None:
    """Return the coin that a Bybit derivative is settled in and pays fees in; None if the name is foreign."""
    match = _BYBIT_SETTLE.fullmatch(native_symbol)
    if match is None:
        return None
    if match["usdt"]:
        return "USDT"
    return "USDC" if match["usdc"] else match["base"]


def is_bybit_inverse(native_symbol: str) -> bool:
    """Whether a Bybit derivative counts its size in US dollars and its profit in the coin."""
    return bybit_settle_coin(native_symbol) not in {None, "USDT", "USDC"}
