"""News that nobody asked for beside orders and positions: stops, liquidation, funding, keys, silence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.account import Account
from models.enums import PositionSide
from models.requests import OrderResult
from telegram_ui.buttons import PositionKey, action, danger, home_button
from telegram_ui.errors import code_line
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.views.trade import result_text
from telegram_ui.words import account_line, side_mark

MUTE_MINUTES = 60
_MAX_MARKETS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceNews:
    """Something about one position. What a kind of news does not tell is None."""

    kind: str
    account: Account
    symbol: str
    side: PositionSide | None = None
    size: Decimal | None = None
    price: Decimal | None = None
    mark: Decimal | None = None
    liquidation: Decimal | None = None
    distance: Decimal | None = None
    hits: int = 0
    targets: int = 0
    count: int = 0
    is_breakeven: bool = False
    code: str = ""
    part: str = ""


def mute_button(t: Texts) -> Button:
    """Return the button that keeps the bot quiet for an hour."""
    return Button(text="🔕 " + t("Mute for 1 h"), action=action("mute", MUTE_MINUTES))


def position_keyboard(t: Texts, account: Account, symbol: str, side: PositionSide | None) -> Keyboard:
    """Return the buttons that act on the position that news is about."""
    if side is None:
        lists = (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords"))
        return (lists, (home_button(t), mute_button(t)))
    card, stop, close = _deeds(t, account, symbol, side)
    return ((card, stop), (close, mute_button(t)))


def _urgent_keyboard(t: Texts, news: PlaceNews) -> Keyboard:
    """Return the buttons for news that asks for a deed now: set a stop, or get out."""
    if news.side is None:
        return position_keyboard(t, news.account, news.symbol, None)
    card, stop, close = _deeds(t, news.account, news.symbol, news.side)
    return ((stop, close), (card, mute_button(t)))


def _deeds(t: Texts, account: Account, symbol: str, side: PositionSide) -> tuple[Button, Button, Button]:
    key = PositionKey(exchange=account.exchange, account_type=account.account_type, symbol=symbol, side=side)
    place = key.arguments()
    return (
        Button(text=t("Position"), action=action("pos", *place)),
        Button(text=t("Set stop"), action=action("sl", *place)),
        danger(t("Close"), action("cl", *place, 100)),
    )


def place_news_view(t: Texts, news: PlaceNews) -> Screen:
    """Tell of one position by the table of sentences."""
    told = _PLACE_NEWS[news.kind]
    mark = side_mark(news.side) if news.side else None
    keyboard = position_keyboard(t, news.account, news.symbol, news.side)
    return Screen(
        text=lines(
            bold(t(told.title)),
            dotted(bold(news.symbol), mark, account_line(t, news.account)),
            *told.details(t, news),
        ),
        keyboard=_urgent_keyboard(t, news) if told.is_urgent else keyboard,
        must_arrive=True,
    )


def _near(t: Texts, news: PlaceNews) -> Sequence[Html]:
    away = t("{share} away", share=t.percent(news.distance, is_signed=False))
    return (
        dotted(t("Liquidation {price}", price=t.price(news.liquidation)), away),
        t("The market is at {price}.", price=t.price(news.mark)),
        t("Close a part, add margin, or set a stop before it."),
    )


def _naked(t: Texts, news: PlaceNews) -> Sequence[Html]:
    return (
        t("Size {size}", size=t.size(news.size)),
        t("You wanted a stop here, and none stands at the venue: a loss is limited only by liquidation."),
    )


def _moved(t: Texts, news: PlaceNews) -> Sequence[Html]:
    reached = t("Target {number} of {count} is reached.", number=news.hits, count=news.targets)
    where = t("breakeven, fees included") if news.is_breakeven else t("the target before")
    return (reached, dotted(t("Stop {price}", price=t.price(news.price)), where))


def _not_moved(t: Texts, news: PlaceNews) -> Sequence[Html]:
    return (
        t("Target {number} of {count} is reached.", number=news.hits, count=news.targets),
        t("The stop was to go to {price}; it stays where it was.", price=t.price(news.price)),
        code_line(t, news.code),
    )


def _waits(t: Texts, news: PlaceNews) -> Sequence[Html]:
    return (
        t("The stop was to go to {price}; it stays where it was.", price=t.price(news.price)),
        t("The market has passed that price already. It is moved as soon as the market is on the other side again."),
    )


def _missing(t: Texts, news: PlaceNews) -> Sequence[Html]:
    return (t.plural("{count} target was refused.", "{count} targets were refused.", news.count),)


def _orphan(t: Texts, news: PlaceNews) -> Sequence[Html]:
    what = t("Its target was cancelled.") if news.part == "take_profit" else t("Its stop was cancelled.")
    return (t("The position is closed, so its order would have hit the next one."), what)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How a kind of news is told."""

    title: str
    details: Callable[[Texts, PlaceNews], Sequence[Html]]
    is_urgent: bool = False


_PLACE_NEWS: Mapping[str, _Told] = {
    "liquidation_near": _Told(title=N_("⚠️ Liquidation is near"), details=_near, is_urgent=True),
    "naked": _Told(title=N_("⚠️ This position has no stop"), details=_naked, is_urgent=True),
    "stop_moved": _Told(title=N_("🎯 The stop follows"), details=_moved),
    "stop_not_moved": _Told(title=N_("⚠️ The stop could not be moved"), details=_not_moved, is_urgent=True),
    "stop_waits": _Told(title=N_("⚠️ The stop is not moved yet"), details=_waits, is_urgent=True),
    "targets_missing": _Told(title=N_("⚠️ Not every target stands"), details=_missing),
    "orphan_cancelled": _Told(title=N_("🧹 Tidied up"), details=_orphan),
}
PLACE_KINDS = frozenset(_PLACE_NEWS)


def partly_filled_view(t: Texts, result: OrderResult, side: PositionSide | None) -> Screen:
    """Say that an order began to fill."""
    account = Account(user_id=0, exchange=result.exchange, account_type=result.account_type)
    return Screen(
        text=blocks(t("🔔 Your order is filling:"), result_text(t, result)),
        keyboard=position_keyboard(t, account, result.symbol or "", side),
        must_arrive=True,
    )


def funding_view(t: Texts, account: Account, total: Decimal, by_symbol: Mapping[str, Decimal]) -> Screen:
    """Tell what funding was paid and received."""
    title = N_("Funding received: {amount}") if total > 0 else N_("Funding paid: {amount}")
    rows = sorted(by_symbol.items(), key=lambda row: row[1])[:_MAX_MARKETS]
    return Screen(
        text=lines(
            bold(t(title, amount=t.signed_money(total))),
            account_line(t, account),
            *(dotted(symbol, t.signed_money(amount)) for symbol, amount in rows),
        ),
        keyboard=((Button(text=t("Positions"), action="poss"), mute_button(t)),),
        must_arrive=True,
    )


def key_ending_view(t: Texts, account: Account, ends_at: datetime) -> Screen:
    """Say that a key ends soon."""
    return Screen(
        text=lines(
            bold(t("🔑 A key ends on {day}", day=t.day(ends_at))),
            account_line(t, account),
            t("After that I can neither trade nor close nor move stops here. Make a new key and add it with /connect."),
        ),
        keyboard=_key_buttons(t),
        must_arrive=True,
    )


def key_refused_view(t: Texts, account: Account, code: str) -> Screen:
    """Say that the venue does not take a key any more."""
    return Screen(
        text=lines(
            bold(t("🔑 The venue refuses the key")),
            account_line(t, account),
            code_line(t, code),
            t("Stops that stand at the venue go on working; I can neither see nor close anything."),
        ),
        keyboard=_key_buttons(t),
        must_arrive=True,
    )


def _key_buttons(t: Texts) -> Keyboard:
    buttons = (Button(text=t("Connect an account"), action="connect"), Button(text=t("Accounts"), action="accs"))
    return (buttons, (home_button(t),))


def silent_view(t: Texts, account: Account, since: datetime) -> Screen:
    """Say that an account cannot be read."""
    return Screen(
        text=lines(
            bold(t("📡 No answer from the venue")),
            account_line(t, account),
            t("The last answer is of {time}. Stops at the venue go on working; I keep asking.", time=t.time(since)),
        ),
        keyboard=((Button(text=t("Status"), action="status"), mute_button(t)),),
        must_arrive=True,
    )


def back_view(t: Texts, account: Account) -> Screen:
    """Say that an account can be read again."""
    return Screen(
        text=lines(bold(t("📡 The venue answers again")), account_line(t, account)),
        keyboard=((Button(text=t("Positions"), action="poss"), home_button(t)),),
        is_silent=True,
        must_arrive=True,
    )
