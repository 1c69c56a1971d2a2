"""A Telegram Bot API server on loopback, with a chat page: bots run on it unmodified, through `base_url`.

https://core.telegram.org/bots/api#making-requests
"""

import asyncio
import hmac
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sandbox import demo
from sandbox.telegram import control, page, webhook
from sandbox.telegram.control import STATE
from sandbox.telegram.faults import Fault, FaultKind
from sandbox.telegram.guard import check_visitor
from sandbox.telegram.intake import MAX_REQUEST_BYTES, read_params
from sandbox.telegram.methods import find_method
from sandbox.telegram.records import Chat, User
from sandbox.telegram.snapshot import ChatSnapshot
from sandbox.telegram.state import TelegramState
from sandbox.telegram.wire import ApiError, Json, Params, unix_seconds
from sandbox.telegram.world import KeepsExtras, TelegramWorld

__all__ = ["TelegramState", "TelegramWorld", "create_app", "state_of"]

_GARBAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_SECRET_PATHS: Final = ("/control/", "/chat-file/")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(world: TelegramWorld) -> web.Application:
    """Return the server for one bot: Bot API under /bot<token>/, files, controls, and the chat page at /.

    Args:
        world: Gives the clock, the accepted token and the secret of the run. Where it keeps snapshots (`KeepsExtras`),
            the chats are part of them.
    """
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[_refusals, _guard])
    app[STATE] = _demo_state(world)
    if isinstance(world, KeepsExtras):
        world.extras["telegram"] = ChatSnapshot(app[STATE])
    app[page.SOCKETS] = page.Sockets()
    app.on_shutdown.append(page.close_sockets)
    app.cleanup_ctx.append(webhook.delivery)
    app.router.add_route("*", "/bot{token:[^/]*}/{method:[^/]*}", _call)
    app.router.add_get("/file/bot{token:[^/]*}/{path:.+}", _download)
    app.router.add_get("/control/telegram/state", control.look)
    app.router.add_get("/control/telegram/messages", control.messages)
    app.router.add_get("/control/telegram/calls", control.calls)
    app.router.add_get("/control/telegram/faults", control.faults)
    app.router.add_post("/control/telegram/{action}", control.act)
    app.router.add_get("/chat-file/{file_id}", page.sent_file)
    app.router.add_get("/live", page.live)
    app.router.add_get("/chat/{path:.+}", page.asset)
    app.router.add_get("/", page.index)
    return app


def state_of(app: web.Application) -> TelegramState:
    """Return the server's state, for tests that act as people without HTTP (`sandbox.telegram.people`)."""
    return app[STATE]


def _demo_state(world: TelegramWorld) -> TelegramState:
    bot = User(id=demo.BOT_ID, first_name=demo.BOT_NAME, username=demo.BOT_USERNAME, is_bot=True)
    owner = User(id=demo.OWNER_ID, first_name="Owner", username="sandbox_owner", language_code="en")
    stranger = User(id=demo.STRANGER_ID, first_name="Stranger", username="sandbox_stranger", language_code="en")
    members = (bot.id, owner.id, stranger.id)
    group = Chat(id=demo.GROUP_ID, type="group", title="Trading friends", members=members)
    return TelegramState(world, bot=bot, people=(owner, stranger), groups=(group,))


@web.middleware
async def _refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer a refusal in Telegram's form wherever it was raised."""
    try:
        return await handler(request)
    except ApiError as refusal:
        return web.json_response(refusal.to_dict(), status=refusal.code)


@web.middleware
async def _guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    if request.path.startswith(_SECRET_PATHS):
        check_visitor(request, request.app[STATE].world.chat_secret)
    return await handler(request)


async def _call(request: web.Request) -> web.StreamResponse:
    """Carry out one Bot API call, or the fault that is armed for it, and write it into the log."""
    state = request.app[STATE]
    _check_token(request, state)
    found = find_method(request.match_info["method"])
    if found is None:
        raise ApiError(404, "Not Found: method not found")
    name, method = found
    params = await read_params(request, method.fields)
    fault = state.faults.take(name)
    if fault is not None and fault.kind is FaultKind.DELAY:
        await asyncio.sleep(fault.delay_s)
    try:
        _replace_answer(fault)
        outcome = method.run(state, params)
        result = await outcome if inspect.isawaitable(outcome) else outcome
        status, answer = 200, {"ok": True, "result": result}
    except ApiError as refusal:
        status, answer = refusal.code, refusal.to_dict()
    _log(state, name, params, status, answer, fault)
    if fault is not None and fault.kind in {FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER}:
        return _hang_up(request)
    if fault is not None and fault.kind is FaultKind.GARBAGE:
        return web.Response(text=_GARBAGE, content_type="text/html", status=502)
    return web.json_response(answer, status=status)


def _replace_answer(fault: Fault | None) -> None:
    """Raise the error that stands in for the call."""
    error = fault.error() if fault is not None else None
    if error is not None:
        raise error
    if fault is not None and fault.kind is FaultKind.DROP_BEFORE:
        raise ApiError(0, "connection broken before the call")


def _hang_up(request: web.Request) -> web.Response:
    """Break the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _download(request: web.Request) -> web.StreamResponse:
    """Return the bytes of a file that getFile offered.

    https://core.telegram.org/bots/api#getfile
    """
    state = request.app[STATE]
    _check_token(request, state)
    stored = state.files.at_path(request.match_info["path"])
    if stored is None:
        raise ApiError(404, "Not Found")
    return web.Response(body=stored.data, content_type=stored.mime_type)


def _check_token(request: web.Request, state: TelegramState) -> None:
    offered = request.match_info["token"]
    if not hmac.compare_digest(offered.encode(), state.world.telegram_token.encode()):
        raise ApiError(401, "Unauthorized")


def _log(state: TelegramState, method: str, params: Params, status: int, answer: Json, fault: Fault | None) -> None:
    entry = {
        "at": unix_seconds(state.world.now()),
        "method": method,
        "params": params.readable(),
        "status": status,
        "answer": answer,
        "fault": None if fault is None else str(fault.kind),
    }
    state.calls.append(json.loads(json.dumps(entry)))  # a copy: what was answered must not change later
    state.tell("call", call=entry)
