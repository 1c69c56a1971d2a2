"""Take-profit, stop-loss and trailing stop: attached to an entry, or set on a position."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.engine import margin, validation
from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.orders import ZERO, Order, OrderSpec, Protection, Trigger
from sandbox.engine.records import Position
from sandbox.engine.triggers import direction_to
from sandbox.words import OrderStatus, OrderType, Reason, RefusedError, Side, StopKind, TriggerDirection

if TYPE_CHECKING:
    from sandbox.engine.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailing:
    """A trailing stop to set on a position: distance in price, and where it starts (None: at once)."""

    distance: Decimal
    activation: Decimal | None = None


class Protector:
    """Keeps protective orders in step with the positions they protect."""

    def __init__(self, core: Core, desk: Desk) -> None:
        self.core = core
        self.desk = desk

    # After executions

    def after_fill(self, account: Account, order: Order, size: Decimal) -> None:
        """What one batch of executions of an order sets off."""
        position = account.position(order.symbol, order.spec.position_idx)
        self._follow_position(account, position, order)
        self.cancel_group(account, order)
        if order.take_profit is not None or order.stop_loss is not None:
            self._arm_attached(account, order, position, size)
        if not order.is_open:
            self.arm_children(account, order)

    def arm_children(self, account: Account, order: Order) -> None:
        """The entry is complete: its waiting children become live, none larger than what was executed."""
        for child in self.desk.children(account, order):
            if child.status is not OrderStatus.WAITING:
                continue
            child.status = OrderStatus.UNTRIGGERED
            child.size = min(child.size, order.filled_size) if child.size else order.filled_size
            self.core.order_changed(account, child)

    def cancel_group(self, account: Account, order: Order) -> None:
        """One order of a one-cancels-other group has acted: the others end."""
        group = order.spec.oco_group
        if group is None:
            return
        for other in account.open_orders():
            if other.spec.oco_group == group and other is not order and other.is_open:
                self.desk.end(account, other, OrderStatus.CANCELLED, Reason.BY_OCO)

    def _follow_position(self, account: Account, position: Position, cause: Order) -> None:
        """Whole-position orders take the position's size; a position that is gone takes its protection along."""
        for order in account.open_orders():
            spec = order.spec
            mine = spec.symbol == position.symbol and spec.position_idx is position.idx and order is not cause
            if not mine or not order.is_open or not spec.reduce_only or order.status is OrderStatus.WAITING:
                continue
            if order.side.sign * position.size >= 0:
                self.desk.end(account, order, OrderStatus.CANCELLED, Reason.BY_POSITION_CLOSED)
            elif spec.whole_position and order.triggered_ms is None and order.size != abs(position.size):
                order.size = abs(position.size)
                self.core.order_changed(account, order)

    def _arm_attached(self, account: Account, order: Order, position: Position, size: Decimal) -> None:
        if position.size * order.side.sign <= 0:
            return
        pairs = ((StopKind.TAKE_PROFIT, order.take_profit), (StopKind.STOP_LOSS, order.stop_loss))
        for stop, protection in pairs:
            if protection is None:
                continue
            if protection.size is None:
                self.replace(account, position, stop, protection)
            else:
                group = f"tpsl-{order.order_id}-{order.filled_size}"
                self._add(account, position, stop, protection, size=min(size, abs(position.size)), group=group)

    # Set by the user

    def set(
        self,
        account: Account,
        position: Position,
        *,
        take_profit: Protection | None = None,
        stop_loss: Protection | None = None,
        trailing: Trailing | None = None,
        clear: frozenset[StopKind] = frozenset(),
    ) -> None:
        """Set, replace or clear protection; partial protection (with a size) is added beside what exists.

        Raises:
            RefusedError: no position, price on the wrong side, or nothing would change.
        """
        side = position.side
        if side is None:
            raise RefusedError(Reason.NO_POSITION, position.symbol)
        validation.check_protection(side, self.core.quote(position.symbol).mark, take_profit, stop_loss)
        instrument = self.core.instrument(position.symbol)
        for protection in (take_profit, stop_loss):
            if protection is not None:
                validation.check_on_grid(instrument, protection.trigger_price)
        changed = self._clear(account, position, clear)
        changed |= self._set_pair(account, position, take_profit, stop_loss)
        if trailing is not None:
            changed |= self._set_trailing(account, position, trailing)
        if not changed:
            raise RefusedError(Reason.NOT_MODIFIED, position.symbol)

    def _clear(self, account: Account, position: Position, kinds: frozenset[StopKind]) -> bool:
        ended = False
        for kind in kinds:
            order = margin.whole_position_order(account, position, kind)
            if order is not None:
                self.desk.end(account, order, OrderStatus.CANCELLED, Reason.BY_USER)
                ended = True
        return ended

    def _set_pair(
        self, account: Account, position: Position, take_profit: Protection | None, stop_loss: Protection | None
    ) -> bool:
        changed = False
        group = f"tpsl-{self.core.next_number()}" if take_profit is not None and stop_loss is not None else None
        for stop, protection in ((StopKind.TAKE_PROFIT, take_profit), (StopKind.STOP_LOSS, stop_loss)):
            if protection is None:
                continue
            if protection.size is None:
                changed |= self.replace(account, position, stop, protection)
            else:
                self._add(account, position, stop, protection, size=protection.size, group=group)
                changed = True
        return changed

    def replace(self, account: Account, position: Position, stop: StopKind, protection: Protection) -> bool:
        """Give the position this whole-position protection; False when it already has exactly that."""
        old = margin.whole_position_order(account, position, stop)
        if old is not None and old.trigger is not None:
            same_trigger = old.trigger.price == protection.trigger_price and old.trigger.by is protection.by
            if same_trigger and old.price == protection.limit_price:
                return False
            self.desk.end(account, old, OrderStatus.CANCELLED, Reason.BY_USER)
        self._add(account, position, stop, protection, size=None, group=None)
        return True

    def _add(
        self,
        account: Account,
        position: Position,
        stop: StopKind,
        protection: Protection,
        *,
        size: Decimal | None,
        group: str | None,
    ) -> None:
        closing = Side.SELL if position.size > 0 else Side.BUY
        rises = (stop is StopKind.TAKE_PROFIT) == (closing is Side.SELL)
        spec = OrderSpec(
            symbol=position.symbol,
            side=closing,
            type=OrderType.MARKET if protection.limit_price is None else OrderType.LIMIT,
            size=ZERO if size is None else size,
            price=protection.limit_price,
            reduce_only=True,
            close_on_trigger=True,
            whole_position=size is None,
            position_idx=position.idx,
            trigger=Trigger(
                price=protection.trigger_price,
                by=protection.by,
                direction=TriggerDirection.RISE if rises else TriggerDirection.FALL,
            ),
            stop=stop,
            oco_group=group,
        )
        if size is not None:
            validation.check_size(self.core.instrument(position.symbol), spec)
            validation.check_counts(account, spec)
        self.desk.place_unchecked(account, spec)

    def _set_trailing(self, account: Account, position: Position, trailing: Trailing) -> bool:
        old = margin.whole_position_order(account, position, StopKind.TRAILING)
        if old is not None:
            if old.trail == trailing.distance and old.spec.activation == trailing.activation:
                return False
            self.desk.end(account, old, OrderStatus.CANCELLED, Reason.BY_USER)
        closing = Side.SELL if position.size > 0 else Side.BUY
        trigger = None
        if trailing.activation is not None:
            current = self.core.quote(position.symbol).last
            trigger = Trigger(price=None, direction=direction_to(trailing.activation, current))
        spec = OrderSpec(
            symbol=position.symbol,
            side=closing,
            type=OrderType.MARKET,
            size=ZERO,
            reduce_only=True,
            close_on_trigger=True,
            whole_position=True,
            position_idx=position.idx,
            trigger=trigger,
            stop=StopKind.TRAILING,
            trail=trailing.distance,
            activation=trailing.activation,
        )
        self.desk.place_unchecked(account, spec)
        return True
