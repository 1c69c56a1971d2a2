"""Bybit's private stream: orders, executions, positions and the wallet of one account, as models.

https://bybit-exchange.github.io/docs/v5/ws/connect
"""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any

import aiohttp

from exchanges import bybit_errors as errors
from exchanges.base import AccountEvent
from exchanges.bybit_http import BybitHTTP
from exchanges.streams import Connected, Line, LineLost, StreamSpec, follow
from exchanges.transport import json_object
from models import wire
from models.enums import AccountType
from models.errors import BadPayload, Rejected
from models.unified import Fill, Order, Position

logger = logging.getLogger(__name__)

TOPICS = ("order", "execution", "position", "wallet")
_CATEGORIES = frozenset({"linear", "inverse"})
_LOGIN_VALID_MS = 10_000
_PING = '{"op":"ping"}'

Follow = Callable[[aiohttp.ClientSession, StreamSpec], AsyncGenerator[Connected | bytes]]


async def account_events(
    session: aiohttp.ClientSession,
    url: str,
    http: BybitHTTP,
    *,
    account_type: AccountType,
    follow_line: Follow = follow,
) -> AsyncGenerator[AccountEvent]:
    """Yield what the stream says; a gap after every connection, the first included, after which to take a snapshot.

    Wallet messages hold no margin mode, without which a balance cannot be counted, so they are a hint to read it:
    an event without content.

    Raises:
        Rejected: The venue refuses the key.
    """

    async def greet(line: Line) -> None:
        await _log_in(line, http)

    spec = StreamSpec(url=url, greet=greet, ping=_PING)
    async with contextlib.aclosing(follow_line(session, spec)) as messages:
        async for message in messages:
            if isinstance(message, Connected):
                yield AccountEvent(is_gap=True)
                continue
            event = _event(message, account_type)
            if event is not None:
                yield event


async def _log_in(line: Line, http: BybitHTTP) -> None:
    expires = http.transport.clock.now_ms() + _LOGIN_VALID_MS
    await line.send_json({"op": "auth", "args": [http.api_key, expires, http.sign_stream(expires)]})
    answer = await _answer_to(line, "auth")
    if answer.get("success") is not True:
        raise _refusal(answer)
    await line.send_json({"op": "subscribe", "args": list(TOPICS)})
    answer = await _answer_to(line, "subscribe")
    if answer.get("success") is not True:
        raise LineLost(f"subscription refused: {str(answer.get('ret_msg'))[:80]}")


async def _answer_to(line: Line, op: str) -> dict[str, Any]:
    while True:
        message = json_object(await line.receive())
        if message is not None and message.get("op") == op:
            return message


def _refusal(answer: dict[str, Any]) -> Rejected | LineLost:
    """Return how to end: a refused key for good; a clock that was off is right after the next answer."""
    message = str(answer.get("ret_msg") or "refused")[:120]
    code = answer.get("retCode", answer.get("ret_code"))
    if code == errors.CLOCK or "expires" in message.lower():
        return LineLost(message)
    return Rejected(message, code="key_invalid", venue_code="" if code is None else str(code))


def _event(raw: bytes, account_type: AccountType) -> AccountEvent | None:
    """Read one message; None for pongs and for what is no contract. What cannot be read is a gap."""
    message = json_object(raw)
    topic = str(message.get("topic", "")).partition(".")[0] if message else ""
    if message is None or topic not in TOPICS:
        return None
    if topic == "wallet":
        return AccountEvent()
    try:
        return _read(topic, message, account_type)
    except BadPayload as e:
        logger.warning("stream message left out", extra={"topic": topic, "reason": e.message})
        return AccountEvent(is_gap=True)


def _read(topic: str, message: dict[str, Any], account_type: AccountType) -> AccountEvent | None:
    rows = [row for row in wire.records(message, "data") if str(row.get("category")) in _CATEGORIES]
    if not rows:
        return None
    as_of = wire.moment(message, "creationTime")
    if topic == "order":
        orders = tuple(Order.from_bybit(row, account_type=account_type, as_of=as_of) for row in rows)
        return AccountEvent(orders=orders)
    if topic == "execution":
        fills = (Fill.from_bybit(row, account_type=account_type) for row in rows)
        return AccountEvent(fills=tuple(fill for fill in fills if fill is not None))
    positions = [Position.from_bybit(row, account_type=account_type, as_of=as_of) for row in rows]
    is_gap = None in positions  # a flat row names no side, so only a snapshot tells what has gone
    return AccountEvent(positions=tuple(position for position in positions if position is not None), is_gap=is_gap)
