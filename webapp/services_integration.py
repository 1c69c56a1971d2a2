"""The trading API as services: every answer is `{"success", "data", "error"}`, and nothing is raised for the caller.

Reads that the user's path cannot give are asked of the other path, and `source` says which of them answered. A venue
that is busy is no failure of a path: that is told, for asking it by the other path would only make it busier. Writes
never change their path: what was sent once is only ever looked up.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.backend import paths_for
from core.context import current
from core.exits import shows
from core.ports import TradingBackend
from models.enums import Outcome
from models.errors import TradingError, Unavailable
from models.requests import OrderResult
from models.values import Number
from webapp.answers import Answer, failed, found

logger = logging.getLogger(__name__)

_BUSY = "venue_busy"

Ask = Callable[[TradingBackend], Awaitable[Any]]


def announce_services() -> None:
    """Say in the log that the services can be used."""
    logger.info("Services integration available")


async def get_balance_service(user_id: int, exchange: str | None = None, account_type: str | None = None) -> Answer:
    """Return an account's money: a `Balance` as a dict."""
    return await read(user_id, lambda path: path.get_balance(user_id, exchange, account_type))


async def get_positions_service(
    user_id: int, exchange: str | None = None, account_type: str | None = None, symbol: str | None = None
) -> Answer:
    """Return open positions, of one market or all; empty only when the venue said so."""
    return await read(user_id, lambda path: path.get_positions(user_id, symbol, exchange, account_type))


async def get_orders_service(
    user_id: int, exchange: str | None = None, account_type: str | None = None, symbol: str | None = None
) -> Answer:
    """Return open orders: resting, conditional and protection."""
    return await read(user_id, lambda path: path.get_orders(user_id, symbol, exchange, account_type))


async def get_ticker_service(
    user_id: int, exchange: str | None = None, account_type: str | None = None, *, symbol: str
) -> Answer:
    """Return a market's prices."""
    return await read(user_id, lambda path: path.get_ticker(user_id, symbol, exchange, account_type))


async def get_candles_service(
    user_id: int,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    symbol: str,
    interval: str = "15m",
    limit: int = 200,
) -> Answer:
    """Return bars of a market, oldest first."""
    return await read(
        user_id,
        lambda path: path.get_candles(
            user_id, symbol, interval, limit=limit, exchange=exchange, account_type=account_type
        ),
    )


async def get_instruments_service(
    user_id: int, exchange: str | None = None, account_type: str | None = None, *, text: str
) -> Answer:
    """Return the markets that a typed name may mean."""
    return await read(user_id, lambda path: path.find_instruments(user_id, text, exchange, account_type))


async def get_history_service(
    user_id: int,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    kind: str = "closed_pnl",
    since: datetime | None = None,
    limit: int = 200,
    symbol: str | None = None,
) -> Answer:
    """Return what happened, newest first. `kind` is closed_pnl, fills, funding or orders."""
    name = {"closed_pnl": "get_closed_pnl", "fills": "get_fills", "funding": "get_funding"}.get(
        kind, "get_order_history"
    )

    async def ask(path: TradingBackend) -> Sequence[Any]:
        rows: Sequence[Any] = await getattr(path, name)(
            user_id, symbol, since=since, limit=limit, exchange=exchange, account_type=account_type
        )
        return rows

    return await read(user_id, ask)


async def place_order_service(
    user_id: int,
    symbol: str,
    side: str,
    order_type: str,
    size: Number,
    price: Number | None = None,
    *,
    cause: str | None = None,
    exchange: str | None = None,
    account_type: str | None = None,
    **more: Any,
) -> Answer:
    """Place one order; `more` as in `place_order_unified`. The data is an `OrderResult` as a dict."""
    return await write(
        user_id,
        lambda path: path.place_order(
            user_id,
            symbol,
            side,
            order_type,
            size,
            price,
            exchange=exchange,
            account_type=account_type,
            cause=cause,
            **more,
        ),
    )


async def close_position_service(
    user_id: int,
    symbol: str,
    size: Number | None = None,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    position_side: str | None = None,
    cause: str | None = None,
) -> Answer:
    """Close a position at the market, wholly or `size` of it."""
    return await write(
        user_id,
        lambda path: path.close_position(
            user_id, symbol, size, exchange, account_type, position_side=position_side, cause=cause
        ),
    )


async def set_leverage_service(
    user_id: int,
    symbol: str,
    leverage: Number,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    cause: str | None = None,
) -> Answer:
    """Set a market's leverage."""
    return await write(
        user_id, lambda path: path.set_leverage(user_id, symbol, leverage, exchange, account_type, cause=cause)
    )


async def set_protection_service(
    user_id: int,
    symbol: str,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    take_profit: Decimal | None = None,
    stop_loss: Decimal | None = None,
    position_side: str | None = None,
    cause: str | None = None,
) -> Answer:
    """Set a position's stop and target: a price sets, None leaves, zero removes."""
    return await write(
        user_id,
        lambda path: path.set_protection(
            user_id,
            symbol,
            take_profit=take_profit,
            stop_loss=stop_loss,
            position_side=position_side,
            exchange=exchange,
            account_type=account_type,
            cause=cause,
        ),
    )


async def cancel_order_service(
    user_id: int,
    symbol: str,
    order_id: str,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    cause: str | None = None,
) -> Answer:
    """Cancel one open order."""
    return await write(
        user_id,
        lambda path: path.cancel_order(
            user_id, symbol, order_id, exchange=exchange, account_type=account_type, cause=cause
        ),
    )


async def cancel_all_service(
    user_id: int,
    exchange: str | None = None,
    account_type: str | None = None,
    *,
    symbol: str | None = None,
    cause: str | None = None,
) -> Answer:
    """Cancel every open order of a market or of the account; one result for each market."""
    path = path_of_user(user_id)
    try:
        results = await path.cancel_all_orders(
            user_id, symbol, exchange=exchange, account_type=account_type, cause=cause
        )
    except TradingError as e:
        return failed(e)
    return found([result.to_dict() for result in results])


def path_of_user(user_id: int) -> TradingBackend:
    """Return the path that a user's writes take."""
    return paths_for(user_id, current().settings, current().override)[0]


async def read(user_id: int, ask: Ask) -> Answer:
    """Ask the user's path, and the other one where that cannot answer; a busy venue is left alone."""
    chosen, other = paths_for(user_id, current().settings, current().override)
    try:
        return found(await _look(ask, chosen), source=chosen.name)
    except Unavailable as e:
        return failed(e) if e.code == _BUSY else await _ask_instead(ask, other, e)
    except TradingError as e:
        return failed(e)


async def _ask_instead(ask: Ask, other: TradingBackend, why: Unavailable) -> Answer:
    try:
        answer = found(await _look(ask, other), source=other.name, is_fallback=True)
    except TradingError:
        return failed(why)  # the first path's reason is the one that needs care
    logger.warning("read taken from the other path", extra={"path": other.name, "reason": why.code})
    return answer


@shows
async def _look(ask: Ask, path: TradingBackend) -> Any:
    return await ask(path)


async def write(user_id: int, ask: Callable[[TradingBackend], Awaitable[OrderResult]]) -> Answer:
    """Ask the user's path, once."""
    path = path_of_user(user_id)
    try:
        result = await ask(path)
    except TradingError as e:
        return failed(e)
    return told(result)


def told(result: OrderResult) -> Answer:
    """Return what is known about a write; an unknown outcome is neither success nor failure."""
    success = None if result.outcome is Outcome.UNKNOWN else result.success
    error = None
    if success is False:
        error = {"kind": "rejected", "code": result.error_code, "message": result.error_message, "fields": {}}
    return {"success": success, "data": result.to_dict(), "error": error}
