"""The limits that a user or the owner set: no new risk beyond them.

Pure. They bind what adds risk and nothing else: closing, protecting and cancelling always pass, also while paused.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.grid import notional_of
from core.order_rules import expected_entry
from models.errors import LimitExceeded
from models.requests import OrderRequest
from models.values import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What must not be exceeded, in US dollars where it is money. None: no such limit."""

    is_paused: bool = False
    """The user's own pause."""
    is_halted: bool = False
    """The owner's stop for everybody."""
    max_leverage: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_total_notional: Decimal | None = None
    """Of all positions together, the order included."""
    max_positions: int | None = None
    max_daily_loss: Decimal | None = None
    """A loss today of this much or more takes no further risk; above zero."""
    requires_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What an account has at stake, as far as the limits look at it. None: not known."""

    total_notional: Decimal | None = None
    positions: int | None = None
    has_position: bool = False
    """Whether the order's market has one already, so that the order opens no further one."""
    profit_today: Decimal | None = None
    """Realised today; a loss is negative."""
    leverage: Decimal | None = None
    """What the order would run at."""


def check_limits(
    order: OrderRequest, limits: Limits, exposure: Exposure, *, reference_price: Decimal | None = None
) -> None:
    """Refuse an order that adds risk beyond the limits. Orders that only reduce always pass.

    What is limited and not known is refused too: a limit that cannot be checked is not kept.

    Raises:
        LimitExceeded: `paused`, `halted`, `stop_required`, `max_leverage`, `max_order_notional`,
            `max_total_notional`, `max_positions` or `max_daily_loss`; `fields` hold the limit and what was found.
    """
    if order.reduce_only:
        return
    if limits.is_halted:
        raise _exceeded(order, "halted", "the owner stopped new trades")
    if limits.is_paused:
        raise _exceeded(order, "paused", "trading is paused")
    if limits.requires_stop and (order.protection is None or not order.protection.stop_loss):
        raise _exceeded(order, "stop_required", "no order without a stop")
    notional = _notional(order, reference_price)
    total = None if notional is None or exposure.total_notional is None else notional + exposure.total_notional
    _check_cap(order, "max_leverage", limits.max_leverage, exposure.leverage)
    _check_cap(order, "max_order_notional", limits.max_order_notional, notional)
    _check_cap(order, "max_total_notional", limits.max_total_notional, total)
    _check_positions(order, limits, exposure)
    _check_daily_loss(order, limits, exposure)


def _notional(order: OrderRequest, reference_price: Decimal | None) -> Decimal | None:
    price = expected_entry(order.side, order.order_type, order.price, order.trigger_price, reference_price)
    return None if price is None else notional_of(order.instrument, order.size, price)


def _check_cap(order: OrderRequest, code: str, limit: Decimal | None, found: Decimal | None) -> None:
    if limit is None or (found is not None and found <= limit):
        return
    shown = "unknown" if found is None else plain(found)
    raise _exceeded(order, code, f"{code.replace('_', ' ')} is {plain(limit)}, was {shown}", limit=limit, found=found)


def _check_positions(order: OrderRequest, limits: Limits, exposure: Exposure) -> None:
    limit = limits.max_positions
    if limit is None or exposure.has_position or (exposure.positions is not None and exposure.positions < limit):
        return
    found = exposure.positions
    raise _exceeded(order, "max_positions", f"{limit} positions are allowed", limit=limit, found=found)


def _check_daily_loss(order: OrderRequest, limits: Limits, exposure: Exposure) -> None:
    limit, profit = limits.max_daily_loss, exposure.profit_today
    if limit is None or (profit is not None and -profit < limit):
        return
    reason = f"the limit of loss for today is {plain(limit)}"
    raise _exceeded(order, "max_daily_loss", reason, limit=limit, found=None if profit is None else -profit)


def _exceeded(order: OrderRequest, code: str, reason: str, **fields: Any) -> LimitExceeded:
    return LimitExceeded(f"{order.instrument.symbol}: {reason}", code=code, symbol=order.instrument.symbol, **fields)
