"""What stands between a user and new risk: their own limits, read and held against what they have at stake.

Only what opens or grows a position is looked at; closing and cancelling never wait for this.
"""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import db
from core.limits import Exposure, Limits, check_limits
from exchanges.base import AccountVenue
from models.account import Account
from models.enums import AccountType
from models.errors import LimitExceeded
from models.requests import OrderRequest
from models.unified import Position
from models.values import from_millis


async def limits_of(user_id: int) -> Limits:
    """Return the limits that a user set."""
    settings = await db.get_settings(user_id)
    return Limits(
        max_leverage=_decimal(settings.get("max_leverage")),
        max_order_notional=_decimal(settings.get("max_order_notional")),
        max_total_notional=_decimal(settings.get("max_total_notional")),
        max_daily_loss=_decimal(settings.get("max_daily_loss")),
        max_positions=settings.get("max_positions"),
        requires_stop=bool(settings.get("requires_stop")),
    )


async def guard(
    account: Account,
    client: AccountVenue,
    order: OrderRequest,
    *,
    reference_price: Decimal | None,
    leverage: Decimal | None,
) -> None:
    """Refuse an order beyond the user's limits.

    Raises:
        LimitExceeded: `code` names the limit or the restriction. Nothing was sent.
        Unavailable: What is limited could not be read, so it cannot be kept.
    """
    if order.reduce_only:
        return
    await _check_real_trading(account)
    for restriction in await db.store().trading.restrictions(account):
        raise restriction.refusal()
    limits = await limits_of(account.user_id)
    if limits == Limits():
        return
    exposure = await _exposure(client, order, limits, leverage)
    check_limits(order, limits, exposure, reference_price=reference_price)


async def _check_real_trading(account: Account) -> None:
    if account.account_type is AccountType.REAL and not await db.get_setting(account.user_id, "real_trading", False):
        raise LimitExceeded("trading with real money is switched off; switch it on in /settings", code="real_is_off")


async def _exposure(client: AccountVenue, order: OrderRequest, limits: Limits, leverage: Decimal | None) -> Exposure:
    positions = await client.get_positions()
    now = from_millis(client.venue_time_ms())
    native = order.instrument.native_symbol
    if leverage is None and limits.max_leverage is not None:
        leverage = await client.get_leverage(order.instrument)
    return Exposure(
        total_notional=_total(positions),
        positions=len(positions),
        has_position=any(position.native_symbol == native for position in positions),
        profit_today=None if limits.max_daily_loss is None else await _profit_since(client, now),
        leverage=leverage,
    )


async def _profit_since(client: AccountVenue, now: datetime) -> Decimal:
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    closed = await client.get_closed_pnl(since=midnight)
    return sum((row.pnl for row in closed if row.closed_at >= midnight), Decimal(0))


def _total(positions: list[Position]) -> Decimal | None:
    values = [position.notional for position in positions]
    return None if None in values else sum((value for value in values if value is not None), Decimal(0))


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
