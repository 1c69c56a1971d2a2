"""A person's own pause: no new risk until resumed. Closing, protecting and cancelling always work."""

import db
from db import TradingState

PAUSED = "paused"
"""The reason under which a person's own pause is kept."""
PAUSED_BY_OWNER = "paused_by_owner"
"""The reason under which the owner's pause of one person is kept: that person's `/resume` does not lift it."""


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
    return await _is_kept(user_id, PAUSED)


async def pause_person(user_id: int, by_owner: int) -> None:
    """Let a person take no new risk until the owner says otherwise; their closing and cancelling go on working."""
    scope = db.user_scope(user_id)
    await db.store().trading.restrict(scope, PAUSED_BY_OWNER, TradingState.REDUCING, by_user_id=by_owner)
    await db.store().audit.add("paused_person", str(user_id), actor_id=by_owner)


async def resume_person(user_id: int, by_owner: int) -> None:
    """End the owner's pause of a person; their own, if any, stays."""
    await db.store().trading.lift(db.user_scope(user_id), PAUSED_BY_OWNER)
    await db.store().audit.add("resumed_person", str(user_id), actor_id=by_owner)


async def is_paused_by_owner(user_id: int) -> bool:
    """Whether the owner paused this person."""
    return await _is_kept(user_id, PAUSED_BY_OWNER)


async def _is_kept(user_id: int, reason: str) -> bool:
    scope = db.user_scope(user_id)
    return any(row.scope == scope and row.reason == reason for row in await db.store().trading.restrictions())
