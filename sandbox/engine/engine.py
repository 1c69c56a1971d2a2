"""One venue's trading engine: the interface that the wire layers and the control API use."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from sandbox.candles import History
from sandbox.clock import Clock
from sandbox.engine import margin
from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.desk import Desk
from sandbox.engine.ledger import Ledger
from sandbox.engine.matching import Execution
from sandbox.engine.orders import Order, OrderSpec, Protection
from sandbox.engine.protection import Trailing
from sandbox.engine.records import ClosedPnl, Event, Fill, FundingPayment, Position
from sandbox.engine.risk import Risk
from sandbox.engine.settings import AccountSettings
from sandbox.engine.views import AccountView, PositionView
from sandbox.instruments import Instrument, Venue
from sandbox.market import Market
from sandbox.words import (
    LedgerKind,
    MarginMode,
    PositionIdx,
    PositionMode,
    Reason,
    RefusedError,
    StopKind,
)


class Engine:
    """Accounts, orders, positions and money of one simulated venue.

    Every method that changes something is one transaction: subscribers hear of it after the books are consistent.
    Refusals are ``RefusedError`` with a reason; an unknown account is a ``KeyError`` (authenticate first).

    Args:
        venue: Whose fees, ids and markets apply.
        market: Prices; its clock is the engine's clock.
        ack_delay_ms: How long after its acknowledgement an order reaches the book (Bybit's create is asynchronous).
    """

    def __init__(self, *, venue: Venue, market: Market, ack_delay_ms: int = 0) -> None:
        self._core = Core(venue=venue, market=market, clock=market.clock)
        self._core.ack_delay_ms = ack_delay_ms
        self._desk = Desk(self._core)
        self._risk = Risk(self._core, self._desk)
        self._settings = AccountSettings(self._core)
        self.history = History(market)

    @property
    def venue(self) -> Venue:
        """Which venue this is."""
        return self._core.venue

    @property
    def market(self) -> Market:
        """The prices it trades at."""
        return self._core.market

    @property
    def clock(self) -> Clock:
        """The world's clock."""
        return self._core.clock

    @property
    def ledger(self) -> Ledger:
        """What really happened."""
        return self._core.ledger

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The venue's markets by symbol."""
        return self._core.market.instruments(self._core.venue)

    @property
    def accounts(self) -> Mapping[str, Account]:
        """All accounts by id."""
        return self._core.accounts

    @property
    def taker_rate(self) -> Decimal:
        """Fee rate of an order that executes at once."""
        return self._core.taker_rate

    @property
    def maker_rate(self) -> Decimal:
        """Fee rate of an order that rested."""
        return self._core.maker_rate

    @property
    def core(self) -> Core:
        """The shared state, for snapshots and the control API."""
        return self._core

    @property
    def risk(self) -> Risk:
        """Funding and liquidation, for snapshots."""
        return self._risk

    @property
    def desk(self) -> Desk:
        """The order desk, for writing a demo account's past."""
        return self._desk

    # Accounts

    def open_account(
        self,
        account_id: str,
        *,
        deposits: Mapping[str, Decimal],
        margin_mode: MarginMode = MarginMode.CROSS,
        position_mode: PositionMode = PositionMode.ONE_WAY,
    ) -> Account:
        """Create an account with money in it.

        Raises:
            ValueError: the account exists.
        """
        if account_id in self._core.accounts:
            raise ValueError(f"account {account_id} exists already")
        account = Account(
            account_id=account_id,
            created_ms=self._core.now_ms(),
            margin_mode=margin_mode,
            position_mode=position_mode,
        )
        self._core.accounts[account_id] = account
        self._core.ledger.add(time_ms=self._core.now_ms(), account_id=account_id, kind=LedgerKind.ACCOUNT)
        for coin, amount in deposits.items():
            account.wallet.setdefault(coin, Decimal(0))
            self.deposit(account_id, coin, amount)
        return account

    def deposit(self, account_id: str, coin: str, amount: Decimal) -> None:
        """Add money, or take it out (negative)."""
        account = self._core.account(account_id)
        with self._core.transaction():
            account.deposits[coin] = account.deposits.get(coin, Decimal(0)) + amount
            self._core.move_money(account, coin, amount, LedgerKind.DEPOSIT)

    # Orders

    def place(self, account_id: str, spec: OrderSpec) -> Order:
        """Place an order.

        Returns:
            The order as it stands afterwards: filled, resting, armed, pending; or already CANCELLED with a ``reason``
            (post-only that would cross, IOC or FOK without liquidity, a market order at its slippage limit).

        Raises:
            RefusedError: the venue refuses it; no order exists.
        """
        account = self._core.account(account_id)
        with self._core.transaction():
            try:
                return self._desk.place(account, spec)
            except RefusedError as refusal:
                self._note_refusal(account, spec, refusal)
                raise

    def _note_refusal(self, account: Account, spec: OrderSpec, refusal: RefusedError) -> None:
        self._core.ledger.add(
            time_ms=self._core.now_ms(),
            account_id=account.account_id,
            kind=LedgerKind.REFUSED,
            symbol=spec.symbol,
            detail={
                "reason": refusal.reason.value,
                "client_order_id": spec.client_order_id or "",
                "message": refusal.message,
            },
        )

    def amend(
        self,
        account_id: str,
        order_id: str,
        *,
        size: Decimal | None = None,
        price: Decimal | None = None,
        trigger_price: Decimal | None = None,
        take_profit: Protection | None = None,
        stop_loss: Protection | None = None,
    ) -> Order:
        """Change an open order in place (None leaves a field); it keeps its id and meets the market again.

        Raises:
            RefusedError: unknown or closed, unchanged, or not allowed.
        """
        account = self._core.account(account_id)
        with self._core.transaction():
            return self._desk.amend(
                account,
                self._require(account, order_id),
                size=size,
                price=price,
                trigger_price=trigger_price,
                take_profit=take_profit,
                stop_loss=stop_loss,
            )

    def cancel(self, account_id: str, order_id: str) -> Order:
        """Cancel an open order.

        Raises:
            RefusedError: ORDER_NOT_FOUND, ORDER_FILLED or ORDER_CANCELLED.
        """
        account = self._core.account(account_id)
        with self._core.transaction():
            return self._desk.cancel(account, self._require(account, order_id))

    def cancel_all(
        self, account_id: str, *, symbol: str | None = None, where: Callable[[Order], bool] = lambda order: True
    ) -> list[Order]:
        """Cancel open orders, of one market or those that satisfy ``where``; returns what was cancelled."""
        account = self._core.account(account_id)
        with self._core.transaction():
            chosen = [order for order in account.open_orders() if symbol in {None, order.symbol} and where(order)]
            return [self._desk.cancel(account, order) for order in chosen if order.is_open]

    def _require(self, account: Account, order_id: str) -> Order:
        order = account.orders.get(order_id)
        if order is None:
            raise RefusedError(Reason.ORDER_NOT_FOUND, order_id)
        return order

    # Settings and protection

    def set_leverage(self, account_id: str, symbol: str, leverage: Decimal) -> None:
        """Set the leverage of a market; NOT_MODIFIED when it is already so."""
        with self._core.transaction():
            self._settings.set_leverage(self._core.account(account_id), symbol, leverage)

    def set_margin_mode(self, account_id: str, mode: MarginMode, *, symbol: str | None = None) -> None:
        """Cross or isolated for one market, or for the whole account when no symbol is given."""
        with self._core.transaction():
            self._settings.set_margin_mode(self._core.account(account_id), mode, symbol)

    def set_position_mode(self, account_id: str, mode: PositionMode, *, symbol: str | None = None) -> None:
        """One-way or hedge for one market, or for the whole account when no symbol is given."""
        with self._core.transaction():
            self._settings.set_position_mode(self._core.account(account_id), mode, symbol)

    def add_margin(self, account_id: str, symbol: str, idx: PositionIdx, amount: Decimal) -> None:
        """Put collateral into an isolated position (negative takes out)."""
        with self._core.transaction():
            self._settings.add_margin(self._core.account(account_id), symbol, idx, amount)

    def set_auto_add_margin(self, account_id: str, symbol: str, idx: PositionIdx, *, on: bool) -> None:
        """Remember whether collateral should be added automatically."""
        self._core.account(account_id).position(symbol, idx).auto_add_margin = on

    def set_protection(
        self,
        account_id: str,
        symbol: str,
        idx: PositionIdx = PositionIdx.ONE_WAY,
        *,
        take_profit: Protection | None = None,
        stop_loss: Protection | None = None,
        trailing: Trailing | None = None,
        clear: frozenset[StopKind] = frozenset(),
    ) -> None:
        """Set, replace or clear a position's TP/SL and trailing stop; with a size it adds partial protection.

        Raises:
            RefusedError: NO_POSITION, BAD_TAKE_PROFIT, BAD_STOP_LOSS, NOT_MODIFIED, TOO_MANY_TPSL, price off the grid.
        """
        account = self._core.account(account_id)
        with self._core.transaction():
            self._core.instrument(symbol)
            self._desk.protector.set(
                account,
                account.position(symbol, idx),
                take_profit=take_profit,
                stop_loss=stop_loss,
                trailing=trailing,
                clear=clear,
            )

    # Reading

    def account_view(self, account_id: str) -> AccountView:
        """The account's money now."""
        return margin.account_view(self._core, self._core.account(account_id))

    def positions(self, account_id: str, *, symbol: str | None = None) -> list[PositionView]:
        """Open positions, oldest first."""
        account = self._core.account(account_id)
        chosen = [position for position in account.open_positions() if symbol in {None, position.symbol}]
        return [margin.position_view(self._core, account, position) for position in chosen]

    def position(self, account_id: str, symbol: str, idx: PositionIdx = PositionIdx.ONE_WAY) -> PositionView:
        """One position, also when it is flat."""
        account = self._core.account(account_id)
        self._core.instrument(symbol)
        return margin.position_view(self._core, account, account.position(symbol, idx))

    def view_of(self, position: Position) -> PositionView:
        """The view of a position, or of the picture of one that an event carries."""
        return margin.position_view(self._core, self._core.account(position.account_id), position)

    def leverage(self, account_id: str, symbol: str) -> Decimal:
        """The leverage of this market."""
        return self._core.leverage(self._core.account(account_id), symbol)

    def margin_mode(self, account_id: str, symbol: str) -> MarginMode:
        """Cross or isolated in this market."""
        return self._core.account(account_id).margin_mode_of(symbol)

    def position_mode(self, account_id: str, symbol: str) -> PositionMode:
        """One-way or hedge in this market."""
        return self._core.account(account_id).mode_of(symbol)

    def order(self, account_id: str, order_id: str) -> Order | None:
        """An order by the venue's id, open or closed; None when there is none."""
        return self._core.account(account_id).orders.get(order_id)

    def order_by_client_id(self, account_id: str, client_order_id: str) -> Order | None:
        """An order by the client's id, open or closed; None when there is none."""
        account = self._core.account(account_id)
        order_id = account.client_ids.get(client_order_id)
        return None if order_id is None else account.orders[order_id]

    def open_orders(self, account_id: str, *, symbol: str | None = None) -> list[Order]:
        """Orders that can still execute, newest first."""
        orders = self._core.account(account_id).open_orders()
        return [order for order in reversed(orders) if symbol in {None, order.symbol}]

    def orders(self, account_id: str) -> list[Order]:
        """All orders, newest first."""
        return list(reversed(self._core.account(account_id).orders.values()))

    def fills(self, account_id: str) -> list[Fill]:
        """Executions, newest first."""
        return self._core.account(account_id).fills[::-1]

    def closed_pnl(self, account_id: str) -> list[ClosedPnl]:
        """Closed-profit records, newest first."""
        return self._core.account(account_id).closed_pnl[::-1]

    def fundings(self, account_id: str) -> list[FundingPayment]:
        """Funding payments, newest first."""
        return self._core.account(account_id).fundings[::-1]

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Hear of every change of every account; returns the function that ends it."""
        return self._core.subscribe(callback)

    # The passing of time

    def step(self) -> None:
        """Catch up with the clock: delayed acknowledgements, funding, triggers, resting orders, liquidations."""
        with self._core.transaction():
            self._core.run_due()
            self._risk.pay_funding()
            for account in list(self._core.accounts.values()):
                if account.open_ids:
                    self._desk.meet_market(account)
                if account.open_positions():
                    self._risk.liquidate(account)

    def write_past_trade(self, account_id: str, spec: OrderSpec, *, price: Decimal, time_ms: int) -> Order:
        """Enter a trade that happened earlier, at a price of that time: how a demo account gets its history."""
        account = self._core.account(account_id)
        with self._core.transaction(), self._core.in_the_past(time_ms):
            order = self._desk.register(account, spec)
            self._desk.execute(account, order, [Execution(price=price, size=spec.size, maker=False)])
            return order
