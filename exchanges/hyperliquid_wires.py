"""HyperLiquid's trading actions as structs: the order of their fields is part of what is signed.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from models.errors import BadOrder
from models.values import plain

USD_DECIMALS: Final = 6


class Grouping(StrEnum):
    """How the orders of one action belong together."""

    NONE = "na"
    ENTRY = "normalTpsl"
    """The first is an entry; the others protect what it fills."""
    POSITION = "positionTpsl"
    """All protect the whole position, and follow its size."""


class Limit(msgspec.Struct, frozen=True):
    """When a limit order may execute: `Gtc`, `Ioc` or `Alo`."""

    tif: str


class LimitKind(msgspec.Struct, frozen=True):
    """The type of an order without a trigger."""

    limit: Limit


class Trigger(msgspec.Struct, frozen=True, rename="camel"):
    """What an order waits for; the mark price fires it."""

    is_market: bool
    trigger_px: str
    tpsl: str


class TriggerKind(msgspec.Struct, frozen=True):
    """The type of an order with a trigger."""

    trigger: Trigger


class OrderWire(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order: asset, is buy, price, size, reduce only, type, client order id."""

    a: int
    b: bool
    p: str
    s: str
    r: bool
    t: LimitKind | TriggerKind
    c: str | None = None


class OrderAction(msgspec.Struct, frozen=True, tag_field="type", tag="order"):
    """Place orders."""

    orders: tuple[OrderWire, ...]
    grouping: Grouping


class CancelWire(msgspec.Struct, frozen=True):
    """The order `o` of asset `a`."""

    a: int
    o: int


class CancelAction(msgspec.Struct, frozen=True, tag_field="type", tag="cancel"):
    """Cancel by the venue's ids."""

    cancels: tuple[CancelWire, ...]


class CloidCancelWire(msgspec.Struct, frozen=True):
    """The order that carries our id."""

    asset: int
    cloid: str


class CloidCancelAction(msgspec.Struct, frozen=True, tag_field="type", tag="cancelByCloid"):
    """Cancel by our ids."""

    cancels: tuple[CloidCancelWire, ...]


class ModifyWire(msgspec.Struct, frozen=True):
    """Replace the order named by the venue's id (a number) or ours (a text)."""

    oid: int | str
    order: OrderWire


class ModifyAction(msgspec.Struct, frozen=True, tag_field="type", tag="batchModify"):
    """Replace open orders; each gets a new id at the venue and keeps ours."""

    modifies: tuple[ModifyWire, ...]


class LeverageAction(msgspec.Struct, frozen=True, tag_field="type", tag="updateLeverage", rename="camel"):
    """Set a market's leverage and margin mode, which go together."""

    asset: int
    is_cross: bool
    leverage: int


class MarginAction(msgspec.Struct, frozen=True, tag_field="type", tag="updateIsolatedMargin", rename="camel"):
    """Move margin into or out of an isolated position; `ntli` is in millionths of a dollar."""

    asset: int
    is_buy: bool
    ntli: int


class NoopAction(msgspec.Struct, frozen=True, tag_field="type", tag="noop"):
    """Spend a nonce."""


WireAction = OrderAction | CancelAction | CloidCancelAction | ModifyAction | LeverageAction | MarginAction | NoopAction


def amount(number: Decimal, name: str) -> str:
    """Write a price or a size the way the venue signs it: no exponent, no trailing zeros.

    Raises:
        BadOrder: It is not a finite number, or below zero.
    """
    if not number.is_finite() or number.is_signed():
        raise BadOrder(f"{name}: expected a number from zero up, was {number}", code="bad_number", name=name)
    return plain(number)


def legs_of(action: WireAction) -> int:
    """Return how many orders, cancels or changes an action holds; the venue's limits count these."""
    match action:
        case OrderAction():
            return len(action.orders)
        case CancelAction() | CloidCancelAction():
            return len(action.cancels)
        case ModifyAction():
            return len(action.modifies)
        case _:
            return 1
