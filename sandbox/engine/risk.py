"""What the venue does to accounts on its own: funding payments and liquidations."""

from decimal import Decimal

from sandbox.engine import margin
from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.desk import Desk
from sandbox.engine.matching import Execution
from sandbox.engine.orders import ZERO, Order, OrderSpec
from sandbox.engine.records import FundingPayment, Position
from sandbox.market import HOUR_MS
from sandbox.words import EventKind, FillKind, LedgerKind, OrderStatus, OrderType, Reason, Side


class Risk:
    """Funding and liquidation of one venue."""

    def __init__(self, core: Core, desk: Desk) -> None:
        self.core = core
        self.desk = desk
        self.funded_until_ms = core.clock.now_ms()

    # Funding

    def pay_funding(self) -> None:
        """Settle every funding hour that has passed since the last call."""
        now = self.core.clock.now_ms()
        hour = (self.funded_until_ms // HOUR_MS + 1) * HOUR_MS
        while hour <= now:
            for account in self.core.accounts.values():
                for position in account.open_positions():
                    self._settle(account, position, hour)
            hour += HOUR_MS
        self.funded_until_ms = now

    def _settle(self, account: Account, position: Position, at_ms: int) -> None:
        instrument = self.core.instrument(position.symbol)
        due = instrument.funding_hours and at_ms % (instrument.funding_hours * HOUR_MS) == 0
        if not due or position.opened_ms >= at_ms:
            return
        rate = self.core.market.funding_rate(self.core.venue, position.symbol, at_ms)
        mark = self.core.market.quote(self.core.venue, position.symbol, at_ms).mark
        amount = -position.size * mark * rate
        number = self.core.next_number()
        payment = FundingPayment(
            number=number,
            account_id=account.account_id,
            symbol=position.symbol,
            idx=position.idx,
            size=position.size,
            mark_price=mark,
            rate=rate,
            amount=amount,
            coin=instrument.settle,
            time_ms=at_ms,
        )
        account.fundings.append(payment)
        position.funding += amount
        position.cumulative_funding += amount
        position.realised += amount
        position.cumulative_realised += amount
        self.core.move_money(
            account, instrument.settle, amount, LedgerKind.FUNDING, symbol=position.symbol, rate=str(rate)
        )
        self.core.emit(EventKind.FUNDING, account, payment)

    # Liquidation

    def liquidate(self, account: Account) -> None:
        """Take over positions whose collateral no longer covers the maintenance margin."""
        for position in account.open_positions():
            if position.isolated_margin is not None:
                self._check_isolated(account, position)
        balance, maintenance = margin.cross_balance(self.core, account)
        if maintenance == 0 or balance > maintenance:
            return
        for order in account.open_orders():
            if not order.spec.reduce_only and order.is_open:
                self.desk.end(account, order, OrderStatus.CANCELLED, Reason.BY_LIQUIDATION)
        self._liquidate_cross(account)

    def _check_isolated(self, account: Account, position: Position) -> None:
        mark = self.core.quote(position.symbol).mark
        need = margin.maintenance_margin(self.core, position.symbol, abs(position.size) * mark)
        own = (position.isolated_margin or ZERO) + position.unrealised(mark)
        if own <= need:
            price = margin.bankruptcy_price(position)
            self._take_over(account, position, price if price is not None and price > 0 else mark)

    def _liquidate_cross(self, account: Account) -> None:
        """Close cross positions, the most demanding first, until the rest is covered; never leave a debt."""
        while True:
            balance, maintenance = margin.cross_balance(self.core, account)
            candidates = [position for position in account.open_positions() if position.isolated_margin is None]
            if not candidates or balance > maintenance:
                break
            worst = max(candidates, key=lambda p: abs(p.size) * self.core.quote(p.symbol).mark)
            self._take_over(account, worst, self.core.quote(worst.symbol).mark)
        balance, _ = margin.cross_balance(self.core, account)
        if balance < 0:
            coin = min(account.wallet, key=lambda name: account.wallet[name])
            self.core.move_money(account, coin, -balance, LedgerKind.INSURANCE)

    def _take_over(self, account: Account, position: Position, price: Decimal) -> None:
        size = abs(position.size)
        self.core.ledger.add(
            time_ms=self.core.now_ms(),
            account_id=account.account_id,
            kind=LedgerKind.LIQUIDATION,
            symbol=position.symbol,
            detail={"size": str(position.size), "price": str(price), "idx": str(position.idx.value)},
        )
        self.core.emit(EventKind.LIQUIDATION, account, position)
        order = self._liquidation_order(account, position)
        self.desk.execute(account, order, [Execution(price=price, size=size, maker=False)], FillKind.LIQUIDATION)

    def _liquidation_order(self, account: Account, position: Position) -> Order:
        spec = OrderSpec(
            symbol=position.symbol,
            side=Side.SELL if position.size > 0 else Side.BUY,
            type=OrderType.MARKET,
            size=abs(position.size),
            reduce_only=True,
            position_idx=position.idx,
            tag="liquidation",
        )
        return self.desk.register(account, spec)
