"""Orders whose outcome is not known yet: which message tells of them, and what it says when the truth is found."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from chat.call import Call
from db import Store
from models.account import Account
from models.enums import Outcome
from models.requests import OrderResult
from telegram_ui.parts import Part
from telegram_ui.screen import Screen
from telegram_ui.texts import Texts
from telegram_ui.views.trade import results_view

_PREFIX = "watch:"

TextsOf = Callable[[int], Awaitable[Texts]]
"""Finds the language and zone of somebody who is not asking right now."""


async def watch_unknown(call: Call, parts: Sequence[Part[OrderResult]]) -> None:
    """Remember where the orders that are being checked were told of, so that the answer finds its message."""
    unknown = [part.value.reference for part in parts if part.value and part.value.outcome is Outcome.UNKNOWN]
    place = {"chat_id": call.chat_id, "message_id": call.message_id if len(parts) == 1 else None}
    await asyncio.gather(
        *(call.store.settings.put(call.user_id, _PREFIX + reference, place) for reference in unknown if reference)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to tell about an order that is no longer unknown: instead of a message, or as a new one."""

    user_id: int
    chat_id: int
    message_id: int | None
    screen: Screen


async def answers_for(store: Store, reference: str, result: OrderResult, texts_of: TextsOf) -> list[Answer]:
    """Return what to say where an order was said to be in doubt, and forget the doubt."""
    key = _PREFIX + reference
    answers = []
    for user_id, place in (await store.settings.everyone_with(key)).items():
        t = await texts_of(user_id)
        account = Account(user_id=user_id, exchange=result.exchange, account_type=result.account_type)
        screen = results_view(t, [Part(account=account, value=result)])
        answers.append(Answer(user_id=user_id, chat_id=place["chat_id"], message_id=place["message_id"], screen=screen))
        await store.settings.put(user_id, key, None)
    return answers
