"""Reads that run at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

Result = TypeVar("Result")


async def together(reads: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return the results of reads that run at once; raise the first error only after all of them have ended."""
    results = await asyncio.gather(*reads, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
