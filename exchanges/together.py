"""Reads that run at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

Result = TypeVar("Result")
Other = TypeVar("Other")


async def together(reads: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return the results of reads that run at once; raise the first error only after all of them have ended."""
    waiting = list(reads)
    if len(waiting) == 1:  # as a background sync mostly asks: no task is needed for it
        return [await waiting[0]]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def both(first: Awaitable[Result], second: Awaitable[Other]) -> tuple[Result, Other]:
    """Return the results of two reads that run at once; raise only after both have ended."""
    one, two = await asyncio.gather(first, second, return_exceptions=True)
    if isinstance(one, BaseException):
        raise one
    if isinstance(two, BaseException):
        raise two
    return one, two
