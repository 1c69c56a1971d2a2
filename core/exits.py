"""Reading for what is only shown: pages, previews, and above all previews of a way out."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from exchanges.pacing import Purpose, reads_for

P = ParamSpec("P")
T = TypeVar("T")


def shows(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a coroutine function read what was known a second ago where that is cheaper: nothing is decided by it."""
    return reads_for(Purpose.READ, is_look=True)(function)


def shows_exit(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """As `shows`, for closing, reducing, protecting, cancelling: the reads count as an exit's.

    Who wants out is not told that the venue is busy.
    """
    return reads_for(Purpose.EXIT, is_look=True)(function)
