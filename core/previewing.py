"""From what a person wrote to the exact order it would become, with what it would cost. Nothing is sent here."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from core import money, sizing
from core.guard import guard
from core.managing import Managing
from core.ordering import checked_leverage
from exchanges.base import AccountVenue
from exchanges.pacing import Purpose, read_purpose, reading_for
from models.account import Account
from models.enums import MarginMode, OrderSide, OrderType, PositionSide, TimeInForce
from models.errors import BadOrder, Unavailable
from models.requests import OrderRequest, Protection
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Target, Ticket
from models.unified import Balance, FeeRates, Instrument, Position, Ticker

_HUNDRED = Decimal(100)
_FAR = Decimal("0.5")
"""A level further from the entry than this share of it is told: `sl 2` is seldom meant, `sl 2%` often."""
_LESS = frozenset({"shrinks_position", "closes_position"})
_UNSENT = "preview"  # a preview's order is thrown away; it never meets a venue


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a preview is computed from, read at the same moment."""

    instrument: Instrument
    ticker: Ticker
    balance: Balance
    fees: FeeRates
    leverage_now: Decimal | None
    positions: list[Position]


class Trading(Managing):
    """Everything a user can ask for, through one path."""

    async def preview_order(
        self, user_id: int, ticket: Ticket, exchange: str | None = None, account_type: str | None = None
    ) -> OrderPreview:
        """Return the exact order that a confirmation would send.

        Raises:
            BadOrder: The market cannot take it; `code` and `fields` say why.
            LimitExceeded: It is beyond the user's limits, or trading is paused: told now, not after the confirmation.
            Unavailable: A price or the balance could not be read.
        """
        account, client = await self.client(user_id, exchange, account_type)
        instrument = await self.instrument(account, ticket.symbol)
        with reading_for(Purpose.EXIT if ticket.reduce_only else read_purpose(), is_look=True):
            facts = await self._facts(account, client, instrument)
            preview, order = _preview(account, ticket, facts, await self.slippage(user_id))
            await guard(account, client, order, reference_price=preview.reference_price, leverage=preview.leverage)
        return preview

    async def _facts(self, account: Account, client: AccountVenue, instrument: Instrument) -> _Facts:
        market = self.gateway.market(account.exchange, account.account_type)
        ticker, balance, fees, leverage, positions = await asyncio.gather(
            market.get_ticker(instrument),
            client.get_balance(),
            client.get_fee_rates(instrument),
            client.get_leverage(instrument),
            client.get_positions(instrument),
        )
        return _Facts(
            instrument=instrument,
            ticker=ticker,
            balance=balance,
            fees=fees,
            leverage_now=leverage,
            positions=positions,
        )


def _preview(account: Account, ticket: Ticket, facts: _Facts, slippage: Decimal) -> tuple[OrderPreview, OrderRequest]:
    instrument = facts.instrument
    leverage = facts.leverage_now if ticket.leverage is None else checked_leverage(instrument, ticket.leverage)
    entry = _entry(ticket, facts)
    stop = None if ticket.stop_loss is None else _level(ticket.stop_loss, entry, leverage, ticket.side, is_stop=True)
    order = _order(ticket, facts, slippage, size=_size(ticket, facts, entry, stop), stop=stop)
    kept = order.protection.stop_loss if order.protection else None
    prices = [_level(level, entry, leverage, ticket.side, is_stop=False) for level in ticket.take_profits]
    targets = _targets(instrument, order, prices, entry)
    notional = money.notional_of(instrument, order.size, entry)
    margin = None if leverage is None else sizing.margin_needed(instrument, order.size, entry, leverage)
    liquidation = None if order.reduce_only else _liquidation(facts, order, entry, margin)
    risk = None if kept is None else order.size * sizing.loss_per_unit(instrument, entry, kept)
    changes_leverage = ticket.leverage is not None and leverage != facts.leverage_now
    beside = _beside(order, facts.positions, changes_leverage=changes_leverage)
    preview = OrderPreview(
        account=account,
        instrument=instrument,
        side=order.side,
        order_type=order.order_type,
        size=order.size,
        price=order.price if order.order_type is OrderType.LIMIT else None,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        reference_price=entry,
        notional=notional,
        leverage=leverage,
        leverage_change=leverage if changes_leverage else None,
        margin=margin,
        fee_estimate=sizing.estimate_fee(notional, _fee_rate(order, facts)),
        liquidation_estimate=liquidation,
        stop_loss=kept,
        targets=targets,
        stop_distance_fraction=None if kept is None else abs(entry - kept) / entry,
        risk_amount=risk,
        risk_reward=None
        if kept is None
        else sizing.risk_reward(entry=entry, stop=kept, targets=[(t.price, t.size) for t in targets]),
        available=facts.balance.available,
        warnings=(
            *beside,
            *_warnings(order, facts, kept, liquidation, margin, adds_risk=not (order.reduce_only or _LESS & {*beside})),
            *_slips(entry, kept, targets),
        ),
        as_of=facts.ticker.as_of,
    )
    return preview, order


def _entry(ticket: Ticket, facts: _Facts) -> Decimal:
    """Return the price that everything is computed from: the limit, or the side of the book that would be taken."""
    if ticket.price is not None:
        return ticket.price
    touch = facts.ticker.ask_price if ticket.side is OrderSide.BUY else facts.ticker.bid_price
    price = touch if touch is not None else facts.ticker.reference_price
    if price is None:
        raise Unavailable(f"{facts.instrument.symbol}: the venue gives no price", code="no_price")
    return price


def _order(ticket: Ticket, facts: _Facts, slippage: Decimal, *, size: Decimal, stop: Decimal | None) -> OrderRequest:
    return money.build_order(
        facts.instrument,
        side=ticket.side,
        size=size,
        order_type=OrderType.MARKET if ticket.price is None else OrderType.LIMIT,
        client_order_id=_UNSENT,
        price=ticket.price,
        reference_price=facts.ticker.reference_price,
        slippage_fraction=slippage,
        time_in_force=None if ticket.time_in_force is TimeInForce.GTC else ticket.time_in_force,
        reduce_only=ticket.reduce_only,
        protection=None if stop is None else Protection(stop_loss=stop),
    )


def _size(ticket: Ticket, facts: _Facts, entry: Decimal, stop: Decimal | None) -> Decimal:
    """Return the size in base currency; what rounds to nothing is refused with the smallest that is possible."""
    instrument, amount, equity = facts.instrument, ticket.size.amount, facts.balance.equity
    match ticket.size.unit:
        case SizeUnit.COINS:
            return amount
        case SizeUnit.NOTIONAL:
            size = sizing.size_from_notional(instrument, amount, entry)
        case SizeUnit.EQUITY_PERCENT:
            size = sizing.size_from_equity_percent(instrument, equity, amount, entry)
        case SizeUnit.RISK_PERCENT:
            if stop is None:
                raise BadOrder("a size by risk needs a stop", code="risk_needs_stop", symbol=instrument.symbol)
            size = sizing.size_from_risk(
                instrument, equity=equity, risk_fraction=amount / _HUNDRED, entry=entry, stop=stop
            )
    if size > 0:
        return size
    raise BadOrder(
        f"{instrument.symbol}: the smallest size is {instrument.min_size}",
        code="rounds_to_zero",
        symbol=instrument.symbol,
        base=instrument.base,
        minimum=instrument.min_size,
        step=instrument.size_step,
        size=amount,
    )


def _level(level: Level, entry: Decimal, leverage: Decimal | None, side: OrderSide, *, is_stop: bool) -> Decimal:
    """Return a stop's or target's price; percentages lie on the losing or the winning side by themselves."""
    if level.unit is LevelUnit.PRICE:
        return level.amount
    percent = level.amount
    if level.unit is LevelUnit.ROI_PERCENT:
        if not leverage:
            raise BadOrder("a stop or target by return needs a leverage", code="roi_needs_leverage")
        percent = percent / leverage
    rises = (side is OrderSide.BUY) is not is_stop
    price = entry * (1 + percent / _HUNDRED if rises else 1 - percent / _HUNDRED)
    if price <= 0:
        raise BadOrder("that distance is beyond zero", code="level_below_zero", percent=level.amount)
    return price


def _targets(instrument: Instrument, order: OrderRequest, prices: list[Decimal], entry: Decimal) -> tuple[Target, ...]:
    """Split the size over the targets in equal parts on the grid; the last takes what is left."""
    if not prices:
        return ()
    side = PositionSide.LONG if order.side is OrderSide.BUY else PositionSide.SHORT
    part = money.floor_size(instrument, order.size / len(prices))
    if not part:
        raise BadOrder(
            f"{instrument.symbol}: too small for {len(prices)} targets",
            code="too_many_targets",
            symbol=instrument.symbol,
            minimum=instrument.min_size * len(prices),
        )
    sizes = [part] * (len(prices) - 1) + [order.size - part * (len(prices) - 1)]
    levels = (
        money.round_protection(instrument, Protection(take_profit=price), position_side=side, entry_price=entry)
        for price in prices
    )
    pairs = zip((level.take_profit for level in levels), sizes, strict=True)
    return tuple(Target(price=price, size=size) for price, size in pairs if price)


def _liquidation(facts: _Facts, order: OrderRequest, entry: Decimal, margin: Decimal | None) -> Decimal | None:
    """Estimate only what stands alone: beside an open position of the market there is no honest figure."""
    if margin is None or facts.positions or facts.balance.margin_mode is MarginMode.PORTFOLIO:
        return None
    is_isolated = facts.balance.margin_mode is MarginMode.ISOLATED or facts.instrument.isolated_only
    cushion = margin if is_isolated or facts.balance.available is None else max(facts.balance.available, margin)
    side = PositionSide.LONG if order.side is OrderSide.BUY else PositionSide.SHORT
    return sizing.estimate_liquidation_price(
        facts.instrument, side=side, size=order.size, entry_price=entry, margin=cushion
    )


def _fee_rate(order: OrderRequest, facts: _Facts) -> Decimal:
    """Return the maker's rate only for an order that will rest."""
    if order.time_in_force is TimeInForce.POST_ONLY:
        return facts.fees.maker
    touch = facts.ticker.ask_price if order.side is OrderSide.BUY else facts.ticker.bid_price
    if order.order_type is OrderType.MARKET or order.price is None or touch is None:
        return facts.fees.taker
    crosses = order.price >= touch if order.side is OrderSide.BUY else order.price <= touch
    return facts.fees.taker if crosses else facts.fees.maker


def _warnings(
    order: OrderRequest,
    facts: _Facts,
    stop: Decimal | None,
    liquidation: Decimal | None,
    margin: Decimal | None,
    *,
    adds_risk: bool,
) -> tuple[str, ...]:
    is_long = order.side is OrderSide.BUY
    available = facts.balance.available
    beyond = stop is not None and liquidation is not None and (stop < liquidation if is_long else stop > liquidation)
    found = {
        "no_stop": stop is None and adds_risk,
        "liquidation_before_stop": beyond,
        "insufficient_margin": adds_risk and margin is not None and available is not None and margin > available,
    }
    return tuple(code for code, is_so in found.items() if is_so)


def _beside(order: OrderRequest, positions: list[Position], *, changes_leverage: bool) -> tuple[str, ...]:
    """Return what an order means for a position that is open in its market: it stands in the books as one with it."""
    if order.reduce_only or not positions:
        return ()
    side = PositionSide.LONG if order.side is OrderSide.BUY else PositionSide.SHORT
    opposite = next((p.size for p in positions if p.side is not side and not p.is_hedge), None)
    found = {
        "adds_to_position": any(position.side is side for position in positions),
        "shrinks_position": opposite is not None and order.size < opposite,
        "closes_position": opposite is not None and order.size == opposite,
        "turns_position": opposite is not None and order.size > opposite,
        "leverage_of_position": changes_leverage,
    }
    return tuple(code for code, is_so in found.items() if is_so)


def _is_far(entry: Decimal, level: Decimal) -> bool:
    return abs(level - entry) > entry * _FAR


def _slips(entry: Decimal, stop: Decimal | None, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """Return the warnings of levels that are so far away that a per cent sign may have been forgotten."""
    found = {
        "stop_far": stop is not None and _is_far(entry, stop),
        "target_far": any(_is_far(entry, target.price) for target in targets),
    }
    return tuple(code for code, is_so in found.items() if is_so)
