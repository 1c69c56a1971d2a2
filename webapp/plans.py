"""Previews: what a request would do, worked out exactly, frozen behind a confirm token and shown. Nothing is sent.

Whoever wants to get out is shown the way even when the venue is too busy for anybody who only looks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from core import confirming
from core.accounts import Accounts
from core.exits import shows, shows_exit
from core.fanout import preview_each
from core.frozen_orders import frozen_account, frozen_order
from core.levels import WHOLE, level_price, refuse_wrong_side, size_to_close
from core.ordering import checked_leverage
from core.ports import TradingBackend
from core.reading import one_market
from models.account import Account
from models.enums import PositionSide
from models.errors import BadOrder, TradingError
from models.market import Instrument
from models.order import Order
from models.position import Position
from models.ticket import Level, LevelUnit, OrderPreview, Ticket
from models.values import plain
from webapp.answers import Answer, Refused, builtins, failed, found
from webapp.confirmed import Deed
from webapp.deeds import CANCEL, CANCEL_ALL, CLOSE, CLOSE_ALL, LEVERAGE, OPEN, PROTECT
from webapp.services_integration import path_of_user

_NO_CHANGE = "nothing_to_do"


class Planner:
    """Makes previews for one person.

    Args:
        user_id: Who asks.
        accounts: Turns what was named, or not named, into accounts.
    """

    def __init__(self, user_id: int, accounts: Accounts) -> None:
        self._user_id = user_id
        self._accounts = accounts
        self._path: TradingBackend = path_of_user(user_id)

    async def open(self, ticket: Ticket, accounts: Sequence[Account]) -> Answer:
        """Preview an order on one or several accounts; one that cannot take it is a problem beside the others."""
        looked = await preview_each(self._path, self._user_id, ticket, accounts)
        previews = [found for _, found in looked if isinstance(found, OrderPreview)]
        refused = [(account, error) for account, error in looked if isinstance(error, TradingError)]
        if not previews:
            raise refused[0][1]
        payload = {"orders": [frozen_order(preview) for preview in previews], "ticket": ticket.to_dict()}
        problems = [_problem(account, error) for account, error in refused]
        return await self._show(OPEN, payload, {"orders": builtins(previews), "problems": problems})

    @shows_exit
    async def close(
        self,
        account: Account,
        symbol: str,
        side: PositionSide,
        *,
        percent: Decimal = WHOLE,
        size: Decimal | None = None,
    ) -> Answer:
        """Preview closing a position, wholly or in part."""
        position = await self._position(account, symbol, side)
        instrument = await self._instrument(account, position.symbol)
        taken = size_to_close(position.size, instrument, percent=percent, size=size)
        is_whole = taken == position.size
        share = taken / position.size
        pnl = position.unrealized_pnl
        shown = {
            "position": builtins(position),
            "size": plain(taken),
            "is_whole": is_whole,
            "share": plain(share),
            "pnl_estimate": None if pnl is None else plain(pnl * share),
        }
        return await self._show(CLOSE, _closing(account, position, None if is_whole else taken), shown)

    @shows_exit
    async def close_all(self, accounts: Sequence[Account]) -> Answer:
        """Preview closing every position of some accounts."""
        held, problems = await self._everything(accounts, self._positions)
        if not held:
            raise _nothing("no_position", "there is no open position", problems)
        payload = {"positions": [_closing(account, position, None) for account, position in held]}
        shown = {"positions": [builtins(position) for _, position in held], "problems": problems}
        return await self._show(CLOSE_ALL, payload, shown)

    @shows
    async def leverage(self, account: Account, symbol: str, leverage: Decimal) -> Answer:
        """Preview another leverage for a market."""
        instrument = await self._instrument(account, symbol)
        wanted = checked_leverage(instrument, leverage)
        held = await self._path.get_positions(self._user_id, instrument.symbol, account.exchange, account.account_type)
        payload = {**frozen_account(account), "symbol": instrument.symbol, "leverage": plain(wanted)}
        shown = {
            **payload,
            "maximum": None if instrument.max_leverage is None else plain(instrument.max_leverage),
            "positions": builtins(held),
        }
        return await self._show(LEVERAGE, payload, shown)

    @shows_exit
    async def protect(
        self,
        account: Account,
        symbol: str,
        side: PositionSide,
        *,
        stop_loss: Decimal | None = None,
        take_profit: Decimal | None = None,
    ) -> Answer:
        """Preview a position's stop and target: a price sets, None leaves, zero removes."""
        position = await self._position(account, symbol, side)
        instrument = await self._instrument(account, position.symbol)
        stop = _level(position, instrument, stop_loss, is_stop=True)
        target = _level(position, instrument, take_profit, is_stop=False)
        if stop is None and target is None:
            raise BadOrder("neither a stop nor a target was given", code=_NO_CHANGE)
        payload = {
            **frozen_account(account),
            "symbol": position.symbol,
            "side": position.side.value,
            "stop_loss": _text(stop),
            "take_profit": _text(target),
        }
        shown = {
            "position": builtins(position),
            "stop_loss": _change(position, instrument, position.stop_loss, stop),
            "take_profit": _change(position, instrument, position.take_profit, target),
        }
        return await self._show(PROTECT, payload, shown)

    @shows_exit
    async def cancel(self, account: Account, order_id: str) -> Answer:
        """Preview cancelling one open order."""
        for order in await self._orders(account):
            if order.order_id == order_id:
                payload = {**frozen_account(account), "symbol": order.symbol, "order_id": order.order_id}
                return await self._show(CANCEL, payload, {"order": builtins(order)})
        raise BadOrder("this order is not open any more", code="order_not_open", order_id=order_id)

    @shows_exit
    async def cancel_all(self, accounts: Sequence[Account], symbol: str | None = None) -> Answer:
        """Preview cancelling every open order of some accounts, of one market or all."""
        orders, problems = await self._everything(accounts, self._orders)
        wanted = [(account, order) for account, order in orders if symbol in (None, order.symbol)]
        if not wanted:
            raise _nothing("nothing_to_cancel", "there are no open orders", problems)
        markets = dict.fromkeys((account, order.symbol) for account, order in wanted)
        payload = {"markets": [{**frozen_account(account), "symbol": name} for account, name in markets]}
        return await self._show(
            CANCEL_ALL, payload, {"orders": [builtins(order) for _, order in wanted], "problems": problems}
        )

    async def _show(self, deed: Deed, payload: Mapping[str, Any], shown: Mapping[str, Any]) -> Answer:
        token = await confirming.freeze(self._user_id, deed.kind, payload)
        return found({"confirm": token.token, "expires_at": token.expires_at, **shown})

    async def _position(self, account: Account, symbol: str, side: PositionSide) -> Position:
        held = await self._path.get_positions(self._user_id, symbol, account.exchange, account.account_type)
        for position in held:
            if position.side is side:
                return position
        raise BadOrder("there is no such position any more", code="no_position", symbol=symbol)

    async def _instrument(self, account: Account, symbol: str) -> Instrument:
        rows = await self._path.find_instruments(self._user_id, symbol, account.exchange, account.account_type)
        return one_market(rows, symbol)

    async def _positions(self, account: Account) -> list[Position]:
        return await self._path.get_positions(self._user_id, None, account.exchange, account.account_type)

    async def _orders(self, account: Account) -> list[Order]:
        return await self._path.get_orders(self._user_id, None, account.exchange, account.account_type)

    async def _everything(self, accounts: Sequence[Account], ask: Any) -> tuple[list[Any], list[Answer]]:
        """Ask several accounts; each that cannot answer becomes a problem instead of nothing."""
        answers = await asyncio.gather(*(ask(account) for account in accounts), return_exceptions=True)
        rows: list[Any] = []
        problems = []
        for account, answer in zip(accounts, answers, strict=True):
            if isinstance(answer, TradingError):
                problems.append(_problem(account, answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                rows += [(account, row) for row in answer]
        return rows, problems


def _problem(account: Account, error: TradingError) -> dict[str, Any]:
    return {**frozen_account(account), "error": failed(error)["error"]}


def _closing(account: Account, position: Position, size: Decimal | None) -> dict[str, Any]:
    return {
        **frozen_account(account),
        "symbol": position.symbol,
        "side": position.side.value,
        "size": _text(size),
    }


def _level(position: Position, instrument: Instrument, price: Decimal | None, *, is_stop: bool) -> Decimal | None:
    if not price:
        return price
    wanted = Level(amount=price, unit=LevelUnit.PRICE)
    rounded = level_price(position, instrument, wanted, is_stop=is_stop)
    refuse_wrong_side(position, rounded, is_stop=is_stop)
    return rounded


def _change(
    position: Position, instrument: Instrument, before: Decimal | None, after: Decimal | None
) -> dict[str, Any] | None:
    """Return how a level changes and what closing there would bring; None where it stays."""
    if after is None:
        return None
    result = None
    if after and instrument.is_linear:
        gain = after - position.entry_price if position.is_long else position.entry_price - after
        result = plain(gain * position.size)
    return {"from": _text(before), "to": plain(after) if after else None, "result_estimate": result}


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _nothing(code: str, message: str, problems: list[Answer]) -> Exception:
    """Return why there is nothing to do: because nothing is there, or because nobody can say what is."""
    if not problems:
        return BadOrder(message, code=code)
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the accounts did not answer", problems=problems)
