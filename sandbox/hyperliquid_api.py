"""HyperLiquid's public interface on loopback: /info, /exchange and /ws, as the unmodified official SDK uses them.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from sandbox.hyperliquid import exchange, info
from sandbox.hyperliquid.actions import read_request
from sandbox.hyperliquid.limits import answer_weight, exchange_weight, info_weight
from sandbox.hyperliquid.people import open_accounts
from sandbox.hyperliquid.snapshot import VenueSnapshot
from sandbox.hyperliquid.sockets import Hub, RefusedMessage
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import UndecodableBody
from sandbox.world import World

MAX_BODY: Final = 1 << 20
NAME: Final = "hyperliquid"
WORLD: Final = web.AppKey("world", World)
VENUE: Final = web.AppKey("venue", Venue)
HUB: Final = web.AppKey("hub", Hub)


class OverLimit(Exception):
    """The address has used up its weight."""


def create_app(world: World) -> web.Application:
    """Return the venue as an application; while it runs it listens to the world's engine.

    `app[VENUE]` is its state, with the knobs of `HyperliquidBehaviour`.
    """
    venue = Venue(world.hyperliquid)
    open_accounts(venue)
    world.extras[NAME] = VenueSnapshot(venue)
    app = web.Application(middlewares=[_refusals], client_max_size=MAX_BODY)
    app[WORLD] = world
    app[VENUE] = venue
    app[HUB] = Hub(venue, _posted(venue))
    app.router.add_post("/info", _handler(_info))
    app.router.add_post("/exchange", _handler(_exchange))
    app.router.add_get("/ws", _serve_socket)
    app.cleanup_ctx.append(_run_hub)
    return app


async def _serve_socket(request: web.Request) -> web.WebSocketResponse:
    world = request.app[WORLD]
    response = web.WebSocketResponse(max_msg_size=MAX_BODY)
    world.add_socket(NAME, response)
    try:
        await request.app[HUB].serve(request, response)
    finally:
        world.remove_socket(NAME, response)
    return response


async def _info(venue: Venue, body: Any, ip: str) -> Any:
    kind = info.read_kind(body)
    if not venue.admit_ip(ip, info_weight(kind)):
        raise OverLimit
    venue.run_schedules()
    answer = info.answer(venue, body)
    venue.ip_budget.charge(ip, answer_weight(kind, answer))
    return answer


async def _exchange(venue: Venue, body: Any, ip: str) -> Any:
    request = read_request(body)
    if not venue.admit_ip(ip, exchange_weight(request.batch_size)):
        raise OverLimit
    return await exchange.answer(venue, request)


_Question = Callable[[Venue, Any, str], Awaitable[Any]]


def _handler(ask: _Question) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        return web.json_response(await ask(request.app[VENUE], body, request.remote or ""))

    return handle


def _posted(venue: Venue) -> Callable[[str, Any, str], Awaitable[Any]]:
    """Return what answers requests that come over a socket."""
    questions: Mapping[str, _Question] = {"info": _info, "action": _exchange}

    async def post(kind: str, payload: Any, ip: str) -> Any:
        if kind not in questions:
            raise RefusedMessage(f"Unknown request type {kind}")
        try:
            answer = await questions[kind](venue, payload, ip)
        except OverLimit as error:
            raise RefusedMessage("429 Too Many Requests") from error
        return {"type": payload["type"], "data": answer} if kind == "info" else answer

    return post


@web.middleware
async def _refusals(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Answer what never reaches the venue's logic, in the plain text or bare null that the venue answers."""
    try:
        return await handler(request)
    except UndecodableBody:
        return web.Response(status=422, text="Failed to deserialize the JSON body into the target type")
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return web.Response(status=400, text="Failed to parse the request body as JSON")
    except OverLimit:
        return web.json_response(None, status=429)


async def _run_hub(app: web.Application) -> AsyncIterator[None]:
    async with app[HUB].running():
        yield
