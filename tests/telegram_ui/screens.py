"""Every screen there is, shown with the sample values: the table behind the golden files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from core.summary import summarize
from models import finding
from models.account import Account
from models.enums import AccountType, OrderSide, TradingMode
from models.errors import BadOrder, LimitExceeded, NoCredentials, OutcomeUnknown, Rejected, TradingError
from models.market import Ticker
from models.order import Order
from telegram_ui.buttons import Scope
from telegram_ui.errors import crash_view, error_view
from telegram_ui.panel import FIELD_BY_NAME, field_view, panel_view
from telegram_ui.parts import Part
from telegram_ui.screen import Html, Screen
from telegram_ui.texts import Texts
from telegram_ui.views import (
    access,
    accounts,
    alerts,
    card,
    digest,
    drift,
    history,
    home,
    money,
    news,
    notices,
    notify,
    orders,
    pictures,
    plans,
    positions,
    rollout,
    safety,
    settings,
    status,
    trade,
    web,
)
from tests.telegram_ui import samples as s

T = TypeVar("T")
D = Decimal
Make = Callable[[Texts], Screen]


def ok(account: Account, value: T) -> Part[T]:
    return Part(account=account, value=value, asked_at=s.NOW)


def failed(account: Account, error: TradingError) -> Part[T]:
    return Part(account=account, error=error, asked_at=s.NOW)


def planned(make: Callable[[Texts], plans.Plan], account: Account | None = s.PAPER) -> Make:
    return lambda t: plans.plan_view(t, make(t), account, s.CONFIRM)


def told(error: TradingError, example: str = "") -> Make:
    return lambda t: error_view(t, error, number="a1b2c3", example=example)


HELP = (
    ("Look", [home.HelpRow(name="balance", example="", help="your money")]),
    ("Trade", [home.HelpRow(name="long", example="BTC 100$ 5x sl 2% tp 4%", help="buy, after a preview")]),
)
SUMMARY = summarize([s.CLOSED, s.LOST], [s.FUNDING])

HOME: dict[str, Make] = {
    "greeting_sandbox": lambda t: home.greeting_view(t, is_sandbox=True, has_account=False),
    "greeting_live": lambda t: home.greeting_view(t, is_sandbox=False, has_account=True),
    "greeting_newcomer": lambda t: home.greeting_view(t, is_sandbox=False, has_account=False),
    "menu": lambda t: home.menu_view(t),
    "not_written": lambda t: home.not_written_view(t),
    "edited": home.edited_view,
    "home": lambda t: home.home_view(t, can_trade=True, web_app_url="https://example.org/app"),
    "home_viewer": lambda t: home.home_view(t, can_trade=False),
    "help": lambda t: home.help_view(t, HELP),
    "unknown_command": lambda t: home.unknown_command_view(t, "resume"),
    "unknown_command_like_none": lambda t: home.unknown_command_view(t, None),
    "not_understood": home.not_understood_view,
    "question_closed": home.question_closed_view,
}
MONEY: dict[str, Make] = {
    "balance": lambda t: money.balance_view(t, [ok(s.PAPER, s.BALANCE)]),
    "balance_everywhere": lambda t: money.balance_view(
        t,
        [ok(s.PAPER, s.BALANCE), ok(s.DEMO, s.BALANCE), failed(s.REAL, s.SILENT_VENUE)],
        Scope(word="all", venues=("bybit", "hyperliquid")),
    ),
    "balance_both": lambda t: money.balance_view(t, [ok(s.DEMO, s.BALANCE), failed(s.REAL, s.SILENT_VENUE)]),
    "price": lambda t: money.price_view(t, ok(s.PAPER, s.TICKER), s.BTC),
    "price_unknown": lambda t: money.price_view(t, failed_price(), s.BTC),
}


def failed_price() -> Part[Ticker]:
    return failed(s.PAPER, s.SILENT_VENUE)


def failed_orders() -> Part[list[Order]]:
    return failed(s.REAL, s.SILENT_VENUE)


POSITIONS: dict[str, Make] = {
    "positions": lambda t: positions.positions_view(t, [ok(s.PAPER, [s.LONG]), ok(s.TESTNET, [s.SHORT])]),
    "positions_which": lambda t: positions.which_view(t, [(s.PAPER, s.LONG), (s.TESTNET, s.LONG)], "sl", "2%"),
    "positions_none": lambda t: positions.positions_view(t, [ok(s.PAPER, [])]),
    "positions_unknown": lambda t: positions.positions_view(t, [failed(s.PAPER, s.SILENT_VENUE)]),
    "positions_second_page": lambda t: positions.positions_view(t, [ok(s.PAPER, [s.LONG] * 8)], 1),
    "position": lambda t: positions.position_view(t, s.PAPER, s.LONG),
    "position_pinned": lambda t: positions.position_view(t, s.PAPER, s.LONG, is_pinned=True),
    "position_stale": lambda t: stale(positions.position_view(t, s.PAPER, s.LONG)),
    "position_short": lambda t: positions.position_view(t, s.TESTNET, s.SHORT),
    "position_viewer": lambda t: positions.position_view(t, s.PAPER, s.LONG, can_trade=False),
    "position_gone": lambda t: positions.position_gone_view(t, s.PAPER, "BTCUSDT"),
    "ask_stop": lambda t: positions.ask_level_view(t, s.PAPER, s.LONG, is_stop=True),
    "ask_trailing": lambda t: card.ask_trailing_view(t, s.PAPER, s.LONG),
    "ask_share": lambda t: card.ask_share_view(t, s.PAPER, s.LONG),
    "ask_add": lambda t: card.ask_add_view(t, s.PAPER, s.LONG),
    "ask_target": lambda t: positions.ask_level_view(t, s.TESTNET, s.SHORT, is_stop=False),
}
ORDERS: dict[str, Make] = {
    "orders": lambda t: orders.orders_view(t, [ok(s.PAPER, [s.STOP_ORDER, s.LIMIT_ORDER])]),
    "orders_everywhere": lambda t: orders.orders_view(
        t, [ok(s.PAPER, [s.LIMIT_ORDER])], scope=Scope(word="all", venues=("bybit", "hyperliquid"))
    ),
    "orders_none": lambda t: orders.orders_view(t, [ok(s.PAPER, [])]),
    "orders_unknown": lambda t: orders.orders_view(t, [failed(s.PAPER, s.SILENT_VENUE)]),
    "cancelled_all": lambda t: orders.cancelled_all_view(t, [ok(s.PAPER, [s.PLACED])], [ok(s.PAPER, [])]),
    "cancelled_entries": lambda t: orders.cancelled_entries_view(
        t, [ok(s.PAPER, s.PLACED), ok(s.PAPER, s.REFUSED), failed(s.REAL, s.SILENT_VENUE)]
    ),
    "cancelled_some": lambda t: orders.cancelled_all_view(
        t, [ok(s.PAPER, [s.REFUSED]), failed(s.REAL, s.SILENT_VENUE)], [ok(s.PAPER, [s.LIMIT_ORDER]), failed_orders()]
    ),
}


def at(screen: Screen, moment: datetime, *, before_s: int) -> Screen:
    """Return how a screen looks some seconds before a moment."""
    assert screen.later is not None
    return screen.later(moment - timedelta(seconds=before_s))


def stale(screen: Screen) -> Screen:
    assert screen.when_stale is not None
    return screen.when_stale


def closing(account: Account, size: str = "0.025") -> trade.Closing:
    return trade.Closing(account=account, position=s.LONG, size=D(size))


TRADE: dict[str, Make] = {
    "preview": lambda t: trade.preview_view(t, [s.PREVIEW], s.CONFIRM),
    "preview_counts_down": lambda t: at(
        trade.preview_view(t, [s.PREVIEW], s.CONFIRM), s.CONFIRM.expires_at, before_s=5
    ),
    "preview_ran_out": lambda t: at(trade.preview_view(t, [s.PREVIEW], s.CONFIRM), s.CONFIRM.expires_at, before_s=0),
    "preview_limit_real": lambda t: trade.preview_view(t, [s.LIMIT_PREVIEW], s.CONFIRM),
    "preview_both": lambda t: trade.preview_view(t, [s.PREVIEW, replace(s.PREVIEW, account=s.REAL)], s.CONFIRM),
    "preview_moved": lambda t: trade.preview_view(
        t, [s.PREVIEW], s.CONFIRM, note="⚠️ " + t("The price has moved by {share} since; look again.", share="1 %")
    ),
    "preview_one_refused": lambda t: trade.preview_view(
        t,
        [s.PREVIEW, replace(s.PREVIEW, account=s.TESTNET)],
        s.CONFIRM,
        refused=[failed(s.REAL, BadOrder("", code="unknown_symbol", symbol="XYZ"))],
    ),
    "preview_nowhere": lambda t: trade.nowhere_view(
        t, [failed(s.PAPER, s.SILENT_VENUE), failed(s.REAL, LimitExceeded("", code="real_is_off"))]
    ),
    "close_preview": lambda t: trade.close_preview_view(t, [closing(s.PAPER)], confirm=s.CONFIRM),
    "close_preview_both": lambda t: trade.close_preview_view(
        t, [closing(s.PAPER), closing(s.TESTNET, "0.05")], confirm=s.CONFIRM, refused=[failed(s.REAL, s.SILENT_VENUE)]
    ),
    "sending": trade.sending_view,
    "filled": lambda t: trade.results_view(t, [ok(s.PAPER, s.FILLED)]),
    "placed": lambda t: trade.results_view(t, [ok(s.PAPER, s.PLACED)]),
    "partly_filled": lambda t: trade.results_view(t, [ok(s.PAPER, s.PARTLY)]),
    "refused": lambda t: trade.results_view(t, [ok(s.PAPER, s.REFUSED)]),
    "refused_in_venues_words": lambda t: trade.results_view(t, [ok(s.PAPER, s.VENUE_REFUSED)]),
    "in_doubt": lambda t: trade.results_view(t, [ok(s.PAPER, s.IN_DOUBT)]),
    "both_accounts": lambda t: trade.results_view(
        t, [ok(s.PAPER, s.FILLED), failed(s.REAL, LimitExceeded("off", code="real_is_off"))]
    ),
    "cancelled": trade.cancelled_view,
    "expired": trade.expired_view,
    "panel": lambda t: panel_view(t, s.DRAFT, (s.PAPER,)),
    "panel_of_several": lambda t: panel_view(t, s.DRAFT, (s.PAPER, s.TESTNET)),
    "panel_problem": lambda t: panel_view(t, s.DRAFT, (s.PAPER,), problem=Html("…")),
    "panel_field": lambda t: field_view(t, s.DRAFT, FIELD_BY_NAME["size"]),
    "panel_optional_field": lambda t: field_view(t, s.DRAFT, FIELD_BY_NAME["stop"]),
}
PLANS: dict[str, Make] = {
    "plan_stop": planned(lambda t: plans.protection_plan(t, s.LONG, D(59000), s.BTC, is_stop=True)),
    "plan_target": planned(lambda t: plans.protection_plan(t, s.SHORT, D("0.011"), s.BTC, is_stop=False)),
    "plan_stop_removed": planned(lambda t: plans.removal_plan(t, s.LONG, is_stop=True)),
    "plan_target_removed": planned(lambda t: plans.removal_plan(t, s.LONG, is_stop=False)),
    "plan_trailing": planned(lambda t: card.trailing_plan(t, s.LONG, D(1200), s.BTC)),
    "plan_trailing_removed": planned(lambda t: card.trailing_plan(t, s.LONG, D(0), s.BTC)),
    "plan_reverse": planned(lambda t: card.reverse_plan(t, s.LONG, replace(s.PREVIEW, side=OrderSide.SELL))),
    "plan_leverage": planned(lambda t: plans.leverage_plan(t, "BTCUSDT", D(7), [s.PAPER])),
    "plan_halt": planned(plans.halt_plan, None),
    "plan_resume_all": planned(plans.resume_all_plan, None),
    "plan_panic": planned(
        lambda t: safety.panic_plan(
            t, [ok(s.PAPER, [s.LONG]), failed(s.REAL, s.SILENT_VENUE)], [ok(s.PAPER, [s.STOP_ORDER])]
        ),
        None,
    ),
    "plan_close_all": planned(
        lambda t: safety.close_all_plan(t, [ok(s.PAPER, [s.LONG] * 16), failed(s.REAL, s.SILENT_VENUE)]), None
    ),
}
SAFETY: dict[str, Make] = {
    "paused": safety.paused_view,
    "resumed": lambda t: safety.resumed_view(t, was_paused=True),
    "unwritten": lambda t: safety.unwritten_view(t, [ok(s.PAPER, [s.LONG, s.SHORT]), failed(s.REAL, s.SILENT_VENUE)]),
    "unwritten_nothing_held": lambda t: safety.unwritten_view(t, []),
    "panic_done": lambda t: safety.panic_view(t, [ok(s.PAPER, s.FILLED)], [ok(s.PAPER, [])], []),
    "panic_not_done": lambda t: safety.panic_view(
        t, [ok(s.PAPER, s.IN_DOUBT)], [failed_orders()], [(s.REAL, s.SILENT_VENUE)]
    ),
}
HISTORY: dict[str, Make] = {
    "pnl": lambda t: history.pnl_view(t, "week", [ok(s.PAPER, SUMMARY)]),
    "pnl_none": lambda t: history.pnl_view(t, "day", [ok(s.PAPER, summarize([], []))]),
    "pnl_everywhere": lambda t: history.pnl_view(
        t,
        "week",
        [ok(s.PAPER, SUMMARY), ok(s.DEMO, SUMMARY), failed(s.REAL, s.SILENT_VENUE)],
        Scope(word="all", venues=("bybit", "hyperliquid")),
        ["USDT", "USDT", None],
    ),
    "history_everywhere": lambda t: history.history_view(
        t,
        [ok(s.PAPER, [s.CLOSED]), ok(s.TESTNET, [s.LOST]), failed(s.REAL, s.SILENT_VENUE)],
        scope=Scope(word="all", venues=("bybit", "hyperliquid")),
    ),
    "history": lambda t: history.history_view(t, [ok(s.PAPER, [s.CLOSED, s.LOST])]),
    "history_none": lambda t: history.history_view(t, [ok(s.PAPER, [])]),
}
PICTURES: dict[str, Make] = {
    "chart_caption": lambda t: pictures.chart_caption(
        t, s.PAPER, "BTCUSDT", "1h", [("entry", "60,000.5"), ("stop", "58,800"), ("now", "60,600")], s.HELD
    ),
    "chart_caption_flat": lambda t: pictures.chart_caption(t, s.PAPER, "BTCUSDT", "1d", [("now", "60,600")], None),
    "trade_caption": lambda t: pictures.trade_caption(t, s.PAPER, s.CLOSED, D("0.0978"), "USDT"),
    "curve_caption": lambda t: pictures.curve_caption(t, s.PAPER, "month", SUMMARY, D("-12.5")),
    "export_caption": lambda t: pictures.export_caption(t, "trades", "all", 2),
    "export_caption_lacking": lambda t: pictures.export_caption(
        t, "trades", "week", 2, Scope(word="all"), [failed(s.REAL, s.SILENT_VENUE)]
    ),
    "drift": lambda t: drift.drift_view(t, [ok(s.PAPER, s.LOOK), failed(s.REAL, s.SILENT_VENUE)]),
    "drift_found": lambda t: drift.drift_view(t, [ok(s.PAPER, replace(s.LOOK, drift=s.DRIFT))]),
}
CHOICES: dict[str, Make] = {
    "exchange": lambda t: settings.exchange_view(t, ["bybit", "hyperliquid"], "bybit"),
    "exchange_several": lambda t: settings.exchange_view(t, ["bybit", "hyperliquid"], "bybit", [s.DEMO, s.TESTNET]),
    "where": lambda t: settings.where_view(t, [(s.DEMO, True), (s.TESTNET, True), (s.REAL, False)]),
    "where_real_is_off": lambda t: settings.where_view(t, [(s.DEMO, False), (s.REAL, True)], is_real_allowed=False),
    "mode_sandbox": lambda t: settings.mode_view(t, TradingMode.DEMO, is_sandbox=True, is_real_allowed=False),
    "mode_live": lambda t: settings.mode_view(t, TradingMode.BOTH, is_sandbox=False, is_real_allowed=True),
    "language": settings.language_view,
    "settings": lambda t: settings.settings_view(t, [s.SETTING], has_web_app=False),
    "ask_setting": lambda t: settings.ask_setting_view(t, s.SETTING, "10x"),
    "ask_real": settings.ask_real_view,
}
ACCOUNTS: dict[str, Make] = {
    "accounts": lambda t: accounts.accounts_view(
        t,
        [
            accounts.AccountLine(account=s.DEMO, has_keys=True),
            accounts.AccountLine(account=s.REAL, has_keys=True, problem="key_expired"),
        ],
        is_sandbox=False,
    ),
    "accounts_named": lambda t: accounts.accounts_view(
        replace(t, names={"hyperliquid:real": "Rent <i>"}),
        [accounts.AccountLine(account=s.REAL, has_keys=True)],
        is_sandbox=False,
    ),
    "ask_name": lambda t: accounts.ask_name_view(replace(t, names={"bybit:demo": "Practice"}), s.DEMO, 24),
    "accounts_none": lambda t: accounts.accounts_view(t, [], is_sandbox=True),
    "connect_venue_or_web": lambda t: accounts.connect_venue_view(t, ["bybit"], has_web=True),
    "connect_venue": lambda t: accounts.connect_venue_view(t, ["bybit", "hyperliquid"]),
    "connect_type": lambda t: accounts.connect_type_view(t, "bybit", [AccountType.DEMO, AccountType.REAL]),
    "ask_keys": lambda t: accounts.ask_keys_view(t, s.DEMO, ["api_key", "api_secret"]),
    "key_works": lambda t: accounts.key_works_view(
        t, accounts.ConnectedKey(account=s.REAL, tail="ab12", expires_at=None, is_bound=False)
    ),
    "connected": lambda t: accounts.connected_view(
        t,
        accounts.ConnectedKey(account=s.DEMO, tail="x9Qz", expires_at=s.NOW + timedelta(days=80), is_bound=False),
        was_deleted=True,
    ),
    "leaked_key": lambda t: accounts.leaked_view(t, was_deleted=False),
}
PEOPLE: dict[str, Make] = {
    "refused_stranger": access.refused_view,
    "private_only": access.private_only_view,
    "invite_refused": access.invite_refused_view,
    "not_allowed": access.not_allowed_view,
    "whoami": lambda t: access.whoami_view(t, s.OWNER),
    "people": lambda t: access.people_view(t, [s.OWNER, s.TRADER], is_halted=True),
    "person": lambda t: access.person_view(t, s.TRADER, is_self=False),
    "person_paused": lambda t: access.person_view(t, s.TRADER, is_self=False, is_paused=True),
    "invitation": lambda t: access.invitation_view(t, "https://t.me/elcaro?start=abc", "trader", s.NOW),
    "audit": lambda t: access.audit_view(t, [(s.NOW, "7", "paused")]),
    "web": lambda t: web.web_view(t, "https://elcaro.example/#login=7.once", minutes=5),
    "web_missing": lambda t: web.no_web_view(t),
    "status": lambda t: status.status_view(
        t, s.HEALTH, [status.AccountHealth(account=s.PAPER, synced_at=s.NOW, is_paused=True)]
    ),
}
FINDINGS = (
    finding.ok("clock", venue="bybit", kind="paper", ms=3),
    finding.warn("key_ends", venue="bybit", kind="real", user=7, day="2026-03-09"),
    finding.fail("polling_conflict"),
)
OPERATION: dict[str, Make] = {
    "status_of_owner": lambda t: status.status_view(t, replace(s.HEALTH, findings=FINDINGS), [], is_owner=True),
    "status_all_well": lambda t: status.status_view(t, replace(s.HEALTH, findings=FINDINGS[:1]), [], is_owner=True),
    "finding": lambda t: news.finding_view(t, FINDINGS[1]),
    "rollout": lambda t: rollout.rollout_view(t, "unified", is_chosen=False, is_shadowing=False),
    "rollout_chosen": lambda t: rollout.rollout_view(t, "25%", is_chosen=True, is_shadowing=True),
}
NEWS: dict[str, Make] = {
    "news_stop": lambda t: news.position_news_view(t, s.PAPER, s.NEWS),
    "news_liquidation": lambda t: news.position_news_view(t, s.REAL, replace(s.NEWS, reason="liquidation")),
    "news_elsewhere": lambda t: news.position_news_view(
        t, s.DEMO, replace(s.NEWS, kind="position_changed", reason="elsewhere", size_after=D("0.02"), realized_pnl=None)
    ),
    "news_settled": lambda t: news.settled_view(t, s.FILLED, was_in_doubt=True, is_late=False),
    "news_late": lambda t: news.settled_view(t, s.FILLED, was_in_doubt=False, is_late=True),
    "news_still_unknown": lambda t: news.still_unknown_view(t, s.IN_DOUBT),
    "news_page": lambda t: news.page_view(t, "still_unknown", s.REAL, "A17"),
    "news_for_everybody": lambda t: news.everybody_view(t, "halted"),
    "news_other": lambda t: news.other_view(t, "funding_paid", s.PAPER),
}


def placed(kind: str, **facts: object) -> Make:
    """Return news about the sample's long."""
    told = notices.PlaceNews(kind=kind, account=s.REAL, symbol="BTCUSDT", side=s.LONG.side)
    return lambda t: notices.place_news_view(t, replace(told, **facts))  # type: ignore[arg-type]


NOTICES: dict[str, Make] = {
    "notice_partly_filled": lambda t: notices.partly_filled_view(t, s.PARTLY, s.LONG.side),
    "notice_liquidation_near": placed("liquidation_near", mark=D(50100), liquidation=D(48300), distance=D("0.0359")),
    "notice_naked": placed("naked", size=D("0.05")),
    "notice_stop_moved": placed("stop_moved", price=D("60060.6"), hits=1, targets=3, is_breakeven=True),
    "notice_stop_moved_on": placed("stop_moved", price=D(61000), hits=2, targets=3),
    "notice_stop_not_moved": placed("stop_not_moved", price=D(61000), hits=2, targets=3, code="venue_busy"),
    "notice_stop_waits": placed("stop_waits", price=D("60060.6")),
    "notice_targets_missing": placed("targets_missing", count=2),
    "notice_orphan": placed("orphan_cancelled", side=None, part="stop_loss"),
    "notice_funding": lambda t: notices.funding_view(
        t, s.DEMO, D("-1.25"), {"BTCUSDT": D("-1.5"), "ETHUSDT": D("0.25")}
    ),
    "notice_key_ending": lambda t: notices.key_ending_view(t, s.REAL, s.NOW + timedelta(days=3)),
    "notice_key_refused": lambda t: notices.key_refused_view(t, s.REAL, "key_expired"),
    "notice_silent": lambda t: notices.silent_view(t, s.REAL, s.NOW),
    "notice_back": lambda t: notices.back_view(t, s.REAL),
    "digest": lambda t: digest.digest_view(t, s.NOW, [s.DAY, s.IDLE_DAY]),
    "digest_idle": lambda t: digest.digest_view(t, s.NOW, [s.IDLE_DAY]),
    "notify": lambda t: notify.notify_view(t, s.NOTICE_ROWS, [(s.DEMO, "on"), (s.REAL, "silent")], s.QUIET),
    "ask_digest": lambda t: notify.ask_digest_view(t, s.QUIET),
    "alerts": lambda t: alerts.alerts_view(t, [s.ALERT, replace(s.ALERT, id=2, is_above=False, note="take some off")]),
    "alerts_none": lambda t: alerts.alerts_view(t, []),
    "alert_added": lambda t: alerts.alert_added_view(t, s.ALERT, D("60600.7")),
    "alert_fired": lambda t: alerts.alert_fired_view(t, s.ALERT, D(70001)),
}
ERRORS: dict[str, Make] = {
    "error_typed": told(BadOrder("", code="bad_number", name="size", text="<b>abc"), "/long BTC 100$ 5x sl 2% tp 4%"),
    "error_limit": told(LimitExceeded("", code="max_leverage", limit=D(5), found=D(10))),
    "error_paused": told(LimitExceeded("", code="paused"), "/long BTC 100$ 5x sl 2% tp 4%"),
    "error_nothing_held": told(BadOrder("", code="nothing_held", symbol="DOGE"), "/close BTC 50%"),
    "error_too_small": told(BadOrder("", code="rounds_to_zero", minimum=D("0.001"), base="BTC")),
    "error_too_small_says_the_venue": told(Rejected("Order value too small", code="below_min_notional")),
    "error_no_keys": told(NoCredentials("")),
    "error_rejected": told(Rejected("Unknown & odd", code="refused")),
    "error_unavailable": told(s.SILENT_VENUE),
    "error_in_doubt": told(OutcomeUnknown("")),
    "error_without_a_sentence": told(TradingError("", code="never_heard_of")),
    "crash": lambda t: crash_view(t, "a1b2c3"),
}
SCREENS: dict[str, Make] = {
    **HOME,
    **MONEY,
    **POSITIONS,
    **ORDERS,
    **TRADE,
    **PLANS,
    **SAFETY,
    **HISTORY,
    **PICTURES,
    **CHOICES,
    **ACCOUNTS,
    **PEOPLE,
    **NEWS,
    **NOTICES,
    **OPERATION,
    **ERRORS,
}
