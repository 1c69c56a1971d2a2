"""The verdict: what people were told and what the journal says, held against the venue's own ledger."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.chaos_lab.persons import Story
from benchmarks.chaos_lab.wires import Chat, Line


class Said(StrEnum):
    """What a message tells about an order."""

    FILLED = "filled"
    PLACED = "placed"
    NOT_DONE = "not done"
    CHECKING = "being checked"
    SENDING = "sending"
    CRASHED = "crashed"
    SOMETHING_ELSE = "something else"


_SAID: tuple[tuple[re.Pattern[str], Said], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"✅ (Bought|Sold) ", Said.FILLED),
        (r"✅ The order to (buy|sell) ", Said.PLACED),
        (r"❌ Not done: ", Said.NOT_DONE),
        (r"This confirmation has expired\. Nothing was sent", Said.NOT_DONE),
        (r"⚠️ Something went wrong inside the bot", Said.CRASHED),
        (r"⚠️ [\s\S]*Nothing was sent\.", Said.NOT_DONE),
        (r"⏳ Being checked", Said.CHECKING),
        (r"⏳ Sending", Said.SENDING),
    )
)
_REFERENCE = re.compile(r"No\. (A\d+)")
_NUMBER = re.compile(r", and quote \w+ to")
_VERDICTS = frozenset({Said.FILLED, Said.PLACED, Said.NOT_DONE})


def said_in(text: str) -> Said:
    """Return what a text tells."""
    return next((said for pattern, said in _SAID if pattern.search(text)), Said.SOMETHING_ELSE)


@dataclass(slots=True, kw_only=True)
class VenueOrder:
    """An order in the venue's ledger, as it stands at the end."""

    order_id: str
    client_order_id: str
    status: str
    filled: Decimal

    @property
    def is_accepted(self) -> bool:
        """Whether the venue took it at all."""
        return self.status != "rejected"

    @property
    def is_over(self) -> bool:
        """Whether it can execute no more."""
        return self.status in {"filled", "cancelled", "rejected", "deactivated"}


Ledger = Mapping[tuple[str, str, str, Decimal], Sequence[VenueOrder]]
"""Entries by account, market, side and size: the four that tell whose wish an order was."""


def read_ledger(lines: Iterable[Mapping[str, Any]]) -> Ledger:
    """Return a venue's entries; orders that only protect one are left out."""
    orders: dict[str, tuple[tuple[str, str, str, Decimal], VenueOrder]] = {}
    for line in lines:
        detail = line["detail"]
        if line["kind"] != "order" or detail["stop"] != "none":
            continue
        key = (line["account_id"], line["symbol"], detail["side"], Decimal(detail["size"]))
        orders[detail["order_id"]] = (
            key,
            VenueOrder(
                order_id=detail["order_id"],
                client_order_id=detail["client_order_id"],
                status=detail["status"],
                filled=Decimal(detail["filled_size"]),
            ),
        )
    found: dict[tuple[str, str, str, Decimal], list[VenueOrder]] = defaultdict(list)
    for key, order in orders.values():
        found[key].append(order)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLeg:
    """A leg of the journal at the end."""

    reference: str
    cause: str
    n: int
    kind: str
    state: str
    exchange: str
    client_order_id: str
    is_adopted: bool
    sender: str
    """Which path sent it: `unified` or `legacy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A time during which nobody knew what had become of a leg; in the machine's milliseconds."""

    exchange: str
    since_ms: int
    until_ms: int
    epoch: int


@dataclass(slots=True, kw_only=True)
class Books:
    """What the product itself wrote down."""

    legs: list[JournalLeg]
    doubts: list[Doubt]
    inbox_new: int
    inbox_dead: int
    outbox_new: int

    @property
    def unresolved(self) -> list[JournalLeg]:
        """Legs whose outcome is still open."""
        open_states = {"PREPARED", "SENDING", "UNKNOWN"}
        return [leg for leg in self.legs if leg.state in open_states or (leg.state == "ACKED" and leg.kind != "change")]


_EXPECTED_ERRORS = ("operator needed", "update given up", "not well: event loop")
"""The last comes on a machine that has no time for the loop, which says nothing of what became of the orders."""


def errors_in(log: Path) -> list[str]:
    """Return what the bot itself called an error of its own, tracebacks in one line."""
    errors, inside = list[str](), False
    for line in log.read_text(encoding="utf-8").splitlines():
        head = line.split(maxsplit=2)
        if len(head) == 3 and head[0].endswith("Z") and head[1].isupper():
            inside = head[1] == "ERROR" and not any(known in line for known in _EXPECTED_ERRORS)
            if inside:
                errors.append(head[2])
        elif inside and not line.startswith((" ", "Traceback")) and line:
            errors[-1] = f"{errors[-1].partition(' <- ')[0]} <- {line}"
    return errors


_LEGS = (
    "SELECT l.id,i.cause,l.n,l.kind,l.state,l.exchange,l.client_order_id,i.is_adopted,"
    "(SELECT sender FROM attempts WHERE leg_id=l.id ORDER BY no LIMIT 1) FROM legs l JOIN intents i ON i.id=l.intent_id"
)
_EVENTS = (
    "SELECT e.leg_id,l.exchange,e.at_ms,e.epoch,e.from_state,e.to_state "
    "FROM leg_events e JOIN legs l ON l.id=e.leg_id ORDER BY e.id"
)


def read_books(database: Path) -> Books:
    """Read the product's own records, whoever has them open."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        legs = [
            JournalLeg(
                reference=f"A{row[0]}",
                cause=row[1],
                n=row[2],
                kind=row[3],
                state=row[4],
                exchange=row[5],
                client_order_id=row[6] or "",
                is_adopted=bool(row[7]),
                sender=row[8] or "",
            )
            for row in connection.execute(_LEGS)
        ]
        inbox = dict(connection.execute("SELECT state,count(*) FROM inbox GROUP BY state").fetchall())
        waiting = connection.execute("SELECT count(*) FROM outbox WHERE state='NEW'").fetchone()[0]
        doubts = list(_doubts(connection.execute(_EVENTS)))
    return Books(
        legs=legs, doubts=doubts, inbox_new=inbox.get("NEW", 0), inbox_dead=inbox.get("DEAD", 0), outbox_new=waiting
    )


def _doubts(events: Iterable[tuple[Any, ...]]) -> Iterable[Doubt]:
    since: dict[int, int] = {}
    for leg_id, exchange, at_ms, epoch, before, after in events:
        if after == "UNKNOWN":
            since[leg_id] = at_ms
        elif before == "UNKNOWN":
            yield Doubt(exchange=exchange, since_ms=since.pop(leg_id), until_ms=at_ms, epoch=epoch)


@dataclass(slots=True)
class Tally:
    """What was found, in numbers, and where to look."""

    intents: int = 0
    orders: int = 0
    duplicates: int = 0
    lost: int = 0
    """At the venue and not in the journal, or accepted from a person who was never told how it ended."""
    false: int = 0
    """Told what the venue contradicts."""
    unresolved: int = 0
    errors: int = 0
    """The bot's own, in its log: nothing that people notice may break, but nothing else either."""
    notes: list[str] = field(default_factory=list)

    @property
    def violations(self) -> int:
        """Everything that must not be."""
        return self.duplicates + self.lost + self.false + self.unresolved + self.errors

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in ("intents", "orders", "duplicates", "lost", "false", "unresolved", "errors"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes


@dataclass(slots=True, kw_only=True)
class Case:
    """One wish with everything that is known about it."""

    story: Story
    chat: Chat
    orders: Sequence[VenueOrder]
    leg: JournalLeg | None

    @property
    def path(self) -> str:
        """Which path sent it; `not sent` where none did."""
        return self.leg.sender if self.leg is not None and self.leg.sender else "not sent"

    @property
    def ending(self) -> str:
        """The last that was said about it, in a few words."""
        told = self.told()
        if not told:
            return (
                "refused: " + _NUMBER.sub("", self.story.refusal).partition("\n")[0]
                if self.story.refusal
                else "not pressed"
            )
        return str(told[-1])

    def told(self) -> list[Said]:
        """Return everything that was said about it after its button was pressed, oldest first."""
        since = self.story.pressed_ms
        if since is None:
            return []
        lines = [line for line in self.chat.lines if line.at_ms >= since and self._is_about(line)]
        return [said for said in map(said_in, (line.text for line in lines)) if said is not Said.SOMETHING_ELSE]

    def _is_about(self, line: Line) -> bool:
        reference = _REFERENCE.search(line.text)
        if reference is not None:
            return self.leg is not None and reference[1] == self.leg.reference
        return line.message_id == self.story.preview


def judge(case: Case) -> Tally:
    """Hold one wish against the ledger."""
    tally = Tally(intents=1)
    real = [order for order in case.orders if order.is_accepted]
    told = case.told()
    _count_orders(tally, case, real)
    _judge_words(tally, case, real, told)
    _judge_end(tally, case, told)
    if case.leg is not None and case.leg.state in {"PREPARED", "SENDING", "UNKNOWN", "ACKED"}:
        tally.unresolved += 1
        _note(tally, case, f"still {case.leg.state}")
    return tally


def _count_orders(tally: Tally, case: Case, real: Sequence[VenueOrder]) -> None:
    tally.orders = len(real)
    if len(real) > 1:
        tally.duplicates += len(real) - 1
        _note(tally, case, f"{len(real)} orders at the venue")
    if real and (case.leg is None or case.leg.client_order_id not in {order.client_order_id for order in real}):
        tally.lost += 1
        _note(tally, case, "an order that its journal entry does not know")


def _judge_words(tally: Tally, case: Case, real: Sequence[VenueOrder], told: Sequence[Said]) -> None:
    has_filled = any(order.filled > 0 for order in real)
    is_alive = has_filled or any(not order.is_over for order in real)
    wrong = {Said.FILLED: not has_filled, Said.PLACED: not real, Said.NOT_DONE: is_alive}
    lies = [said for said in told if wrong.get(said, False)]
    if lies:
        tally.false += 1
        _note(tally, case, f"told “{lies[0]}” of {[order.status for order in real] or 'no order'}")


def _judge_end(tally: Tally, case: Case, told: Sequence[Said]) -> None:
    story = case.story
    if story.preview is None and not story.refusal:
        tally.lost += 1
        _note(tally, case, "a command that nobody answered")
    elif story.pressed_ms is not None and (not told or told[-1] not in _VERDICTS):
        tally.lost += 1
        _note(tally, case, f"the last word about it is “{told[-1] if told else 'nothing'}”")
    elif told and told[-1] is Said.PLACED and all(order.is_over for order in case.orders if order.is_accepted):
        tally.lost += 1
        _note(tally, case, "told of its beginning and not of its end")


def _note(tally: Tally, case: Case, what: str) -> None:
    intent = case.story.intent
    leg = "no leg" if case.leg is None else f"{case.leg.reference} {case.leg.state} by {case.path}"
    mishaps = ", ".join(mishap.name for mishap in intent.mishaps) or "no mishap"
    tally.notes.append(f"#{intent.number} {intent.exchange} {intent.text!r} ({leg}; {mishaps}): {what}")
