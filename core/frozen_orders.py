"""Orders between their preview and their confirmation: kept as plain data, and sent exactly as they were shown."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import db
from core.confirming import answer_once_for
from core.ports import TradingBackend
from core.targets import arm, plan_targets
from db import TargetPlan
from exchanges.pacing import Purpose, read_purpose, reading_for
from models.account import Account
from models.enums import AccountType, OrderSide, Outcome, PositionSide, TimeInForce
from models.errors import BadOrder, TradingError
from models.requests import OrderResult
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Target, Ticket, TicketSize
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
    plan = await _plan_of(user_id, order, cause)
    with _as_an_exit(order):
        result = await answer_once_for(cause, lambda: _place(backend, user_id, order, cause))
    if plan is None or result.outcome is Outcome.REJECTED:
        return result
    warning = await _arm(backend, plan, result)
    return result if warning is None else replace(result, warnings=(*result.warnings, warning))


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


async def _plan_of(user_id: int, order: Frozen, cause: str) -> TargetPlan | None:
    """Write several targets down before their entry is sent; one target travels with its entry."""
    if len(order["targets"]) < 2 or order["reduce_only"]:
        return None
    side = PositionSide.LONG if OrderSide(order["side"]) is OrderSide.BUY else PositionSide.SHORT
    return await plan_targets(
        thawed_account(user_id, order),
        cause,
        order["symbol"],
        side,
        [Target(price=Decimal(price), size=Decimal(size)) for price, size in order["targets"]],
        has_stop=order["stop_loss"] is not None,
    )


async def _arm(backend: TradingBackend, plan: TargetPlan, result: OrderResult) -> str | None:
    """Place targets for what is filled, so that the answer tells of them; return what to warn of.

    What cannot be placed now is placed by the keeper of targets.
    """
    if result.outcome is not Outcome.FILLED or not result.filled_size:
        return "targets_later"
    try:
        armed = await arm(backend, plan, result.filled_size)
    except TradingError:
        return "targets_later"
    if armed == plan:
        return "targets_later"
    await db.store().targets.save(armed)
    return None if all(order.stands for order in armed.placed) else "targets_missing"


async def _move_of(backend: TradingBackend, user_id: int, order: Frozen) -> Decimal:
    with _as_an_exit(order):
        ticker = await backend.get_ticker(user_id, order["symbol"], order["exchange"], order["account_type"])
    then, now = Decimal(order["reference"]), ticker.reference_price
    return Decimal(1) if now is None else now / then - 1


def _as_an_exit(order: Frozen) -> AbstractContextManager[None]:
    """Let an order that only takes risk away use what the venue's limit keeps for exits."""
    return reading_for(Purpose.EXIT if order["reduce_only"] else read_purpose())


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _level(said: Frozen) -> Level:
    return Level(amount=Decimal(said["amount"]), unit=LevelUnit(said["unit"]))
