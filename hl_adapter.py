"""Direct HyperLiquid access for `USE_UNIFIED=false`: the SDK's Info and Exchange in bounded threads; returns models.

Deliberately independent of `exchanges/hyperliquid.py`. Small and frozen: new abilities go to the unified path.
https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
"""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import requests
from hyperliquid.utils.signing import sign_l1_action

from direct.calls import network_ack, post_once
from direct.hyperliquid_actions import action_for, legs_of
from direct.hyperliquid_answers import read_answer
from direct.hyperliquid_asking import HyperliquidAsking, Row
from models import wire
from models.enums import AccountType, MarginMode, PositionMode
from models.errors import BadOrder, BadPayload, NotSent, Rejected, Unavailable
from models.instrument import instruments_from_hyperliquid
from models.market import tickers_from_hyperliquid
from models.order import orders_from_hyperliquid
from models.requests import Ack, Action, Noop, SignedRequest, Stamp
from models.unified import (
    Balance,
    Candle,
    ClosedPnl,
    FeeRates,
    Fill,
    FundingPayment,
    Instrument,
    Order,
    Position,
    Ticker,
)
from models.values import to_millis
from models.venue import AccountState, KeyInfo

_NO_VAULT_ACTIONS = {"usdClassTransfer", "sendAsset"}
_STEP = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400}
_MANY_DEXES = 20
_EVERY = 10_000  # fills are kept, no more
_OLDEST_MS, _NEWEST_MS = 2 * 24 * 3600 * 1000, 24 * 3600 * 1000
"""How far before and after its own clock the venue takes a nonce."""
_MARGIN_MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
_USDC = 0
_POOLED, _PORTFOLIO = {"unifiedAccount", "portfolioMargin"}, "portfolioMargin"
_WALLETS = {"user", "vault", "subAccount"}
"""What an address is that owns money itself; its key could take it away."""


class DirectHyperliquid(HyperliquidAsking):
    """One account, or nobody's (public data only), on one host."""

    needs_nonce = True
    fence_s = 10.0

    async def get_server_time(self) -> datetime:
        """Return HyperLiquid's clock, by the date of an answer; it has no endpoint for it."""

        await self._ask("allMids")
        return self._now()

    async def get_instruments(self) -> list[Instrument]:
        """Return every market of every dex."""
        found: list[Instrument] = []
        for number, dex in enumerate(await self._dexes()):
            meta = await self._meta(dex)
            found += instruments_from_hyperliquid(
                meta,
                dex=dex or None,
                dex_index=number - 1 if dex else None,
                collateral=await self._coin(self._collaterals[dex]),
            )
        return found

    async def _meta(self, dex: str) -> Row:
        meta = wire.as_record(await self._ask("meta", dex=dex), "meta")
        self._collaterals[dex] = wire.optional_integer(meta, "collateralToken") or _USDC
        return meta

    async def _coin(self, token: int) -> str:
        """Return the name of the coin that a dex settles in."""
        if token == _USDC:
            return "USDC"
        tokens = wire.records(wire.as_record(await self._ask("spotMeta"), "spotMeta"), "tokens")
        return next((str(row.get("name")) for row in tokens if row.get("index") == token), f"token {token}")

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of every dex; of the main one alone where there are many."""
        dexes = await self._dexes()
        answers = [
            await self._ask("metaAndAssetCtxs", dex=dex) for dex in (dexes if len(dexes) <= _MANY_DEXES else [""])
        ]
        return [ticker for answer in answers for ticker in tickers_from_hyperliquid(answer, as_of=self._now())]

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return a market's prices."""
        answer = await self._ask("metaAndAssetCtxs", dex=instrument.dex or "")
        for ticker in tickers_from_hyperliquid(answer, as_of=self._now()):
            if ticker.symbol == instrument.symbol:
                return ticker
        raise BadPayload(f"universe: expected {instrument.native_symbol} in it")

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first."""
        until = to_millis(end or self._now())
        since = until - _STEP[interval] * 1000 * limit
        request = {"coin": instrument.native_symbol, "interval": interval, "startTime": since, "endTime": until}
        rows = await self._records("candleSnapshot", req=request)
        return sorted((Candle.from_hyperliquid(row) for row in rows), key=lambda bar: bar.opened_at)[-limit:]

    async def _states(self, dexes: list[str]) -> list[Row]:
        user = await self._user()
        return [await self._record("clearinghouseState", user=user, dex=dex) for dex in dexes]

    async def get_balance(self) -> Balance:
        """Return the account's money in USDC, wherever its abstraction keeps it."""
        dexes = await self._dexes()
        for dex in dexes:
            if dex not in self._collaterals:
                await self._meta(dex)
        states = await self._states([dex for dex in dexes if self._collaterals[dex] == _USDC])
        spot = await self._record("spotClearinghouseState", user=await self._user())
        return Balance.from_hyperliquid(
            states[0],
            spot=spot,
            abstraction=await self._abstraction(),
            dex_states=states[1:],
            account_type=self._account_type,
            as_of=self._now(),
        )

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        """Return open positions of every dex."""
        rows = [
            row for state in await self._states(await self._dexes()) for row in wire.records(state, "assetPositions")
        ]
        read = (Position.from_hyperliquid(row, account_type=self._account_type, as_of=self._now()) for row in rows)
        return [position for position in read if position is not None and _is_of(position, instrument)]

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        """Return open orders of every dex, protection included."""
        rows: list[Row] = []
        for dex in await self._dexes():
            rows += await self._records("frontendOpenOrders", user=await self._user(), dex=dex)
        orders = orders_from_hyperliquid(rows, account_type=self._account_type, as_of=self._now())
        return [order for order in orders if _is_of(order, instrument)]

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Ask for one order by either id; None is a complete miss."""
        if order_id and not (order_id.isascii() and order_id.isdigit()):
            raise BadOrder(f"order_id: expected digits, was {order_id[:40]!r}", code="bad_order_id")
        ids = [name for name in (order_id, client_order_id) if name]
        for oid in ids:  # an amended order has a new id of the venue's, and keeps ours
            asked = int(oid) if oid is order_id else oid
            answer = await self._record("orderStatus", user=await self._user(), oid=asked)
            order = Order.from_hyperliquid_status(answer, account_type=self._account_type, as_of=self._now())
            if order is None:
                continue
            if order.native_symbol != instrument.native_symbol or oid not in (order.order_id, order.client_order_id):
                raise BadPayload("orderStatus: the venue answered with another order")
            return order
        if client_order_id is None:
            return None
        if any(fill.client_order_id == client_order_id for fill in await self.get_fills(instrument)):
            raise Unavailable("fills are listed, the order is not yet")
        return None

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first."""
        rows = await self._ask("historicalOrders", user=await self._user())
        orders = orders_from_hyperliquid(rows, account_type=self._account_type, as_of=self._now())
        dated = [(order.updated_at or order.created_at or self._now(), order) for order in orders if not order.is_open]
        wanted = [row for row in dated if _is_of(row[1], instrument) and (since is None or row[0] >= since)]
        return [order for _, order in sorted(wanted, key=lambda row: row[0], reverse=True)][:limit]

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first."""
        rows = await self._since("userFillsByTime", since)
        user = await self._user()
        read = (Fill.from_hyperliquid(row, user=user, account_type=self._account_type) for row in rows)
        fills = {fill.fill_id: fill for fill in read if fill is not None and _is_of(fill, instrument)}
        return sorted(fills.values(), key=lambda fill: fill.filled_at, reverse=True)[:limit]

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return results of closed positions, newest first."""
        return ClosedPnl.from_fills(await self.get_fills(instrument, since=since, limit=_EVERY))[:limit]

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first."""
        rows = await self._since("userFunding", since)
        read = (FundingPayment.from_hyperliquid(row, account_type=self._account_type) for row in rows)
        paid = [payment for payment in read if payment is not None and _is_of(payment, instrument)]
        return sorted(paid, key=lambda payment: payment.paid_at, reverse=True)[:limit]

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        """Return the market's leverage for this account."""
        return wire.optional_price(await self._leverage(instrument), "value")

    async def _leverage(self, instrument: Instrument) -> Row:
        data = await self._record("activeAssetData", user=await self._user(), coin=instrument.native_symbol)
        return wire.record(data, "leverage")

    async def get_fee_rates(self, instrument: Instrument | None = None) -> FeeRates:
        """Return the account's fees."""
        fees = FeeRates.from_hyperliquid(await self._record("userFees", user=await self._user()))
        return replace(fees, symbol=instrument.symbol if instrument else None)

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        """Return margin and position mode: always one-way, margin mode market by market."""
        abstraction = await self._abstraction()
        mode = MarginMode.PORTFOLIO if abstraction == _PORTFOLIO else None
        if mode is None and instrument is not None:
            mode = wire.choice(await self._leverage(instrument), "type", _MARGIN_MODES)
        return AccountState(margin_mode=mode, position_mode=PositionMode.ONE_WAY, is_unified=abstraction in _POOLED)

    async def _abstraction(self) -> str:
        """Return the venue's word for where the account keeps its money."""
        word = await self._ask("userAbstraction", user=await self._user())
        return wire.text({"userAbstraction": word}, "userAbstraction")

    async def get_key_info(self) -> KeyInfo:
        """Ask HyperLiquid what this key is.

        Raises:
            Rejected: It is nobody's agent, somebody else's, or past its time; or the vault is not its master's.
        """
        role, master = await self._role()
        if role in _WALLETS:
            return _key(is_master=True)
        if master is None:
            raise Rejected("HyperLiquid does not know this key; approve it as an API wallet first", code="key_invalid")
        if self._given_master not in {"", master.lower()}:
            raise Rejected("this API wallet belongs to another account", code="key_of_another_account")
        if self._vault and await self._owner_of(self._vault) != master.lower():
            raise Rejected("this account may not trade that vault or sub-account", code="vault_not_yours")
        agents = await self._records("extraAgents", user=master)
        named = next((row for row in agents if wire.text(row, "address").lower() == self.signer), {})
        ends_at = wire.optional_moment(named, "validUntil")
        if ends_at is not None and ends_at <= self._now():
            raise Rejected("this API wallet has expired; approve a new one", code="key_expired")
        return _key(ends_at=ends_at, label=wire.optional_text(named, "name"))

    # writes: called by core.orders only

    async def wait_turn(self, action: Action) -> None:
        """Wait for this account's turn to send."""
        await self._turns.wait(action)

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Let the SDK sign the action, with the attempt's own nonce and expiry.

        Raises:
            NotSent: The nonce is so far from the venue's clock that it would be refused (`clock_skew`).
        """
        wire = action_for(action)
        if not isinstance(action, Noop):  # that one takes the nonce of what it kills, however old
            self._check_nonce(stamp.nonce)
        vault = None if wire["type"] in _NO_VAULT_ACTIONS else self._vault
        is_mainnet = self._account_type is AccountType.REAL
        signature = sign_l1_action(self._signing.wallet, wire, vault, stamp.nonce, stamp.fence_ms, is_mainnet)
        payload = {
            "action": wire,
            "nonce": stamp.nonce,
            "signature": signature,
            "vaultAddress": vault,
            "expiresAfter": stamp.fence_ms,
        }
        return SignedRequest(
            exchange="hyperliquid",
            action=action,
            stamp=stamp,
            url=f"{self._url}/exchange",
            body=json.dumps(payload).encode(),
            headers={"Content-Type": "application/json"},
        )

    def _check_nonce(self, nonce: int | None) -> None:
        now_ms = self.venue_time_ms()
        if nonce is None or (self._clock.is_known and not now_ms - _OLDEST_MS < nonce < now_ms + _NEWEST_MS):
            raise NotSent("this machine's clock is days away from HyperLiquid's: set it right", code="clock_skew")

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Post once and classify."""
        asked = action_for(request.action)
        ids = legs_of(asked)
        try:
            answer = await self._pools.write(lambda: post_once(self._signing.session, request))
        except requests.RequestException as e:
            return tuple(network_ack(e) for _ in ids)
        return read_answer(answer.status, answer.content, ids, asked["type"])


def _key(*, is_master: bool = False, ends_at: datetime | None = None, label: str | None = None) -> KeyInfo:
    return KeyInfo(
        is_valid=True,
        can_trade=True,
        can_withdraw=is_master,
        is_read_only=False,
        bound_ips=None,
        expires_at=ends_at,
        permissions=("trade",),
        is_master_key=is_master,
        label=label,
    )


def _is_of(row: Position | Order | Fill | FundingPayment, instrument: Instrument | None) -> bool:
    return instrument is None or row.native_symbol == instrument.native_symbol
