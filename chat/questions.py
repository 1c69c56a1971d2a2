"""Questions that are answered in plain text: kept with the person's settings, so that a restart does not lose them.

One question is open per person at a time, for five minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chat.call import Call
from db import Store

LIFETIME = timedelta(minutes=5)
_KEY = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What was asked, and what it was about."""

    name: str
    arguments: tuple[str, ...]


async def ask_for(call: Call, name: str, arguments: Sequence[str] = ()) -> None:
    """Take the person's next plain text as the answer to this."""
    expires = call.services.now() + LIFETIME
    value = {"name": name, "arguments": list(arguments), "expires": expires.timestamp()}
    await call.store.settings.put(call.user_id, _KEY, value)


async def open_question(store: Store, user_id: int, now: datetime) -> OpenQuestion | None:
    """Return the question that a person's plain text answers; None when none is open any more."""
    value = await store.settings.get(user_id, _KEY)
    if value is None or value["expires"] < now.timestamp():
        return None
    return OpenQuestion(name=value["name"], arguments=tuple(value["arguments"]))


async def close_question(call: Call) -> bool:
    """Stop waiting for an answer; return whether one was awaited."""
    was_open = await open_question(call.store, call.user_id, call.services.now()) is not None
    await call.store.settings.put(call.user_id, _KEY, None)
    return was_open
