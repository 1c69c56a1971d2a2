"""The middleware in front of every simulated venue: it writes requests down and breaks what the fault rules say."""

import asyncio
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import ClientConnectionResetError, web

from sandbox.clock import from_ms, real_ms
from sandbox.faults import Answer, FaultRule
from sandbox.journal import RequestRecord
from sandbox.world import ARRIVAL, Arrival, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Breaker = Callable[[web.Request, FaultRule, bytes], Awaitable[web.StreamResponse]]

MEGABYTE: Final = 1 << 20
NO_LINGER: Final = struct.pack("ii", 1, 0)
HTML: Final = "<html><head><title>{status}</title></head><body><h1>{status} {message}</h1></body></html>"

_SIGNATURES: Final = ("X-BAPI-SIGN", "OK-ACCESS-SIGN")
"""Headers that hold what signed a request; HyperLiquid's signature is in the body."""


def middleware(world: World, venue: str) -> Any:
    """The middleware of one venue's application."""

    @web.middleware
    async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[ARRIVAL] = Arrival(real_ms=real_ms(), world_ms=world.clock.now_ms())
        body = "" if is_websocket(request) else (await request.read()).decode(errors="replace")
        text = body or request.query_string
        operation = operation_of(request, body)
        signature = next((request.headers[name] for name in _SIGNATURES if name in request.headers), "")
        record = world.journal.add(
            time_ms=world.clock.now_ms(), venue=venue, operation=operation, body=text, signature=signature
        )
        rule = world.faults.choose(
            time_ms=record.time_ms, venue=venue, operation=operation, body=text, request=record.seq
        )
        if rule is None:
            return dated(world, await process(world, record, handler, request))
        record.faults = (rule.kind,)
        return dated(world, await apply(world, record, rule, handler, request))

    return faulty


def dated(world: World, response: web.StreamResponse) -> web.StreamResponse:
    """Write the venue's own date over the answer: clients without another source go by it."""
    response.headers["Date"] = format_datetime(from_ms(world.clock.wall_ms()), usegmt=True)
    return response


def is_websocket(request: web.Request) -> bool:
    """Whether the request opens a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def operation_of(request: web.Request, body: str) -> str:
    """Method, path and the action in a JSON body: "POST /exchange order", "POST /info clearinghouseState"."""
    name = f"{request.method} {request.path}"
    if not body.startswith("{"):
        return name
    with suppress(ValueError, RecursionError):
        data = json.loads(body)
        action = data.get("action", data)
        if isinstance(action, dict) and isinstance(action.get("type"), str):
            return f"{name} {action['type']}"
    return name


async def process(world: World, record: RequestRecord, handler: Handler, request: web.Request) -> web.StreamResponse:
    """Let the venue act on the request."""
    record.processed_ms = world.clock.now_ms()
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        record.status = answer.status
        raise
    record.status = response.status
    asks = request.method == "GET" or request.path == "/info"
    if asks and isinstance(response, web.Response) and isinstance(response.body, bytes) and response.status == 200:
        world.last_answers[cache_key(record)] = response.body
    return response


def cache_key(record: RequestRecord) -> str:
    """Requests with the same key may be answered by a caching proxy with the same answer."""
    return f"{record.venue} {record.operation} {record.body}"


async def apply(
    world: World, record: RequestRecord, rule: FaultRule, handler: Handler, request: web.Request
) -> web.StreamResponse:
    """Do to one request what the rule says."""
    if rule.process_later_s:
        world.background(_process_later(world, record, rule, handler, request))
        return await BREAKERS[rule.row.answer](request, rule, b"")
    if rule.delay_before_s:
        await world.clock.sleep(rule.delay_before_s)
    if rule.row.answer is Answer.STALE:
        return await _stale(world, record, handler, request)
    if rule.row.answer is Answer.DROP_SOCKETS:
        await world.drop_sockets(record.venue)
        return await process(world, record, handler, request)
    body = b""
    response: web.StreamResponse | None = None
    if rule.row.processed:
        response = await process(world, record, handler, request)
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            body = response.body
    if rule.delay_after_s and rule.row.answer is not Answer.SLOW:
        await world.clock.sleep(rule.delay_after_s)
    if rule.row.answer is Answer.REAL and response is not None:
        return response
    if rule.row.answer is Answer.CODE:
        return web.json_response(error_envelope(record.venue, rule, world.clock.wall_ms()))
    record.status = None
    broken = await BREAKERS[rule.row.answer](request, rule, body)
    record.status = broken.status
    return broken


async def _process_later(
    world: World, record: RequestRecord, rule: FaultRule, handler: Handler, request: web.Request
) -> None:
    await world.clock.sleep(rule.process_later_s)
    await process(world, record, handler, request)


async def _stale(world: World, record: RequestRecord, handler: Handler, request: web.Request) -> web.StreamResponse:
    body = world.last_answers.get(cache_key(record))
    if body is None:
        return await process(world, record, handler, request)
    record.status = 200
    return web.Response(body=body, content_type="application/json")


def error_envelope(venue: str, rule: FaultRule, now_ms: int) -> dict[str, Any]:
    """A venue's own way of saying no."""
    if venue == "bybit":
        return {"retCode": rule.code, "retMsg": rule.message, "result": {}, "retExtInfo": {}, "time": now_ms}
    if venue == "hyperliquid":
        return {"status": "err", "response": rule.message}
    if venue == "okx":
        return {"code": str(rule.code), "msg": rule.message, "data": []}
    return {"ok": False, "error_code": rule.code, "description": rule.message}


# Ways to break an answer


async def _reset(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()
    return web.Response()


async def _close(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _hang(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    await asyncio.Event().wait()  # until the server ends
    return web.Response()


async def _status(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    headers = {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
    text = rule.message or "{}"
    return web.Response(status=rule.status, text=text, headers=headers, content_type="application/json")


async def _html(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    text = HTML.format(status=rule.status, message=rule.message or "Bad Gateway")
    return web.Response(status=rule.status, text=text, content_type="text/html")


async def _text(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    return web.Response(text=rule.message, content_type="application/json")


async def _cut_json(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    return web.Response(body=body[: len(body) // 2], content_type="application/json")


async def _redirect(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    location = rule.location or str(request.url.with_path("/redirected").with_query(None))
    return web.Response(status=rule.status, headers={"Location": location})


async def _patch(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    return web.json_response(patched(json.loads(body), rule.patch))


def patched(value: Any, patch: Any) -> Any:
    """The JSON value with every field of these names replaced, however deep."""
    if isinstance(value, dict):
        return {name: patch[name] if name in patch else patched(inner, patch) for name, inner in value.items()}
    if isinstance(value, list):
        return [patched(inner, patch) for inner in value]
    return value


async def _truncated(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    return await _cut_off(request, response, body)


async def _truncated_chunked(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    return await _cut_off(request, response, body)


async def _cut_off(request: web.Request, response: web.StreamResponse, body: bytes) -> web.StreamResponse:
    """Send half of the body and close the connection."""
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _stream(request: web.Request, headers: dict[str, str], parts: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", **headers})
    response.enable_chunked_encoding()
    await response.prepare(request)
    with suppress(ClientConnectionResetError, ConnectionError):
        async for part in parts:
            await response.write(part)
    return response


async def _slow(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    async def parts() -> AsyncIterator[bytes]:
        for byte in body:
            await asyncio.sleep(rule.delay_after_s)
            yield bytes([byte])

    return await _stream(request, {}, parts())


async def _huge(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(rule.megabytes):
            yield b" " * MEGABYTE
        yield body

    return await _stream(request, {}, parts())


async def _gzip_bomb(request: web.Request, rule: FaultRule, body: bytes) -> web.StreamResponse:
    async def parts() -> AsyncIterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        for _ in range(rule.megabytes):
            yield packer.compress(b" " * MEGABYTE)
        yield packer.compress(body) + packer.flush()

    return await _stream(request, {"Content-Encoding": "gzip"}, parts())


BREAKERS: Final[dict[Answer, Breaker]] = {
    Answer.RESET: _reset,
    Answer.CLOSE: _close,
    Answer.HANG: _hang,
    Answer.STATUS: _status,
    Answer.HTML: _html,
    Answer.TEXT: _text,
    Answer.CUT_JSON: _cut_json,
    Answer.REDIRECT: _redirect,
    Answer.PATCH: _patch,
    Answer.TRUNCATED: _truncated,
    Answer.TRUNCATED_CHUNKED: _truncated_chunked,
    Answer.SLOW: _slow,
    Answer.HUGE: _huge,
    Answer.GZIP_BOMB: _gzip_bomb,
}
