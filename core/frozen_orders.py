"""Orders between their preview and their confirmation: kept as plain data, and sent exactly as they were shown."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import db
from core.confirming import send_once_for
from core.ports import TradingBackend
from models.account import Account
from models.enums import AccountType, OrderSide, OrderType, Outcome, TimeInForce
from models.errors import BadOrder
from models.requests import OrderResult
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Ticket, TicketSize
from models.values import plain

Frozen = Mapping[str, Any]

DEFAULT_PRICE_TOLERANCE = Decimal("0.005")
"""How far the price may move between preview and confirmation before it is shown again, as a fraction."""


def frozen_account(account: Account) -> dict[str, str]:
    """Return an account as plain data."""
    return {"exchange": account.exchange, "account_type": account.account_type.value}


def thawed_account(user_id: int, frozen: Frozen) -> Account:
    """Read an account from plain data.

    Raises:
        BadOrder: There is no such kind of account.
    """
    try:
        kind = AccountType(frozen["account_type"])
    except ValueError as e:
        raise BadOrder("no such kind of account", code="bad_button") from e
    return Account(user_id=user_id, exchange=frozen["exchange"], account_type=kind)


def frozen_order(preview: OrderPreview) -> dict[str, Any]:
    """Return what a confirmation stands for: exactly what the preview showed."""
    return {
        **frozen_account(preview.account),
        "symbol": preview.instrument.symbol,
        "side": preview.side.value,
        "order_type": preview.order_type.value,
        "size": plain(preview.size),
        "price": _text(preview.price),
        "reference": plain(preview.reference_price),
        "leverage": _text(preview.leverage_change),
        "stop_loss": _text(preview.stop_loss),
        "targets": [[plain(target.price), plain(target.size)] for target in preview.targets],
        "time_in_force": preview.time_in_force.value,
        "reduce_only": preview.reduce_only,
    }


def thawed_ticket(said: Frozen) -> Ticket:
    """Read a ticket from its `to_dict()`."""
    stop = said["stop_loss"]
    return Ticket(
        symbol=said["symbol"],
        side=OrderSide(said["side"]),
        size=TicketSize(amount=Decimal(said["size"]["amount"]), unit=SizeUnit(said["size"]["unit"])),
        price=_number(said["price"]),
        leverage=_number(said["leverage"]),
        stop_loss=_level(stop) if stop else None,
        take_profits=tuple(_level(level) for level in said["take_profits"]),
        time_in_force=TimeInForce(said["time_in_force"]),
        reduce_only=said["reduce_only"],
    )


async def move_beyond_tolerance(backend: TradingBackend, user_id: int, orders: Sequence[Frozen]) -> Decimal | None:
    """Return how far the market moved since the preview, as a fraction, where that is more than the person tolerates.

    Only orders at the market's price are looked at: a limit says itself what is too far.

    Raises:
        Unavailable: A price could not be read.
    """
    tolerance = Decimal(await db.get_setting(user_id, "price_tolerance", plain(DEFAULT_PRICE_TOLERANCE)))
    at_market = [order for order in orders if order["price"] is None]
    moves = await asyncio.gather(*(_move_of(backend, user_id, order) for order in at_market))
    furthest = max(moves, key=abs, default=Decimal(0))
    return None if abs(furthest) <= tolerance else furthest


async def place_frozen(backend: TradingBackend, user_id: int, order: Frozen, cause: str) -> OrderResult:
    """Send a confirmed order, and its targets where there are several.

    Raises:
        NotSent: Nothing was sent.
        Unavailable: A fact that the order depends on could not be read; nothing was sent.
    """
    targets = order["targets"]
    result = await send_once_for(cause, lambda: _place(backend, user_id, order, cause))
    if len(targets) < 2 or result.outcome is Outcome.REJECTED:
        return result
    if result.success and await _place_targets(backend, user_id, order, cause):
        return result
    return replace(result, warnings=(*result.warnings, "targets_missing"))


async def _place(backend: TradingBackend, user_id: int, order: Frozen, cause: str) -> OrderResult:
    targets = order["targets"]
    return await backend.place_order(
        user_id,
        order["symbol"],
        order["side"],
        order["order_type"],
        order["size"],
        order["price"],
        leverage=order["leverage"],
        take_profit=targets[0][0] if len(targets) == 1 else None,
        stop_loss=order["stop_loss"],
        time_in_force=order["time_in_force"] if order["price"] is not None else None,
        reduce_only=order["reduce_only"],
        exchange=order["exchange"],
        account_type=order["account_type"],
        cause=cause,
    )


async def _place_targets(backend: TradingBackend, user_id: int, order: Frozen, cause: str) -> bool:
    """Place several targets as orders of their own that can only reduce; return whether every one stands."""
    placed = []
    for n, (price, size) in enumerate(order["targets"]):
        own_cause = f"{cause}:target{n}"
        place = partial(_place_target, backend, user_id, order, price, size, own_cause)
        placed.append((await send_once_for(own_cause, place)).success)
    return all(placed)


async def _place_target(
    backend: TradingBackend, user_id: int, order: Frozen, price: str, size: str, cause: str
) -> OrderResult:
    return await backend.place_order(
        user_id,
        order["symbol"],
        OrderSide(order["side"]).opposite,
        OrderType.TAKE_PROFIT_MARKET,
        size,
        trigger_price=price,
        reduce_only=True,
        exchange=order["exchange"],
        account_type=order["account_type"],
        cause=cause,
    )


async def _move_of(backend: TradingBackend, user_id: int, order: Frozen) -> Decimal:
    ticker = await backend.get_ticker(user_id, order["symbol"], order["exchange"], order["account_type"])
    then, now = Decimal(order["reference"]), ticker.reference_price
    return Decimal(1) if now is None else now / then - 1


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _level(said: Frozen) -> Level:
    return Level(amount=Decimal(said["amount"]), unit=LevelUnit(said["unit"]))
