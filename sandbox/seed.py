"""The accounts that exist when a sandbox starts: the demo user's, and one for every kind of key that tests need."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox import demo
from sandbox.engine import Engine, OrderSpec, OrderType, Venue
from sandbox.keys import TRADING_PERMISSIONS, BybitKey, KeyRing
from sandbox.path import DAY_MS
from sandbox.words import MarginMode, PositionMode, Side

HOUR_MS = 3_600_000
MONEY = Decimal(10_000)
SETTLE = {Venue.BYBIT: "USDT", Venue.HYPERLIQUID: "USDC", Venue.OKX: "USDT"}
MARKET_NAMES = {Venue.BYBIT: "{}USDT", Venue.HYPERLIQUID: "{}", Venue.OKX: "{}-USDT-SWAP"}
NO_IP_LIFE_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTrade:
    """A trade of the demo account's last days; without ``hours_held`` it is still open."""

    coin: str
    side: Side
    size: str
    hours_ago: int
    hours_held: int | None


def _trade(coin: str, side: Side, size: str, hours_ago: int, hours_held: int | None) -> PastTrade:
    return PastTrade(coin=coin, side=side, size=size, hours_ago=hours_ago, hours_held=hours_held)


PAST_TRADES = (
    _trade("BTC", Side.BUY, "0.02", 150, 9),
    _trade("ETH", Side.SELL, "0.4", 130, 5),
    _trade("SOL", Side.BUY, "12", 104, 14),
    _trade("DOGE", Side.BUY, "9000", 80, 3),
    _trade("BTC", Side.SELL, "0.015", 61, 7),
    _trade("XRP", Side.SELL, "2500", 49, 11),
    _trade("ETH", Side.BUY, "0.5", 31, 6),
    _trade("SOL", Side.SELL, "8", 20, 4),
    _trade("BTC", Side.BUY, "0.01", 7, None),
)


def symbol_of(venue: Venue, coin: str) -> str:
    """The venue's main market of a coin."""
    return MARKET_NAMES[venue].format(coin)


def open_demo_account(engine: Engine, account_id: str) -> None:
    """An account with money, a week of closed trades and one open position."""
    now = engine.clock.now_ms()
    with engine.core.in_the_past(now - 7 * DAY_MS):
        engine.open_account(account_id, deposits={SETTLE[engine.venue]: MONEY})
    moments: list[tuple[int, PastTrade, Side]] = []
    for trade in PAST_TRADES:
        opened = now - trade.hours_ago * HOUR_MS
        moments.append((opened, trade, trade.side))
        if trade.hours_held is not None:
            moments.append((opened + trade.hours_held * HOUR_MS, trade, trade.side.opposite))
    for time_ms, trade, side in sorted(moments, key=lambda moment: moment[0]):
        _write_trade(engine, account_id, trade, side, time_ms)


def _write_trade(engine: Engine, account_id: str, trade: PastTrade, side: Side, time_ms: int) -> None:
    symbol = symbol_of(engine.venue, trade.coin)
    spec = OrderSpec(
        symbol=symbol,
        side=side,
        type=OrderType.MARKET,
        size=Decimal(trade.size),
        reduce_only=side is not trade.side,
    )
    price = engine.market.quote(engine.venue, symbol, time_ms).last
    engine.write_past_trade(account_id, spec, price=price, time_ms=time_ms)


def open_bybit_accounts(engine: Engine, keys: KeyRing) -> None:
    """The demo account and the special ones, each with its key (secret = key + "-secret" but for the demo key)."""
    now = engine.clock.now_ms()
    open_demo_account(engine, demo.BYBIT_UID)
    money = {"USDT": MONEY}
    engine.open_account(demo.BYBIT_TEST_UID, deposits=money)
    engine.open_account(demo.BYBIT_HEDGE_UID, deposits=money, position_mode=PositionMode.HEDGE)
    engine.open_account(demo.BYBIT_ISOLATED_UID, deposits=money, margin_mode=MarginMode.ISOLATED)
    unbound = now + NO_IP_LIFE_DAYS * DAY_MS
    withdraw = {**TRADING_PERMISSIONS, "Wallet": ("AccountTransfer", "Withdraw")}
    loopback = ("127.0.0.1",)
    for key in (
        _key(demo.BYBIT_KEY, demo.BYBIT_UID, secret=demo.BYBIT_SECRET, ips=loopback),
        _key("sandbox-plain-key", demo.BYBIT_TEST_UID, ips=loopback),
        _key("sandbox-hedge-key", demo.BYBIT_HEDGE_UID, ips=loopback),
        _key("sandbox-isolated-key", demo.BYBIT_ISOLATED_UID, ips=loopback),
        _key("sandbox-withdraw-key", demo.BYBIT_TEST_UID, ips=loopback, permissions=withdraw),
        _key("sandbox-readonly-key", demo.BYBIT_TEST_UID, ips=loopback, read_only=True),
        _key("sandbox-notrade-key", demo.BYBIT_TEST_UID, ips=loopback, permissions={"Wallet": ("AccountTransfer",)}),
        _key("sandbox-expiring-key", demo.BYBIT_TEST_UID, expires_ms=now + 3 * DAY_MS),
        _key("sandbox-expired-key", demo.BYBIT_TEST_UID, expires_ms=now - DAY_MS),
        _key("sandbox-unbound-key", demo.BYBIT_TEST_UID, expires_ms=unbound),
        _key("sandbox-elsewhere-key", demo.BYBIT_TEST_UID, ips=("203.0.113.7",)),
    ):
        keys.add(key)


def _key(
    api_key: str,
    uid: str,
    *,
    secret: str | None = None,
    permissions: dict[str, tuple[str, ...]] | None = None,
    read_only: bool = False,
    ips: tuple[str, ...] = (),
    expires_ms: int | None = None,
) -> BybitKey:
    return BybitKey(
        api_key=api_key,
        secret=secret or f"{api_key.removesuffix('-key')}-secret",
        account_id=uid,
        permissions=TRADING_PERMISSIONS if permissions is None else permissions,
        read_only=read_only,
        ips=ips,
        expires_ms=expires_ms,
    )
