"""Methods that change, remove or pin messages that are already in a chat.

https://core.telegram.org/bots/api#updating-messages
"""

from datetime import timedelta
from typing import Any, Final

from sandbox.telegram.content import EDITED_TEXT, read_caption, read_text
from sandbox.telegram.markup import read_markup
from sandbox.telegram.records import Message
from sandbox.telegram.sending import post, read_media
from sandbox.telegram.state import TelegramState
from sandbox.telegram.wire import Json, Params, bad_request

DELETABLE_FOR: Final = timedelta(hours=48)
_MAX_DELETED_AT_ONCE: Final = 100
_NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)


def edit_message_text(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#editmessagetext"""
    content = read_text(params, EDITED_TEXT)
    message = _editable(state, params)
    if message.file is not None:
        raise bad_request("there is no text in the message to edit")
    return _edit(state, params, message, content=content)


def edit_message_caption(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#editmessagecaption"""
    content = read_caption(params)
    message = _editable(state, params)
    if message.file is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, params, message, content=content, caption_above=params.flag("show_caption_above_media"))


def edit_message_media(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#editmessagemedia"""
    message = _editable(state, params)
    media = read_media(state, params, params.structure("media"))
    return _edit(state, params, message, content=media.caption, file=media.file, **media.options)


def edit_message_reply_markup(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#editmessagereplymarkup"""
    return _edit(state, params, _editable(state, params))


def delete_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#deletemessage"""
    chat = state.find_chat(params.text("chat_id"))
    message = state.find_message(chat.id, params.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if state.world.now() - message.date > DELETABLE_FOR:
        raise bad_request("message can't be deleted for everyone")
    if not chat.is_private and message.sender_id != state.bot.id:
        raise bad_request("message can't be deleted")  # in groups that takes an administrator
    state.remove(message)
    return True


def delete_messages(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#deletemessages

    Messages that cannot be found or deleted are skipped.
    """
    chat = state.find_chat(params.text("chat_id"))
    identifiers = params.structure("message_ids")
    if not isinstance(identifiers, list) or not identifiers:
        raise bad_request("message identifiers are not specified")
    if len(identifiers) > _MAX_DELETED_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    for identifier in identifiers:
        message = state.find_message(chat.id, int(identifier))
        if message is not None and state.world.now() - message.date <= DELETABLE_FOR:
            state.remove(message)
    return True


def pin_chat_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#pinchatmessage"""
    chat = state.writable_chat(params.text("chat_id"))
    message = state.find_message(chat.id, params.integer("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    state.pin(message)
    pinned = {"pinned_message": state.view(message, with_reply=False)}
    notice = post(state, chat, {"extra": pinned, "is_silent": params.flag("disable_notification")})
    state.updates.push("message", state.view(notice))
    return True


def unpin_chat_message(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#unpinchatmessage"""
    chat = state.writable_chat(params.text("chat_id"))
    pins = state.pinned[chat.id]
    message_id = params.integer("message_id") or (pins[-1] if pins else None)
    if message_id not in pins:
        raise bad_request("message to unpin not found")
    state.unpin(chat.id, message_id)
    return True


def unpin_all_chat_messages(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#unpinallchatmessages"""
    state.unpin(state.writable_chat(params.text("chat_id")).id)
    return True


def _editable(state: TelegramState, params: Params) -> Message:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")  # there is no inline mode here
    chat = state.writable_chat(params.text("chat_id"))
    message_id = params.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = state.find_message(chat.id, message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != state.bot.id or (message.extra or {}).keys() & {"forward_origin", "pinned_message"}:
        raise bad_request("message can't be edited")
    return message


def _edit(state: TelegramState, params: Params, message: Message, **fields: Any) -> Json:
    """Replace content and buttons; buttons that are not sent again disappear."""
    markup = read_markup(params.structure("reply_markup"))
    if markup.keyboard is not None:
        raise bad_request("inline keyboard expected")
    fields["inline"] = markup.inline
    if all(getattr(message, name) == value for name, value in fields.items()):
        raise bad_request(_NOT_MODIFIED)
    state.flood.count(message.chat_id)
    only_buttons = fields.keys() == {"inline"}
    edited_at = message.edit_date if only_buttons else state.world.now()
    return state.view(state.change(message, edit_date=edited_at, **fields))
