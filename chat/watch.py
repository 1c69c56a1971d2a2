"""Orders whose outcome is not known yet: which message tells of them, so that the truth finds its place."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from chat.call import Call
from db import Store
from models.enums import Outcome
from models.requests import OrderResult
from telegram_ui.parts import Part

_PREFIX = "watch:"


async def watch_unknown(call: Call, parts: Sequence[Part[OrderResult]]) -> tuple[str, ...]:
    """Remember the message that tells of an order being checked, unless it tells of others too.

    Returns:
        The orders that are waited for.
    """
    unknown = [part.value for part in parts if part.value and part.value.outcome is Outcome.UNKNOWN]
    references = tuple(result.reference for result in unknown if result.reference)
    if len(parts) != 1 or call.message_id is None:
        return ()
    place = {"chat_id": call.chat_id, "message_id": call.message_id}
    await asyncio.gather(*(call.store.settings.put(call.user_id, _PREFIX + name, place) for name in references))
    return references


async def watched_message(store: Store, user_id: int, reference: str | None) -> int | None:
    """Return the message that tells of an order being checked; None where none does."""
    if not reference:
        return None
    place: Mapping[str, Any] | None = await store.settings.get(user_id, _PREFIX + reference)
    return None if place is None else int(place["message_id"])


async def is_told(store: Store, user_id: int, references: Sequence[str]) -> bool:
    """Return whether it was told what became of one of these orders, so that it is no longer being checked."""
    return any([await watched_message(store, user_id, reference) is None for reference in references])


async def forget_watch(store: Store, user_id: int, reference: str) -> None:
    """Stop waiting for an order's truth: it has been told."""
    await store.settings.put(user_id, _PREFIX + reference, None)
