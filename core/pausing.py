"""A person's own pause: no new risk until resumed. Closing, protecting and cancelling always work."""

import db
from db import TradingState

PAUSED = "paused"
"""The reason under which a person's own pause is kept."""


async def pause(user_id: int) -> None:
    """Take no new risk until resumed, also over restarts."""
    await db.store().trading.restrict(db.user_scope(user_id), PAUSED, TradingState.REDUCING, by_user_id=user_id)
    await db.store().audit.add("paused", actor_id=user_id)


async def resume(user_id: int) -> bool:
    """Take new risk again; return whether there was a pause."""
    was_paused = await db.store().trading.lift(db.user_scope(user_id), PAUSED)
    await db.store().audit.add("resumed", actor_id=user_id)
    return was_paused


async def is_paused(user_id: int) -> bool:
    """Whether this person paused."""
    scope = db.user_scope(user_id)
    return any(row.scope == scope and row.reason == PAUSED for row in await db.store().trading.restrictions())
