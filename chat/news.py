"""What happened without being asked for: orders whose truth was found, fills, and what wakes the operator.

The trading code leaves such news in the outbox as data; here they become screens in their reader's language.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chat.watch import forget_watch, watched_message
from db import Store
from models.account import Account
from models.requests import OrderResult
from telegram_ui.screen import Screen
from telegram_ui.texts import Texts
from telegram_ui.views.news import other_view, page_view, settled_view, still_unknown_view

Body = Mapping[str, Any]
TextsOf = Callable[[int], Awaitable[Texts]]
"""Finds the language and zone of somebody who is not asking right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What to show: a screen, and the message whose place it takes; None for a message of its own."""

    screen: Screen
    message_id: int | None = None


class Newsroom:
    """Puts news into words.

    Args:
        store: Knows which message tells of an order being checked.
        texts_of: Finds the reader's language.
    """

    def __init__(self, store: Store, texts_of: TextsOf) -> None:
        self._store = store
        self._texts_of = texts_of

    async def tell(self, chat_id: int, body: Body) -> Telling:
        """Return how a piece of news is told in a private chat, whose id is its person's."""
        t = await self._texts_of(chat_id)
        kind = str(body["kind"])
        if kind == "order_settled":
            result = read_result(body["result"])
            message_id = await watched_message(self._store, chat_id, result.reference)
            screen = settled_view(t, result, is_late=bool(body.get("is_late")))
            return Telling(screen=screen, message_id=message_id)
        if kind == "order_unknown":
            return Telling(screen=still_unknown_view(t, read_result(body["result"])))
        if kind == "operator_page":
            return Telling(screen=page_view(t, str(body["what"]), read_account(body["account"]), body.get("leg")))
        return Telling(screen=other_view(t, kind, read_account(body.get("account"))))

    async def told(self, chat_id: int, body: Body) -> None:
        """Forget what was waiting for this news, now that it has arrived."""
        if body.get("kind") == "order_settled" and (reference := body["result"].get("reference")):
            await forget_watch(self._store, chat_id, reference)


def read_result(data: Body) -> OrderResult:
    """Read an order's result from JSON."""
    return msgspec.convert(data, OrderResult, strict=False)


def read_account(data: Body | None) -> Account | None:
    """Read an account from JSON."""
    return None if data is None else msgspec.convert(data, Account, strict=False)
