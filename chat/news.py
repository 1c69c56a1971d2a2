"""What happened without being asked for: orders whose truth was found, positions, and what wakes the operator.

The trading code leaves such news in the outbox as data; here they become screens in their reader's language.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from chat.watch import forget_watch, watched_message
from db import Store
from models.account import Account
from models.finding import Finding
from models.requests import OrderResult
from telegram_ui.screen import Screen
from telegram_ui.texts import Texts
from telegram_ui.views.news import (
    PositionNews,
    finding_view,
    other_view,
    page_view,
    position_news_view,
    settled_view,
    still_unknown_view,
)

Body = Mapping[str, Any]
TextsOf = Callable[[int], Awaitable[Texts]]
"""Finds the language and zone of somebody who is not asking right now."""

NOTIFY, QUIET_HOURS = "notify", "quiet_hours"
ON, SILENT, OFF = "on", "silent", "off"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What to show: a screen, and the message whose place it takes. No screen: its reader does not want to know."""

    screen: Screen | None
    message_id: int | None = None


class Newsroom:
    """Puts news into words, as loud as their reader wants them.

    Args:
        store: Knows what somebody chose, and which message tells of an order being checked.
        texts_of: Finds the reader's language.
        now: The clock.
    """

    def __init__(self, store: Store, texts_of: TextsOf, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._store = store
        self._texts_of = texts_of
        self._now = now

    async def tell(self, chat_id: int, body: Body) -> Telling:
        """Return how a piece of news is told in a private chat, whose id is its person's."""
        t = await self._texts_of(chat_id)
        kind = str(body["kind"])
        account = _account(body.get("account"))
        if kind == "order_settled":
            return await self._tell_order(t, chat_id, body)
        if kind == "order_unknown":
            return Telling(screen=still_unknown_view(t, _result(body["result"])))
        if kind == "operator_page":
            return Telling(screen=page_view(t, str(body["what"]), account, body.get("leg")))
        if kind == "finding":
            return Telling(screen=finding_view(t, msgspec.convert(body["finding"], Finding)))
        if kind.startswith("position_") and account is not None:
            return await self._tell_position(t, chat_id, account, body["event"])
        return Telling(screen=other_view(t, kind, account))

    async def _tell_order(self, t: Texts, chat_id: int, body: Body) -> Telling:
        result = _result(body["result"])
        message_id = await watched_message(self._store, chat_id, result.reference)
        is_late = bool(body.get("is_late"))
        screen = settled_view(t, result, was_in_doubt=message_id is not None, is_late=is_late)
        is_quiet = message_id is None and await self._is_quiet(chat_id, t.zone)
        return Telling(screen=replace(screen, is_silent=is_quiet), message_id=message_id)

    async def _tell_position(self, t: Texts, chat_id: int, account: Account, event: Body) -> Telling:
        news = msgspec.convert(event, PositionNews, strict=False)
        wish = await self._store.settings.get(chat_id, NOTIFY, ON)
        if news.is_grave:
            return Telling(screen=position_news_view(t, account, news))
        if wish == OFF:
            return Telling(screen=None)
        is_silent = wish == SILENT or await self._is_quiet(chat_id, t.zone)
        return Telling(screen=position_news_view(t, account, news, is_silent=is_silent))

    async def _is_quiet(self, user_id: int, zone: tzinfo) -> bool:
        hours = await self._store.settings.get(user_id, QUIET_HOURS)
        return hours is not None and is_within(hours, self._now().astimezone(zone).hour)

    async def told(self, chat_id: int, body: Body) -> None:
        """Forget what was waiting for this news, now that it has arrived."""
        if body.get("kind") == "order_settled" and (reference := body["result"].get("reference")):
            await forget_watch(self._store, chat_id, reference)


def is_within(hours: str, hour: int) -> bool:
    """Whether an hour of the day lies in a stretch such as `23-7`, which may go over midnight."""
    first, last = (int(part) for part in hours.split("-"))
    return first <= hour < last if first < last else hour >= first or hour < last


def _result(data: Body) -> OrderResult:
    return msgspec.convert(data, OrderResult, strict=False)


def _account(data: Body | None) -> Account | None:
    return None if data is None else msgspec.convert(data, Account, strict=False)
