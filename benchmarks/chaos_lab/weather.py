"""What goes wrong with everybody at once: look-ups that fail or lag, venues that are away, a Telegram that stutters."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos_lab.plan import VENUES
from benchmarks.chaos_lab.wires import Wires

_OUTAGES: tuple[Mapping[str, Any], ...] = (
    {"kind": "reset_before"},
    {"kind": "error_before", "status": 503},
    {"kind": "html_before"},
    {"kind": "close_after"},
)
_TELEGRAM_METHODS = ("sendMessage", "editMessageText", "answerCallbackQuery", "getUpdates")
_TELEGRAM_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "server_error"},
    {"kind": "garbage"},
    {"kind": "too_many_requests", "retry_after": 2},
)


TROUBLES = (
    "calm_spell",
    "outage",
    "blindness",
    "flaky_look_ups",
    "lag",
    "lost_noops",
    "absence",
    "silence",
    "telegram",
    "cleared_lists",
)


@dataclass(slots=True)
class Weather:
    """Changes until it is calmed.

    Args:
        seed: Of the dice.
        wires: Where it happens.
        only: The only troubles that there are; all when empty.
    """

    seed: int
    wires: Wires
    only: Sequence[str] = ()
    healed_ms: dict[str, list[int]] = field(default_factory=lambda: {exchange: [] for exchange in VENUES})
    """When look-ups at a venue, and noops, worked again, in the machine's time."""

    async def run(self) -> None:
        """Let trouble come and go until cancelled; then use `calm`."""
        dice = random.Random(f"weather {self.seed}")
        troubles = [name for name in TROUBLES if not self.only or name in self.only]
        while True:
            trouble = getattr(self, f"_{dice.choice(troubles)}")
            await trouble(dice, dice.choice(list(VENUES)))

    async def calm(self) -> None:
        """End every trouble."""
        for exchange in VENUES:
            await self.wires.control("listening", part=exchange, listening=True)
        await self.wires.heal_everything()
        await self.wires.control("bybit", realtime_lag_ms=0, history_lag_ms=0, mute_streams=False)
        await self.wires.control("hyperliquid", lag_ms=0)
        await self.wires.telegram("clear_faults")
        for exchange in VENUES:
            self._heal(exchange)

    async def _pause(self, seconds: float) -> None:
        await self.wires.machine.sleep(seconds)

    def _heal(self, exchange: str) -> None:
        self.healed_ms[exchange].append(self.wires.machine.now_ms())

    async def _calm_spell(self, dice: random.Random, _: str) -> None:
        await self._pause(dice.uniform(3, 15))

    async def _outage(self, dice: random.Random, exchange: str) -> None:
        """No look-up is answered, often for longer than any fence and margin."""
        await self._break_look_ups(exchange, dice.choice(_OUTAGES), dice.choice((5, 15, 35)))

    async def _blindness(self, dice: random.Random, exchange: str) -> None:
        """Neither look-ups nor, where they can be stopped, streams tell anything for longer than fence and margin."""
        await self.wires.control("bybit", mute_streams=exchange == "bybit")
        await self._break_look_ups(exchange, dice.choice(_OUTAGES), 35)
        await self.wires.control("bybit", mute_streams=False)

    async def _flaky_look_ups(self, dice: random.Random, exchange: str) -> None:
        """Some look-ups are not answered."""
        rule = {**dice.choice(_OUTAGES), "probability": 0.4, "seed": dice.randrange(1 << 30)}
        await self._break_look_ups(exchange, rule, dice.uniform(10, 25))

    async def _break_look_ups(self, exchange: str, rule: Mapping[str, Any], seconds: float) -> None:
        rules = [await self.wires.fault(exchange, match, rule, count=None) for match in VENUES[exchange].look_ups]
        await self._pause(seconds)
        await self.wires.heal(*rules)
        self._heal(exchange)

    async def _lag(self, dice: random.Random, exchange: str) -> None:
        """What was taken shows later."""
        lag = {"realtime_lag_ms": 1500, "history_lag_ms": 5000} if exchange == "bybit" else {"lag_ms": 1500}
        await self.wires.control(exchange, **lag)
        await self._pause(dice.uniform(5, 20))
        await self.wires.control(exchange, **dict.fromkeys(lag, 0))
        self._heal(exchange)

    async def _lost_noops(self, dice: random.Random, _: str) -> None:
        """Spending a nonce on nothing is answered by nobody, whether it happened or not."""
        rule = {"kind": dice.choice(("reset_before", "reset_after", "late")), "probability": 0.6}
        number = await self.wires.fault("hyperliquid", VENUES["hyperliquid"].noop, rule, count=None)
        await self._pause(dice.uniform(10, 30))
        await self.wires.heal(number)
        self._heal("hyperliquid")

    async def _absence(self, dice: random.Random, exchange: str) -> None:
        """Nobody listens at the venue's address."""
        await self.wires.control("listening", part=exchange, listening=False)
        await self._pause(dice.choice((0.5, 3, 8)))
        await self.wires.control("listening", part=exchange, listening=True)
        self._heal(exchange)

    async def _silence(self, dice: random.Random, exchange: str) -> None:
        """Streams break, or go on without a word."""
        await self.wires.control("sockets/drop", venue=exchange)
        if exchange == "bybit":
            await self.wires.control("bybit", mute_streams=True)
            await self._pause(dice.uniform(5, 20))
            await self.wires.control("bybit", mute_streams=False)

    async def _telegram(self, dice: random.Random, _: str) -> None:
        """Some calls of Telegram's are lost, carried out or not."""
        for _n in range(dice.randint(1, 3)):
            fault = dice.choice(_TELEGRAM_FAULTS)
            await self.wires.telegram("fault", method=dice.choice(_TELEGRAM_METHODS), skip=dice.randrange(3), **fault)
        await self._pause(dice.uniform(2, 8))

    async def _cleared_lists(self, _: random.Random, __: str) -> None:
        """Bybit restarts a service and forgets the list of what ended lately."""
        await self.wires.control("bybit", restart=True)
