"""Everything one simulated HyperLiquid knows: the books, the people, the nonces, the budgets and the blocks."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import ZERO, Engine, MarginMode, Order, OrderSpec, OrderStatus, Reason, Side
from sandbox.hyperliquid import shapes
from sandbox.hyperliquid.accounts import Holder, Registry
from sandbox.hyperliquid.assets import MAIN_DEX, Assets, dex_of, is_isolated_only, number_text
from sandbox.hyperliquid.behaviour import HyperliquidBehaviour
from sandbox.hyperliquid.blocks import Blocks
from sandbox.hyperliquid.limits import AddressBudget, IpBudget
from sandbox.hyperliquid.nonces import NonceBook
from sandbox.hyperliquid.refusals import order_status

COLLATERAL: Final = "USDC"
# oids of orders that the engine refused, far above those it gives
FIRST_REJECTED: Final = 900_000_000_001


@dataclass(slots=True)
class Venue:
    """The state behind /info, /exchange and /ws."""

    engine: Engine
    behaviour: HyperliquidBehaviour = field(default_factory=HyperliquidBehaviour)
    assets: Assets = field(init=False)
    registry: Registry = field(init=False)
    nonces: NonceBook = field(init=False, default_factory=NonceBook)
    ip_budget: IpBudget = field(init=False)
    address_budget: AddressBudget = field(init=False, default_factory=AddressBudget)
    blocks: Blocks = field(init=False)
    scheduled: set[int] = field(init=False, default_factory=set)
    rejected: dict[str, list[Order]] = field(init=False, default_factory=lambda: defaultdict(list))
    _groups: Iterator[int] = field(init=False, default_factory=itertools.count)
    _rejected_numbers: Iterator[int] = field(init=False, default_factory=lambda: itertools.count(FIRST_REJECTED))

    def __post_init__(self) -> None:
        self.assets = Assets(self.engine.instruments)
        self.registry = Registry(self.engine.accounts)
        self.ip_budget = IpBudget(self.now_ms)
        self.blocks = Blocks(self.behaviour)

    def now_ms(self) -> int:
        """The venue's time in milliseconds."""
        return self.engine.clock.now_ms()

    def admit_ip(self, ip: str, weight: int) -> bool:
        """Spend weight of an address; False is HTTP 429."""
        unlimited = not self.behaviour.rate_limits or self.engine.clock.frozen
        return unlimited or self.ip_budget.admit(ip, weight)

    def is_visible(self, time_ms: int) -> bool:
        """Whether what happened at this moment shows in /info already."""
        return not self.behaviour.lag_ms or time_ms + self.behaviour.lag_ms <= self.now_ms()

    def volume(self, account: str) -> Decimal:
        """Return what the account has traded in its life, in dollars."""
        return sum((fill.value for fill in self.engine.fills(account)), ZERO)

    def bbo(self, coin: str) -> str:
        """Return best bid and ask as the post-only refusal writes them."""
        book = self.engine.market.book(self.engine.venue, coin)
        best = (book.best(side) for side in (Side.BUY, Side.SELL))
        return "@".join("" if level is None else number_text(level.price) for level in best)

    def has_funds(self, holder: Holder) -> bool:
        """Whether anything was ever left in the account: an address without a deposit may do nothing."""
        return bool(holder.spot_usdc) or any(self.engine.account_view(holder.address).coins)

    def move_collateral(self, account: str, amount: Decimal) -> None:
        """Put USDC into the account's perps wallet, or take it out."""
        self.engine.deposit(account, COLLATERAL, amount)

    def margin_mode(self, account: str, coin: str) -> MarginMode:
        """Return the account's margin mode in a market; isolated where nothing else is allowed."""
        if is_isolated_only(coin) and self.engine.margin_mode(account, coin) is not MarginMode.ISOLATED:
            self.engine.set_margin_mode(account, MarginMode.ISOLATED, symbol=coin)
        return self.engine.margin_mode(account, coin)

    # Orders

    def open_orders(self, account: str, dex: str | None = MAIN_DEX) -> list[Order]:
        """Return the open orders on a dex (None: on all), newest first, without children of entries that still wait."""
        return [
            order
            for order in self.engine.open_orders(account)
            if order.status is not OrderStatus.WAITING and dex in (None, dex_of(order.symbol))
        ]

    def children(self, order: Order) -> list[Order]:
        """Return the take-profit and stop-loss that wait for this order to fill, as they were sent."""
        newest_first = self.engine.open_orders(order.account_id)
        waiting = (other for other in reversed(newest_first) if other.status is OrderStatus.WAITING)
        return [child for child in waiting if child.spec.parent_id == order.order_id]

    def find_order(self, account: str, key: int | str) -> Order | None:
        """Return the order with this oid, or the newest with this cloid, an open one first."""
        orders = self.history_of(account)
        if isinstance(key, int):
            return next((order for order in orders if order.number == key), None)
        named = [order for order in orders if order.client_order_id == key]
        return next((order for order in named if order.is_open), named[0] if named else None)

    def status_of(self, order: Order) -> str:
        """Return the venue's word for where an order is in its life."""
        return "scheduledCancel" if order.number in self.scheduled else order_status(order)

    def history_of(self, account: str) -> list[Order]:
        """Return every order the account ever sent, refused ones too, newest first."""
        orders = [*self.engine.orders(account), *self.rejected[account]]
        return sorted(orders, key=lambda order: order.created_ms, reverse=True)

    def reject(self, account: str, spec: OrderSpec, reason: Reason) -> None:
        """Remember an order that the engine refused: the venue still answers for it by id."""
        now = self.now_ms()
        number = next(self._rejected_numbers)
        order = Order(
            number=number,
            order_id=str(number),
            account_id=account,
            spec=spec,
            size=spec.size,
            price=spec.price,
            trigger=spec.trigger,
            status=OrderStatus.REJECTED,
            created_ms=now,
            updated_ms=now,
            last_price_on_created=ZERO,
            reason=reason,
        )
        self.rejected[account].append(order)

    def next_group(self) -> str:
        """Return a name that no other pair of take-profit and stop-loss has."""
        return f"tpsl-{next(self._groups)}"

    # The dead man's switch

    def run_schedules(self) -> None:
        """Cancel everything of the accounts whose dead man's switch is due."""
        now = self.now_ms()
        for account in self.engine.accounts:
            holder = self.registry.holder(account)
            if holder is not None and holder.cancel_all_at_ms is not None and holder.cancel_all_at_ms <= now:
                holder.cancel_all_at_ms = None
                self.scheduled.update(order.number for order in self.engine.cancel_all(account))


def status_row(venue: Venue, order: Order) -> dict[str, Any]:
    """Return an order with its status, as `orderStatus` and `historicalOrders` wrap it."""
    return {
        "order": shapes.full_order(order, children=venue.children(order)),
        "status": venue.status_of(order),
        "statusTimestamp": order.updated_ms,
    }
