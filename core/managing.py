"""Changing what is open: leverage, margin, modes and protection, written once over a path to the venues."""

from contextlib import suppress
from decimal import Decimal

from core import money
from core.accounts import spec_of
from core.open_orders import cancel_of
from core.ordering import Ordering, fresh_cause, leverage_action, protection_ids
from core.words import margin_mode_of, position_mode_of
from exchanges.base import AccountVenue
from exchanges.pacing import Purpose, reads_for
from exchanges.spec import Capability
from models.enums import MarginMode, OrderType, PositionMode, PositionSide
from models.errors import NotSent
from models.requests import (
    AdjustMargin,
    CancelAll,
    CancelOrder,
    Protection,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)
from models.unified import Instrument, OrderResult, Position
from models.values import Number, positive_decimal

_STOPS = {OrderType.STOP_MARKET, OrderType.STOP_LIMIT}
_TARGETS = {OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT}


class Managing(Ordering):
    """Changes to what is open, through one path."""

    @reads_for(Purpose.WRITE)
    async def set_leverage(
        self,
        user_id: int,
        symbol: str,
        leverage: Number,
        exchange: str | None = None,
        account_type: str | None = None,
        *,
        cause: str | None = None,
    ) -> OrderResult:
        """Set a market's leverage; "already so" counts as done."""
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        return await self.submit(account, client, await leverage_action(client, instrument, leverage), cause)

    @reads_for(Purpose.WRITE)
    async def set_margin_mode(
        self,
        user_id: int,
        margin_mode: MarginMode | str,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Choose cross or isolated margin: of a market, or of the account where the venue has only that."""
        account, client = await self.client(user_id, exchange, account_type)
        instrument = None if symbol is None else await self.instrument(account, symbol)
        leverage = None if instrument is None else await client.get_leverage(instrument)
        action = SetMarginMode(margin_mode=margin_mode_of(margin_mode), instrument=instrument, leverage=leverage)
        return await self.submit(account, client, action, cause)

    @reads_for(Purpose.WRITE)
    async def set_position_mode(
        self,
        user_id: int,
        position_mode: PositionMode | str,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Choose one-way or hedge mode: of a market, or of every market of USDT."""
        account, client = await self.client(user_id, exchange, account_type)
        instrument = None if symbol is None else await self.instrument(account, symbol)
        action = SetPositionMode(position_mode=position_mode_of(position_mode), instrument=instrument, settle="USDT")
        return await self.submit(account, client, action, cause)

    @reads_for(Purpose.EXIT)
    async def set_protection(
        self,
        user_id: int,
        symbol: str,
        *,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trailing_distance: Decimal | None = None,
        size: Number | None = None,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Set a position's stop and target: a price sets, None leaves, zero removes; `size` None covers it whole."""
        cause = cause or fresh_cause()
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        position = await self.position(client, instrument, position_side)
        replaced: tuple[CancelOrder, ...] = ()
        if size is None:
            replaced = await self._replaced(client, instrument, position, take_profit=take_profit, stop_loss=stop_loss)
        action = SetProtection(
            instrument=instrument,
            position_side=position.side,
            position_size=position.size,
            is_hedge=position.is_hedge,
            protection=money.round_protection(
                instrument,
                Protection(take_profit=take_profit, stop_loss=stop_loss),
                position_side=position.side,
                entry_price=position.mark_price,
            ),
            size=None if size is None else money.floor_size(instrument, positive_decimal(size, "size")),
            trailing_distance=trailing_distance,
            replaced=replaced,
            client_ids=protection_ids(account, cause, take_profit, stop_loss),
        )
        result = await self.submit(account, client, action, cause)
        if result.success and action.replaced and _sets_a_price(action):
            leftover = CancelAll(instrument=instrument, orders=action.replaced)
            with suppress(NotSent):  # the new one stands, so no error may say otherwise; the old one only reduces too
                await self.submit(account, client, leftover, f"{cause}:replaced")
        return result

    @reads_for(Purpose.WRITE)
    async def adjust_margin(
        self,
        user_id: int,
        symbol: str,
        amount: Decimal,
        *,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Add margin to an isolated position, or take some away (`amount` below zero)."""
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        position = await self.position(client, instrument, position_side)
        action = AdjustMargin(
            instrument=instrument, position_side=position.side, amount=amount, is_hedge=position.is_hedge
        )
        return await self.submit(account, client, action, cause)

    async def _replaced(
        self,
        client: AccountVenue,
        instrument: Instrument,
        position: Position,
        *,
        take_profit: Decimal | None,
        stop_loss: Decimal | None,
    ) -> tuple[CancelOrder, ...]:
        """Return the protection orders that a new whole-position one takes the place of, where they are orders."""
        if spec_of(instrument.exchange).can(Capability.POSITION_PROTECTION):
            return ()
        kinds = (_TARGETS if take_profit is not None else set()) | (_STOPS if stop_loss is not None else set())
        orders = await client.get_open_orders(instrument)
        ours = (o for o in orders if o.order_type in kinds and o.reduce_only and o.side is position.side.closing_side)
        return tuple(cancel_of(instrument, order) for order in ours)


def _sets_a_price(action: SetProtection) -> bool:
    """Whether the action puts something in the place of what it replaces, instead of only removing it."""
    return bool(action.protection.take_profit or action.protection.stop_loss)
