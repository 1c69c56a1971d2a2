"""Markets, prices, bars, time.

https://www.okx.com/docs-v5/en/#public-data
"""

from collections.abc import Iterator

from sandbox.engine import Instrument
from sandbox.okx.wire import PAGE, SWAP, ApiError, Call, Json, contract_of, contracts, price, text
from sandbox.words import Side

INTERVALS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1H": 3_600_000, "4H": 14_400_000, "1Dutc": 86_400_000}


def server_time(call: Call) -> list[Json]:
    """The venue's clock."""
    return [{"ts": str(call.now_ms)}]


def instruments(call: Call) -> list[Json]:
    """The perpetuals."""
    return [
        {
            "instType": SWAP,
            "instId": market.symbol,
            "uly": f"{market.base_coin}-{market.quote}",
            "instFamily": f"{market.base_coin}-{market.quote}",
            "settleCcy": market.settle,
            "ctVal": text(contract_of(market)),
            "ctMult": "1",
            "ctValCcy": market.base_coin,
            "ctType": "linear",
            "listTime": str(market.launch_ms),
            "expTime": "",
            "lever": text(market.max_leverage),
            "tickSz": text(market.tick_size),
            "lotSz": contracts(market, market.qty_step),
            "minSz": contracts(market, market.min_qty),
            "maxLmtSz": contracts(market, market.max_limit_qty),
            "maxMktSz": contracts(market, market.max_market_qty),
            "state": "live" if market.tradable else "suspend",
        }
        for market in _wanted(call)
    ]


def tickers(call: Call) -> list[Json]:
    """Last prices, the best of the book, the last day."""
    return [_ticker(call, market) for market in _wanted(call)]


def _ticker(call: Call, market: Instrument) -> Json:
    source = call.world.market
    last = source.quote(market.venue, market.symbol).last
    day = call.engine.history.day(market.venue, market.symbol)
    book = source.book(market.venue, market.symbol)
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    return {
        "instType": SWAP,
        "instId": market.symbol,
        "last": price(market, last),
        "askPx": price(market, ask.price if ask else None),
        "askSz": contracts(market, ask.size) if ask else "",
        "bidPx": price(market, bid.price if bid else None),
        "bidSz": contracts(market, bid.size) if bid else "",
        "open24h": price(market, day.open),
        "high24h": price(market, day.high),
        "low24h": price(market, day.low),
        "volCcy24h": text(day.volume),
        "vol24h": contracts(market, day.volume),
        "ts": str(call.now_ms),
    }


def mark_prices(call: Call) -> list[Json]:
    """Mark prices."""
    source = call.world.market
    return [
        {
            "instType": SWAP,
            "instId": market.symbol,
            "markPx": price(market, source.quote(market.venue, market.symbol).mark),
            "ts": str(call.now_ms),
        }
        for market in _wanted(call)
    ]


def funding_rate(call: Call) -> list[Json]:
    """The rate of the next payment."""
    market, now = call.instrument(), call.world.clock.now_ms()
    due = call.world.market.next_funding_ms(market.venue, market.symbol, now)
    rate = call.world.market.funding_rate(market.venue, market.symbol, due)
    return [{"instType": SWAP, "instId": market.symbol, "fundingRate": text(rate), "fundingTime": str(due)}]


def candles(call: Call) -> list[list[str]]:
    """Bars, newest first."""
    market, step = call.instrument(), INTERVALS_MS.get(call.text("bar") or "1m")
    if step is None:
        raise ApiError("51000", "Parameter bar error")
    limit = min(int(call.text("limit") or PAGE), 300)
    end = int(call.text("after") or call.world.clock.now_ms() + 1) - 1
    bars = call.engine.history.candles(market.venue, market.symbol, step, start_ms=end - limit * step + 1, end_ms=end)
    return [
        [
            str(bar.start_ms),
            *(price(market, value) for value in (bar.open, bar.high, bar.low, bar.close)),
            contracts(market, bar.volume),
            text(bar.volume),
            text(bar.turnover),
            "1" if bar.start_ms + step <= call.world.clock.now_ms() else "0",
        ]
        for bar in reversed(bars)
    ]


def _wanted(call: Call) -> Iterator[Instrument]:
    return (market for market in call.engine.instruments.values() if call.wants(market.symbol))
