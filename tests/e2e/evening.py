"""One trader's evening at one venue: what they do, and what the venue's own books must say after each step.

Buttons are found by what they carry, so the same evening is had in every language.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.past import past_of
from core.summary import Summary
from models.account import Account
from models.enums import AccountType
from sandbox import demo
from sandbox.engine import Engine
from sandbox.engine.orders import Order
from sandbox.engine.views import PositionView
from sandbox.words import LedgerKind, StopKind
from telegram_ui.texts import Texts
from tests.chat.rig import Phone, Rig, Shown, eventually

D = Decimal
_OURS = {"bybit": demo.BYBIT_UID, "hyperliquid": demo.HYPERLIQUID_MASTER}


@dataclass(frozen=True, slots=True)
class Evening:
    """A trader with a phone, and the books of the venue they trade at."""

    rig: Rig
    phone: Phone
    t: Texts
    venue: str

    @property
    def account(self) -> Account:
        return Account(user_id=self.phone.user_id, exchange=self.venue, account_type=AccountType.PAPER)

    @property
    def books(self) -> Engine:
        engine: Engine = getattr(self.rig.sandbox.world, self.venue)
        return engine

    @property
    def uid(self) -> str:
        return _OURS[self.venue]

    # What the trader does

    async def says(self, text: str, *answers: object) -> Shown:
        """Write something; the answer must hold each of these."""
        return self._with(await self.phone.says(text), answers)

    async def taps(self, name: str, *answers: object, carries: Sequence[str] = ()) -> Shown:
        """Tap the newest button of a kind; the message then must hold each of these."""
        return self._with(await self.phone.presses(*self.button(name, *carries)), answers)

    async def confirms(self, *answers: object) -> Shown:
        """Tap the confirm button of the preview."""
        return await self.taps("ok", *answers)

    async def opens_card(self, symbol: str) -> Shown:
        """Open the card of a position from the list."""
        await self.says("/positions")
        return await self.taps("pos", symbol, carries=[self.venue, symbol])

    def button(self, name: str, *carries: str) -> tuple[int, str]:
        """Return the newest button of a kind that carries each of some words: its message, and its data."""
        for shown in reversed(self.phone.messages()):
            for data in shown.buttons.values():
                kind, *rest = data.split("|")
                if kind == name and all(word in rest for word in carries):
                    return shown.message_id, data
        raise AssertionError(f"no button {name} {carries}; the last message is:\n{self.phone.last()}")

    def _with(self, shown: Shown, answers: Sequence[object]) -> Shown:
        for answer in answers:
            assert str(answer) in shown.text, f"{answer!r} is missing in:\n{shown.text}"
        return shown

    # What happens around them

    async def moves(self, symbol: str, price: str) -> None:
        """Move a market; then let everything that looks after positions look once."""
        self.rig.sandbox.set_price(symbol, D(price))
        await self.rig.sandbox.advance(3)
        await self.looks()

    async def looks(self) -> None:
        """Let everything that looks after positions look once, and tell what there is to tell."""
        jobs = self.rig.runtime.jobs
        await jobs.sync.sync(self.account)
        await jobs.care.targets.look_once()
        await jobs.sync.sync(self.account)
        await jobs.care.orphans.look_once()
        await jobs.care.prices.look_once()
        await self.is_told()

    async def is_told(self) -> None:
        """Wait until nothing waits to be told."""
        outbox = self.rig.runtime.store.outbox
        left = [0]

        async def look() -> None:
            left[0] = len(await outbox.due())

        self.rig.app.outbox.wake()
        await look()
        while left[0]:
            await eventually(lambda: True)
            await look()

    # What the venue's books say

    def native(self, symbol: str) -> str:
        """Return the venue's own name of a market."""
        return symbol.removesuffix("USDT") if self.venue == "hyperliquid" else symbol

    def resting(self, symbol: str, *, reducing: bool) -> list[Order]:
        """Return the orders that wait in a market, of those that reduce or those that open."""
        found = self.books.open_orders(self.uid, symbol=self.native(symbol))
        return [order for order in found if order.spec.reduce_only is reducing]

    def position(self, symbol: str) -> PositionView | None:
        """Return an open position."""
        found = [view for view in self.books.positions(self.uid, symbol=self.native(symbol)) if view.position.size]
        return found[0] if found else None

    def size(self, symbol: str) -> Decimal:
        """Return how much is held; shorts are below zero."""
        view = self.position(symbol)
        return D(0) if view is None else view.position.size

    def stop(self, symbol: str) -> Decimal | None:
        """Return where the stop of a position stands."""
        found = self.books.open_orders(self.uid, symbol=self.native(symbol))
        stops = [order.trigger.price for order in found if order.spec.stop is StopKind.STOP_LOSS and order.trigger]
        assert len(stops) <= 1, f"{len(stops)} stops of one position"
        return stops[0] if stops else None

    def fills(self) -> int:
        """Return how many fills there were so far."""
        return len(self.books.fills(self.uid))

    def earned(self, since: int, *symbols: str) -> Decimal:
        """Return what the books booked in some markets since a line: results, fees and funding."""
        kinds, names = {LedgerKind.REALISED, LedgerKind.FEE, LedgerKind.FUNDING}, {self.native(s) for s in symbols}
        lines = self.books.ledger.lines(account_id=self.uid, after=since)
        return sum((line.amount or D(0) for line in lines if line.kind in kinds and line.symbol in names), D(0))

    async def summary(self) -> Summary:
        """Return what the bot adds up for the last day."""
        runtime, now = self.rig.runtime, datetime.now(UTC)
        past = await past_of(runtime.backend, runtime.store, self.account, now - timedelta(days=1), now)
        return past.summary

    async def exported(self, text: str) -> list[dict[str, str]]:
        """Ask for a file and return its rows."""
        await self.says(text)
        files = [message.file for message in self.rig.state.messages[self.phone.user_id].values() if message.file]
        return list(csv.DictReader(io.StringIO(files[-1].data.decode())))
