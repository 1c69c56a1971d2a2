"""Everything that can be asked of a venue's write side, and what is known afterwards.

An *action* says what to do. `core.orders` gives it a `Stamp` (time, nonce, fence), a sender signs it without any
I/O, the signed bytes are journalled, and only then sent. The answer is one `Ack` per leg.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from models.enums import (
    AccountType,
    MarginMode,
    OrderSide,
    OrderType,
    Outcome,
    PositionMode,
    PositionSide,
    TimeInForce,
    TriggerBy,
)
from models.errors import NotSent
from models.market import Instrument
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection(Value):
    """Take-profit and stop-loss prices, already on the grid. None leaves a side as it is."""

    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit_limit: Decimal | None = None
    """The limit of a take-profit that rests instead of taking the market's price."""
    stop_loss_limit: Decimal | None = None
    trigger_by: TriggerBy | None = None
    """None: the venue's usual price (Bybit last, HyperLiquid mark)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest(Value):
    """One order, already on the venue's grid. Only `core.money.build_order` makes one.

    `price` is the limit; for a market order it is the worst price to accept, or None for the venue's own bound.
    `closes_position` with `reduce_only` closes whatever the position is; `size` is then what was seen.
    """

    instrument: Instrument
    side: OrderSide
    size: Decimal
    order_type: OrderType
    client_order_id: str
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger_price: Decimal | None = None
    trigger_by: TriggerBy | None = None
    trigger_rises: bool | None = None
    """Whether the trigger fires when the price rises to it; needed for orders with a trigger."""
    reduce_only: bool = False
    closes_position: bool = False
    position_side: PositionSide | None = None
    """The hedge leg; None in one-way mode."""
    slippage_fraction: Decimal | None = None
    """Where `price` of a market order was made by it: for venues that take the distance instead of the price."""
    protection: Protection | None = None
    protection_client_ids: tuple[str, ...] = ()
    """Ids of the take-profit and stop-loss orders, where the venue takes them as orders of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrders(Value):
    """Several orders of one account in one request; each has its own outcome."""

    orders: tuple[OrderRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendOrder(Value):
    """Change price, size or trigger of an open order; None leaves a value as it is.

    `replacement` is the whole order as it will be, for venues that replace instead of change.
    """

    instrument: Instrument
    order_id: str | None
    client_order_id: str | None
    size: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    replacement: OrderRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Value):
    """Cancel one order by its venue id, or by ours."""

    instrument: Instrument
    order_id: str | None
    client_order_id: str | None = None
    is_trigger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAll(Value):
    """Cancel what is open: of one market, or of the whole account. `orders` is what was seen open."""

    instrument: Instrument | None = None
    orders: tuple[CancelOrder, ...] = ()
    settle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLeverage(Value):
    """Set leverage; `margin_mode` where the venue sets both at once."""

    instrument: Instrument
    leverage: Decimal
    margin_mode: MarginMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMarginMode(Value):
    """Set the margin mode of a market, or of the account where the venue has only that (`instrument` None)."""

    margin_mode: MarginMode
    instrument: Instrument | None = None
    leverage: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPositionMode(Value):
    """Choose one-way or hedge for a market, or for every market of a settlement coin."""

    position_mode: PositionMode
    instrument: Instrument | None = None
    settle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProtection(Value):
    """Set the protection of a whole position, or of `size` of it.

    In `protection` a price sets, None leaves, and zero removes. `trailing_distance` is a distance in price; zero
    removes.
    `replaced` are the venue's protection orders that this one takes the place of, where they are orders.
    """

    instrument: Instrument
    position_side: PositionSide
    position_size: Decimal
    is_hedge: bool = False
    protection: Protection
    size: Decimal | None = None
    trailing_distance: Decimal | None = None
    trailing_activation: Decimal | None = None
    replaced: tuple[CancelOrder, ...] = ()
    client_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustMargin(Value):
    """Add margin to an isolated position (above zero) or take some away (below zero), in settlement currency."""

    instrument: Instrument
    position_side: PositionSide
    amount: Decimal
    is_hedge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Value):
    """Spend a nonce and nothing else: a request in flight with the same nonce can no longer execute."""


Action = (
    OrderRequest
    | BatchOrders
    | AmendOrder
    | CancelOrder
    | CancelAll
    | SetLeverage
    | SetMarginMode
    | SetPositionMode
    | SetProtection
    | AdjustMargin
    | Noop
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp(Value):
    """When an attempt was made and until when it may execute, in the venue's time.

    Taken once per attempt, journalled, and used by whichever sender sends it.
    """

    timestamp_ms: int
    """Bybit's request timestamp."""
    fence_ms: int
    """After this instant of venue time the request cannot execute any more."""
    nonce: int | None = None
    """HyperLiquid's nonce, from the signer's row in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest(Value):
    """Bytes ready to leave. Neither headers nor body are ever logged or shown."""

    exchange: str
    action: Action
    stamp: Stamp
    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def sha256(self) -> str:
        """The fingerprint that the journal keeps."""
        return hashlib.sha256(self.body).hexdigest()


def stay_at(base: str, url: str) -> str:
    """Return the address of a request, if it is one of the venue at `base`.

    Raises:
        NotSent: It is another one's: some package has changed the client that builds requests (`sender_failed`).
    """
    if not url.startswith(f"{base}/"):
        raise NotSent("the request was made out to another address than the venue's", code="sender_failed")
    return url


class AckKind(StrEnum):
    """What the venue's answer to one leg proves."""

    NOT_SENT = "not_sent"
    """Nothing reached the venue; the same leg may be tried again."""
    ACCEPTED = "accepted"
    """The venue took it; whether it filled is asked separately."""
    FILLED = "filled"
    REJECTED = "rejected"
    """A definite refusal; nothing changed."""
    UNKNOWN = "unknown"
    """Anything else. Never believed to be absent, never sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack(Value):
    """What is known about one leg right after its request."""

    kind: AckKind
    order_id: str | None = None
    client_order_id: str | None = None
    filled_size: Decimal | None = None
    average_price: Decimal | None = None
    code: str = ""
    """Our word for a refusal (`insufficient_margin`), which the catalogues translate."""
    venue_code: str = ""
    message: str = ""
    """The venue's own text, shortened; never a body."""
    http_status: int | None = None


class Sender(Protocol):
    """Signs and sends for one account. Two exist per venue: the adapter's, and the legacy path's."""

    @property
    def signer(self) -> str:
        """The name under which nonces are allocated: the agent's address, or the API key's fingerprint."""

    @property
    def needs_nonce(self) -> bool:
        """Whether attempts carry a nonce of their own."""

    @property
    def fence_s(self) -> float:
        """How long after its stamp a request may still execute."""

    def venue_time_ms(self) -> int:
        """Return the venue's clock, as far as its answers tell."""

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""

    async def wait_turn(self, action: Action) -> None:
        """Wait until the venue's limits let this action out; call it before the stamp, which ages while it waits.

        Raises:
            NotSent: It would take too long (`venue_busy`).
        """

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Build the exact bytes, without any I/O.

        Raises:
            BadOrder: The venue has no such action, or the account's mode cannot take it.
        """

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Send once, never retry, and classify. Never raises for what the network or the venue did.

        Returns:
            One ack per leg, in the action's order; where protection is orders of its own, the entry comes first.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult(Value):
    """What is known about a write, in the words of the caller."""

    outcome: Outcome
    exchange: str
    account_type: AccountType
    symbol: str | None
    side: OrderSide | None = None
    size: Decimal | None = None
    """What was asked for."""
    order_id: str | None = None
    client_order_id: str | None = None
    filled_size: Decimal | None = None
    """None: not known yet."""
    average_price: Decimal | None = None
    error_code: str = ""
    error_message: str = ""
    warnings: tuple[str, ...] = ()
    """Codes of what did not fully work beside the order, e.g. `protection_failed`."""
    reference: str | None = None
    """The journal's name of the leg, for people: `A17`."""
    as_of: datetime | None = None

    @property
    def success(self) -> bool:
        """Whether the venue took the order. An unknown outcome is neither success nor failure."""
        return self.outcome in {Outcome.ACCEPTED, Outcome.FILLED}

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form, `success` included."""
        return {"success": self.success, **Value.to_dict(self)}
