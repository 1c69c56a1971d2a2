"""What markets are called: pure text rules.

The canonical name of a USD-stable linear perpetual is BASE+USDT on either venue, so one name works everywhere; what
has no canonical name keeps the venue's own. What a name means at a venue is answered by its `Instrument` table.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

from models.enums import ContractKind
from models.errors import BadOrder

_BYBIT = "bybit"
_HYPERLIQUID = "hyperliquid"
_CANONICAL_QUOTE = "USDT"
_REMEMBERED = 4096  # more than all markets of both venues

# Bybit writes the multiplier behind the coin in this one base; everywhere else it stands before it.
_BYBIT_BASES = {"SHIB1000": "1000SHIB"}
_HYPERLIQUID_THOUSAND = re.compile(r"k([A-Z][A-Z0-9]*)", re.ASCII)
_THOUSANDS = frozenset({"PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "DOGS", "NEIRO"})
"""Coins that HyperLiquid lists by the thousand: `kpepe` in small letters means kPEPE, `kas` is a coin of its own."""
_MULTIPLIER = re.compile(r"(10{3,})[A-Z]", re.ASCII)
_HYPERLIQUID_SPOT = re.compile(r"[@#+]|.*/", re.ASCII)
_DATE = r"-\d{1,2}[A-Z]{3}\d{2}"
_BYBIT_SETTLE = re.compile(
    rf"(?P<base>[A-Z0-9]+?)(?:(?P<usdt>USDT(?:{_DATE})?)|(?P<usdc>PERP|{_DATE})|USD(?:[FGHJKMNQUVXZ]\d{{2}})?)",
    re.ASCII,
)


@lru_cache(_REMEMBERED)
def canonical_symbol(exchange: str, native_symbol: str) -> str:
    """Return the name under which a venue's market is known everywhere.

    Total and one to one per venue: `BTC` of HyperLiquid and `BTCUSDT` of Bybit are both `BTCUSDT`, kPEPE is
    1000PEPEUSDT, and what is no USDT-like perpetual (BTCPERP, BTCUSD, xyz:TSLA, dated futures, spot) keeps its name.
    """
    if exchange == _HYPERLIQUID:
        has_canonical_name = ":" not in native_symbol and is_perp_coin(native_symbol)
        return f"{canonical_base(exchange, native_symbol)}{_CANONICAL_QUOTE}" if has_canonical_name else native_symbol
    if exchange == _BYBIT and native_symbol.endswith(_CANONICAL_QUOTE):
        return f"{canonical_base(exchange, native_symbol.removesuffix(_CANONICAL_QUOTE))}{_CANONICAL_QUOTE}"
    return native_symbol


def canonical_base(exchange: str, coin: str) -> str:
    """Return the base under which a coin is known everywhere: kPEPE and SHIB1000 become 1000PEPE and 1000SHIB."""
    if exchange == _BYBIT:
        return _BYBIT_BASES.get(coin, coin)
    thousand = _HYPERLIQUID_THOUSAND.fullmatch(coin)
    return f"1000{thousand[1]}" if thousand else coin


def base_multiplier(base: str) -> int:
    """Return how many coins one unit of a canonical base stands for: 1000 for 1000PEPE, 1 for BTC and 1INCH."""
    match = _MULTIPLIER.match(base)
    return int(match.group(1)) if match else 1


def is_perp_coin(coin: str) -> bool:
    """Whether a HyperLiquid coin is a perpetual; spot pairs are `@107` or `PURR/USDC`, outcome markets `#…` or `+…`."""
    return _HYPERLIQUID_SPOT.match(coin) is None


@lru_cache(_REMEMBERED)
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


_MAX_LENGTH = 32
_ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9/_:.\- ]*[A-Za-z0-9])?", re.ASCII)
_DEX_NAME = re.compile(r"([A-Za-z0-9]{1,12}):([A-Za-z0-9]{1,20})", re.ASCII)
_CONTRACT_WORDS = re.compile(r"(?:\.P|[-/_ ](?:PERP|PERPETUAL|SWAP))$", re.ASCII)
_SETTLE_SUFFIX = re.compile(r"(?<=[A-Z]):[A-Z]{3,5}$", re.ASCII)
_DATED = re.compile(rf"(?P<base>[A-Z0-9]+?)(?:(?:USDT)?{_DATE}|USD[FGHJKMNQUVXZ]\d{{2}})", re.ASCII)
_PART = re.compile(r"[A-Z0-9]+", re.ASCII)
_QUOTES = ("USDT", "USDC", "USD")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a typed name says: a base, and a quote if one was written; or a whole name that is taken as it is."""

    base: str
    quote: str | None = None
    name: str | None = None

    @property
    def symbol(self) -> str:
        return self.name or f"{self.base}{self.quote or _CANONICAL_QUOTE}"


def normalize_symbol(text: str) -> str:
    """Return the canonical spelling of a market that a person typed, by rules of text alone.

    `btc`, `$BTC`, `BTC/USDT`, `btc usdt`, `BTC-PERP` and `BTCUSDT.P` are BTCUSDT; kPEPE is 1000PEPEUSDT. A quote that
    was written stays: ETHUSD and BTCUSDC do not become USDT markets. Whether a venue lists it is answered by `matches`.

    Raises:
        BadOrder: `unknown_symbol`: empty, too long, or not the name of any market.
    """
    return _asked(text).symbol


class Market(Protocol):
    """What choosing among markets needs to know of one."""

    @property
    def symbol(self) -> str:
        """The canonical name."""

    @property
    def native_symbol(self) -> str:
        """The venue's own name."""

    @property
    def base(self) -> str:
        """The canonical base."""

    @property
    def quote(self) -> str:
        """The currency of the price."""

    @property
    def kind(self) -> ContractKind:
        """What it is settled in, and when."""


AnyMarket = TypeVar("AnyMarket", bound=Market)


def matches(instruments: Sequence[AnyMarket], text: str) -> list[AnyMarket]:
    """Return the markets of a venue that a typed name means: one when it is certain, several when it is not.

    The venue's own name and the canonical one come first. A name without a quote means a linear perpetual, and the
    USDT-like one where there are two; a written quote is never exchanged for another, and an inverse or dated contract
    is only what its full name says.

    Raises:
        BadOrder: As `normalize_symbol`.
    """
    asked = _asked(text)
    typed = text.strip().lstrip("$#")
    steps: tuple[Callable[[AnyMarket], bool], ...] = (
        lambda market: market.native_symbol == typed,
        lambda market: market.native_symbol.upper() == typed.upper(),
        lambda market: market.symbol == asked.symbol,
        lambda market: _has_asked_quote(market, asked, instruments),
        lambda market: _has_asked_base(market, asked) and _is_canonical(market),
        lambda market: _has_asked_base(market, asked),
    )
    for fits in steps:
        if found := [market for market in instruments if fits(market)]:
            return found
    return []


def suggestions(instruments: Iterable[AnyMarket], text: str, *, limit: int = 8) -> list[AnyMarket]:
    """Return markets whose base begins with, or else contains, what was typed; never to be traded unasked."""
    try:
        base = _asked(text).base
    except BadOrder:
        return []
    perps = [market for market in instruments if _is_linear_perp(market)]
    ranked = sorted((_rank(market, base), _plain_base(market), market.symbol, i) for i, market in enumerate(perps))
    return [perps[i] for rank, _, _, i in ranked if rank < _NO_RANK][:limit]


_NO_RANK = 3


def _rank(market: Market, base: str) -> int:
    name = _plain_base(market)
    if name == base:
        return 0
    if name.startswith(base):
        return 1
    return 2 if base in name else _NO_RANK


def _is_linear_perp(market: Market) -> bool:
    return market.kind is ContractKind.LINEAR_PERPETUAL


def _is_canonical(market: Market) -> bool:
    return _is_linear_perp(market) and market.symbol == f"{market.base}{_CANONICAL_QUOTE}"


def _plain_base(market: Market) -> str:
    multiplier = base_multiplier(market.base)
    return market.base.removeprefix(str(multiplier)) if multiplier > 1 else market.base


def _has_asked_base(market: Market, asked: _Asked) -> bool:
    is_open = asked.quote is None and asked.name is None
    return is_open and _is_linear_perp(market) and asked.base in {market.base, _plain_base(market)}


def _has_asked_quote(market: Market, asked: _Asked, instruments: Iterable[Market]) -> bool:
    if asked.quote is None or not _has_asked_base(market, _Asked(base=asked.base)):
        return False
    if asked.quote == _CANONICAL_QUOTE:
        return _is_canonical(market)
    if asked.quote == "USD":  # what a venue that knows neither USD nor USDT contracts calls its own quote
        return all(other.quote not in {"USD", _CANONICAL_QUOTE} for other in instruments)
    return market.quote == asked.quote


def _asked(text: str) -> _Asked:
    cleaned = text.strip().lstrip("$#").strip()
    if not cleaned or len(text) > _MAX_LENGTH or _ALLOWED.fullmatch(cleaned) is None:
        raise _unknown(text)
    if not any(character.isalpha() for character in cleaned):
        raise _unknown(text)
    if dex := _DEX_NAME.fullmatch(cleaned):
        return _Asked(base=dex[2].upper(), name=f"{dex[1].lower()}:{dex[2].upper()}")
    if thousand := _HYPERLIQUID_THOUSAND.fullmatch(cleaned):
        return _Asked(base=f"1000{thousand[1]}")
    return _asked_plainly(_SETTLE_SUFFIX.sub("", cleaned.upper()), text)


def _asked_plainly(name: str, text: str) -> _Asked:
    name = _CONTRACT_WORDS.sub("", name)
    if dated := _DATED.fullmatch(name):
        return _Asked(base=dated["base"], name=name)
    base, *rest = (part for part in re.split(r"[-/_ ]+", name) if part)
    if len(rest) > 1 or (rest and rest[0] not in _QUOTES) or _PART.fullmatch(base) is None:
        raise _unknown(text)
    if rest:
        return _Asked(base=_typed_base(base), quote=rest[0])
    if base.endswith("PERP") and base != "PERP":
        return _Asked(base=base.removesuffix("PERP"), name=base)
    for quote in _QUOTES:
        if base.endswith(quote) and base != quote:
            return _Asked(base=_typed_base(base.removesuffix(quote)), quote=quote)
    return _Asked(base=_typed_base(base))


def _typed_base(base: str) -> str:
    if base.startswith("K") and base[1:] in _THOUSANDS:
        return f"1000{base[1:]}"
    return _BYBIT_BASES.get(base, base)


def _unknown(text: str) -> BadOrder:
    shown = text[:_MAX_LENGTH]
    return BadOrder(f"symbol: expected a market such as BTC, was {shown!r}", code="unknown_symbol", symbol=shown)
