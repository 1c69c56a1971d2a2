"""The words of the order journal: an intent has legs, a leg has attempts, and every change is an event."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from models.account import Account
from models.enums import AccountType, OrderSide
from models.values import Value


class LegState(StrEnum):
    """Where a leg stands. Only evidence moves it on; see the table in `core.outcomes`."""

    PREPARED = "PREPARED"
    """Nothing left this process, or what left never arrived."""
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    """It may have happened. It is looked up until something proves what did."""
    ACKED = "ACKED"
    WORKING = "WORKING"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    ABSENT = "ABSENT"
    """Proven never to have reached the venue."""
    MANUAL = "MANUAL"
    """Closed by a person who looked, with their words as evidence."""

    @property
    def is_unresolved(self) -> bool:
        """Whether nobody knows yet."""
        return self in {LegState.SENDING, LegState.UNKNOWN}

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected."""
        return self in {LegState.FILLED, LegState.CANCELLED, LegState.REJECTED, LegState.ABSENT, LegState.MANUAL}


class LegKind(StrEnum):
    """What a leg is at the venue."""

    ORDER = "order"
    PROTECTION = "protection"
    """A take-profit or stop-loss that is an order of its own."""
    CHANGE = "change"
    """Not an order: a cancel, an amendment, a setting."""


class Effect(StrEnum):
    """What a request can do to the account's exposure."""

    OPENS = "opens"
    REDUCES = "reduces"
    CANCELS = "cancels"
    SETS = "sets"
    """Leverage, modes, protection: neither opens nor closes."""


class Route(StrEnum):
    """Which path builds and sends a request; chosen by `USE_UNIFIED` and fixed in the attempt."""

    UNIFIED = "unified"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSpec(Value):
    """A leg before it is claimed."""

    symbol: str
    """Empty: the whole account."""
    kind: LegKind
    part: str = ""
    """`entry`, `take_profit` or `stop_loss`, where a request makes several orders."""
    client_order_id: str | None = None
    side: OrderSide | None = None
    size: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg(Value):
    """A leg, the intent it belongs to, and its latest attempt to be sent."""

    id: int
    intent_id: int
    n: int
    account: Account
    symbol: str
    """Empty: the whole account."""
    kind: LegKind
    part: str
    client_order_id: str | None
    order_id: str | None
    side: OrderSide | None
    size: Decimal | None
    state: LegState
    filled_size: Decimal
    average_price: Decimal | None
    rank: int
    code: str
    message: str
    created_ms: int
    updated_ms: int
    cause: str
    action_kind: str
    action: str = field(repr=False)
    """The frozen request as JSON; `core.actions` reads it."""
    reply: Mapping[str, Any] | None
    """Where the answer belongs, as the caller gave it."""
    is_adopted: bool
    attempts: int
    epoch: int | None
    route: Route | None
    signer: str | None
    nonce: int | None
    timestamp_ms: int | None
    fence_ms: int | None
    claimed_ms: int | None

    @property
    def reference(self) -> str:
        """The name by which people speak of it."""
        return f"A{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUpdate(Value):
    """What a piece of evidence makes of a leg. None leaves a value as it is."""

    state: LegState
    evidence: str
    order_id: str | None = None
    filled_size: Decimal | None = None
    average_price: Decimal | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEvent(Value):
    """One step of a leg's life."""

    id: int
    leg_id: int
    at_ms: int
    epoch: int | None
    from_state: LegState | None
    to_state: LegState
    evidence: str


RANKS = {
    LegState.PREPARED: 0,
    LegState.SENDING: 0,
    LegState.UNKNOWN: 0,
    LegState.ABSENT: 1,  # below what a late order would prove: late evidence wins
    LegState.ACKED: 2,
    LegState.WORKING: 3,
    LegState.PARTIAL: 4,
    LegState.CANCELLED: 9,
    LegState.REJECTED: 9,
    LegState.FILLED: 9,
    LegState.MANUAL: 9,
}
"""How much a state proves. A leg's rank only grows; the database holds to it."""


def updated(leg: Leg, update: LegUpdate, now_ms: int) -> Leg:
    """Return a leg as an update makes it."""
    return dataclasses.replace(
        leg,
        state=update.state,
        rank=max(leg.rank, RANKS[update.state]),
        order_id=leg.order_id if update.order_id is None else update.order_id,
        filled_size=leg.filled_size if update.filled_size is None else update.filled_size,
        average_price=leg.average_price if update.average_price is None else update.average_price,
        code=leg.code if update.code is None else update.code,
        message=leg.message if update.message is None else update.message,
        updated_ms=now_ms,
    )


LEG_QUERY = """
SELECT l.id, l.intent_id, l.n, a.user_id, a.exchange, a.account_type, l.symbol, l.kind, l.part, l.client_order_id,
  l.order_id, l.side, l.size, l.state, l.filled_size, l.average_price, l.rank, l.code, l.message, l.created_ms,
  l.updated_ms, i.cause, i.kind, i.action, i.reply, i.is_adopted,
  (SELECT count(*) FROM attempts WHERE leg_id=l.id AND purpose='send'),
  t.epoch, t.sender, t.signer, t.nonce, t.timestamp_ms, t.fence_ms, t.claimed_ms
FROM legs l JOIN intents i ON i.id=l.intent_id JOIN accounts a ON a.id=l.account_id
LEFT JOIN attempts t ON t.leg_id=l.id
  AND t.no=(SELECT max(no) FROM attempts WHERE leg_id=l.id AND purpose='send')
"""


def read_leg(row: Any) -> Leg:
    """Read one row of `LEG_QUERY`."""
    account = Account(user_id=row[3], exchange=row[4], account_type=AccountType(row[5]))
    return Leg(
        id=row[0],
        intent_id=row[1],
        n=row[2],
        account=account,
        symbol=row[6],
        kind=LegKind(row[7]),
        part=row[8],
        client_order_id=row[9],
        order_id=row[10],
        side=None if row[11] is None else OrderSide(row[11]),
        size=_decimal(row[12]),
        state=LegState(row[13]),
        filled_size=Decimal(row[14]),
        average_price=_decimal(row[15]),
        rank=row[16],
        code=row[17],
        message=row[18],
        created_ms=row[19],
        updated_ms=row[20],
        cause=row[21],
        action_kind=row[22],
        action=row[23],
        reply=None if row[24] is None else json.loads(row[24]),
        is_adopted=bool(row[25]),
        attempts=row[26],
        epoch=row[27],
        route=None if row[28] is None else Route(row[28]),
        signer=row[29],
        nonce=row[30],
        timestamp_ms=row[31],
        fence_ms=row[32],
        claimed_ms=row[33],
    )


def find_legs(sql: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Leg]:
    """Return the legs that a condition on `LEG_QUERY` selects, inside a transaction."""
    return [read_leg(row) for row in sql.execute(f"{LEG_QUERY} WHERE {where}", values)]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
