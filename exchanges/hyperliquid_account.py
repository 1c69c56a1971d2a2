"""What one HyperLiquid account has now: money, positions, open orders, leverage, fees.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from exchanges.hyperliquid_access import find_master, read_key_info
from exchanges.hyperliquid_info import MAIN_DEX, dex_field
from exchanges.hyperliquid_keys import AccountAddress, Wallet
from exchanges.hyperliquid_looks import Looks
from exchanges.hyperliquid_market import MANY_DEXES, Cached, HLMarket
from exchanges.hyperliquid_pushes import Push
from exchanges.pacing import Purpose, only_looks, read_purpose
from models import wire
from models.enums import AccountType, MarginMode, PositionMode
from models.errors import Unavailable
from models.order import orders_from_hyperliquid
from models.requests import Action
from models.unified import Balance, Candle, FeeRates, Instrument, Order, Position, Ticker
from models.values import from_millis
from models.venue import AccountState, KeyInfo

_ABSTRACTION_S: Final = 60.0
_FEES_S: Final = 600.0
_LOOKS_S: Final = 4.0
_STATES_S: Final = 1.0
_POSITION_SWEEP_S: Final = 300.0
_ORDER_SWEEP_S: Final = 60.0
_FEW_DEXES: Final = 1
_MODES: Final = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
_POOLED: Final = frozenset({"unifiedAccount", "portfolioMargin"})
_PORTFOLIO: Final = "portfolioMargin"
_BUILDER_FEE_FACTOR: Final = 2  # what builders' dexes usually charge
_USDC: Final = "USDC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBudget:
    """How many actions an account has sent, and may send in its life: 10,000 and one per dollar traded."""

    used: int
    cap: int

    @property
    def left(self) -> int:
        """Return what is left; then one action in ten seconds."""
        return max(self.cap - self.used, 0)


class DexesInUse:
    """Which dexes are worth asking about an account: now and then all, and in between those where it has something."""

    def __init__(self) -> None:
        self._used = {MAIN_DEX}
        self._swept_at: float | None = None

    def due(self, listed: Sequence[str], now: float, *, ttl_s: float) -> list[str]:
        """Return the dexes to ask now; `ttl_s` is how long the last look at all of them holds."""
        if self._swept_at is None or now >= self._swept_at + ttl_s:
            return list(listed)
        return self.known(listed)

    def known(self, listed: Sequence[str]) -> list[str]:
        """Return the dexes where something was found or sent, and always the main one."""
        return [name for name in listed if name in self._used]

    def saw(self, used: Iterable[str], now: float, *, is_sweep: bool) -> None:
        """Learn where something was found; a look at all of them also tells where nothing is."""
        if is_sweep:
            self._used, self._swept_at = {MAIN_DEX}, now
        self._used.update(used)

    @property
    def used(self) -> frozenset[str]:
        """The dexes where something was found or sent."""
        return frozenset(self._used)

    def touch(self, dex: str) -> None:
        """Ask about this dex from now on: something was sent there."""
        self._used.add(dex)


class HLAccount:
    """The read side of one account, as it is now.

    Args:
        wallet: Whose.
        market: Of the environment.
        account_type: Noted on everything that is returned.
    """

    def __init__(self, wallet: Wallet, market: HLMarket, account_type: AccountType) -> None:
        self.wallet = wallet
        self.account_type = account_type
        self._market = market
        self._info = market.info
        self._monotonic = market.info.transport.gate.monotonic
        self._fees = Cached(self._ask_fees, ttl_s=_FEES_S, monotonic=self._monotonic)
        self._abstraction = Cached(self._ask_abstraction, ttl_s=_ABSTRACTION_S, monotonic=self._monotonic)
        self._master = Cached(self._ask_master, ttl_s=float("inf"), monotonic=self._monotonic)
        self._open_orders = Cached(self._ask_open_orders, ttl_s=_LOOKS_S, monotonic=self._monotonic)
        self._leverages: dict[str, Cached[wire.Row]] = {}
        self._seen_states: dict[str, Cached[wire.Row]] = {}
        self._looks = Looks(market.pushes, self._monotonic)
        self._position_dexes = DexesInUse()
        self._order_dexes = DexesInUse()

    async def get_instruments(self) -> list[Instrument]:
        """Return every listed market of every dex."""
        return await self._market.get_instruments()

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices."""
        return await self._market.get_ticker(instrument)

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all markets."""
        return await self._market.get_tickers()

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first."""
        return await self._market.get_candles(instrument, interval, limit=limit, end=end)

    async def get_server_time(self) -> datetime:
        """Return the venue's clock."""
        return await self._market.get_server_time()

    async def get_balance(self) -> Balance:
        """Return the money of all dexes that settle in USDC, from wherever the account's abstraction keeps it.

        The abstraction is asked once a minute: for so long a change of it may show the old place.
        """
        user = await self._user()
        names = [dex.name for dex in await self._market.dexes() if dex.collateral == _USDC]
        asked = self._due_for_positions(names)
        abstraction, spot, states = await asyncio.gather(
            self._abstraction.get(),
            self._info.ask_about(user, "spotClearinghouseState"),
            self._states(user, asked),
        )
        main, *others = (states[name] for name in asked)
        return Balance.from_hyperliquid(
            main,
            spot=wire.as_record(spot, "spotClearinghouseState"),
            abstraction=abstraction,
            dex_states=others,
            account_type=self.account_type,
        )

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return the open positions of every dex, or of one market.

        Take-profit and stop-loss are orders of their own here: see `get_open_orders`.
        """
        user = await self._user()
        names = [dex.name for dex in await self._market.dexes()] if instrument is None else [_dex_of(instrument)]
        asked = self._due_for_positions(names) if instrument is None else names
        states = await self._states(user, asked)
        if instrument is None:
            used = [name for name, state in states.items() if wire.records(state, "assetPositions")]
            self._position_dexes.saw(used, self._monotonic(), is_sweep=len(asked) == len(names))
        positions = [position for state in states.values() for position in self._positions_of(state)]
        return [p for p in positions if instrument is None or p.native_symbol == instrument.native_symbol]

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return what is open on every dex, children of waiting entries and position protection included, each once.

        A dex on which nothing is known to be open is asked once a minute. Whoever only looks, again and again, may be
        shown the list of some seconds ago, unless something was sent since: the venue charges dearly for it. What a
        list carries as `as_of` says so.
        """
        if instrument is None:
            return list(await self._open_orders.get(fresh=not _is_casual()))
        orders = await self._open_on(await self._user(), _dex_of(instrument))
        return [order for order in orders if order.native_symbol == instrument.native_symbol]

    async def _ask_open_orders(self) -> list[Order]:
        user = await self._user()
        listed = asked = [dex.name for dex in await self._market.dexes()]
        if len(listed) > _FEW_DEXES and (_is_casual() or read_purpose() is Purpose.SYNC):
            asked = self._order_dexes.due(listed, self._monotonic(), ttl_s=_ORDER_SWEEP_S)
        answers = await asyncio.gather(*(self._open_on(user, name) for name in asked))
        used = [name for name, orders in zip(asked, answers, strict=True) if orders]
        self._order_dexes.saw(used, self._monotonic(), is_sweep=len(asked) == len(listed))
        return list({order.order_id: order for part in answers for order in part}.values())

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the leverage that a new position would get."""
        return wire.optional_price(await self._leverage_of(instrument), "value")

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the account's fees, asked every ten minutes; on builders' dexes twice those, as most of them charge.

        https://hyperliquid.gitbook.io/hyperliquid-docs/trading/fees
        """
        rates = await self._fees.get()
        if instrument is None:
            return rates
        factor = 1 if instrument.dex is None else _BUILDER_FEE_FACTOR
        return replace(rates, maker=rates.maker * factor, taker=rates.taker * factor, symbol=instrument.symbol)

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return how the account, and a market of it, is margined; positions are always one-way."""
        abstraction = await self._abstraction.get()
        mode = MarginMode.PORTFOLIO if abstraction == _PORTFOLIO else None
        if mode is None and instrument is not None:
            mode = wire.choice(await self._leverage_of(instrument), "type", _MODES)
        return AccountState(margin_mode=mode, position_mode=PositionMode.ONE_WAY, is_unified=abstraction in _POOLED)

    async def get_request_budget(self) -> RequestBudget:
        """Return how many actions the account may still send.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits
        """
        answer = wire.as_record(await self._info.ask_about(await self._user(), "userRateLimit"), "userRateLimit")
        return RequestBudget(used=wire.integer(answer, "nRequestsUsed"), cap=wire.integer(answer, "nRequestsCap"))

    async def get_key_info(self) -> KeyInfo:
        """Return what the key may do; `is_master_key` means that it must not be used.

        Raises:
            Rejected: It is nobody's agent, somebody else's, or expired; or the vault is not the account's.
        """
        return await read_key_info(self._info, self.wallet)

    async def _user(self) -> AccountAddress:
        """Return whose account is read: the vault that is traded, or the agent's master."""
        if self.wallet.vault is not None:
            return self.wallet.vault
        return self.wallet.master if self.wallet.master is not None else await self._master.get()

    async def _ask_master(self) -> AccountAddress:
        master = await find_master(self._info, self.wallet.key.address)
        if master is None:
            raise Unavailable("HyperLiquid does not say whose API wallet this key is.", code="key_invalid")
        return master

    async def _ask_fees(self) -> FeeRates:
        answer = await self._info.ask_about(await self._user(), "userFees")
        return FeeRates.from_hyperliquid(wire.as_record(answer, "userFees"))

    async def _ask_abstraction(self) -> str:
        answer = await self._info.ask_about(await self._user(), "userAbstraction")
        return wire.text({"userAbstraction": answer}, "userAbstraction")

    def _due_for_positions(self, names: Sequence[str]) -> list[str]:
        ttl_s = 0.0 if len(names) <= MANY_DEXES else _POSITION_SWEEP_S
        return self._position_dexes.due(names, self._monotonic(), ttl_s=ttl_s)

    async def _states(self, user: AccountAddress, names: Sequence[str]) -> dict[str, wire.Row]:
        return dict(zip(names, await asyncio.gather(*(self._state(user, name) for name in names)), strict=True))

    async def _state(self, user: AccountAddress, dex: str) -> wire.Row:
        """Return an account's state on a dex; whoever looks for money and for positions at once asks once."""

        async def ask() -> wire.Row:
            answer = await self._info.ask_about(user, "clearinghouseState", **dex_field(dex))
            return wire.as_record(answer, "clearinghouseState")

        if not only_looks():
            return await ask()
        if (pushed := await self._looks.state(user, dex)) is not None:
            return pushed
        return await self._seen_states.setdefault(dex, Cached(ask, ttl_s=_STATES_S, monotonic=self._monotonic)).get()

    def _positions_of(self, state: wire.Row) -> list[Position]:
        as_of = wire.optional_moment(state, "time")
        rows = wire.records(state, "assetPositions")
        read = (Position.from_hyperliquid(row, account_type=self.account_type, as_of=as_of) for row in rows)
        return [position for position in read if position is not None]

    async def _open_on(self, user: AccountAddress, dex: str) -> list[Order]:
        pushed = await self._looks.orders(user, dex, self._orders_of)
        if pushed is not None:
            return pushed
        asked_at = self._monotonic()
        answer = await self._info.ask_about(user, "frontendOpenOrders", **dex_field(dex))
        orders = orders_from_hyperliquid(answer, account_type=self.account_type, as_of=self._now())
        self._looks.note_orders(user, dex, answer, asked_at=asked_at)
        return orders

    def _orders_of(self, push: Push) -> list[Order]:
        rows, as_of = push.data["orders"], from_millis(push.received_ms)
        return orders_from_hyperliquid(rows, account_type=self.account_type, as_of=as_of)

    async def _leverage_of(self, instrument: Instrument) -> wire.Row:
        """Return how a market is levered; whoever only looks may be told that of some seconds ago, as with orders."""
        name, user = instrument.native_symbol, await self._user()
        if (pushed := await self._looks.leverage(user, name)) is not None:
            return pushed

        async def ask() -> wire.Row:
            asked_at = self._monotonic()
            answer = wire.as_record(await self._info.ask_about(user, "activeAssetData", coin=name), "activeAssetData")
            self._looks.note_leverage(user, name, answer, asked_at=asked_at)
            return wire.record(answer, "leverage")

        known = self._leverages.setdefault(name, Cached(ask, ttl_s=_LOOKS_S, monotonic=self._monotonic))
        return await known.get(fresh=not _is_casual())

    def _forget_looks(self, action: Action | None = None) -> None:
        """Ask anew what whoever only looks was told: something changed, or may have, as by an action of ours."""
        self._open_orders.forget()
        for known in (*self._leverages.values(), *self._seen_states.values()):
            known.forget()
        self._looks.changed((MAIN_DEX, *self._position_dexes.used), action)

    def _now(self) -> datetime:
        return from_millis(self._info.transport.clock.now_ms())


def _is_casual() -> bool:
    """Whether an answer of some seconds ago will do, unless something was sent since."""
    return only_looks() or read_purpose() is Purpose.READ


def _dex_of(instrument: Instrument) -> str:
    return instrument.dex or MAIN_DEX
