"""Every step at which the bot's process is killed: a table of places in the product, and how a process dies at one.

The product knows nothing of this: a life that is to end at a step has that step's function wrapped before it begins.
"""

import asyncio
import inspect
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any


class When(StrEnum):
    """When a process dies, seen from the function that a step names."""

    BEFORE = "before"
    AFTER = "after"
    DURING = "during"
    """A few milliseconds after it was called, whatever it is doing then."""


@dataclass(frozen=True, slots=True)
class Step:
    """One place: `owner` is a module, or a class as `module:Class`."""

    owner: str
    name: str
    when: When


STEPS: Mapping[str, Step] = {
    "registered": Step("storage.processes:Processes", "register", When.AFTER),
    "orphans taken": Step("storage.journal:Journal", "orphan", When.AFTER),
    "looking up at start": Step("core.resolver:Resolver", "look_once", When.DURING),
    "reconciling": Step("core.recovery:Recovery", "reconcile", When.DURING),
    "update fetched": Step("storage.inbox:Inbox", "add", When.BEFORE),
    "update stored": Step("storage.inbox:Inbox", "add", When.AFTER),
    "preview frozen": Step("storage.confirmations:Confirmations", "create", When.AFTER),
    "tap arrived": Step("storage.confirmations:Confirmations", "consume", When.BEFORE),
    "tap taken": Step("storage.confirmations:Confirmations", "consume", When.AFTER),
    "claim wanted": Step("storage.journal:Journal", "claim", When.BEFORE),
    "claim not committed": Step("storage.journal", "claim", When.AFTER),
    "claimed": Step("storage.journal:Journal", "claim", When.AFTER),
    "claimed again": Step("storage.journal:Journal", "reclaim", When.AFTER),
    "before the first byte": Step("core.orders", "send_once", When.BEFORE),
    "in flight": Step("core.orders", "send_once", When.DURING),
    "answered": Step("core.orders", "send_once", When.AFTER),
    "answer being written": Step("storage.journal:Journal", "answer", When.DURING),
    "answer written": Step("storage.journal:Journal", "answer", When.AFTER),
    "found": Step("storage.journal:Journal", "update", When.BEFORE),
    "finding written": Step("storage.journal:Journal", "update", When.AFTER),
    "noop written": Step("storage.journal:Journal", "add_noop", When.AFTER),
    "noop answered": Step("storage.journal:Journal", "note_answer", When.BEFORE),
    "about to tell": Step("telegram_app.messenger:Messenger", "put", When.BEFORE),
    "telling": Step("telegram_app.messenger:Messenger", "put", When.DURING),
    "told": Step("telegram_app.messenger:Messenger", "put", When.AFTER),
    "news out, not marked": Step("storage.outbox:Outbox", "sent", When.BEFORE),
    "update about to be done": Step("storage.inbox:Inbox", "done", When.BEFORE),
    "update done": Step("storage.inbox:Inbox", "done", When.AFTER),
}


def die_at(name: str, nth: int, after_ms: int) -> None:
    """Let this process end at a step.

    Args:
        name: A row of `STEPS`.
        nth: The how-maniest time it comes there.
        after_ms: How long it goes on, where the step says `during`.
    """
    step = STEPS[name]
    module, _, kind = step.owner.partition(":")
    owner: Any = import_module(module)
    if kind:
        owner = getattr(owner, kind)
    original = getattr(owner, step.name)
    countdown = _Countdown(nth)
    wrap = _wrapped_coroutine if inspect.iscoroutinefunction(original) else _wrapped_function
    setattr(owner, step.name, wrap(original, step.when, countdown, after_ms / 1000))


class _Countdown:
    def __init__(self, nth: int) -> None:
        self._left = nth

    def is_now(self) -> bool:
        """Count one visit; return whether it is the last one."""
        self._left -= 1
        return self._left == 0


def _wrapped_coroutine(
    original: Callable[..., Any], when: When, countdown: _Countdown, after_s: float
) -> Callable[..., Any]:
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        is_now = countdown.is_now()
        if is_now and when is When.BEFORE:
            _die()
        if is_now and when is When.DURING:
            asyncio.get_running_loop().call_later(after_s, _die)
        result = await original(*args, **kwargs)
        if is_now and when is When.AFTER:
            _die()
        return result

    return wrapped


def _wrapped_function(
    original: Callable[..., Any], when: When, countdown: _Countdown, after_s: float
) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if countdown.is_now():
            _die()
        return result

    return wrapped


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
