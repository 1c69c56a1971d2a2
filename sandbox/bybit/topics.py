"""What the WebSocket topics carry.

https://bybit-exchange.github.io/docs/v5/ws/connect
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.bybit.account import account_row
from sandbox.bybit.errors import ApiError
from sandbox.bybit.order_shapes import execution_row, funding_row, order_row
from sandbox.bybit.positions import position_row
from sandbox.bybit.public import INTERVALS_MS, book_row, ticker_row, trade_row
from sandbox.bybit.wire import Call, Json, price_text, text
from sandbox.engine import Event, EventKind, Fill, FundingPayment, Instrument, Order, Position

PRIVATE_TOPICS: Final = frozenset(
    f"{name}{suffix}" for name in ("order", "execution", "position", "wallet") for suffix in ("", ".linear")
) | {"execution.fast", "execution.fast.linear"}
PRIVATE_OF: Final[Mapping[EventKind, str]] = {
    EventKind.ORDER: "order",
    EventKind.FILL: "execution",
    EventKind.FUNDING: "execution",
    EventKind.POSITION: "position",
    EventKind.WALLET: "wallet",
}


def private_row(call: Call, event: Event) -> Json:
    """One element of a private message's data."""
    engine, payload = call.engine, event.payload
    if isinstance(payload, Order):
        return {"category": "linear", "feeCurrency": "", **order_row(engine, payload)}
    if isinstance(payload, Fill):
        return {"category": "linear", **execution_row(engine, payload)}
    if isinstance(payload, FundingPayment):
        return {"category": "linear", **funding_row(engine, payload)}
    if isinstance(payload, Position):
        return {"category": "linear", **stream_position(call, payload)}
    return account_row(call)


def stream_position(call: Call, position: Position) -> Json:
    """A position as the stream shows it: the average price is called entryPrice there."""
    row = position_row(call.engine, call.engine.view_of(position))
    row["entryPrice"] = row["avgPrice"]
    return row


def public_message(call: Call, topic: str) -> Json:
    """The whole state of a public topic now, as a snapshot message.

    Raises:
        ApiError: there is no such topic.
    """
    name, *details = topic.split(".")
    builder = PUBLIC.get(name)
    instrument = call.engine.instruments.get(details[-1]) if details else None
    if builder is None or instrument is None:
        raise ApiError(10001, f"error:handler not found,topic:{topic}")
    return {"topic": topic, "type": "snapshot", "data": builder(call, instrument, details), "ts": call.now_ms}


def _ticker(call: Call, instrument: Instrument, details: list[str]) -> Any:
    return ticker_row(call, instrument)


def _book(call: Call, instrument: Instrument, details: list[str]) -> Any:
    if len(details) != 2 or details[0] not in {"1", "50", "200", "500", "1000"}:
        raise ApiError(10001, f"error:handler not found,topic:orderbook.{'.'.join(details)}")
    row = book_row(call, instrument, int(details[0]))
    return {name: row[name] for name in ("s", "b", "a", "u", "seq")}


def _trades(call: Call, instrument: Instrument, details: list[str]) -> Any:
    trade = trade_row(call, instrument, call.world.clock.now_ms() // 1000 * 1000)
    return [
        {
            "T": int(trade["time"]),
            "s": trade["symbol"],
            "S": trade["side"],
            "v": trade["size"],
            "p": trade["price"],
            "L": "ZeroPlusTick",
            "i": trade["execId"],
            "BT": False,
            "RPI": False,
        }
    ]


def _kline(call: Call, instrument: Instrument, details: list[str]) -> Any:
    interval = INTERVALS_MS.get(details[0])
    if len(details) != 2 or interval is None:
        raise ApiError(10001, f"error:handler not found,topic:kline.{'.'.join(details)}")
    now = call.world.clock.now_ms()
    candles = call.engine.history.candles(
        call.engine.venue, instrument.symbol, interval, start_ms=now // interval * interval, end_ms=now
    )
    return [
        {
            "start": candle.start_ms,
            "end": candle.start_ms + interval - 1,
            "interval": details[0],
            "open": price_text(instrument, candle.open),
            "close": price_text(instrument, candle.close),
            "high": price_text(instrument, candle.high),
            "low": price_text(instrument, candle.low),
            "volume": text(candle.volume),
            "turnover": text(candle.turnover),
            "confirm": False,
            "timestamp": now,
        }
        for candle in candles
    ]


PUBLIC: Final[Mapping[str, Callable[[Call, Instrument, list[str]], Any]]] = {
    "tickers": _ticker,
    "orderbook": _book,
    "publicTrade": _trades,
    "kline": _kline,
}
