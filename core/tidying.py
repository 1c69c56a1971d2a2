"""Giving up what waits at an account, and nothing that guards what is held there."""

import asyncio

from core.confirming import send_once_for
from core.ports import TradingBackend
from exchanges.pacing import Purpose, reads_for
from models.account import Account
from models.errors import Unavailable
from models.order import Order
from models.requests import OrderResult


@reads_for(Purpose.EXIT)
async def cancel_what_guards_nothing(backend: TradingBackend, account: Account, cause: str) -> list[OrderResult]:
    """Cancel every open order of an account; where a position is left, or may be, only what would open something.

    Args:
        cause: Of all of it; each request has one of its own, made from it.

    Raises:
        Unavailable: What is open could not be read.
    """
    exchange, account_type = account.exchange, account.account_type
    if await _is_flat(backend, account):
        return await backend.cancel_all_orders(
            account.user_id, exchange=exchange, account_type=account_type, cause=cause
        )
    found = await backend.get_orders(account.user_id, None, exchange, account_type)
    entries = [order for order in found if not (order.reduce_only or order.closes_position)]
    return list(
        await asyncio.gather(*(_cancel(backend, account, order, f"{cause}:{order.order_id}") for order in entries))
    )


async def _is_flat(backend: TradingBackend, account: Account) -> bool:
    try:
        return not await backend.get_positions(account.user_id, None, account.exchange, account.account_type)
    except Unavailable:
        return False


async def _cancel(backend: TradingBackend, account: Account, order: Order, cause: str) -> OrderResult:
    async def send() -> OrderResult:
        return await backend.cancel_order(
            account.user_id,
            order.symbol,
            order.order_id,
            exchange=account.exchange,
            account_type=account.account_type,
            cause=cause,
        )

    return await send_once_for(cause, send)
