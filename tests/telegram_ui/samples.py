"""Values that the screens are shown with: one of each kind, the same in every language."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from models.enums import ContractKind, InstrumentStatus
from models.errors import Unavailable
from models.ticket import OrderPreview, Target
from models.unified import (
    Account,
    AccountType,
    Balance,
    ClosedPnl,
    CoinBalance,
    FundingPayment,
    Instrument,
    MarginMode,
    Order,
    OrderResult,
    OrderSide,
    OrderStatus,
    OrderType,
    Outcome,
    Position,
    PositionSide,
    Ticker,
    TimeInForce,
)
from telegram_ui.panel import Draft
from telegram_ui.views import access, alerts, digest, drift, news, notify, settings, status, trade

D = Decimal
NOW = datetime(2026, 11, 25, 12, 3, 5, tzinfo=UTC)
PAPER = Account(user_id=1, exchange="bybit", account_type=AccountType.PAPER)
DEMO = Account(user_id=1, exchange="bybit", account_type=AccountType.DEMO)
TESTNET = Account(user_id=1, exchange="hyperliquid", account_type=AccountType.TESTNET)
REAL = Account(user_id=1, exchange="hyperliquid", account_type=AccountType.REAL)

BTC = Instrument(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    settle="USDT",
    kind=ContractKind.LINEAR_PERPETUAL,
    status=InstrumentStatus.TRADING,
    size_step=D("0.001"),
    min_size=D("0.001"),
    price_tick=D("0.10"),
    max_leverage=D(100),
)
BALANCE = Balance(
    exchange="bybit",
    currency="USDT",
    equity=D("10023.456"),
    wallet=D(10000),
    available=D("9800.1"),
    margin_used=D("223.356"),
    unrealized_pnl=D("23.456"),
    coins=(CoinBalance(coin="USDT", total=D(10000)), CoinBalance(coin="BTC", total=D("0.0500"))),
    as_of=NOW,
)
LONG = Position(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    side=PositionSide.LONG,
    size=D("0.050"),
    entry_price=D("60000.5"),
    mark_price=D("60600.7"),
    notional=D("3030.035"),
    unrealized_pnl=D("30.01"),
    leverage=D(5),
    margin_mode=MarginMode.CROSS,
    margin_used=D("606"),
    liquidation_price=D("48300.2"),
    take_profit=D("62400"),
    stop_loss=D("58800"),
    funding_since_open=D("-0.42"),
    opened_at=NOW - timedelta(hours=5),
    as_of=NOW,
)
SHORT = replace(
    LONG,
    exchange="hyperliquid",
    symbol="1000PEPEUSDT",
    side=PositionSide.SHORT,
    size=D(25000),
    entry_price=D("0.0123456"),
    mark_price=D("0.0131"),
    unrealized_pnl=D("-18.86"),
    margin_used=None,
    leverage=D(3),
    margin_mode=MarginMode.ISOLATED,
    liquidation_price=None,
    take_profit=None,
    stop_loss=None,
    trailing_stop=D("0.0005"),
    funding_since_open=None,
    opened_at=None,
)
STOP_ORDER = Order(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    order_id="o-1",
    client_order_id=None,
    side=OrderSide.SELL,
    order_type=OrderType.STOP_MARKET,
    status=OrderStatus.UNTRIGGERED,
    size=None,
    trigger_price=D(58800),
    closes_position=True,
    as_of=NOW,
)
LIMIT_ORDER = replace(
    STOP_ORDER,
    order_id="o-2",
    side=OrderSide.BUY,
    order_type=OrderType.LIMIT,
    status=OrderStatus.PARTIALLY_FILLED,
    size=D("0.5"),
    filled_size=D("0.2"),
    price=D("59000.5"),
    trigger_price=None,
    closes_position=False,
)
PREVIEW = OrderPreview(
    account=PAPER,
    instrument=BTC,
    side=OrderSide.BUY,
    order_type=OrderType.MARKET,
    size=D("0.016"),
    price=None,
    time_in_force=TimeInForce.IOC,
    reduce_only=False,
    reference_price=D("60010.5"),
    notional=D("960.168"),
    leverage=D(5),
    leverage_change=D(5),
    margin=D("192.0336"),
    fee_estimate=D("0.528"),
    liquidation_estimate=D("48300.25"),
    stop_loss=D("58810.3"),
    targets=(Target(price=D("62410.9"), size=D("0.016")),),
    stop_distance_fraction=D("0.02"),
    risk_amount=D("19.20"),
    risk_reward=D("2.0"),
    available=D("9800.1"),
    as_of=NOW,
)
LIMIT_PREVIEW = replace(
    PREVIEW,
    account=replace(REAL),
    side=OrderSide.SELL,
    order_type=OrderType.LIMIT,
    price=D(61000),
    time_in_force=TimeInForce.POST_ONLY,
    leverage_change=None,
    liquidation_estimate=None,
    stop_loss=None,
    stop_distance_fraction=None,
    risk_amount=None,
    risk_reward=None,
    targets=(),
    warnings=("no_stop", "insufficient_margin"),
)
FILLED = OrderResult(
    outcome=Outcome.FILLED,
    exchange="bybit",
    account_type=AccountType.PAPER,
    symbol="BTCUSDT",
    side=OrderSide.BUY,
    size=D("0.016"),
    filled_size=D("0.016"),
    average_price=D("60012.1"),
    reference="A17",
    as_of=NOW,
)
PLACED = replace(FILLED, outcome=Outcome.ACCEPTED, filled_size=D(0), average_price=None, side=OrderSide.SELL)
PARTLY = replace(FILLED, outcome=Outcome.ACCEPTED, filled_size=D("0.010"), warnings=("protection_failed",))
REFUSED = replace(FILLED, outcome=Outcome.REJECTED, error_code="insufficient_margin", filled_size=None)
VENUE_REFUSED = replace(REFUSED, error_code="refused", error_message="Position <idx> not match & so on")
IN_DOUBT = replace(FILLED, outcome=Outcome.UNKNOWN, filled_size=None, average_price=None)
CLOSED = ClosedPnl(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    order_id="c-1",
    side=PositionSide.LONG,
    size=D("0.02"),
    entry_price=D(60000),
    exit_price=D("60500.5"),
    pnl=D("9.35"),
    fees=D("0.66"),
    closed_at=NOW - timedelta(hours=1),
)
LOST = replace(CLOSED, symbol="ETHUSDT", side=PositionSide.SHORT, pnl=D("-12.5"), order_id="c-2")
FUNDING = FundingPayment(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    payment_id="f-1",
    amount=D("-0.12"),
    currency="USDT",
    rate=None,
    size=None,
    paid_at=NOW,
)
TICKER = Ticker(
    exchange="bybit",
    symbol="BTCUSDT",
    last_price=D("60010.5"),
    mark_price=D("60011.2"),
    bid_price=D("60010.4"),
    ask_price=D("60010.6"),
    change_24h_fraction=D("-0.0123"),
    high_24h=D(61000),
    low_24h=D(59000),
    funding_rate=D("0.000125"),
    next_funding_at=NOW.replace(hour=16, minute=0, second=0),
    as_of=NOW,
)
CONFIRM = trade.Confirm(token="T" * 22, expires_at=NOW + timedelta(seconds=60))
SILENT_VENUE = Unavailable("no answer", code="no_answer")

DRAFT = Draft(leverage="5x", target="4%")
HEALTH = status.Health(
    backend="unified",
    version="0.1.0",
    python="3.11.7",
    is_sandbox=True,
    uptime=timedelta(hours=26, minutes=5),
    telegram_silence=timedelta(seconds=3),
    in_doubt=1,
    waiting_messages=0,
    as_of=NOW,
)
NEWS = news.PositionNews(
    kind="position_closed",
    reason="stop_loss",
    symbol="BTCUSDT",
    side=PositionSide.LONG,
    size_before=D("0.05"),
    size_after=D(0),
    price=D(58800),
    realized_pnl=D("-60.02"),
)
OWNER = access.PersonRow(user_id=7, name="Olena <b>", role="admin")
TRADER = access.PersonRow(user_id=8, name="@taras", role="trader")
SETTING = settings.SettingRow(key="max_leverage", title="Leverage at most", value="10×", is_default=False)
DAY = digest.DigestRow(
    account=PAPER,
    trades=3,
    wins=2,
    pnl=D("41.20"),
    fees=D("3.30"),
    funding=D("-1.10"),
    total=D("40.10"),
    best=("BTCUSDT", D("38.00")),
    worst=("ETHUSDT", D("-4.10")),
)
IDLE_DAY = digest.DigestRow(account=REAL, trades=0, wins=0, pnl=D(0), fees=D(0), funding=D(0), total=D(0))
NOTICE_ROWS = [
    notify.NoticeRow(name=name, loudness={"funding": "silent", "alerts": "off"}.get(name, "on"), is_fixed=is_fixed)
    for name, is_fixed in ((name, name == "liquidation") for name in notify.NOTICE_WORDS)
]
QUIET = notify.QuietTime(hours="23-7", muted_until=NOW + timedelta(minutes=40), digest_hour=21)
ALERT = alerts.AlertRow(id=1, account=PAPER, symbol="BTCUSDT", is_above=True, price=D(70000))
HELD = (LONG.side, LONG.size)
LOOK = drift.Look(positions=2, changes=1, new_fills=1, drift=(), as_of=NOW)
DRIFT = (
    ("unexplained_change", "BTCUSDT"),
    ("unknown_order_of_ours", "eb1-demo"),
    ("open_order_not_found", "A17"),
)
