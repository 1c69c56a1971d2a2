"""Several targets with a moving stop: placed for what is filled, followed through fills, across restarts.

A plan is written down before its entry is sent. Whatever happens to it is derived from the journal and from stored
fills, and whatever is sent has a cause made from the plan and the fill that led to it, so nothing is sent twice.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import db
from core.confirming import send_once_for
from core.ports import TradingBackend
from core.target_rules import nearest_first, shared
from db import LegState, PlacedTarget, PlanState, TargetPlan
from models.account import Account
from models.enums import Outcome, PositionSide
from models.errors import BadOrder
from models.fill import Fill
from models.market import Instrument
from models.order import Order
from models.requests import OrderResult
from models.ticket import Target
from models.values import from_millis

logger = logging.getLogger(__name__)

_PASSED = "target_wrong_side"
_NOT_YET = "no_position"
_CLOCKS_APART = timedelta(minutes=10)
_NEVER_STOOD = frozenset({LegState.REJECTED, LegState.ABSENT})


async def plan_targets(
    account: Account, cause: str, symbol: str, side: PositionSide, targets: Sequence[Target], *, has_stop: bool
) -> TargetPlan:
    """Write down what is to become of an entry, before it is sent; the same cause has one plan."""
    plan = TargetPlan(
        account=account,
        cause=cause,
        symbol=symbol,
        side=side,
        targets=nearest_first(targets, side),
        has_stop=has_stop,
    )
    return await db.store().targets.add(plan)


async def arm(backend: TradingBackend, plan: TargetPlan, filled: Decimal) -> TargetPlan:
    """Place targets for the part of an entry that is filled and has none yet.

    Returns:
        The plan with its orders. Where the venue does not show the position yet, nothing is placed, and the plan is as
        it was: try again.

    Raises:
        Unavailable: Something could not be read; what was placed is in the journal and is found again.
    """
    size = filled - plan.armed_size
    if size <= 0:
        return plan
    instrument = await instrument_of(backend, plan)
    placed = []
    for number, part in enumerate(shared(size, plan.targets, instrument)):
        if not part:
            continue
        order = await _place(backend, plan, number, part)
        if order is None:
            return plan
        placed.append(order)
    return replace(plan, state=PlanState.ARMED, armed_size=filled, placed=(*plan.placed, *placed))


async def _place(backend: TradingBackend, plan: TargetPlan, number: int, size: Decimal) -> PlacedTarget | None:
    """Place one target; None where there is no position to place it on yet."""
    cause = f"{plan.cause}:target{number}:{plan.armed_size.normalize():f}"
    order = PlacedTarget(number=number, size=size, cause=cause)
    try:
        result = await send_once_for(cause, lambda: _protect(backend, plan, number, size, cause))
    except BadOrder as e:
        if e.code == _NOT_YET:
            return None
        if e.code != _PASSED:
            logger.warning("target not placed", extra={"cause": cause, "code": e.code})
            return replace(order, stands=False)
        result = await _take_now(backend, plan, size, cause)
    return replace(order, order_id=result.order_id, stands=result.outcome is not Outcome.REJECTED)


async def _protect(backend: TradingBackend, plan: TargetPlan, number: int, size: Decimal, cause: str) -> OrderResult:
    return await backend.set_protection(
        plan.account.user_id,
        plan.symbol,
        take_profit=plan.targets[number].price,
        size=size,
        position_side=plan.side,
        exchange=plan.account.exchange,
        account_type=plan.account.account_type,
        cause=cause,
    )


async def _take_now(backend: TradingBackend, plan: TargetPlan, size: Decimal, cause: str) -> OrderResult:
    """Close the part of a target that the market has passed already: its order would fire at once."""
    own_cause = f"{cause}:now"

    async def close() -> OrderResult:
        return await backend.close_position(
            plan.account.user_id,
            plan.symbol,
            size,
            plan.account.exchange,
            plan.account.account_type,
            position_side=plan.side,
            cause=own_cause,
        )

    return await send_once_for(own_cause, close)


async def identify(backend: TradingBackend, plan: TargetPlan) -> TargetPlan:
    """Find out which of the venue's orders stand for the targets: some venues name no order when one is placed."""
    if all(order.order_id or not order.stands for order in plan.placed):
        return plan
    orders = [await _named_in_journal(order) for order in plan.placed]
    if any(order.order_id is None and order.stands for order in orders):
        listed = await _orders_of(backend, plan)
        for n, order in enumerate(orders):
            if order.order_id is None and order.stands:
                taken = {other.order_id for other in orders}
                orders[n] = replace(order, order_id=_matching(listed, plan, order, taken))
    return replace(plan, placed=tuple(orders))


async def _named_in_journal(order: PlacedTarget) -> PlacedTarget:
    if order.order_id or not order.stands:
        return order
    legs = await db.store().journal.of_cause(order.cause)
    is_gone = bool(legs) and all(leg.state in _NEVER_STOOD for leg in legs)
    return replace(order, order_id=next((leg.order_id for leg in legs if leg.order_id), None), stands=not is_gone)


async def _orders_of(backend: TradingBackend, plan: TargetPlan) -> list[Order]:
    account = plan.account
    listed = await backend.get_orders(account.user_id, plan.symbol, account.exchange, account.account_type)
    return [*listed, *await _history_of(backend, plan)]


async def _history_of(backend: TradingBackend, plan: TargetPlan) -> Sequence[Order]:
    account = plan.account
    return await backend.get_order_history(
        account.user_id,
        plan.symbol,
        since=_beginning(plan),
        exchange=account.exchange,
        account_type=account.account_type,
    )


def _matching(listed: Sequence[Order], plan: TargetPlan, wanted: PlacedTarget, taken: set[str | None]) -> str | None:
    price = plan.targets[wanted.number].price
    return next(
        (
            order.order_id
            for order in listed
            if order.order_type.is_take_profit
            and order.trigger_price == price
            and order.size == wanted.size
            and order.side is plan.side.closing_side
            and order.order_id not in taken
        ),
        None,
    )


async def closing_fills(plan: TargetPlan) -> list[Fill]:
    """Return what closed in the plan's market since it began, newest first, as far as it is stored."""
    fills = await db.store().fills.fills(plan.account, symbol=plan.symbol, since=_beginning(plan))
    return [fill for fill in fills if fill.side is plan.side.closing_side]


def with_hits(plan: TargetPlan, fills: Sequence[Fill], parents: Mapping[str, str]) -> TargetPlan:
    """Return the plan with the targets that were reached, by the first fill of each one's order.

    Args:
        plan: As it was.
        fills: The newest first.
        parents: Where a venue gives an order a new id when it is triggered: the old one, by the new one.
    """
    first = {parents.get(fill.order_id, fill.order_id): fill.fill_id for fill in fills}
    placed = tuple(
        order if order.hit_by or not order.order_id else replace(order, hit_by=first.get(order.order_id))
        for order in plan.placed
    )
    return replace(plan, placed=placed)


async def parents_of(backend: TradingBackend, plan: TargetPlan) -> dict[str, str]:
    """Return which of the venue's orders came from which, for those that came from another."""
    ended = await _history_of(backend, plan)
    return {order.order_id: order.parent_order_id for order in ended if order.parent_order_id}


def _beginning(plan: TargetPlan) -> datetime:
    """Return since when the venue can have told of a plan's orders, whatever its clock shows."""
    return from_millis(plan.created_ms) - _CLOCKS_APART


async def instrument_of(backend: TradingBackend, plan: TargetPlan) -> Instrument:
    """Return a plan's market.

    Raises:
        BadOrder: The venue has no such market any more.
    """
    account = plan.account
    found = await backend.find_instruments(account.user_id, plan.symbol, account.exchange, account.account_type)
    if len(found) != 1:
        raise BadOrder(f"{plan.symbol}: no such market", code="unknown_symbol", symbol=plan.symbol)
    return found[0]
