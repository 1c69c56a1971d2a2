"""USE_UNIFIED is decided here and nowhere else.

`true` and `false` pick a path for everybody. `25%` gives a share of the users the unified path and `101,102` names
them; both are stable per user, so nobody changes path between two taps.
"""

import dataclasses
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import bot_legacy
import bot_unified
from core.config import Settings
from core.flag import EVERYBODY, NOBODY, Rollout, parse_rollout
from core.ports import TradingBackend
from core.shadow import COMPARED, Shadow
from exchanges.base import AccountVenue
from models.account import Account

logger = logging.getLogger(__name__)


def select_backend(
    settings: Settings, override: Callable[[], Rollout | None] = lambda: None, shadow: Shadow | None = None
) -> TradingBackend:
    """Return the operations that this process serves, and log which path they take.

    Args:
        override: A rollout that the owner set in the chat, looked at on every call; None leaves the setting in force.
        shadow: Compares reads with the other path's.
    """
    rollout = parse_rollout(settings.use_unified)
    logger.info("Unified Architecture %s", "DISABLED" if rollout == Rollout(NOBODY) else "ENABLED")
    return _routed(lambda: override() or rollout, shadow or Shadow(lambda: False))


def rollout_in_force(settings: Settings, override: Callable[[], Rollout | None]) -> Rollout:
    """Return who is on the unified path now: the owner's word in the chat, else the setting."""
    return override() or parse_rollout(settings.use_unified)


def name_of(rollout: Rollout) -> str:
    """Return a rollout's name for people: `unified`, `legacy`, or the share or users on the unified path."""
    pure = {EVERYBODY: bot_unified.BACKEND, NOBODY: bot_legacy.BACKEND}.get(rollout.percent)
    return pure.name if pure is not None and not rollout.users else rollout.words


def path_of(user_id: int, rollout: Rollout) -> TradingBackend:
    """Return the path of one user."""
    return bot_unified.BACKEND if rollout.covers(user_id) else bot_legacy.BACKEND


def paths_for(
    user_id: int, settings: Settings, override: Callable[[], Rollout | None]
) -> tuple[TradingBackend, TradingBackend]:
    """Return the path of one user and the other one, which reads may fall back to. Writes never do."""
    return _both(user_id, rollout_in_force(settings, override))


def hears_pushes(path: TradingBackend) -> bool:
    """Tell whether a path can answer from what a venue pushed; the direct one asks the venue every time."""
    return path is bot_unified.BACKEND


def _both(user_id: int, rollout: Rollout) -> tuple[TradingBackend, TradingBackend]:
    """Return a user's path and the other one."""
    both = bot_unified.BACKEND, bot_legacy.BACKEND
    return both if rollout.covers(user_id) else (both[1], both[0])


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


def forget_clients() -> None:
    """Let go of the direct path's clients, which live as long as a process may; the unified ones close with theirs."""
    bot_legacy.GATEWAY.forget()


def _routed(rollout: Callable[[], Rollout], shadow: Shadow) -> TradingBackend:
    """Return a record whose every operation takes the path of the user it is called for."""

    def route(name: str) -> Callable[..., Any]:
        def operation(user_id: int, *args: Any, **kwargs: Any) -> Any:
            return getattr(path_of(user_id, rollout()), name)(user_id, *args, **kwargs)

        return operation

    def compared(name: str) -> Callable[..., Any]:
        async def operation(user_id: int, *args: Any, **kwargs: Any) -> Any:
            own, other = _both(user_id, rollout())
            answer = await getattr(own, name)(user_id, *args, **kwargs)
            shadow.compare(name, answer, lambda: getattr(other, name)(user_id, *args, **kwargs))
            return answer

        return operation

    names = [field.name for field in dataclasses.fields(TradingBackend) if field.name not in {"name", "check_key"}]
    routes = {name: compared(name) if name in COMPARED else route(name) for name in names}
    current = rollout()
    checker = bot_legacy.BACKEND if current == Rollout(NOBODY) else bot_unified.BACKEND
    return TradingBackend(name=name_of(current), check_key=checker.check_key, **cast(dict[str, Any], routes))
