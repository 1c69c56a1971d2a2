"""HyperLiquid's blocks: actions wait for the next one, and inside it cancels come before orders.

https://hyperliquid.gitbook.io/hyperliquid-docs/hypercore/order-book
"""

import asyncio
from enum import IntEnum
from typing import Final

from sandbox.hyperliquid.behaviour import HyperliquidBehaviour

HALT_POLL_SECONDS: Final = 0.05


class Lane(IntEnum):
    """The order in which one block's actions execute."""

    CANCEL = 0  # cancels, and the noop that kills an action still on its way
    POST_ONLY = 1
    OTHER = 2


class Blocks:
    """Gives every action its turn, one block at a time; nobody gets an answer before their block."""

    def __init__(self, behaviour: HyperliquidBehaviour) -> None:
        self.behaviour = behaviour
        self.height = 0
        self._waiting: list[tuple[Lane, asyncio.Future[None]]] = []

    async def turn(self, lane: Lane) -> None:
        """Return in the next block, after all that come before this lane; act at once, without waiting again."""
        loop = asyncio.get_running_loop()
        called: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            loop.call_later(self.behaviour.block_seconds, self._make_block)
        self._waiting.append((lane, called))
        await called

    def _make_block(self) -> None:
        if self.behaviour.halted:
            asyncio.get_running_loop().call_later(HALT_POLL_SECONDS, self._make_block)
            return
        block, self._waiting = self._waiting, []
        self.height += 1
        # waiters wake in the order in which they are called
        for _, called in sorted(block, key=lambda entry: entry[0]):
            if not called.done():
                called.set_result(None)
