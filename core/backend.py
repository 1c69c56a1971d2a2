"""USE_UNIFIED is decided here and nowhere else.

`true` and `false` pick a path for everybody. `25%` gives a share of the users the unified path and `101,102` names
them; both are stable per user, so nobody changes path between two taps.
"""

import dataclasses
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import bot_legacy
import bot_unified
from core.config import ConfigError, Settings
from core.ports import TradingBackend
from exchanges.base import AccountVenue
from models.account import Account

logger = logging.getLogger(__name__)

_WORDS = {**dict.fromkeys(("1", "true", "yes", "on"), 100), **dict.fromkeys(("0", "false", "no", "off"), 0)}
_EVERYBODY, _NOBODY = 100, 0
_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Rollout:
    """Who is on the unified path: a share of all users, or the users named."""

    percent: int
    users: frozenset[int] = frozenset()

    def covers(self, user_id: int) -> bool:
        """Whether a user is on the unified path; always the same answer for the same rollout."""
        if self.users:
            return user_id in self.users
        digest = hashlib.sha256(str(user_id).encode()).digest()
        return int.from_bytes(digest[:4], "big") % _BUCKETS < self.percent * _BUCKETS // 100

    @property
    def words(self) -> str:
        """How it is written in the setting."""
        if self.users:
            return ",".join(str(user) for user in sorted(self.users))
        return {_EVERYBODY: "true", _NOBODY: "false"}.get(self.percent, f"{self.percent}%")


def parse_rollout(text: str) -> Rollout:
    """Read the flag.

    Raises:
        ConfigError: It is none of the accepted forms; nothing starts on a guess.
    """
    word = text.strip().lower()
    if word in _WORDS:
        return Rollout(_WORDS[word])
    if word.endswith("%") and word[:-1].isdecimal() and word.isascii() and int(word[:-1]) <= 100:
        return Rollout(int(word[:-1]))
    parts = [part.strip() for part in word.split(",")]
    if word.isascii() and all(part.isdecimal() and int(part) > 100 for part in parts):
        return Rollout(_NOBODY, frozenset(int(part) for part in parts))
    raise ConfigError(f"USE_UNIFIED: expected true, false, a share such as 25% or user ids, was {text[:32]!r}")


def select_backend(settings: Settings, override: Callable[[], Rollout | None] = lambda: None) -> TradingBackend:
    """Return the operations that this process serves, and log which path they take.

    Args:
        override: A rollout that the owner set in the chat, looked at on every call; None leaves the setting in force.
    """
    rollout = parse_rollout(settings.use_unified)
    logger.info("Unified Architecture %s", "DISABLED" if rollout == Rollout(_NOBODY) else "ENABLED")
    return _routed(lambda: override() or rollout)


def path_of(user_id: int, rollout: Rollout) -> TradingBackend:
    """Return the path of one user."""
    return bot_unified.BACKEND if rollout.covers(user_id) else bot_legacy.BACKEND


def paths_for(user_id: int, settings: Settings) -> tuple[TradingBackend, TradingBackend]:
    """Return the path of one user and the other one, which reads may fall back to. Writes never do."""
    both = bot_unified.BACKEND, bot_legacy.BACKEND
    chosen = path_of(user_id, parse_rollout(settings.use_unified))
    return both if chosen is both[0] else (both[1], both[0])


def account_clients(
    settings: Settings, override: Callable[[], Rollout | None] = lambda: None
) -> Callable[[Account], Awaitable[AccountVenue]]:
    """Return what gives an account's client on its user's path, for the jobs that work without being asked."""
    rollout = parse_rollout(settings.use_unified)

    async def client(account: Account) -> AccountVenue:
        is_unified = (override() or rollout).covers(account.user_id)
        gateway = bot_unified.GATEWAY if is_unified else bot_legacy.GATEWAY
        return await gateway.account(account)

    return client


def _routed(rollout: Callable[[], Rollout]) -> TradingBackend:
    """Return a record whose every operation takes the path of the user it is called for."""

    def route(name: str) -> Callable[..., Any]:
        def operation(user_id: int, *args: Any, **kwargs: Any) -> Any:
            return getattr(path_of(user_id, rollout()), name)(user_id, *args, **kwargs)

        return operation

    names = [field.name for field in dataclasses.fields(TradingBackend) if field.name not in {"name", "check_key"}]
    current = rollout()
    pure = {_EVERYBODY: bot_unified.BACKEND, _NOBODY: bot_legacy.BACKEND}.get(current.percent)
    named = pure.name if pure is not None and not current.users else current.words
    checker = bot_legacy.BACKEND if current == Rollout(_NOBODY) else bot_unified.BACKEND
    return TradingBackend(
        name=named, check_key=checker.check_key, **cast(dict[str, Any], {name: route(name) for name in names})
    )
