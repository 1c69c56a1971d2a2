"""Faults by the thousand in a model: how many orders are doubled, lost or told wrongly, beside the usual ways.

Run: `python -m benchmarks.chaos_model [faults] [first seed]`. Each seed is a small world in virtual time: one venue
with moods (refused, lost, late, answered by nobody, hung), commands that arrive again, and a process that is killed in
the middle of things and started anew. The same worlds are lived through by the order desk and by three usual policies.
The venue's own ledger is the judge. Goal: 0 doubled, 0 lost, 0 told wrongly, 0 left unknown. `benchmarks.chaos` does
it with real processes.
"""

import asyncio
import contextlib
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from db import LegState
from models.enums import Outcome
from models.errors import LimitExceeded, NotSent
from models.requests import AckKind, Stamp
from tests.core.desk_kit import Room, kill, open_room
from tests.core.venue_fake import FakeClient, FakeVenue, Network, instrument, order_request
from tests.core.virtual_clock import VirtualClock

COMMANDS = 8
BAD_MOODS = [mood for mood in Network if mood is not Network.OK]
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person wants, and what will happen to it."""

    cause: str
    symbol: str
    moods: tuple[Network, ...]
    deliveries: int
    is_killed: bool
    pause_s: float

    @property
    def faults(self) -> int:
        return sum(mood is not Network.OK for mood in self.moods) + self.deliveries - 1 + self.is_killed


@dataclass(slots=True)
class Tally:
    """What a policy did to the people who used it."""

    commands: int = 0
    doubled: int = 0
    lost: int = 0
    """Live at the venue, and nobody here knows."""
    wrong: int = 0
    """Told as placed and was not, or as not placed and was."""
    unknown: int = 0
    worst: int = 0
    notes: list[str] = field(default_factory=list)

    def judge(self, name: str, executed: int, told: Outcome | None, *, is_tracked: bool) -> None:
        self.commands += 1
        self.worst = max(self.worst, executed)
        self.doubled += executed > 1
        self.lost += executed > 0 and not is_tracked
        self.unknown += told is Outcome.UNKNOWN
        is_wrong = (told is Outcome.FILLED) != (executed > 0) and told is not Outcome.UNKNOWN and told is not None
        self.wrong += is_wrong
        if executed > 1 or is_wrong:
            self.notes.append(name)


def commands_of(seed: int) -> tuple[str, list[Command]]:
    """Return the venue and the commands of a world."""
    dice = random.Random(seed)
    commands = [
        Command(
            cause=f"tg:1:{seed}.{n}:buy",
            symbol=dice.choice(SYMBOLS),
            moods=tuple(dice.choice(BAD_MOODS) for _ in range(dice.choice((0, 1, 1, 1, 2, 3)))),
            deliveries=dice.choice((1, 1, 1, 2, 3)),
            is_killed=dice.random() < 0.3,
            pause_s=dice.choice((0.1, 1.0, 6.0, 30.0)),
        )
        for n in range(COMMANDS)
    ]
    return dice.choice(("bybit", "hyperliquid")), commands


async def live_with_desk(seed: int, directory: Path) -> Tally:
    """Live through a world with the order desk, and judge it by the venue's ledger."""
    exchange, commands = commands_of(seed)
    context = open_room(directory, exchange)
    room = await context.__aenter__()
    for command in commands:
        for n in range(command.deliveries):
            if command.is_killed and n == 0:
                await die_with(room, command)
                context = open_room(directory, exchange, venue=room.venue, clock=room.clock)
                room = await context.__aenter__()
                await room.clock.run(room.recovery.recover())
            else:
                await deliver(room, command)
            await look_around(room, command.pause_s)
    await room.resolve()
    await room.clock.advance(31)
    await room.clock.run(room.recovery.recover())
    tally, ledger = Tally(), Counter(room.venue.executions)
    for command in commands:
        legs = await room.store.journal.of_cause(command.cause)
        told = outcome_of(legs[0].state) if legs else None
        tally.judge(f"{seed}:{command.cause}", ledger[room.id_of(command.cause)], told, is_tracked=bool(legs))
    await context.__aexit__(None, None, None)
    return tally


async def deliver(room: Room, command: Command) -> None:
    """Let the command arrive."""
    room.venue.moods = list(command.moods)
    market = instrument(room.exchange, command.symbol)
    request = order_request(room.id_of(command.cause), room.exchange, instrument=market)
    with contextlib.suppress(LimitExceeded, NotSent):  # told at once: nothing was sent
        await room.clock.run(room.desk.submit(room.account, request, cause=command.cause, sender=room.client))
    room.venue.moods = []


async def die_with(room: Room, command: Command) -> None:
    """Let the command arrive and kill the process while it is handled."""
    room.venue.moods = list(command.moods)
    market = instrument(room.exchange, command.symbol)
    request = order_request(room.id_of(command.cause), room.exchange, instrument=market)
    task = asyncio.ensure_future(room.desk.submit(room.account, request, cause=command.cause, sender=room.client))
    await room.clock._settle()
    await kill(room)
    await asyncio.gather(task, return_exceptions=True)
    room.venue.moods = []


async def look_around(room: Room, seconds: float) -> None:
    """Let time pass with a resolver at work."""
    resolving = asyncio.ensure_future(room.resolver.run())
    await room.clock.advance(seconds)
    resolving.cancel()
    await asyncio.gather(resolving, return_exceptions=True)


def outcome_of(state: LegState) -> Outcome:
    """Return what a final state tells; anything else is unknown still."""
    placed = {LegState.FILLED: Outcome.FILLED, LegState.ABSENT: Outcome.REJECTED, LegState.REJECTED: Outcome.REJECTED}
    return placed.get(state, Outcome.UNKNOWN)


Policy = Callable[[FakeClient, str, str], Awaitable[Outcome]]


async def send(client: FakeClient, client_id: str, symbol: str) -> Outcome:
    """Send as an SDK does: an answer, or an exception."""
    now = client.venue_time_ms()
    stamp = Stamp(timestamp_ms=now, fence_ms=now + 5000, nonce=random.getrandbits(40) if client.needs_nonce else None)
    request = order_request(client_id, client.venue.exchange, instrument=instrument(client.venue.exchange, symbol))
    ack = (await client.send(client.sign(request, stamp)))[0]
    if ack.kind in {AckKind.UNKNOWN, AckKind.NOT_SENT}:
        raise ConnectionError(ack.code)
    return Outcome.REJECTED if ack.kind is AckKind.REJECTED else Outcome.FILLED


async def fall_back(client: FakeClient, cause: str, symbol: str) -> Outcome:
    """Try the new path; on any exception, the old one."""
    for path in ("new", "old"):
        try:
            return await send(client, f"{cause}#{path}{random.getrandbits(30)}", symbol)
        except (ConnectionError, RuntimeError):
            continue
    return Outcome.REJECTED


async def retry(client: FakeClient, cause: str, symbol: str) -> Outcome:
    """Try three times, with a new id each time."""
    for _ in range(3):
        try:
            return await send(client, f"{cause}#{random.getrandbits(30)}", symbol)
        except (ConnectionError, RuntimeError):
            continue
    return Outcome.REJECTED


async def give_up(client: FakeClient, cause: str, symbol: str) -> Outcome:
    """Try once; an exception means that it failed."""
    try:
        return await send(client, f"{cause}#{random.getrandbits(30)}", symbol)
    except (ConnectionError, RuntimeError):
        return Outcome.REJECTED


POLICIES: dict[str, Policy] = {
    "try new, except: old": fall_back,
    "retry x3, new id": retry,
    "exception = failed": give_up,
}


async def live_with_policy(seed: int, policy: Policy) -> Tally:
    """Live through the same world with a usual policy."""
    random.seed(seed)
    exchange, commands = commands_of(seed)
    clock = VirtualClock()
    venue = FakeVenue(exchange, clock)
    client, told = FakeClient(venue), {}
    for command in commands:
        for n in range(command.deliveries):
            venue.moods = list(command.moods)
            outcome = await clock.run(as_coroutine(policy(client, command.cause, command.symbol)))
            if not (command.is_killed and n == 0):  # whoever is killed remembers nothing
                told[command.cause] = outcome
    await clock.advance(60)
    ledger = Counter(client_id.split("#")[0] for client_id in venue.executions)
    tally = Tally()
    for command in commands:
        said = told.get(command.cause)
        tally.judge(command.cause, ledger[command.cause], said, is_tracked=said is Outcome.FILLED)
    return tally


async def as_coroutine(work: Awaitable[Outcome]) -> Outcome:
    return await work


def add(total: Tally, one: Tally) -> None:
    """Add one world's tally to the total."""
    for name in ("commands", "doubled", "lost", "wrong", "unknown"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.worst = max(total.worst, one.worst)
    total.notes += one.notes


async def main(faults_wanted: int, first_seed: int) -> int:
    """Live through worlds until enough faults were injected; return the number of failures of the desk."""
    totals = {name: Tally() for name in (*POLICIES, "order desk")}
    faults, seed = 0, first_seed
    while faults < faults_wanted:
        faults += sum(command.faults for command in commands_of(seed)[1])
        with tempfile.TemporaryDirectory() as directory:
            add(totals["order desk"], await live_with_desk(seed, Path(directory)))
        for name, policy in POLICIES.items():
            add(totals[name], await live_with_policy(seed, policy))
        seed += 1
    print(f"{faults:,} faults in {seed - first_seed} worlds, seeds {first_seed} to {seed - 1}")
    print(f"{'policy':24}{'commands':>10}{'doubled':>10}{'lost':>10}{'told wrong':>12}{'unknown':>10}{'worst':>8}")
    for name, tally in totals.items():
        figures = f"{tally.commands:10,}{tally.doubled:10,}{tally.lost:10,}{tally.wrong:12,}{tally.unknown:10,}"
        print(f"{name:24}{figures}{tally.worst:8}")
    desk = totals["order desk"]
    for note in desk.notes:
        print("failed:", note)
    return desk.doubled + desk.lost + desk.wrong + desk.unknown


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    arguments = [int(word) for word in sys.argv[1:]]
    sys.exit(1 if asyncio.run(main(*(arguments + [1_000, 0][len(arguments) :]))) else 0)
