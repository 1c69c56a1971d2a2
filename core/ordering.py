"""Placing, closing, amending and cancelling, written once over a path to the venues. All of it through `core.orders`.

Writes return `OrderResult`. They raise only what was not sent: `BadOrder`, `NoCredentials`, `LimitExceeded`, and
`Unavailable` where a fact that the order depends on could not be read.
"""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import db
from core import money
from core.accounts import Accounts, spec_of
from core.gateway import Gateway
from core.guard import guard
from core.ids import client_order_id
from core.open_orders import cancel_of, cancel_requests, find_open_order
from core.orders import OrderDesk
from core.reading import Reading
from core.sizing import clamp_leverage
from core.words import order_side_of, order_type_of, position_side_of, time_of
from exchanges.base import AccountVenue
from exchanges.pacing import Purpose, reads_for
from exchanges.spec import Capability
from models.account import Account
from models.enums import AccountType, OrderSide, OrderType, Outcome, PositionMode, PositionSide, TimeInForce
from models.errors import BadOrder, NotSent, Unavailable
from models.requests import (
    Action,
    AmendOrder,
    CancelAll,
    Protection,
    SetLeverage,
)
from models.unified import Instrument, Order, OrderResult, Position
from models.values import Number, plain, positive_decimal

DEFAULT_SLIPPAGE = "0.01"


class Ordering(Reading):
    """Orders of every account, through one path.

    Args:
        gateway: The path.
        accounts: Called at each use, because settings are loaded after this module.
        desk: Likewise: the one door through which orders leave.
    """

    def __init__(self, gateway: Gateway, accounts: Callable[[], Accounts], desk: Callable[[], OrderDesk]) -> None:
        super().__init__(gateway, accounts)
        self.desk = desk

    @reads_for(Purpose.WRITE)
    async def place_order(
        self,
        user_id: int,
        symbol: str,
        side: OrderSide | PositionSide | str,
        order_type: OrderType | str,
        size: Number,
        price: Number | None = None,
        *,
        leverage: Number | None = None,
        take_profit: Number | None = None,
        stop_loss: Number | None = None,
        trigger_price: Number | None = None,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Place one order, with protection attached in the same request.

        Args:
            size: In base currency. Rounded down to the grid, never up.
            price: The limit; market orders have none.
            leverage: Set before the order where it differs; if that fails, no order is sent.
            cause: What made the caller ask; the same cause never sends twice.

        Returns:
            REJECTED carries the venue's reason. UNKNOWN: it may exist and is being looked up.

        Raises:
            BadOrder: The market cannot take it. Nothing was sent.
            LimitExceeded: A limit, a pause or an unresolved order stands in the way. Nothing was sent.
        """
        cause = cause or fresh_cause()
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        ticker = await self.gateway.market(account.exchange, account.account_type).get_ticker(instrument)
        order_side = order_side_of(side)
        request = money.build_order(
            instrument=instrument,
            side=order_side,
            size=size,
            order_type=order_type_of(order_type),
            price=price,
            reference_price=ticker.reference_price,
            slippage_fraction=await self.slippage(user_id),
            time_in_force=time_of(time_in_force),
            trigger_price=trigger_price,
            reduce_only=reduce_only,
            position_side=await self._hedge_leg(client, instrument, order_side, position_side, reduce_only=reduce_only),
            protection=_protection(take_profit, stop_loss),
            client_order_id=client_order_id(account.exchange, account, cause, 0),
            protection_client_ids=protection_ids(account, cause, take_profit, stop_loss),
        )
        wanted = optional_number(leverage, "leverage")
        await guard(account, client, request, reference_price=ticker.reference_price, leverage=wanted)
        refused = await self._prepare_leverage(account, client, instrument, wanted, cause)
        return refused or await self.submit(account, client, request, cause)

    @reads_for(Purpose.EXIT)
    async def close_position(
        self,
        user_id: int,
        symbol: str,
        size: Number | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        *,
        position_side: PositionSide | str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Close a position at the market, wholly or `size` of it; reduce-only, so it can never open one.

        Raises:
            BadOrder: There is no such position, or in hedge mode two and no side was named.
        """
        cause = cause or fresh_cause()
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        position = await self.position(client, instrument, position_side)
        wanted = position.size if size is None else min(positive_decimal(size, "size"), position.size)
        request = money.build_order(
            instrument=instrument,
            side=position.side.closing_side,
            size=wanted,
            order_type=OrderType.MARKET,
            reference_price=await self._exit_price(account, instrument, position),
            slippage_fraction=await self.slippage(user_id),
            reduce_only=True,
            closes_position=wanted == position.size,
            position_side=position.side if position.is_hedge else None,
            client_order_id=client_order_id(account.exchange, account, cause, 0),
        )
        return await self.submit(account, client, request, cause)

    async def _exit_price(self, account: Account, instrument: Instrument, position: Position) -> Decimal | None:
        """Return the price that bounds a close; the position's own mark where the market's cannot be read."""
        try:
            ticker = await self.gateway.market(account.exchange, account.account_type).get_ticker(instrument)
        except Unavailable:
            if position.mark_price is None:
                raise
            return position.mark_price
        return ticker.reference_price

    @reads_for(Purpose.EXIT)
    async def cancel_order(
        self,
        user_id: int,
        symbol: str,
        order_id: str,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Cancel one open order by the venue's id or ours."""
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        order = await find_open_order(client, instrument, order_id)
        return await self.submit(account, client, cancel_of(instrument, order), cause)

    @reads_for(Purpose.EXIT)
    async def cancel_all_orders(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> list[OrderResult]:
        """Cancel every open order of a market or of the account.

        Returns:
            One result per request, of which the venue needs one or more per market; empty when no order was open. What
            could not be sent is a refusal among them, and keeps nothing else from being cancelled.
        """
        cause = cause or fresh_cause()
        account, client = await self.client(user_id, exchange, account_type)
        wanted = None if symbol is None else await self.instrument(account, symbol)
        markets = {row.native_symbol: row for row in await self.gateway.instruments(*_venue(account))}
        by_market: dict[str, list[Order]] = {}
        for order in await client.get_open_orders(wanted):
            by_market.setdefault(order.native_symbol, []).append(order)
        results = []
        for native, orders in by_market.items():
            symbol = orders[0].symbol
            if (instrument := markets.get(native)) is None:  # listed after the table was read, or not any more
                results.append(_refusal(account, symbol, BadOrder("no such market", code="unknown_symbol")))
                continue
            cancels = [cancel_of(instrument, order) for order in orders]
            for number, part in enumerate(cancel_requests(spec_of(account.exchange).cancels, cancels)):
                action = CancelAll(instrument=instrument, orders=part)
                own_cause = f"{cause}:{native}" + (f":{number}" if number else "")
                try:
                    results.append(await self.submit(account, client, action, own_cause))
                except NotSent as e:
                    results.append(_refusal(account, symbol, e))
        return results

    @reads_for(Purpose.WRITE)
    async def amend_order(
        self,
        user_id: int,
        symbol: str,
        order_id: str,
        *,
        size: Number | None = None,
        price: Number | None = None,
        trigger_price: Number | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Change an open order's size, price or trigger; what is None stays."""
        cause = cause or fresh_cause()
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        order = await find_open_order(client, instrument, order_id)
        replacement = money.build_order(
            instrument=instrument,
            side=order.side,
            size=size if size is not None else order.size or 0,
            order_type=order.order_type,
            price=price if price is not None else order.price,
            time_in_force=order.time_in_force,
            trigger_price=trigger_price if trigger_price is not None else order.trigger_price,
            reduce_only=order.reduce_only,
            position_side=order.position_side,
            client_order_id=order.client_order_id or client_order_id(account.exchange, account, cause, 0),
        )
        action = AmendOrder(
            instrument=instrument,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            size=None if size is None else replacement.size,
            price=None if price is None else replacement.price,
            trigger_price=None if trigger_price is None else replacement.trigger_price,
            replacement=replacement,
        )
        return await self.submit(account, client, action, cause)

    async def slippage(self, user_id: int) -> Decimal:
        """Return how much worse than the market's price this user lets a market order fill, as a fraction."""
        return Decimal(await db.get_setting(user_id, "slippage_fraction", DEFAULT_SLIPPAGE))

    async def submit(self, account: Account, client: AccountVenue, action: Action, cause: str | None) -> OrderResult:
        """Hand an action to the one door."""
        return await self.desk().submit(account, action, cause=cause or fresh_cause(), sender=client)

    async def position(self, client: AccountVenue, instrument: Instrument, side: PositionSide | str | None) -> Position:
        """Return the open position meant.

        Raises:
            BadOrder: There is none; or there are two (hedge mode) and no side was named.
        """
        wanted = None if side is None else position_side_of(side)
        found = [p for p in await client.get_positions(instrument) if wanted in (None, p.side)]
        if len(found) == 1:
            return found[0]
        code = "two_positions" if found else "no_position"
        raise BadOrder(f"{instrument.symbol}: {code.replace('_', ' ')}", code=code, symbol=instrument.symbol)

    async def _prepare_leverage(
        self, account: Account, client: AccountVenue, instrument: Instrument, leverage: Decimal | None, cause: str
    ) -> OrderResult | None:
        """Set the leverage where one is wanted and differs; return the result only if the order must not follow."""
        if leverage is None:
            return None
        action = await leverage_action(client, instrument, leverage)
        if action.leverage == await client.get_leverage(instrument):
            return None
        result = await self.submit(account, client, action, f"{cause}:leverage")
        return None if result.success else result

    async def _hedge_leg(
        self,
        client: AccountVenue,
        instrument: Instrument,
        side: OrderSide,
        named: PositionSide | str | None,
        *,
        reduce_only: bool,
    ) -> PositionSide | None:
        """Return the leg that an order belongs to; None in one-way mode."""
        if not spec_of(instrument.exchange).can(Capability.HEDGE_MODE):
            return None
        state = await client.get_account_state(instrument)
        if state.position_mode is not PositionMode.HEDGE:
            return None
        if named is not None:
            return position_side_of(named)
        opens_long = (side is OrderSide.BUY) is not reduce_only
        return PositionSide.LONG if opens_long else PositionSide.SHORT


def _refusal(account: Account, symbol: str, error: NotSent) -> OrderResult:
    """Return an action that was not sent as a result beside others that were."""
    return OrderResult(
        outcome=Outcome.REJECTED,
        exchange=account.exchange,
        account_type=account.account_type,
        symbol=symbol,
        error_code=error.code,
        error_message=error.message,
    )


def fresh_cause() -> str:
    """Return a cause for a call that names none; it protects against our own repeats, not against the caller's."""
    return f"api:{uuid4().hex}"


def protection_ids(account: Account, cause: str, *levels: Number | None) -> tuple[str, ...]:
    """Return ids for the protection orders of an action: one per level set, none where the venue needs none."""
    if spec_of(account.exchange).can(Capability.POSITION_PROTECTION):
        return ()
    wanted = [level for level in levels if level]
    return tuple(client_order_id(account.exchange, account, cause, number) for number, _ in enumerate(wanted, 1))


def optional_number(value: Number | None, name: str) -> Decimal | None:
    """Return a number given by a caller; None stays None."""
    return None if value is None else positive_decimal(value, name)


async def leverage_action(client: AccountVenue, instrument: Instrument, leverage: Number) -> SetLeverage:
    """Return the action that sets a leverage and leaves the margin mode as it is."""
    wanted = checked_leverage(instrument, positive_decimal(leverage, "leverage"))
    positions = await client.get_positions(instrument)
    mode = positions[0].margin_mode if positions else (await client.get_account_state(instrument)).margin_mode
    return SetLeverage(instrument=instrument, leverage=wanted, margin_mode=mode)


def checked_leverage(instrument: Instrument, leverage: Decimal) -> Decimal:
    """Return a leverage that the market takes as it is; nothing is rounded silently.

    Raises:
        BadOrder: `bad_leverage`, with the limits.
    """
    taken = clamp_leverage(instrument, leverage)
    if taken == leverage:
        return leverage
    step = plain(instrument.leverage_step)
    raise BadOrder(
        f"{instrument.symbol}: leverage goes in steps of {step}",
        code="bad_leverage",
        symbol=instrument.symbol,
        minimum=instrument.min_leverage,
        maximum=instrument.max_leverage,
        step=instrument.leverage_step,
        leverage=leverage,
    )


def _protection(take_profit: Number | None, stop_loss: Number | None) -> Protection | None:
    if take_profit is None and stop_loss is None:
        return None
    return Protection(
        take_profit=optional_number(take_profit, "take-profit"), stop_loss=optional_number(stop_loss, "stop-loss")
    )


def _venue(account: Account) -> tuple[str, AccountType]:
    return account.exchange, account.account_type
