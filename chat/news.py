"""What happened without being asked for: orders whose truth was found, positions, and what wakes the operator.

The trading code leaves such news in the outbox as data; here they become screens in their reader's language, as loud
as that reader wants them.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from chat.watch import forget_watch, watched_message
from core.notices import loudness, notice_of
from core.preferences import Loudness
from db import Store
from models.account import Account
from models.enums import AccountType, OrderSide, PositionSide
from models.finding import Finding
from models.requests import OrderResult
from telegram_ui.screen import Screen
from telegram_ui.texts import Texts
from telegram_ui.views.alerts import AlertRow, alert_fired_view
from telegram_ui.views.digest import DigestRow, digest_view
from telegram_ui.views.news import (
    PositionNews,
    everybody_view,
    finding_view,
    other_view,
    page_view,
    position_news_view,
    settled_view,
    still_unknown_view,
)
from telegram_ui.views.notices import (
    PLACE_KINDS,
    PlaceNews,
    back_view,
    funding_view,
    key_ending_view,
    key_refused_view,
    partly_filled_view,
    place_news_view,
    silent_view,
)

logger = logging.getLogger(__name__)

Body = Mapping[str, Any]
TextsOf = Callable[[int], Awaitable[Texts]]
"""Finds the language and zone of somebody who is not asking right now."""
UNREADABLE = (LookupError, ValueError, TypeError, ArithmeticError)
"""How reading fails what was not written like this."""


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
        """Return how a piece of news is told in a private chat, whose id is its person's.

        What cannot be read, as another release may have written it, is told by its bare kind rather than not at all.
        """
        t = await self._texts_of(chat_id)
        try:
            return await self._telling(t, chat_id, body)
        except UNREADABLE:
            logger.exception("news not read", extra={"kind": str(body["kind"])})
            return Telling(screen=other_view(t, str(body["kind"]), None))

    async def _telling(self, t: Texts, chat_id: int, body: Body) -> Telling:
        message_id = await self._awaited_message(chat_id, body)
        screen = worded(t, body, was_in_doubt=message_id is not None)
        notice = notice_of(body)
        if message_id is not None or notice is None:  # somebody waits for it, or nobody may miss it
            return Telling(screen=screen, message_id=message_id)
        settings = await self._store.settings.get_all(chat_id)
        wish = loudness(notice, _account_of(body), settings, self._now().astimezone(t.zone))
        if wish is Loudness.OFF:
            return Telling(screen=None)
        return Telling(screen=replace(screen, is_silent=screen.is_silent or wish is Loudness.SILENT))

    async def _awaited_message(self, chat_id: int, body: Body) -> int | None:
        if body["kind"] != "order_settled":
            return None
        return await watched_message(self._store, chat_id, body["result"].get("reference"))

    async def told(self, chat_id: int, body: Body) -> None:
        """Forget what was waiting for this news, now that it has arrived."""
        if body.get("kind") == "order_settled" and (reference := body["result"].get("reference")):
            await forget_watch(self._store, chat_id, reference)


def worded(t: Texts, body: Body, *, was_in_doubt: bool = False) -> Screen:
    """Return a piece of news as a screen."""
    kind = str(body["kind"])
    if kind == "order_settled":
        return settled_view(
            t,
            _result(body["result"]),
            was_in_doubt=was_in_doubt,
            is_late=bool(body.get("is_late")),
            side=_side_of(body),
        )
    if kind.startswith("position_"):
        return position_news_view(t, _account(body), msgspec.convert(body["event"], PositionNews, strict=False))
    if kind in PLACE_KINDS:
        return place_news_view(t, msgspec.convert(body, PlaceNews, strict=False))
    word = _WORDS.get(kind)
    return other_view(t, kind, _account_of(body)) if word is None else word(t, body)


def _funding(t: Texts, body: Body) -> Screen:
    by_symbol = {symbol: Decimal(amount) for symbol, amount in body["by_symbol"].items()}
    return funding_view(t, _account(body), Decimal(body["total"]), by_symbol)


def _digest(t: Texts, body: Body) -> Screen:
    rows = [msgspec.convert(row, DigestRow, strict=False) for row in body["accounts"]]
    return digest_view(t, datetime.fromisoformat(body["until"]), rows)


def _alert(t: Texts, body: Body) -> Screen:
    alert = body["alert"]
    row = AlertRow(
        id=alert["id"],
        account=msgspec.convert(alert, Account, strict=False),
        symbol=alert["symbol"],
        is_above=alert["direction"] == "above",
        price=Decimal(alert["price"]),
        note=alert["note"],
    )
    return alert_fired_view(t, row, Decimal(body["price"]))


_WORDS: Mapping[str, Callable[[Texts, Body], Screen]] = {
    "order_unknown": lambda t, body: still_unknown_view(t, _result(body["result"])),
    "order_partly_filled": lambda t, body: partly_filled_view(t, _result(body["result"]), _side_of(body)),
    "operator_page": lambda t, body: page_view(t, str(body["what"]), _account_of(body), body.get("leg")),
    "halted": lambda t, _: everybody_view(t, "halted"),
    "resumed_all": lambda t, _: everybody_view(t, "resumed_all"),
    "finding": lambda t, body: finding_view(t, msgspec.convert(body["finding"], Finding)),
    "funding": _funding,
    "key_ending": lambda t, body: key_ending_view(t, _account(body), datetime.fromisoformat(body["ends_at"])),
    "key_refused": lambda t, body: key_refused_view(t, _account(body), str(body["code"])),
    "account_silent": lambda t, body: silent_view(t, _account(body), datetime.fromisoformat(body["since"])),
    "account_back": lambda t, body: back_view(t, _account(body)),
    "price_alert": _alert,
    "digest": _digest,
}


def _result(data: Body) -> OrderResult:
    return msgspec.convert(data, OrderResult, strict=False)


def _side_of(body: Body) -> PositionSide | None:
    """Return the side of the position that an order filled into; None where it only closed, or did nothing."""
    result = _result(body["result"])
    if not result.filled_size or result.side is None or body.get("is_reducing"):
        return None
    return PositionSide.LONG if result.side is OrderSide.BUY else PositionSide.SHORT


def _account(body: Body) -> Account:
    return msgspec.convert(body["account"], Account, strict=False)


def _account_of(body: Body) -> Account | None:
    """Return whose news it is; None: of no account."""
    if body.get("account") is not None:
        return _account(body)
    result = body.get("result")
    return (
        None
        if result is None
        else Account(user_id=0, exchange=result["exchange"], account_type=AccountType(result["account_type"]))
    )
