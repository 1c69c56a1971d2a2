"""What HyperLiquid's /info says about markets: listings, prices, books, bars, funding.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import Instrument, Side
from sandbox.hyperliquid import shapes
from sandbox.hyperliquid.assets import MAIN_DEX, USDC, number_text
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import Optional, UndecodableBody, integer, struct, text, uint

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
INTERVALS: Final[Mapping[str, int]] = {
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "4h": 4 * _HOUR,
    "8h": 8 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
    "1M": 30 * _DAY,
}
CANDLES: Final = 5000
FUNDINGS: Final = 500
DEPLOYER: Final = "0x" + "88" * 20
_ZERO_ADDRESS: Final = "0x" + "00" * 20

_SPOT_TOKENS: Final = (
    {"name": "USDC", "szDecimals": 8, "weiDecimals": 8, "index": USDC, "tokenId": "0x6d1e7cde53ba9467b783cb7c530ce054"},
    {"name": "PURR", "szDecimals": 0, "weiDecimals": 5, "index": 1, "tokenId": "0xc1fb593aeffbeb02f85e0308e9956a90"},
)
_SPOT_PAIR: Final = {"tokens": [1, USDC], "name": "PURR/USDC", "index": 0, "isCanonical": True}


def meta(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `meta`."""
    return venue.assets.meta(read_dex(venue, body))


def all_perp_metas(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `allPerpMetas`."""
    return [venue.assets.meta(dex) for dex in venue.assets.dexes]


def meta_and_contexts(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer `metaAndAssetCtxs`."""
    dex = read_dex(venue, body)
    return [venue.assets.meta(dex), [context(venue, instrument) for instrument in venue.assets.universe(dex)]]


def context(venue: Venue, instrument: Instrument) -> dict[str, Any]:
    """Return one market's prices, volume and funding."""
    engine, coin = venue.engine, instrument.symbol
    quote = engine.market.quote(engine.venue, coin)
    day = venue.engine.history.day(engine.venue, coin)
    book = engine.market.book(engine.venue, coin)
    best = [book.best(side) for side in (Side.BUY, Side.SELL)]
    prices = [level.price for level in best if level is not None]
    mid = sum(prices, Decimal(0)) / 2 if len(prices) == 2 else None
    return {
        "prevDayPx": number_text(day.open),
        "dayNtlVlm": number_text(day.turnover),
        "markPx": number_text(quote.mark),
        "midPx": None if mid is None else number_text(mid),
        "funding": shapes.ratio(engine.market.funding_rate(engine.venue, coin, venue.now_ms())),
        "openInterest": number_text(day.open_interest),
        "premium": shapes.ratio((quote.mark - quote.index) / quote.index),
        "oraclePx": number_text(quote.index),
        "impactPxs": [number_text(price) for price in prices] if len(prices) == 2 else None,
        "dayBaseVlm": number_text(day.volume),
    }


def perp_dexs(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer `perpDexs`: null for the main dex, then the builder-deployed ones."""
    return [None, *(_dex(venue, name) for name in venue.assets.dexes if name != MAIN_DEX)]


def spot_meta(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `spotMeta`: one pair, so that clients find the shape they expect; it cannot be traded here."""
    extra = {"isCanonical": True, "evmContract": None, "fullName": None, "deployerTradingFeeShare": "0.0"}
    return {"universe": [_SPOT_PAIR], "tokens": [token | extra for token in _SPOT_TOKENS]}


def spot_meta_and_contexts(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer `spotMetaAndAssetCtxs`."""
    prices = {"prevDayPx": "0.2", "markPx": "0.2", "midPx": "0.2", "dayNtlVlm": "0.0", "dayBaseVlm": "0.0"}
    supply = {"circulatingSupply": "600000000.0", "totalSupply": "600000000.0"}
    return [spot_meta(venue, body), [{"coin": "PURR/USDC"} | prices | supply]]


def all_mids(venue: Venue, body: Mapping[str, Any]) -> dict[str, str]:
    """Answer `allMids`; a market with an empty side falls back to its last price."""
    return {
        instrument.symbol: mid(venue, instrument.symbol) for instrument in venue.assets.universe(read_dex(venue, body))
    }


def mid(venue: Venue, coin: str) -> str:
    """Return the price between the best bid and the best ask."""
    book = venue.engine.market.book(venue.engine.venue, coin)
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    if bid is None or ask is None:
        return number_text(venue.engine.market.quote(venue.engine.venue, coin).last)
    return number_text((bid.price + ask.price) / 2)


def l2_book(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer `l2Book`; null for a market that does not exist. Coarser levels are not simulated."""
    coin = struct(coin=text)(body, "l2Book")["coin"]
    if coin not in venue.engine.instruments:
        return None
    return shapes.book(coin, venue.engine.market.book(venue.engine.venue, coin), time_ms=venue.now_ms())


def candle_snapshot(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `candleSnapshot`: the newest 5000 bars of the range, oldest first."""
    asked = struct(req=struct(coin=text, interval=text, startTime=integer, endTime=Optional(integer)))(body, "body")[
        "req"
    ]
    coin, interval = asked["coin"], asked["interval"]
    if interval not in INTERVALS:
        raise UndecodableBody(f"interval: unknown variant {interval!r}")
    if coin not in venue.engine.instruments:
        return []
    step = INTERVALS[interval]
    end = min(asked.get("endTime", venue.now_ms()), venue.now_ms())
    start = max(asked["startTime"], end - CANDLES * step)
    bars = venue.engine.history.candles(venue.engine.venue, coin, step, start_ms=start, end_ms=end)
    return [shapes.candle(coin, interval, bar, interval_ms=step) for bar in bars]


def funding_history(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `fundingHistory`: at most 500 hourly rates, oldest first."""
    asked = struct(coin=text, startTime=uint, endTime=Optional(uint))(body, "fundingHistory")
    coin, market = asked["coin"], venue.engine.market
    if coin not in venue.engine.instruments:
        raise UndecodableBody(f"coin: unknown coin {coin!r}")
    end = min(asked.get("endTime", venue.now_ms()), venue.now_ms())
    first = -(-asked["startTime"] // _HOUR) * _HOUR
    return [
        {
            "coin": coin,
            "fundingRate": shapes.ratio(market.funding_rate(venue.engine.venue, coin, moment)),
            "premium": "0.0",
            "time": moment,
        }
        for moment in range(first, end + 1, _HOUR)[:FUNDINGS]
    ]


def predicted_fundings(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer `predictedFundings`: this venue's next rate of every main market."""
    market, now = venue.engine.market, venue.now_ms()
    return [
        [coin, [["HlPerp", _next_funding(market.funding_rate(venue.engine.venue, coin, now), now)]]]
        for coin in (instrument.symbol for instrument in venue.assets.universe(MAIN_DEX))
    ]


def exchange_status(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `exchangeStatus`."""
    return {"time": venue.now_ms(), "specialStatuses": None}


def margin_table(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `marginTable`."""
    wanted = struct(id=uint)(body, "marginTable")["id"]
    tables = {
        table_id: table for dex in venue.assets.dexes for table_id, table in venue.assets.meta(dex)["marginTables"]
    }
    if wanted not in tables:
        raise UndecodableBody(f"id: unknown margin table {wanted}")
    return dict(tables[wanted])


def recent_trades(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `recentTrades`: one invented trade per second at that second's price, newest first."""
    coin = struct(coin=text)(body, "recentTrades")["coin"]
    if coin not in venue.engine.instruments:
        return []
    second = venue.now_ms() // 1000
    return [trade(venue, coin, at_ms=(second - back) * 1000) for back in range(10)]


def trade(venue: Venue, coin: str, *, at_ms: int) -> dict[str, Any]:
    """Return the public trade of one second; other people's trades exist only for show."""
    engine = venue.engine
    number = at_ms // 1000
    price = engine.market.quote(engine.venue, coin, at_ms).last
    instrument = engine.instruments[coin]
    return {
        "coin": coin,
        "side": "AB"[number % 2],
        "px": number_text(price),
        "sz": number_text(max(instrument.qty_step, instrument.floor_size((50 + number % 900) / price))),
        "time": at_ms,
        "hash": shapes.transaction_hash("trade", coin, number),
        "tid": number,
        "users": [_ZERO_ADDRESS, DEPLOYER],
    }


def read_dex(venue: Venue, body: Mapping[str, Any]) -> str:
    """Return the dex a request is about, the main one unless it says otherwise."""
    dex = struct(dex=Optional(text))(body, "body").get("dex", MAIN_DEX)
    if dex not in venue.assets.dexes:
        raise UndecodableBody(f"dex: unknown perp dex {dex!r}")
    return str(dex)


def _dex(venue: Venue, name: str) -> dict[str, Any]:
    coins = [instrument.symbol for instrument in venue.assets.universe(name)]
    return {
        "name": name,
        "fullName": name.upper(),
        "deployer": DEPLOYER,
        "oracleUpdater": None,
        "feeRecipient": DEPLOYER,
        "assetToStreamingOiCap": [[coin, "100000000.0"] for coin in coins],
        "subDeployers": [],
        "deployerFeeScale": "1.0",
        "lastDeployerFeeScaleChangeTime": "2026-01-01T00:00:00",
        "assetToFundingMultiplier": [[coin, "1.0"] for coin in coins],
        "assetToFundingInterestRate": [],
    }


def _next_funding(rate: Decimal, now_ms: int) -> dict[str, Any]:
    return {
        "fundingRate": shapes.ratio(rate),
        "nextFundingTime": (now_ms // _HOUR + 1) * _HOUR,
        "fundingIntervalHours": 1,
    }
