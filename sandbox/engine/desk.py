"""The order desk: how an order is accepted, becomes active, executes, changes and ends."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from sandbox.engine import margin, validation
from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.matching import Execution, crosses, maker_executions, taker_executions
from sandbox.engine.orders import ZERO, Order, OrderSpec, Protection, Trigger
from sandbox.engine.positions import book_fill
from sandbox.engine.protection import Protector
from sandbox.engine.triggers import direction_to, fires
from sandbox.words import (
    FillKind,
    OrderStatus,
    OrderType,
    Reason,
    RefusedError,
    StopKind,
    TimeInForce,
)

NEVER_RESTS = {TimeInForce.IOC, TimeInForce.FOK}


class Desk:
    """Orders of one venue."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.protector = Protector(core, self)

    # Accepting

    def place(self, account: Account, spec: OrderSpec) -> Order:
        """Accept an order and let it act: at once, or after the venue's acknowledgement delay.

        Raises:
            RefusedError: the venue refuses it; nothing was created.
        """
        spec = self._completed(account, spec)
        validation.check_order(self.core, account, spec)
        order = self._make_order(spec, account)
        if not spec.reduce_only and order.status is OrderStatus.PENDING:
            validation.check_tier(self.core, account, spec)
            self._check_funds(account, order)
        return self._accept(account, order)

    def place_unchecked(self, account: Account, spec: OrderSpec) -> Order:
        """Accept an order that the venue makes itself, for protection."""
        return self._accept(account, self._make_order(spec, account))

    def register(self, account: Account, spec: OrderSpec) -> Order:
        """Enter an order that executes outside the book: a liquidation, or one of a demo account's past trades."""
        order = self._make_order(spec, account)
        order.status = OrderStatus.OPEN
        return self._accept(account, order)

    def _completed(self, account: Account, spec: OrderSpec) -> OrderSpec:
        """Fill in what the request leaves open: the trigger's direction, the size of a close-all."""
        trigger = spec.trigger
        if trigger is not None and trigger.price is not None and trigger.direction is None:
            current = self.core.quote(spec.symbol).by(trigger.by) if self._listed(spec.symbol) else trigger.price
            spec = replace(spec, trigger=replace(trigger, direction=direction_to(trigger.price, current)))
        if spec.whole_position and spec.trigger is None and spec.stop is StopKind.NONE:
            spec = replace(spec, size=abs(account.position(spec.symbol, spec.position_idx).size), whole_position=False)
        return spec

    def _listed(self, symbol: str) -> bool:
        return symbol in self.core.market.instruments(self.core.venue)

    def _make_order(self, spec: OrderSpec, account: Account) -> Order:
        number = self.core.next_number()
        now = self.core.now_ms()
        size = spec.size
        if spec.whole_position:
            size = abs(account.position(spec.symbol, spec.position_idx).size)
        return Order(
            number=number,
            order_id=self.core.make_id(number),
            account_id=account.account_id,
            spec=spec,
            size=size,
            price=spec.price,
            trigger=spec.trigger,
            status=self._first_status(account, spec),
            created_ms=now,
            updated_ms=now,
            last_price_on_created=self.core.quote(spec.symbol).last,
            trail=spec.trail,
            take_profit=spec.take_profit,
            stop_loss=spec.stop_loss,
        )

    def _first_status(self, account: Account, spec: OrderSpec) -> OrderStatus:
        parent = account.orders.get(spec.parent_id) if spec.parent_id else None
        if parent is not None and parent.status is not OrderStatus.FILLED:
            return OrderStatus.WAITING if parent.is_open else OrderStatus.CANCELLED
        if spec.trigger is not None or spec.stop is not StopKind.NONE:
            return OrderStatus.UNTRIGGERED
        return OrderStatus.PENDING

    def _accept(self, account: Account, order: Order) -> Order:
        account.orders[order.order_id] = order
        if order.client_order_id:
            account.client_ids[order.client_order_id] = order.order_id
        if order.status is OrderStatus.CANCELLED:
            order.reason = Reason.BY_PARENT
        self.core.order_changed(account, order)
        if order.status is OrderStatus.PENDING:
            self.core.later(self.core.ack_delay_ms, lambda: self._activate_pending(account, order))
        return order

    def _check_funds(self, account: Account, order: Order) -> None:
        cost = margin.entry_cost(self.core, account, order)
        if cost > 0 and cost > margin.available(self.core, account):
            raise RefusedError(Reason.INSUFFICIENT_MARGIN, f"{cost}")

    # Acting

    def _activate_pending(self, account: Account, order: Order) -> None:
        with self.core.transaction():
            if order.status is OrderStatus.PENDING:
                self._activate(account, order)

    def _activate(self, account: Account, order: Order) -> None:
        """Bring an order to the book: execute what crosses, rest or end with what is left."""
        if order.spec.reduce_only and not self._trim(account, order):
            return
        book = self.core.market.book(self.core.venue, order.symbol)
        tif = order.spec.time_in_force
        order.status = OrderStatus.OPEN
        if order.spec.type is OrderType.LIMIT and tif is TimeInForce.POST_ONLY and crosses(order, book):
            self.end(account, order, OrderStatus.CANCELLED, Reason.POST_ONLY_WOULD_CROSS)
            return
        executions = taker_executions(order, book, order.remaining)
        if tif is TimeInForce.FOK and sum((e.size for e in executions), ZERO) < order.remaining:
            executions = []
        self.core.order_changed(account, order)
        self.execute(account, order, executions)
        if order.is_open and order.spec.type is OrderType.MARKET:
            reason = Reason.PRICE_LIMIT if order.filled_size else Reason.NOTHING_TO_FILL
            self.end(account, order, OrderStatus.CANCELLED, reason)
        elif order.is_open and tif in NEVER_RESTS:
            self.end(account, order, OrderStatus.CANCELLED, Reason.NOTHING_TO_FILL)

    def _trim(self, account: Account, order: Order) -> bool:
        """Cut a reduce-only order to what it can close; end it when that is nothing."""
        position = account.position(order.symbol, order.spec.position_idx)
        closable = max(ZERO, -order.side.sign * position.size)
        if closable == 0:
            self.end(account, order, OrderStatus.CANCELLED, Reason.BY_REDUCE_ONLY)
            return False
        order.size = min(order.size, order.filled_size + closable)
        return True

    def execute(
        self,
        account: Account,
        order: Order,
        executions: list[Execution],
        kind: FillKind = FillKind.TRADE,
    ) -> None:
        """Book executions of one order, then everything that follows from them."""
        done = ZERO
        for execution in executions:
            book_fill(
                self.core,
                account,
                order,
                price=execution.price,
                size=execution.size,
                maker=execution.maker,
                kind=kind,
            )
            done += execution.size
        if not done:
            return
        if order.filled_size == order.size:
            order.status = OrderStatus.FILLED
        self.core.order_changed(account, order)
        self.protector.after_fill(account, order, done)

    # Changing and ending

    def amend(
        self,
        account: Account,
        order: Order,
        *,
        size: Decimal | None = None,
        price: Decimal | None = None,
        trigger_price: Decimal | None = None,
        take_profit: Protection | None = None,
        stop_loss: Protection | None = None,
    ) -> Order:
        """Change an open order; None leaves a field as it is.

        Raises:
            RefusedError: the order is closed, nothing would change, or the new values are not allowed.
        """
        self._require_open(order)
        new_spec = replace(order.spec, size=size or order.size, price=price or order.price)
        changed = (size or order.size) != order.size or (price or order.price) != order.price
        instrument = self.core.instrument(order.symbol)
        if order.trigger is not None and trigger_price is not None and trigger_price != order.trigger.price:
            validation.check_on_grid(instrument, trigger_price)
            current = self.core.quote(order.symbol).by(order.trigger.by)
            order.trigger = Trigger(
                price=trigger_price, by=order.trigger.by, direction=direction_to(trigger_price, current)
            )
            changed = True
        if take_profit is not None or stop_loss is not None:
            validation.check_protection(
                order.side, price or order.price or order.last_price_on_created, take_profit, stop_loss
            )
            order.take_profit, order.stop_loss = take_profit or order.take_profit, stop_loss or order.stop_loss
            changed = True
        if not changed:
            raise RefusedError(Reason.NOT_MODIFIED, order.order_id)
        self._reprice(account, order, new_spec)
        return order

    def _reprice(self, account: Account, order: Order, spec: OrderSpec) -> None:
        """Give a resting order its new size and price, and let it meet the market again."""
        instrument = self.core.instrument(order.symbol)
        if not spec.whole_position:
            validation.check_size(instrument, spec)
        validation.check_on_grid(instrument, spec.price)
        if spec.size <= order.filled_size and not spec.whole_position:
            raise RefusedError(Reason.SIZE_TOO_SMALL, str(order.filled_size))
        old_size, old_price = order.size, order.price
        order.size, order.price = spec.size, spec.price
        if (
            order.status is OrderStatus.OPEN
            and not order.spec.reduce_only
            and (margin.available(self.core, account) < 0)
        ):
            order.size, order.price = old_size, old_price
            raise RefusedError(Reason.INSUFFICIENT_MARGIN, order.order_id)
        if order.status is OrderStatus.OPEN:
            self._activate(account, order)
        else:
            self.core.order_changed(account, order)

    def cancel(self, account: Account, order: Order) -> Order:
        """End an open order at the user's wish.

        Raises:
            RefusedError: it is closed already.
        """
        self._require_open(order)
        self.end(account, order, OrderStatus.CANCELLED, Reason.BY_USER)
        return order

    def end(self, account: Account, order: Order, status: OrderStatus, reason: Reason) -> None:
        """Close an order and what hangs on it: children of an entry that will never fill."""
        armed = order.status in {OrderStatus.UNTRIGGERED, OrderStatus.WAITING}
        final = OrderStatus.DEACTIVATED if armed and status is OrderStatus.CANCELLED else status
        self.core.end_order(account, order, final, reason)
        if not order.filled_size:
            for child in self.children(account, order):
                self.end(account, child, OrderStatus.CANCELLED, Reason.BY_PARENT)
        else:
            self.protector.arm_children(account, order)

    def children(self, account: Account, order: Order) -> list[Order]:
        """Open orders that wait for this entry."""
        return [child for child in account.open_orders() if child.spec.parent_id == order.order_id]

    def _require_open(self, order: Order) -> None:
        if order.status is OrderStatus.FILLED:
            raise RefusedError(Reason.ORDER_FILLED, order.order_id)
        if not order.is_open:
            raise RefusedError(Reason.ORDER_CANCELLED, order.order_id)

    # With the market

    def meet_market(self, account: Account, wanted: Callable[[Order], bool] = lambda order: True) -> None:
        """Fire what is triggered and fill what the price has reached."""
        for order in account.open_orders():
            if not order.is_open or not wanted(order):
                continue
            if order.status is OrderStatus.UNTRIGGERED and fires(order, self.core.quote(order.symbol)):
                self._fire(account, order)
            elif order.status is OrderStatus.OPEN:
                self._fill_resting(account, order)

    def _fill_resting(self, account: Account, order: Order) -> None:
        book = self.core.market.book(self.core.venue, order.symbol)
        if maker_executions(order, book, order.remaining) and (
            not order.spec.reduce_only or self._trim(account, order)
        ):
            self.execute(account, order, maker_executions(order, book, order.remaining))

    def _fire(self, account: Account, order: Order) -> None:
        """A trigger has been reached: the order becomes an ordinary one, if the account can still carry it."""
        order.triggered_ms = self.core.now_ms()
        order.status = OrderStatus.OPEN
        if order.spec.whole_position:
            order.size = abs(account.position(order.symbol, order.spec.position_idx).size)
        if not order.spec.reduce_only:
            cost = margin.entry_cost(self.core, account, order)
            if cost > margin.available(self.core, account):
                self.end(account, order, OrderStatus.CANCELLED, Reason.BY_MARGIN)
                return
        self.protector.cancel_group(account, order)
        self._activate(account, order)
