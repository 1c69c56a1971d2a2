"""Previews of a way out: of closing, reducing, protecting, cancelling."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from exchanges.pacing import Purpose, reads_for

P = ParamSpec("P")
T = TypeVar("T")


def shows_exit(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make the reads of a coroutine function count as an exit's: who wants out is not told that the venue is busy.

    Nothing is sent by what it shows, so it may show what was read some seconds ago.
    """
    return reads_for(Purpose.EXIT, is_look=True)(function)
