"""One world of the lab: a sandbox, a bot that dies again and again, people with wishes, weather; and the verdict."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.chaos_lab.bots import Bots, Life, open_bots
from benchmarks.chaos_lab.judge import Books, Case, Doubt, Tally, VenueOrder, errors_in, judge, read_books, read_ledger
from benchmarks.chaos_lab.machine import Machine
from benchmarks.chaos_lab.persons import Person
from benchmarks.chaos_lab.plan import PRICES, VENUES, Intent, intents_of
from benchmarks.chaos_lab.steps import STEPS
from benchmarks.chaos_lab.weather import Weather
from benchmarks.chaos_lab.wires import Wires, open_wires

_FIRST_USER = 700_000_001
_MONEY = 10_000_000
_HOLDING = "/long BTC 5"
"""What everybody buys at the start, so that there is something to close."""
_SHARE, _WEIGHT = 8.0, 12_000
"""Rate budgets: a program that starts anew every few seconds reads more than one that runs on."""
_SETTLE_LIMIT_S = 240.0
_LIVES_S = (4.0, 25.0)
"""Between how long and how long a life lasts that did not come to its step."""
_DIES_AT_A_STEP = 0.8


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a world came to."""

    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """By venue and path."""
    doubts_s: list[float] = field(default_factory=list)
    """How long unknown outcomes stayed so, once a bot was up and look-ups were answered."""
    deaths: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    starting_s: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    """The last words that people got."""
    machine_s: float = 0.0

    def tally(self, exchange: str, path: str) -> Tally:
        """Return the tally of a venue and path."""
        return self.tallies.setdefault((exchange, path), Tally())

    def add(self, other: "Outcome") -> None:
        """Add another world to this one."""
        for key, tally in other.tallies.items():
            self.tally(*key).add(tally)
        self.doubts_s += other.doubts_s
        self.deaths += other.deaths
        self.lives += other.lives
        self.starting_s += other.starting_s
        self.faults += other.faults
        self.endings += other.endings
        self.machine_s += other.machine_s

    @property
    def total(self) -> Tally:
        """Return everything together."""
        total = Tally()
        for tally in self.tallies.values():
            total.add(tally)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a world is to be.

    Attributes:
        mishaps: The only ones that there are; None: all.
        troubles: The only weather that there is; all of it when empty.
        steps: The only ones at which the bot dies; all, and whenever it is, when empty.
        patches: Functions that take a part of the product away, for tests of the tests.
    """

    seed: int
    intents: int
    people_per_venue: int = 4
    mishaps: Sequence[str] | None = None
    troubles: Sequence[str] = ()
    steps: Sequence[str] = ()
    patches: Sequence[str] = ()


class World:
    """One world; see `live`."""

    def __init__(self, wish: Wish, machine: Machine, wires: Wires, bots: Bots, database: Path) -> None:
        self._wish = wish
        self._machine = machine
        self._wires = wires
        self._bots = bots
        self._database = database
        self._weather = Weather(wish.seed, wires, wish.troubles)
        self._accounts: dict[int, str] = {}
        self._people: dict[int, Person] = {}
        exchanges = [exchange for exchange in VENUES for _ in range(wish.people_per_venue)]
        self._exchange_of = {_FIRST_USER + n: exchange for n, exchange in enumerate(exchanges)}

    async def live(self) -> Outcome:
        """Let people, weather and death at each other, then calm everything and judge."""
        started = self._machine.monotonic()
        await self._found()
        dying = asyncio.create_task(self._die_again_and_again())
        weather = asyncio.create_task(self._weather.run())
        wish = self._wish
        intents = list(intents_of(wish.seed, wish.intents, self._exchange_of, wish.mishaps))
        try:
            await asyncio.gather(*(self._act(user_id, intents) for user_id in self._people))
        finally:
            for task in (dying, weather):
                task.cancel()
            endings = await asyncio.gather(dying, weather, return_exceptions=True)
        _raise_first(endings)
        await self._weather.calm()
        life = await self._last_life()
        books = await self._settle()
        await self._bots.stop(life)
        return await self._judge(books, self._machine.monotonic() - started)

    # The beginning

    async def _found(self) -> None:
        """Open accounts, let people in, and give everybody something to close."""
        await self._wires.control("hyperliquid", ip_weight_per_minute=_WEIGHT)
        for coin, price in PRICES.items():
            await self._wires.control("price", symbol=f"{coin}USDT", price=str(price))
        operator = _FIRST_USER - 1
        await self._wires.join(operator, "Operator")
        await self._wires.telegram("send", user_id=operator, text="/start")
        keys = {}
        for user_id, exchange in self._exchange_of.items():
            keys[user_id] = {"exchange": exchange, "keys": await self._open_account(user_id, exchange)}
            self._people[user_id] = Person(self._wires, await self._wires.join(user_id, f"Person {user_id}"))
        await self._bots.let_in(keys)
        life = await self._bots.start(use_unified="true")
        await self._bots.ready(life)
        await asyncio.gather(*(person.trade(user_id, _HOLDING) for user_id, person in self._people.items()))
        await self._bots.stop(life)
        self._bots.lives.clear()

    async def _open_account(self, user_id: int, exchange: str) -> Mapping[str, str]:
        name = f"chaos-{user_id}"
        if exchange == "bybit":
            deposits = {"USDT": str(_MONEY)}
            told = await self._wires.control("accounts", venue="bybit", name=name, deposits=deposits)
            self._accounts[user_id] = told["uid"]
            return {"api_key": told["api_key"], "api_secret": told["secret"]}
        told = await self._wires.control("hyperliquid/accounts", name=name, usdc=str(_MONEY))
        self._accounts[user_id] = told["master"]
        return {"private_key": told["agent_key"], "account_address": told["master"]}

    # The middle

    async def _act(self, user_id: int, intents: Sequence[Intent]) -> None:
        for intent in intents:
            if intent.user_id == user_id:
                await self._people[user_id].want(intent)

    async def _die_again_and_again(self) -> None:
        """Begin lives that end by SIGKILL: at a step of the product, or whenever it is."""
        dice = random.Random(f"deaths {self._wish.seed}")
        while True:
            life = await self._bots.start(
                use_unified=dice.choice(("true", "false")), death=_death(dice, self._wish.steps)
            )
            watching = asyncio.create_task(self._bots.ready(life))
            await self._machine.until(self._machine.monotonic() + dice.uniform(*_LIVES_S), life.ended)
            await self._bots.kill(life)
            await watching
            await self._machine.sleep(dice.choice((0.2, 1.0, 3.0, 3.0, 8.0, 20.0)))

    # The end

    async def _last_life(self) -> Life:
        for life in self._bots.lives[-1:]:
            await self._bots.kill(life)
        life = await self._bots.start(use_unified="true")
        if not await self._bots.ready(life):
            raise RuntimeError("the bot did not start")
        return life

    async def _settle(self) -> Books:
        """Wait until nothing is open any more, as long as that can take."""
        deadline = self._machine.monotonic() + _SETTLE_LIMIT_S
        await self._machine.sleep(5)
        while True:
            books = read_books(self._database)
            is_settled = not (books.unresolved or books.inbox_new or books.outbox_new)
            if is_settled or self._machine.monotonic() >= deadline:
                break
            await self._machine.sleep(2)
        await self._machine.sleep(20)  # the last messages, and orders that turn up late
        return read_books(self._database)

    async def _judge(self, books: Books, machine_s: float) -> Outcome:
        outcome = Outcome(lives=len(self._bots.lives), machine_s=machine_s)
        ledgers = {
            exchange: read_ledger(await self._wires.look("ledger", venue=exchange, kind="order")) for exchange in VENUES
        }
        legs = {leg.cause: leg for leg in books.legs if leg.n == 0}
        for user_id, person in self._people.items():
            for story in person.stories:
                intent = story.intent
                key = (self._accounts[user_id], intent.native, intent.side, intent.size)
                orders: Sequence[VenueOrder] = ledgers[intent.exchange].get(key, ())
                case = Case(story=story, chat=person.chat, orders=orders, leg=legs.get(story.cause))
                verdict = judge(case)
                outcome.tally(intent.exchange, case.path).add(verdict)
                outcome.endings[case.ending] += 1
                if verdict.violations:
                    self._keep(case, verdict)
        errors = errors_in(self._database.parents[1] / "bot.log")
        if errors:
            outcome.tally("bot's own log", "").add(Tally(errors=len(errors), notes=errors))
        outcome.doubts_s = [self._waited_s(doubt) for doubt in books.doubts]
        outcome.deaths = Counter(life.death or "whenever" for life in self._bots.lives[:-1])
        outcome.starting_s = [life.starting_s for life in self._bots.lives if life.starting_s is not None]
        applied = (await self._wires.look("faults"))["applied"]
        outcome.faults = Counter(f"{fault['venue']}" for fault in applied)
        return outcome

    def _keep(self, case: Case, verdict: Tally) -> None:
        """Write down everything about a wish that went wrong, for whoever looks for the reason."""
        story, lines = case.story, [*verdict.notes, f"{case.story}", f"{case.leg}", *map(str, case.orders)]
        lines += [f"{line.at_ms} {line.message_id} {line.text!r} {line.buttons}" for line in case.chat.lines]
        lines += [f"life {life.pid} from {life.born_ms}, dies at {life.death!r}" for life in self._bots.lives]
        (self._database.parent / f"intent-{story.intent.number}.txt").write_text("\n".join(lines), encoding="utf-8")

    def _waited_s(self, doubt: Doubt) -> float:
        """Return how long an answer took, counted from when it could first be had."""
        births = [life.born_ms for life in self._bots.lives if life.born_ms <= doubt.until_ms]
        healed = [at_ms for at_ms in self._weather.healed_ms[doubt.exchange] if at_ms <= doubt.until_ms]
        return max(0, doubt.until_ms - max(doubt.since_ms, *births[-1:], *healed[-1:])) / 1000


def _raise_first(endings: Sequence[BaseException | None]) -> None:
    for ending in endings:
        if ending is not None and not isinstance(ending, asyncio.CancelledError):
            raise ending


def _death(dice: random.Random, steps: Sequence[str]) -> dict[str, Any] | None:
    if not steps and dice.random() >= _DIES_AT_A_STEP:
        return None
    return {"name": dice.choice(steps or list(STEPS)), "nth": dice.choice((1, 1, 2, 3)), "after_ms": dice.randrange(25)}


async def live(wish: Wish, folder: Path) -> Outcome:
    """Live through a world whose files stand in a folder of its own, which is there already."""
    machine = Machine(folder / "clock")
    async with AsyncExitStack() as stack:
        wires = await stack.enter_async_context(open_wires(machine, wish.seed))
        settings = settings_of(wires, folder)
        bots = await stack.enter_async_context(open_bots(machine, folder, settings, wish.patches, share=_SHARE))
        moving = asyncio.create_task(machine.run())
        stack.callback(moving.cancel)
        return await World(wish, machine, wires, bots, folder / "data" / "elcaro.db").live()


def settings_of(wires: Wires, folder: Path) -> dict[str, Any]:
    """Return the settings of every life."""
    told = wires.told
    return {
        "elcaro_mode": "sandbox",
        "elcaro_data_dir": str(folder / "data"),
        "elcaro_log_dir": str(folder),
        "telegram_token": told["telegram_token"],
        "telegram_api_url": told["telegram_url"],
        "telegram_link": told["chat_url"],
        "paper_venues": {exchange: {"url": told[f"{exchange}_url"]} for exchange in VENUES},
        "log_level": "WARNING",
        "admin_id": _FIRST_USER - 1,
    }
