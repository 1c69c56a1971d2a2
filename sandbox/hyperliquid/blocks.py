"""HyperLiquid's blocks: actions wait for the next one, and inside it cancels come before orders.

https://hyperliquid.gitbook.io/hyperliquid-docs/hypercore/order-book
"""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from sandbox.hyperliquid.behaviour import HyperliquidBehaviour

HALT_POLL_SECONDS: Final = 0.05


class Lane(IntEnum):
    """The order in which one block's actions execute."""

    CANCEL = 0  # cancels, and the noop that kills an action still on its way
    POST_ONLY = 1
    OTHER = 2


class Blocks:
    """Executes what arrives, one block at a time; nobody gets an answer before their block is done."""

    def __init__(self, behaviour: HyperliquidBehaviour) -> None:
        self.behaviour = behaviour
        self.height = 0
        self._waiting: list[tuple[Lane, Callable[[], Any], asyncio.Future[Any]]] = []

    async def commit(self, action: Callable[[], Any], *, lane: Lane) -> Any:
        """Run the action in the next block and return what it returns; an exception comes back as it is."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Any] = loop.create_future()
        if not self._waiting:
            loop.call_later(self.behaviour.block_seconds, self._execute)
        self._waiting.append((lane, action, outcome))
        return await outcome

    def _execute(self) -> None:
        if self.behaviour.halted:
            asyncio.get_running_loop().call_later(HALT_POLL_SECONDS, self._execute)
            return
        block, self._waiting = self._waiting, []
        self.height += 1
        for _, action, outcome in sorted(block, key=lambda entry: entry[0]):
            _settle(action, outcome)


def _settle(action: Callable[[], Any], outcome: asyncio.Future[Any]) -> None:
    """Run one action. A client that hung up does not stop it: the action is in the block."""
    try:
        result = action()
    except Exception as error:  # noqa: BLE001  (handed on to whoever waits for this action)
        if not outcome.done():
            outcome.set_exception(error)
    else:
        if not outcome.done():
            outcome.set_result(result)
