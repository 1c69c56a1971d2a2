"""Reading for what is only shown: pages, previews, and above all previews of a way out."""

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from exchanges.pacing import Purpose, read_purpose, reading_for, reads_for

P = ParamSpec("P")
T = TypeVar("T")


def shows(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a coroutine function read what was known a second ago where that is cheaper: nothing is decided by it."""

    @functools.wraps(function)
    async def looking(*args: P.args, **kwargs: P.kwargs) -> T:
        with reading_for(read_purpose(), is_look=True):
            return await function(*args, **kwargs)

    return looking


async def glance(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what can be told without asking a venue anything.

    Raises:
        Unavailable: Nothing can (`venue_busy`).
    """
    with reading_for(Purpose.GLANCE, is_look=True):
        return await ask()


def shows_exit(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """As `shows`, for closing, reducing, protecting, cancelling: the reads count as an exit's.

    Who wants out is not told that the venue is busy.
    """
    return reads_for(Purpose.EXIT, is_look=True)(function)


def exits(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """As `shows_exit`, for what is carried out: its reads count as an exit's, and each is asked anew."""
    return reads_for(Purpose.EXIT)(function)
