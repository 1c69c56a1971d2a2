"""A bell that rings when some leg changed, for those who wait for one."""

import asyncio

from core.clock import Clock, wait_for_event


class News:
    """Wakes everybody who waits, each time it rings."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.rings = 0
        """How often it rang, for whoever could not wait at that moment."""

    def ring(self) -> None:
        """Wake everybody who waits now."""
        self.rings += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """Wait for the next ring, but no longer than `seconds`; return whether it rang."""
        return await wait_for_event(clock, self._event, seconds)
