"""The markets that tests of money use: every instrument of the project's own payloads, and the recorded ones."""

import os

from models.instrument import Instrument, instruments_from_bybit, instruments_from_hyperliquid
from tests.payloads.loading import bybit_rows, payload, recorded_objects

BYBIT = instruments_from_bybit(bybit_rows("http_get_instruments_info_linear"))
INVERSE = instruments_from_bybit(bybit_rows("http_get_instruments_info_inverse"))
HYPERLIQUID = instruments_from_hyperliquid(payload("hyperliquid/info_meta")) + instruments_from_hyperliquid(
    payload("hyperliquid/info_meta_dex"), dex="xyz", dex_index=1
)


def _recorded_markets() -> list[Instrument]:
    if not os.environ.get("RECORDED_PAYLOADS"):
        return []
    rows = list(recorded_objects("hl_sdk/info_cassettes", "hummingbot/payloads"))
    metas = [row for row in rows if "universe" in row and all("maxLeverage" in asset for asset in row["universe"])]
    listed = [row for row in rows if "lotSizeFilter" in row]
    return instruments_from_bybit(listed) + [i for meta in metas for i in instruments_from_hyperliquid(meta)]


RECORDED = _recorded_markets()
ALL = BYBIT + INVERSE + HYPERLIQUID + RECORDED


def market(native_symbol: str) -> Instrument:
    """Return one of the project's own markets by its venue's name."""
    return next(i for i in BYBIT + INVERSE + HYPERLIQUID if i.native_symbol == native_symbol)
