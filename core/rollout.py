"""Who is on which path, as the owner says while everything runs: kept in the database, followed by both processes."""

import logging
from dataclasses import dataclass

from core.clock import Clock, SystemClock
from core.flag import Rollout, parse_rollout
from core.forever import every, for_ever
from db import StorageUnavailable, Store
from models.errors import BadOrder

logger = logging.getLogger(__name__)

SETTING = "rollout"
_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the owner chose; no rollout leaves USE_UNIFIED in force."""

    rollout: Rollout | None = None
    is_shadowing: bool = False
    """Whether reads are done on the other path too, and compared."""


class RolloutSwitch:
    """The owner's choice as this process knows it.

    Args:
        store: Keeps the choice among its owner's settings.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._choice = Choice()

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        return self._choice

    def rollout(self) -> Rollout | None:
        """Return the chosen rollout; None: the setting is in force."""
        return self._choice.rollout

    async def choose(self, user_id: int, text: str | None, *, is_shadowing: bool | None = None) -> Choice:
        """Choose a path from now on; None goes back to the setting. Says who chose in the audit.

        Raises:
            BadOrder: It is none of the accepted forms (`bad_rollout`).
        """
        try:
            words = "" if text is None else parse_rollout(text).words
        except ValueError as e:
            raise BadOrder(str(e), code="bad_rollout") from e
        shadow = self._choice.is_shadowing if is_shadowing is None else is_shadowing
        value = {"path": words, "is_shadowing": shadow, "at_ms": self._clock.now_ms()}
        await self._store.settings.put(user_id, SETTING, value)
        await self._store.audit.add("rollout", words or "as set", actor_id=user_id, is_shadowing=shadow)
        return await self.load()

    async def load(self) -> Choice:
        """Look up what was chosen last, by whichever owner."""
        chosen = await self._store.settings.everyone_with(SETTING)
        latest = max(chosen.values(), key=lambda value: int(value["at_ms"]), default=None)
        choice = Choice()
        if latest is not None:
            rollout = parse_rollout(latest["path"]) if latest["path"] else None
            choice = Choice(rollout=rollout, is_shadowing=bool(latest["is_shadowing"]))
        if choice != self._choice:
            words = choice.rollout.words if choice.rollout else "as set"
            logger.warning("rollout", extra={"unified": words, "shadow": choice.is_shadowing})
        self._choice = choice
        return choice

    async def run(self) -> None:
        """Follow what another process was told, for ever."""
        await for_ever("rollout", self._follow, wait=every(self._clock, _EVERY_S))

    async def _follow(self) -> None:
        try:
            await self.load()
        except StorageUnavailable as e:
            logger.info("rollout not read", extra={"code": e.code})
