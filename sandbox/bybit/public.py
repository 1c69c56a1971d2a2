"""Public market data.

https://bybit-exchange.github.io/docs/v5/market
"""

from decimal import Decimal
from typing import Final

from sandbox.bybit.errors import bad_parameter
from sandbox.bybit.wire import Call, Json, page, price_text, text
from sandbox.engine import ContractKind, Instrument, Side
from sandbox.market import HOUR_MS

MINUTE_MS: Final = 60_000
INTERVALS_MS: Final = {
    **{str(minutes): minutes * MINUTE_MS for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 1440 * MINUTE_MS,
    "W": 7 * 1440 * MINUTE_MS,
    "M": 30 * 1440 * MINUTE_MS,
}
BOOK_LIMITS: Final = {"linear": 1000, "inverse": 1000, "spot": 200, "option": 25}
CONTRACT_TYPES: Final = {
    ContractKind.LINEAR_PERPETUAL: "LinearPerpetual",
    ContractKind.LINEAR_FUTURE: "LinearFutures",
    ContractKind.INVERSE_PERPETUAL: "InversePerpetual",
}


def server_time(call: Call) -> Json:
    """The venue's clock."""
    return {"timeSecond": str(call.now_ms // 1000), "timeNano": str(call.now_ms * 1_000_000)}


def instruments_info(call: Call) -> Json:
    """The listed markets, page by page."""
    symbol, base, status = call.text("symbol"), call.text("baseCoin"), call.text("status")
    rows = [
        instrument_row(instrument)
        for instrument in call.instruments()
        if symbol in {"", instrument.symbol} and base in {"", instrument.base_coin}
    ]
    if status:
        rows = [row for row in rows if row["status"] == status]
    chosen, cursor = page(call, rows, key=lambda row: row["symbol"], default=500, most=1000)
    return {"category": call.category(), "list": chosen, "nextPageCursor": cursor}


def instrument_row(instrument: Instrument) -> Json:
    """One market with its grid and limits."""
    tick = instrument.tick_size or Decimal(1)
    maximum = Decimal(1999999) * tick * 10
    return {
        "symbol": instrument.symbol,
        "contractType": CONTRACT_TYPES[instrument.kind],
        "status": "Trading" if instrument.tradable or instrument.settle == "BTC" else "Closed",
        "baseCoin": instrument.base_coin,
        "quoteCoin": instrument.quote,
        "launchTime": str(instrument.launch_ms),
        "deliveryTime": str(instrument.delivery_ms or 0),
        "deliveryFeeRate": "0" if instrument.delivery_ms else "",
        "priceScale": str(-int(tick.as_tuple().exponent)),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": format(instrument.max_leverage, ".2f"),
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": str(tick),
            "maxPrice": format(maximum, "f"),
            "tickSize": format(tick, "f"),
        },
        "lotSizeFilter": {
            "maxOrderQty": format(instrument.max_limit_qty, "f"),
            "minOrderQty": format(instrument.min_qty, "f"),
            "qtyStep": format(instrument.qty_step, "f"),
            "postOnlyMaxOrderQty": format(instrument.max_limit_qty, "f"),
            "maxMktOrderQty": format(instrument.max_market_qty, "f"),
            "minNotionalValue": format(instrument.min_notional, "f"),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": instrument.funding_hours * 60,
        "settleCoin": instrument.settle,
        "copyTrading": "both",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {
            "priceLimitRatioX": text(instrument.price_band),
            "priceLimitRatioY": text(instrument.price_band * 2),
        },
        "displayName": "",
        "symbolType": "",
    }


def tickers(call: Call) -> Json:
    """Prices and day statistics of one market or all."""
    symbol, base = call.text("symbol"), call.text("baseCoin")
    category = call.category()
    if symbol and category in {"linear", "inverse"}:
        call.instrument(symbol)
    rows = [
        ticker_row(call, instrument)
        for instrument in call.instruments()
        if symbol in {"", instrument.symbol} and base in {"", instrument.base_coin}
    ]
    return {"category": category, "list": rows}


def ticker_row(call: Call, instrument: Instrument) -> Json:
    """One market's ticker."""
    engine, symbol = call.engine, instrument.symbol
    market, venue = engine.market, engine.venue
    quote, book, day = market.quote(venue, symbol), market.book(venue, symbol), engine.history.day(venue, symbol)
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    perpetual = instrument.funding_hours > 0
    now = market.clock.now_ms()
    next_funding = market.next_funding_ms(venue, symbol, now) if perpetual else 0
    return {
        "symbol": symbol,
        "lastPrice": price_text(instrument, quote.last),
        "indexPrice": price_text(instrument, quote.index),
        "markPrice": price_text(instrument, quote.mark),
        "prevPrice24h": price_text(instrument, day.open),
        "price24hPcnt": text(((quote.last - day.open) / day.open).quantize(Decimal("0.000001"))),
        "highPrice24h": price_text(instrument, day.high),
        "lowPrice24h": price_text(instrument, day.low),
        "prevPrice1h": price_text(instrument, day.hour_ago),
        "openInterest": text(day.open_interest),
        "openInterestValue": text((day.open_interest * quote.mark).quantize(Decimal("0.01"))),
        "turnover24h": text(day.turnover),
        "volume24h": text(day.volume),
        "fundingRate": text(market.funding_rate(venue, symbol, next_funding)) if perpetual else "",
        "nextFundingTime": str(next_funding),
        "predictedDeliveryPrice": "",
        "basisRate": "" if perpetual else "0",
        "deliveryFeeRate": "" if perpetual else "0",
        "deliveryTime": str(instrument.delivery_ms or 0),
        "ask1Size": "0" if ask is None else text(ask.size),
        "bid1Price": "" if bid is None else price_text(instrument, bid.price),
        "ask1Price": "" if ask is None else price_text(instrument, ask.price),
        "bid1Size": "0" if bid is None else text(bid.size),
        "basis": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": str(instrument.funding_hours),
        "fundingCap": "0.00375",
        "basisRateYear": "",
    }


def kline(call: Call) -> Json:
    """Bars, newest first: start, open, high, low, close, volume, turnover."""
    return _bars(call, with_volume=True)


def mark_price_kline(call: Call) -> Json:
    """Bars without volume."""
    return _bars(call, with_volume=False)


def _bars(call: Call, *, with_volume: bool) -> Json:
    instrument = call.instrument(call.needed("symbol"))
    interval = INTERVALS_MS.get(call.needed("interval"))
    if interval is None:
        raise bad_parameter("Invalid interval")
    limit = min(max(1, call.integer("limit", 200)), 1000)
    now = call.world.clock.now_ms()
    end = call.integer("end", 0) or now
    start = call.integer("start", 0)
    first = end // interval * interval - (limit - 1) * interval
    candles = call.engine.history.candles(
        call.engine.venue, instrument.symbol, interval, start_ms=max(start, first), end_ms=end
    )
    rows = [
        [
            str(candle.start_ms),
            *(price_text(instrument, price) for price in (candle.open, candle.high, candle.low, candle.close)),
            *((text(candle.volume), text(candle.turnover)) if with_volume else ()),
        ]
        for candle in reversed(candles)
    ]
    return {"category": call.text("category", "linear"), "symbol": instrument.symbol, "list": rows[:limit]}


def order_book(call: Call) -> Json:
    """The book, best prices first."""
    category = call.category()
    instrument = call.instrument(call.needed("symbol"))
    limit = min(max(1, call.integer("limit", 25)), BOOK_LIMITS[category])
    return book_row(call, instrument, limit)


def book_row(call: Call, instrument: Instrument, limit: int) -> Json:
    """The book as REST and the stream show it."""
    book = call.engine.market.book(call.engine.venue, instrument.symbol)
    now = call.world.clock.now_ms()
    bids, asks = (
        [[price_text(instrument, level.price), text(level.size)] for level in book.side(side, limit)]
        for side in (Side.BUY, Side.SELL)
    )
    return {"s": instrument.symbol, "b": bids, "a": asks, "ts": now, "u": now // 100, "seq": now, "cts": now}


def funding_history(call: Call) -> Json:
    """Past funding rates, newest first."""
    instrument = call.instrument(call.needed("symbol"))
    limit = min(max(1, call.integer("limit", 200)), 200)
    step = instrument.funding_hours * HOUR_MS
    end = call.integer("endTime", 0) or call.world.clock.now_ms()
    start = call.integer("startTime", 0)
    last = end // step * step
    moments = [last - k * step for k in range(limit) if last - k * step >= max(start, instrument.launch_ms)]
    market, venue = call.engine.market, call.engine.venue
    rows = [
        {
            "symbol": instrument.symbol,
            "fundingRate": text(market.funding_rate(venue, instrument.symbol, moment)),
            "fundingRateTimestamp": str(moment),
        }
        for moment in moments
    ]
    return {"category": call.category(), "list": rows}


def risk_limit(call: Call) -> Json:
    """The risk-limit table."""
    symbol = call.text("symbol")
    rows = [
        {
            "id": number,
            "symbol": instrument.symbol,
            "riskLimitValue": text(tier.limit),
            "maintenanceMargin": text(tier.maintenance_rate),
            "initialMargin": text(1 / tier.max_leverage),
            "isLowestRisk": int(number == 1),
            "maxLeverage": format(tier.max_leverage, ".2f"),
            "mmDeduction": text(tier.deduction),
        }
        for instrument in call.instruments()
        if symbol in {"", instrument.symbol}
        for number, tier in enumerate(instrument.tiers, start=1)
    ]
    return {"category": call.category(), "list": rows, "nextPageCursor": ""}


def recent_trades(call: Call) -> Json:
    """The last public trades: one at the last price of each of the last seconds."""
    instrument = call.instrument(call.needed("symbol"))
    limit = min(max(1, call.integer("limit", 50)), 1000)
    now = call.world.clock.now_ms()
    rows = [trade_row(call, instrument, now // 1000 * 1000 - k * 1000) for k in range(min(limit, 60))]
    return {"category": call.category(), "list": rows}


def trade_row(call: Call, instrument: Instrument, moment: int) -> Json:
    """One public trade."""
    market, venue = call.engine.market, call.engine.venue
    price = market.quote(venue, instrument.symbol, moment).last
    before = market.quote(venue, instrument.symbol, moment - 1000).last
    return {
        "execId": call.engine.core.make_id(moment),
        "symbol": instrument.symbol,
        "price": price_text(instrument, price),
        "size": text(instrument.qty_step * 7),
        "side": "Buy" if price >= before else "Sell",
        "time": str(moment),
        "isBlockTrade": False,
        "isRPITrade": False,
    }
