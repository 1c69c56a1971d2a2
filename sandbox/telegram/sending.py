"""Methods that put new messages into a chat.

https://core.telegram.org/bots/api#sendmessage and the sections after it
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.telegram.content import CAPTION, TEXT, read_caption, read_content, read_text
from sandbox.telegram.files import StoredFile
from sandbox.telegram.markup import read_markup
from sandbox.telegram.records import NO_TEXT, Chat, Message
from sandbox.telegram.state import TelegramState
from sandbox.telegram.text import Formatted
from sandbox.telegram.wire import Json, Params, Upload, bad_request, required, unix_seconds

MAX_ALBUM: Final = 10
_ACTIONS: Final = frozenset(
    {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"}
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note"}
)


def send_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#sendmessage"""
    content = read_text(params, TEXT)
    return state.view(_post(state, params, content=content))


def send_photo(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#sendphoto"""
    return _send_file(state, params, "photo")


def send_document(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#senddocument"""
    return _send_file(state, params, "document")


def send_media_group(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#sendmediagroup"""
    items = params.structure("media")
    if not isinstance(items, list) or not items:
        raise bad_request("there are no messages to send")
    if len(items) > MAX_ALBUM:
        raise bad_request("too many messages to send as an album")
    chat = state.writable_chat(params.text("chat_id"))
    media = [read_media(state, params, item) for item in items]
    if len({item.file.is_photo for item in media}) > 1:
        raise bad_request("can't use the media of the specified type in the album")
    reply_to = _reply_to(state, params, chat)
    state.flood.count(chat.id, messages=len(media))
    shared = {"reply_to": reply_to, "media_group_id": str(secrets.randbits(60)), **_options(params)}
    sent = [post(state, chat, {"content": item.caption, "file": item.file, **item.options, **shared}) for item in media]
    return [state.view(message) for message in sent]


def send_chat_action(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#sendchataction"""
    action = params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = state.writable_chat(params.text("chat_id"))
    state.tell("action", chat_id=chat.id, action=action)
    return True


def forward_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#forwardmessage"""
    source = _source(state, params, "forward")
    if source.is_protected:
        raise bad_request("message has protected content and can't be forwarded")
    chat = state.writable_chat(params.text("chat_id"))
    state.flood.count(chat.id)
    sender = state.users[source.sender_id].to_dict()
    origin = {"type": "user", "date": unix_seconds(source.date), "sender_user": sender}
    extra = {"forward_origin": (source.extra or {}).get("forward_origin", origin)}
    fields = {"content": source.content, "file": source.file, "inline": source.inline, "extra": extra}
    return state.view(post(state, chat, fields | _options(params)))


def copy_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#copymessage"""
    source = _source(state, params, "copy")
    if source.is_protected:
        raise bad_request("message has protected content and can't be copied")
    has_caption = source.file is not None and params.text("caption") is not None
    content = read_caption(params) if has_caption else source.content
    message = _post(state, params, content=content, file=source.file)
    return {"message_id": message.message_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One file of an album, or the new file of an edited message."""

    file: StoredFile
    caption: Formatted
    options: dict[str, bool]


def read_media(state: TelegramState, params: Params, item: Json) -> Media:
    """Return an InputMedia object with its file stored."""
    if not isinstance(item, Mapping):
        raise bad_request("can't parse InputMedia: Expected an Object")
    kind = required(item, "type", str)
    if kind not in {"photo", "document"}:
        raise bad_request(f"can't parse InputMedia: type {kind} is not kept here; send photo or document")
    reference = required(item, "media", str)
    caption = read_content(item.get("caption") or "", item.get("parse_mode"), item.get("caption_entities"), CAPTION)
    options = {
        "has_spoiler": bool(item.get("has_spoiler")),
        "caption_above": bool(item.get("show_caption_above_media")),
    }
    return Media(file=_file(state, kind, params.attached(reference), reference), caption=caption, options=options)


def post(state: TelegramState, chat: Chat, fields: Mapping[str, Any], *, keyboard: Json = None) -> Message:
    """Put a message of the bot into a chat and return it; `fields` are those of `Message` that are not implied."""
    message = Message(
        message_id=state.next_message_id(),
        chat_id=chat.id,
        sender_id=state.bot.id,
        date=state.world.now(),
        **fields,
    )
    return state.post(message, keyboard=keyboard)


def _post(
    state: TelegramState, params: Params, *, content: Formatted = NO_TEXT, file: StoredFile | None = None
) -> Message:
    """Send what was read, with the fields that all sending methods share."""
    markup = read_markup(params.structure("reply_markup"))
    chat = state.writable_chat(params.text("chat_id"))
    fields = {"content": content, "file": file, "inline": markup.inline, "reply_to": _reply_to(state, params, chat)}
    state.flood.count(chat.id)
    return post(state, chat, fields | _options(params), keyboard=markup.keyboard)


def _send_file(state: TelegramState, params: Params, kind: str) -> Json:
    caption = read_caption(params)
    state.writable_chat(params.text("chat_id"))
    upload, reference = params.upload(kind), None
    if upload is None:
        reference = params.text(kind)
    if upload is None and not reference:
        raise bad_request(f"there is no {kind} in the request")
    return state.view(_post(state, params, content=caption, file=_file(state, kind, upload, reference or "")))


def _file(state: TelegramState, kind: str, upload: Upload | None, reference: str) -> StoredFile:
    if upload is not None:
        return _STORE[kind](state, upload)
    if reference.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # this server reaches no other one
    stored = state.files.find(reference)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.is_photo != (kind == "photo"):
        mismatch = "Photo" if stored.is_photo else "Document"
        raise bad_request(f"can't use file of type {mismatch} as {kind.title()}")
    return stored


_STORE: Final[Mapping[str, Callable[[TelegramState, Upload], StoredFile]]] = {
    "photo": lambda state, upload: state.files.add_photo(upload),
    "document": lambda state, upload: state.files.add_document(upload),
}


def _options(params: Params) -> dict[str, bool]:
    options = {"is_silent": params.flag("disable_notification"), "is_protected": params.flag("protect_content")}
    declared = {"has_spoiler": "has_spoiler", "show_caption_above_media": "caption_above"}
    return options | {ours: params.flag(name) for name, ours in declared.items() if params.declares(name)}


def _reply_to(state: TelegramState, params: Params, chat: Chat) -> int | None:
    reply = params.structure("reply_parameters")
    if not isinstance(reply, Mapping):
        return None
    message_id = required(reply, "message_id", int)
    if state.find_message(chat.id, message_id) is not None:
        return int(message_id)
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _source(state: TelegramState, params: Params, verb: str) -> Message:
    chat = state.find_chat(params.text("from_chat_id"))
    message = state.find_message(chat.id, params.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {verb} not found")
    return message
