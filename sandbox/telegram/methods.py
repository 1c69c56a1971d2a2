"""The table of Bot API methods: what each takes and who carries it out.

A method that Telegram has and this table has not is answered 404, so a bot cannot come to rely on it unnoticed.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.telegram import about, editing, receiving, sending
from sandbox.telegram.state import TelegramState
from sandbox.telegram.wire import Json, Params

Handler = Callable[[TelegramState, Params], Json | Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """One row: the function and the fields it reads."""

    run: Handler
    fields: frozenset[str]


def _row(run: Handler, fields: str = "") -> Method:
    return Method(run, frozenset(fields.split()))


_SENT = "chat_id disable_notification protect_content reply_parameters reply_markup"
_FORMATTED = "parse_mode entities"
_CAPTIONED = "caption parse_mode caption_entities"
_MEDIA_OPTIONS = "has_spoiler show_caption_above_media"
_EDITED = "chat_id message_id inline_message_id reply_markup"

METHODS: Final[Mapping[str, Method]] = {
    "sendMessage": _row(sending.send_message, f"{_SENT} text {_FORMATTED}"),
    "sendPhoto": _row(sending.send_photo, f"{_SENT} photo {_CAPTIONED} {_MEDIA_OPTIONS}"),
    "sendDocument": _row(sending.send_document, f"{_SENT} document {_CAPTIONED}"),
    "sendMediaGroup": _row(
        sending.send_media_group, "chat_id media disable_notification protect_content reply_parameters"
    ),
    "sendChatAction": _row(sending.send_chat_action, "chat_id action"),
    "forwardMessage": _row(
        sending.forward_message, "chat_id from_chat_id message_id disable_notification protect_content"
    ),
    "copyMessage": _row(sending.copy_message, f"{_SENT} from_chat_id message_id {_CAPTIONED}"),
    "editMessageText": _row(editing.edit_message_text, f"{_EDITED} text {_FORMATTED}"),
    "editMessageCaption": _row(editing.edit_message_caption, f"{_EDITED} {_CAPTIONED} show_caption_above_media"),
    "editMessageMedia": _row(editing.edit_message_media, f"{_EDITED} media"),
    "editMessageReplyMarkup": _row(editing.edit_message_reply_markup, _EDITED),
    "deleteMessage": _row(editing.delete_message, "chat_id message_id"),
    "deleteMessages": _row(editing.delete_messages, "chat_id message_ids"),
    "pinChatMessage": _row(editing.pin_chat_message, "chat_id message_id disable_notification"),
    "unpinChatMessage": _row(editing.unpin_chat_message, "chat_id message_id"),
    "unpinAllChatMessages": _row(editing.unpin_all_chat_messages, "chat_id"),
    "getUpdates": _row(receiving.get_updates, "offset limit timeout allowed_updates"),
    "setWebhook": _row(receiving.set_webhook, "url secret_token allowed_updates drop_pending_updates max_connections"),
    "deleteWebhook": _row(receiving.delete_webhook, "drop_pending_updates"),
    "getWebhookInfo": _row(receiving.get_webhook_info),
    "answerCallbackQuery": _row(receiving.answer_callback_query, "callback_query_id text show_alert url cache_time"),
    "getFile": _row(receiving.get_file, "file_id"),
    "getMe": _row(about.get_me),
    "logOut": _row(about.log_out),
    "close": _row(about.close),
    "getChat": _row(about.get_chat, "chat_id"),
    "getChatMember": _row(about.get_chat_member, "chat_id user_id"),
    "getChatMemberCount": _row(about.get_chat_member_count, "chat_id"),
    "leaveChat": _row(about.leave_chat, "chat_id"),
    "setMyCommands": _row(about.set_my_commands, "commands scope language_code"),
    "getMyCommands": _row(about.get_my_commands, "scope language_code"),
    "deleteMyCommands": _row(about.delete_my_commands, "scope language_code"),
    "setChatMenuButton": _row(about.set_chat_menu_button, "chat_id menu_button"),
    "getChatMenuButton": _row(about.get_chat_menu_button, "chat_id"),
    "setMyName": _row(about.NAME.set, "name language_code"),
    "getMyName": _row(about.NAME.get, "language_code"),
    "setMyDescription": _row(about.DESCRIPTION.set, "description language_code"),
    "getMyDescription": _row(about.DESCRIPTION.get, "language_code"),
    "setMyShortDescription": _row(about.SHORT_DESCRIPTION.set, "short_description language_code"),
    "getMyShortDescription": _row(about.SHORT_DESCRIPTION.get, "language_code"),
}

_BY_LOWER_NAME: Final = {name.lower(): (name, method) for name, method in METHODS.items()}


def find_method(name: str) -> tuple[str, Method] | None:
    """Return a method and its proper name; Telegram reads names without regard to case."""
    return _BY_LOWER_NAME.get(name.lower())
