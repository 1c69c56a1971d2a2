"""Controls over HTTP: act as a person, arm faults, read what happened.

All routes lie under /control/telegram, take and return JSON, and want the secret of the run in `X-Sandbox-Secret`.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from sandbox.telegram import people
from sandbox.telegram.faults import read_fault
from sandbox.telegram.page_views import snapshot
from sandbox.telegram.state import TelegramState
from sandbox.telegram.webapp import sign_init_data
from sandbox.telegram.wire import Json, Upload, bad_request, required, typed

Action = Callable[[TelegramState, Mapping[str, Json]], Json]
STATE: Final = web.AppKey("telegram_state", TelegramState)


def _send(state: TelegramState, body: Mapping[str, Json]) -> Json:
    message = people.send_text(
        state,
        required(body, "user_id", int),
        required(body, "text", str),
        chat_id=typed(body, "chat_id", int),
        reply_to=typed(body, "reply_to", int),
    )
    return state.view(message)


def _send_file(state: TelegramState, body: Mapping[str, Json]) -> Json:
    try:
        data = base64.b64decode(required(body, "data", str), validate=True)
    except binascii.Error as error:
        raise bad_request("data must be base64") from error
    kind = typed(body, "mime_type", str) or "application/octet-stream"
    upload = Upload(name=required(body, "name", str), mime_type=kind, data=data)
    message = people.send_file(
        state,
        required(body, "user_id", int),
        upload,
        as_photo=bool(body.get("as_photo")),
        caption=typed(body, "caption", str) or "",
        chat_id=typed(body, "chat_id", int),
    )
    return state.view(message)


def _press(state: TelegramState, body: Mapping[str, Json]) -> Json:
    press = people.press(
        state,
        required(body, "user_id", int),
        required(body, "message_id", int),
        required(body, "data", str),
        chat_id=typed(body, "chat_id", int),
        stale=bool(body.get("stale")),
    )
    return {"query_id": press.query_id}


def _edit(state: TelegramState, body: Mapping[str, Json]) -> Json:
    user_id, message_id = required(body, "user_id", int), required(body, "message_id", int)
    text, chat_id = required(body, "text", str), typed(body, "chat_id", int)
    return state.view(people.edit_text(state, user_id, message_id, text, chat_id=chat_id))


def _delete(state: TelegramState, body: Mapping[str, Json]) -> Json:
    user_id, message_id = required(body, "user_id", int), required(body, "message_id", int)
    people.delete(state, user_id, message_id, chat_id=typed(body, "chat_id", int))
    return True


def _block(state: TelegramState, body: Mapping[str, Json]) -> Json:
    people.set_blocked(state, required(body, "user_id", int), blocked=required(body, "blocked", bool))
    return True


def _join(state: TelegramState, body: Mapping[str, Json]) -> Json:
    name = required(body, "first_name", str)
    return people.join(state, required(body, "user_id", int), name).to_dict()


def _language(state: TelegramState, body: Mapping[str, Json]) -> Json:
    language = required(body, "language_code", str)
    return people.set_language(state, required(body, "user_id", int), language).to_dict()


def _web_app_data(state: TelegramState, body: Mapping[str, Json]) -> Json:
    button_text, data = required(body, "button_text", str), required(body, "data", str)
    user_id = required(body, "user_id", int)
    return state.view(people.send_web_app_data(state, user_id, button_text=button_text, data=data))


def _open_web_app(state: TelegramState, body: Mapping[str, Json]) -> Json:
    user = state.users.get(required(body, "user_id", int))
    if user is None:
        raise bad_request("user not found")
    start_param = typed(body, "start_param", str)
    now, token = state.world.now(), state.world.telegram_token
    return {"init_data": sign_init_data(token, user, auth_date=now, start_param=start_param)}


def _fault(state: TelegramState, body: Mapping[str, Json]) -> Json:
    state.faults.arm(read_fault(body))
    return _faults(state)


def _clear_faults(state: TelegramState, body: Mapping[str, Json]) -> Json:
    state.faults.clear()
    return _faults(state)


def _redeliver(state: TelegramState, body: Mapping[str, Json]) -> Json:
    return {"updates": state.updates.redeliver(required(body, "count", int), times=typed(body, "times", int) or 1)}


def _next_update_id(state: TelegramState, body: Mapping[str, Json]) -> Json:
    state.updates.next_id = required(body, "next_id", int)
    return True


def _limits(state: TelegramState, body: Mapping[str, Json]) -> Json:
    state.flood.is_on = required(body, "is_on", bool)
    return True


def _clear_calls(state: TelegramState, body: Mapping[str, Json]) -> Json:
    state.calls.clear()
    return True


ACTIONS: Final[Mapping[str, Action]] = {
    "send": _send,
    "send_file": _send_file,
    "press": _press,
    "edit": _edit,
    "delete": _delete,
    "block": _block,
    "join": _join,
    "language": _language,
    "web_app_data": _web_app_data,
    "open_web_app": _open_web_app,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "redeliver": _redeliver,
    "next_update_id": _next_update_id,
    "limits": _limits,
    "clear_calls": _clear_calls,
}
"""POST /control/telegram/<name>: what can be done, and who does it."""


def _faults(state: TelegramState) -> Json:
    return [fault.to_dict() for fault in state.faults.armed]


async def act(request: web.Request) -> web.Response:
    """Carry out one action; the body is a JSON object."""
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise bad_request(f"no such action; there are {', '.join(ACTIONS)}")
    try:
        body = await request.json()
    except ValueError as error:
        raise bad_request("the body must be a JSON object") from error
    if not isinstance(body, dict):
        raise bad_request("the body must be a JSON object")
    return web.json_response({"ok": True, "result": action(request.app[STATE], body)})


async def look(request: web.Request) -> web.Response:
    """Return the whole state as the chat page sees it."""
    return web.json_response({"ok": True, "result": snapshot(request.app[STATE])})


async def messages(request: web.Request) -> web.Response:
    """Return the messages of one chat, oldest first."""
    state = request.app[STATE]
    chat_id = int(request.query.get("chat_id", "0"))
    found = state.messages.get(chat_id, {}).values()
    return web.json_response({"ok": True, "result": [state.page_view(message) for message in found]})


async def calls(request: web.Request) -> web.Response:
    """Return the log of Bot API calls, oldest first; `method` narrows it."""
    wanted = request.query.get("method")
    log = [call for call in request.app[STATE].calls if wanted in {None, call["method"]}]
    return web.json_response({"ok": True, "result": log})


async def faults(request: web.Request) -> web.Response:
    """Return the armed faults."""
    return web.json_response({"ok": True, "result": _faults(request.app[STATE])})
