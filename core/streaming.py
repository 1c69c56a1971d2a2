"""Keeps the private streams of accounts open and hands what they tell to the sync. They only make the picture fresher.

A stream that cannot be had (a venue's limit of streams, a key that went bad) is tried again later; the account is
polled meanwhile, as every account is.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from core.clock import SystemClock
from core.forever import every, for_ever
from db import Job, Store
from exchanges.base import AccountEvent, AccountVenue, Streaming
from models.account import Account
from models.errors import TradingError
from models.market import Instrument

logger = logging.getLogger(__name__)

Clients = Callable[[Account], Awaitable[AccountVenue]]
Instruments = Callable[[Account], Awaitable[Sequence[Instrument]]]
Apply = Callable[[Account, AccountEvent], Awaitable[None]]

_LOOK_EVERY_S = 5.0
_RETRY_S = 60.0


class Streams:
    """One task per account, as long as this process holds the job.

    Args:
        store: Tells which accounts there are and who holds the job.
        clients: Gives an account's client; one without a stream is left alone.
        instruments: Gives the markets of an account's venue.
        apply: Takes what a stream tells.
    """

    def __init__(self, store: Store, clients: Clients, instruments: Instruments, apply: Apply) -> None:
        self._store = store
        self._clients = clients
        self._instruments = instruments
        self._apply = apply
        self._followed: dict[Account, tuple[Streaming, asyncio.Task[None]]] = {}
        self.heard: dict[Account, float] = {}
        """When each account's stream last told something, in monotonic seconds."""

    async def run(self) -> None:
        """Keep streams for ever."""
        try:
            await for_ever("streams", self._keep, wait=every(SystemClock(), _LOOK_EVERY_S, first=(0.0,)))
        finally:
            await self._stop(list(self._followed))

    @property
    def followed(self) -> list[Account]:
        """The accounts whose stream is open, or being opened."""
        return list(self._followed)

    @property
    def silent(self) -> list[Account]:
        """The accounts that are followed and whose stream has told nothing since."""
        return [account for account in self._followed if account not in self.heard]

    async def _keep(self) -> None:
        """Start what is missing, and stop what is gone, has new keys, or takes a path without streams now."""
        wanted: dict[Account, Streaming] = {}
        if await self._store.processes.hold(Job.STREAMS):
            for row in await self._store.accounts.usable():
                if (client := await self._streaming(row.account)) is not None:
                    wanted[row.account] = client
        await self._stop([each for each, (client, _) in self._followed.items() if wanted.get(each) is not client])
        for account in wanted.keys() - self._followed.keys():
            client = wanted[account]
            task = asyncio.create_task(self._follow(account, client), name=f"stream {account}")
            self._followed[account] = client, task

    async def _streaming(self, account: Account) -> Streaming | None:
        """Return an account's client where its path has streams, and it can be had."""
        try:
            client = await self._clients(account)
        except TradingError as e:
            logger.info("no client, no stream", extra={"account": str(account), "code": e.code})
            return None
        return client if isinstance(client, Streaming) else None

    async def _follow(self, account: Account, client: Streaming) -> None:
        wait = every(SystemClock(), _RETRY_S, first=(0.0,))
        await for_ever(f"stream {account}", lambda: self._listen(account, client), wait=wait)

    async def _listen(self, account: Account, client: Streaming) -> None:
        try:
            async with contextlib.aclosing(client.stream(await self._instruments(account))) as events:
                async for event in events:
                    self.heard[account] = time.monotonic()
                    await self._apply(account, event)
        except TradingError as e:
            logger.info("no stream, the account is polled", extra={"account": str(account), "code": e.code})

    async def _stop(self, accounts: Sequence[Account]) -> None:
        tasks = [self._followed.pop(account)[1] for account in accounts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for account in accounts:
            self.heard.pop(account, None)
