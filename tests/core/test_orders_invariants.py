"""Whatever happens in whatever order: one order at most per command, and the journal ends with the truth.

Commands arrive, arrive again, meet every mood of the network; the process is killed at any moment; the venue goes away
and comes back; time passes. After every step the invariants hold, and at the end nothing is unknown.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.ids import is_ours
from db import Job, LegState
from models.errors import LimitExceeded
from models.requests import OrderRequest, SignedRequest
from tests.core.desk_kit import Room, kill, open_room
from tests.core.venue_fake import Network, instrument, order_request

T = TypeVar("T")
CAUSES = st.sampled_from([f"tg:1:{n}:buy" for n in range(6)])
SYMBOLS = {f"tg:1:{n}:buy": ("BTCUSDT", "ETHUSDT")[n % 2] for n in range(6)}
MOODS = st.sampled_from(list(Network))
EVIDENCE = ("answer: ", "order: ", "its nonce", "3 complete", "4 complete", "listed nowhere", "executions")
TRUTHS = {True: {LegState.FILLED}, False: {LegState.ABSENT, LegState.REJECTED}}


class Orders(RuleBasedStateMachine):
    """A bot with two markets, one venue, and no luck."""

    @initialize(exchange=st.sampled_from(["bybit", "hyperliquid"]))
    def start(self, exchange: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.exchange = exchange
        self.room: Room | None = None
        self._open()

    def _open(self) -> None:
        earlier = self.room
        context: AbstractAsyncContextManager[Room] = open_room(
            self.directory,
            self.exchange,
            venue=earlier.venue if earlier else None,
            clock=earlier.clock if earlier else None,
        )
        self.context = context
        self.room = self._do(context.__aenter__())
        self.room.venue.spy = self._spy

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def _spy(self, request: SignedRequest) -> None:
        """INV2: what is about to leave stands in the journal, byte for byte."""
        assert self.room is not None
        sql = "SELECT count(*) FROM attempts WHERE body_sha256=?"
        assert self.room.store.writer._sql.execute(sql, (request.sha256,)).fetchone()[0] >= 1

    def _request(self, cause: str, **changes: Any) -> OrderRequest:
        assert self.room is not None
        market = instrument(self.exchange, SYMBOLS[cause])
        return order_request(self.room.id_of(cause), self.exchange, instrument=market, **changes)

    @rule(cause=CAUSES, mood=MOODS)
    def command_arrives(self, cause: str, mood: Network) -> None:
        assert self.room is not None
        self.room.venue.moods = [mood]
        desk, client = self.room.desk, self.room.client
        work = desk.submit(self.room.account, self._request(cause), cause=cause, sender=client)
        try:
            self._do(self.room.clock.run(work))
        except LimitExceeded as refusal:
            assert refusal.code in {"unresolved_order", "reduce_only"}  # noqa: PT017 - both are right here
        self.room.venue.moods = []

    @rule(cause=CAUSES, mood=MOODS)
    def process_is_killed_while_a_command_is_handled(self, cause: str, mood: Network) -> None:
        assert self.room is not None
        room = self.room
        room.venue.moods = [mood]

        async def die_in_the_middle() -> None:
            submit = room.desk.submit(room.account, self._request(cause), cause=cause, sender=room.client)
            task = asyncio.ensure_future(submit)
            await room.clock._settle()
            await kill(room)
            await asyncio.gather(task, return_exceptions=True)

        self._do(die_in_the_middle())
        room.venue.moods = []
        self._open()
        self._do(self.room.clock.run(self.room.recovery.recover()))

    @rule(seconds=st.sampled_from([0.5, 3, 12, 40]))
    def time_passes(self, seconds: float) -> None:
        assert self.room is not None
        self._do(self.room.clock.advance(seconds))

    @rule()
    def resolver_looks(self) -> None:
        assert self.room is not None
        self._do(self.room.store.processes.hold(Job.RESOLVER))
        self._do(self.room.clock.run(self.room.resolver.look_once()))

    @precondition(lambda self: self.room is not None)
    @rule(is_reachable=st.booleans())
    def venue_goes_or_comes(self, is_reachable: bool) -> None:
        assert self.room is not None
        self.room.venue.is_reachable = is_reachable

    @invariant()
    def one_order_at_most_per_command(self) -> None:
        """INV1, INV4, INV6."""
        if getattr(self, "room", None) is None:
            return
        assert self.room is not None
        assert max(Counter(self.room.venue.executions).values(), default=0) <= 1

    @invariant()
    def every_order_of_ours_has_its_leg(self) -> None:
        """INV1."""
        if getattr(self, "room", None) is None:
            return
        assert self.room is not None
        ours = [id for id in self.room.venue.orders if is_ours(self.exchange, id)]
        assert self._do(self.room.store.journal.knows(self.exchange, ours)) == set(ours)

    @invariant()
    def nothing_leaves_unknown_without_evidence(self) -> None:
        """INV3."""
        if getattr(self, "room", None) is None:
            return
        assert self.room is not None
        sql = "SELECT evidence FROM leg_events WHERE from_state='UNKNOWN'"
        evidence = [row[0] for row in self.room.store.writer._sql.execute(sql)]
        assert all(text.startswith(EVIDENCE) for text in evidence), evidence

    @invariant()
    def nothing_opens_beside_an_unknown_order(self) -> None:
        """INV5."""
        if getattr(self, "room", None) is None:
            return
        assert self.room is not None
        unresolved = self._do(self.room.store.journal.unresolved())
        assert max(Counter(leg.symbol for leg in unresolved).values(), default=0) <= 1

    def teardown(self) -> None:
        """In the end everything is known, the journal says what the venue says, and people were told."""
        if getattr(self, "room", None) is None:
            return
        assert self.room is not None
        room = self.room
        room.venue.is_reachable = True
        self._do(room.resolve())
        self._do(room.clock.advance(31))
        while self._do(room.clock.run(room.resolver.look_once())):  # what was only acknowledged
            self._do(room.clock.advance(0.5))
        self._do(room.clock.run(room.recovery.recover()))
        for leg in self._do(room.store.journal.recent(room.account.user_id)):
            assert leg.state in TRUTHS[leg.client_order_id in room.venue.executions], leg
        self._everybody_was_told()
        self._do(self.context.__aexit__(None, None, None))
        self._do(self.loop.shutdown_asyncgens())
        self.loop.close()
        shutil.rmtree(self.directory)

    def _everybody_was_told(self) -> None:
        """INV8: what was once unknown has a message that says how it ended."""
        assert self.room is not None
        sql = self.room.store.writer._sql
        was_unknown = {row[0] for row in sql.execute("SELECT leg_id FROM leg_events WHERE from_state='UNKNOWN'")}
        told = {
            int(row[0].split(":")[1]) for row in sql.execute("SELECT key FROM outbox WHERE key LIKE 'order_settled%'")
        }
        answered = {row[0] for row in sql.execute("SELECT leg_id FROM leg_events WHERE evidence LIKE 'answer: %'")}
        assert was_unknown - told - answered == set()


Orders.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOrders = pytest.mark.slow(Orders.TestCase)
