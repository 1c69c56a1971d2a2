"""HyperLiquid's numbering of markets: the main universe, and the builder-deployed ones after it.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/asset-ids
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import Instrument
from sandbox.hyperliquid.wire import plain

MAIN_DEX: Final = ""
SPOT_OFFSET: Final = 10_000
BUILDER_OFFSET: Final = 110_000
BUILDER_STEP: Final = 10_000
USDC: Final = 0


def dex_of(coin: str) -> str:
    """Return the dex a coin trades on: "xyz" for "xyz:TSLA", empty for the main one."""
    dex, colon, _ = coin.partition(":")
    return dex if colon else MAIN_DEX


def is_isolated_only(coin: str) -> bool:
    """Whether a market takes no cross margin, as builder-deployed markets do not."""
    return dex_of(coin) != MAIN_DEX


class Assets:
    """The instruments in the venue's order, by dex, coin and asset id."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments  # looked into each time: a market may be delisted or change its grid
        ordered = sorted(instruments.values(), key=lambda instrument: instrument.asset_id or 0)
        self._coins: dict[str, list[str]] = {MAIN_DEX: []}
        for instrument in ordered:
            self._coins.setdefault(dex_of(instrument.symbol), []).append(instrument.symbol)
        self._ids = {
            coin: self._offset(dex) + index for dex, coins in self._coins.items() for index, coin in enumerate(coins)
        }
        self._by_id = {asset: coin for coin, asset in self._ids.items()}

    @property
    def dexes(self) -> tuple[str, ...]:
        """Dex names, the main one (empty) first."""
        return tuple(self._coins)

    def universe(self, dex: str) -> list[Instrument]:
        """Return the markets of one dex, in the order of their ids.

        Raises:
            KeyError: There is no such dex.
        """
        return [self._instruments[coin] for coin in self._coins[dex]]

    def by_id(self, asset: int) -> Instrument | None:
        """Return the market with this asset id."""
        coin = self._by_id.get(asset)
        return None if coin is None else self._instruments[coin]

    def id_of(self, coin: str) -> int:
        """Return the asset id of a coin."""
        return self._ids[coin]

    def meta(self, dex: str) -> dict[str, Any]:
        """Return the answer of `meta`: the universe and its margin tables."""
        universe = self.universe(dex)
        tables = {_margin_table_id(instrument): _margin_table(instrument) for instrument in universe}
        return {
            "universe": [_listing(instrument) for instrument in universe],
            "marginTables": [[table_id, table] for table_id, table in sorted(tables.items())],
            "collateralToken": USDC,
        }

    def _offset(self, dex: str) -> int:
        place = self.dexes.index(dex)
        return 0 if place == 0 else BUILDER_OFFSET + BUILDER_STEP * (place - 1)


def number_text(value: Decimal) -> str:
    """Write a number as the venue does: at least one decimal, no exponent ("60000.0", "0.0")."""
    written = plain(value)
    return written if "." in written else f"{written}.0"


def _listing(instrument: Instrument) -> dict[str, Any]:
    listing: dict[str, Any] = {
        "szDecimals": instrument.sz_decimals or 0,
        "name": instrument.symbol,
        "maxLeverage": int(instrument.max_leverage),
        "marginTableId": _margin_table_id(instrument),
    }
    if is_isolated_only(instrument.symbol):
        listing |= {"onlyIsolated": True, "marginMode": "strictIsolated"}
    if not instrument.tradable:
        listing["isDelisted"] = True
    return listing


def _margin_table_id(instrument: Instrument) -> int:
    """Return the table's id: the leverage itself for a flat table, above fifty for a tiered one."""
    leverage = int(instrument.max_leverage)
    return leverage if len(instrument.tiers) == 1 else 50 + leverage


def _margin_table(instrument: Instrument) -> dict[str, Any]:
    bounds = [Decimal(0), *(tier.limit for tier in instrument.tiers[:-1])]
    tiered = len(instrument.tiers) > 1
    return {
        "description": f"tiered {int(instrument.max_leverage)}x" if tiered else "",
        "marginTiers": [
            {"lowerBound": number_text(bound), "maxLeverage": int(tier.max_leverage)}
            for bound, tier in zip(bounds, instrument.tiers, strict=True)
        ],
    }
