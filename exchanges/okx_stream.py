"""OKX's private stream: orders, their executions, positions and money of one account, as models.

https://www.okx.com/docs-v5/en/#overview-websocket
"""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import aiohttp

from exchanges import okx_errors as errors
from exchanges.base import AccountEvent
from exchanges.okx_http import OkxHttp
from exchanges.okx_market import SWAPS, Contracts
from exchanges.okx_order_rows import fill_from_okx, order_from_okx
from exchanges.streams import Connected, Line, LineLost, StreamSpec, follow
from exchanges.transport import json_object
from models import wire
from models.enums import AccountType
from models.errors import BadPayload, Rejected

logger = logging.getLogger(__name__)

CHANNELS: Final[tuple[dict[str, object], ...]] = (
    {"channel": "orders", **SWAPS},
    {"channel": "positions", **SWAPS, "extraParams": '{"updateInterval": "0"}'},  # on changes, not by the clock
    {"channel": "account"},
)
_LOGIN_TARGET: Final = "GET/users/self/verify"
_PING: Final = "ping"
_QUIET_S: Final = 25.0  # OKX hangs up after thirty seconds
_PING_EVERY_S: Final = 15.0
_TRY_AGAIN: Final = frozenset({"60004", "60006", "60014", "60022", "60023", "60026", "60030", "63999"})
"""Refusals that say nothing about the key: the clock, too many, or the venue's own trouble."""

Follow = Callable[[aiohttp.ClientSession, StreamSpec], AsyncGenerator[Connected | bytes]]


async def account_events(
    session: aiohttp.ClientSession,
    url: str,
    http: OkxHttp,
    *,
    contracts: Contracts,
    account_type: AccountType,
    follow_line: Follow = follow,
) -> AsyncGenerator[AccountEvent]:
    """Yield what the stream says; a gap after every connection, the first included, after which to take a snapshot.

    A position's message does not tell what protects it, so it is a gap too; money is a hint to read it.

    Raises:
        Rejected: The venue refuses the key.
    """

    async def greet(line: Line) -> None:
        await _log_in(line, http)

    spec = StreamSpec(url=url, greet=greet, ping=_PING, ping_every_s=_PING_EVERY_S, silence_s=_QUIET_S)
    async with contextlib.aclosing(follow_line(session, spec)) as messages:
        async for message in messages:
            if isinstance(message, Connected):
                yield AccountEvent(is_gap=True)
                continue
            event = await _event(message, http, contracts, account_type)
            if event is not None:
                yield event


async def _log_in(line: Line, http: OkxHttp) -> None:
    """https://www.okx.com/docs-v5/en/#overview-websocket-login"""
    if http.keys is None:
        raise TypeError("a stream without keys cannot log in")
    time = str(http.transport.clock.now_ms() // 1000)
    login = {
        "apiKey": http.keys.api_key,
        "passphrase": http.keys.passphrase,
        "timestamp": time,
        "sign": http.keys.signature(time + _LOGIN_TARGET),
    }
    await line.send_json({"op": "login", "args": [login]})
    await _confirmed(line, {"login"})
    await line.send_json({"op": "subscribe", "args": CHANNELS})
    for _ in CHANNELS:
        await _confirmed(line, {"subscribe"})


async def _confirmed(line: Line, events: set[str]) -> None:
    while True:
        message = json_object(await line.receive())
        event = message.get("event") if message else None
        if event in events:
            return
        if message is not None and event == "error":
            raise _refusal(message, is_login="login" in events)


def _refusal(message: dict[str, Any], *, is_login: bool) -> Rejected | LineLost:
    """Return how to end: a refused key for good; everything else is tried again."""
    text, code = str(message.get("msg") or "refused")[:120], str(message.get("code") or "")
    if not is_login or code in _TRY_AGAIN:
        return LineLost(text)
    word = errors.word(code)
    return Rejected(text, code=word if word in errors.KEY_WORDS else "key_invalid", venue_code=code)


async def _event(raw: bytes, http: OkxHttp, contracts: Contracts, account_type: AccountType) -> AccountEvent | None:
    """Read one message; None for pongs and notices. What cannot be read is a gap."""
    message = json_object(raw)
    argument = message.get("arg") if message else None
    if message is None or not isinstance(argument, dict) or "data" not in message:
        return None
    channel = argument.get("channel")
    if channel == "account":
        return AccountEvent()
    if channel == "positions":
        return AccountEvent(is_gap=True)
    if channel != "orders":
        return None
    try:
        return await _orders(wire.records(message, "data"), http, contracts, account_type)
    except BadPayload as e:
        logger.warning("stream message left out", extra={"topic": channel, "reason": e.message})
        return AccountEvent(is_gap=True)


async def _orders(rows: list[wire.Row], http: OkxHttp, contracts: Contracts, account_type: AccountType) -> AccountEvent:
    """https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-order-channel"""
    sizes = await contracts.sizes(http, (wire.text(row, "instId") for row in rows))
    orders, fills = [], []
    for row in rows:
        contract = sizes.get(wire.text(row, "instId"))
        if contract is None:
            raise BadPayload("instId: the venue does not list this market")
        as_of = wire.moment(row, "uTime")
        orders.append(order_from_okx(row, contract=contract, account_type=account_type, as_of=as_of))
        fill = fill_from_okx(row, contract=contract, account_type=account_type)
        if fill is not None:
            fills.append(fill)
    return AccountEvent(orders=tuple(orders), fills=tuple(fills))
