"""What else can be done from a position's card: a trailing stop, adding, reversing, closing any part."""

from decimal import Decimal

from models.account import Account
from models.market import Instrument
from models.position import Position
from models.ticket import OrderPreview
from telegram_ui.buttons import PositionKey, action
from telegram_ui.screen import Button, Html, Screen, bold, code, dotted, lines
from telegram_ui.texts import Texts
from telegram_ui.views.plans import Plan
from telegram_ui.words import account_line, side_mark, verb


def _question(t: Texts, account: Account, position: Position, title: Html, *details: Html | None) -> Screen:
    """Ask something about a position."""
    prices = t("Entry {entry} → now {mark}", entry=t.price(position.entry_price), mark=t.price(position.mark_price))
    back = action("pos", *PositionKey.of(position, account).arguments())
    return Screen(
        text=lines(
            bold(title),
            dotted(side_mark(position.side), t.size(position.size), account_line(t, account)),
            prices,
            *details,
        ),
        keyboard=((Button(text=t("Cancel"), action=back),),),
    )


def ask_trailing_view(t: Texts, account: Account, position: Position) -> Screen:
    """Ask how far a trailing stop follows."""
    now = position.trailing_stop
    return _question(
        t,
        account,
        position,
        t("Trailing stop for {symbol}", symbol=position.symbol),
        t("It is {price} now.", price=t.price(now)) if now else t("There is none now."),
        t(
            "It follows the market and never goes back. Write a distance in price, or {example}; 0 takes it away.",
            example=code("2%"),
        ),
    )


def ask_share_view(t: Texts, account: Account, position: Position) -> Screen:
    """Ask how much of a position is closed."""
    return _question(
        t,
        account,
        position,
        t("How much of {symbol} to close?", symbol=position.symbol),
        t(
            "Write a share such as {share}, or a size such as {size}.",
            share=code("30%"),
            size=code(t.size(position.size)),
        ),
    )


def ask_add_view(t: Texts, account: Account, position: Position) -> Screen:
    """Ask how much is added to a position."""
    return _question(
        t,
        account,
        position,
        t("How much to add to {symbol}?", symbol=position.symbol),
        t("Write a size such as {money} or {coins}; a stop may follow: {stop}.", **_examples(t, position)),
    )


def _examples(t: Texts, position: Position) -> dict[str, Html]:
    return {"money": code("100$"), "coins": code(t.size(position.size)), "stop": code("100$ sl 2%")}


def trailing_plan(t: Texts, position: Position, distance: Decimal, instrument: Instrument) -> Plan:
    """Describe a trailing stop, or its end."""
    name = dotted(position.symbol, side_mark(position.side))
    if not distance:
        return Plan(title=t("Remove the trailing stop of {position}?", position=name), label=t("Remove"))
    away = t.price(distance, instrument.price_tick)
    mark = position.mark_price
    first = None if mark is None else mark - distance if position.is_long else mark + distance
    return Plan(
        title=t("Trailing stop {distance} behind the market for {position}?", distance=away, position=name),
        label=t("Set trailing stop"),
        details=(
            t("Now it would stand at {price}.", price=t.about(t.price(first, instrument.price_tick))),
            t("It moves with the market in your favour, at the venue itself, and never back."),
        ),
    )


def reverse_plan(t: Texts, position: Position, opening: OrderPreview) -> Plan:
    """Describe a close and the opening of the other side."""
    close = t("1. Close {size} {symbol} at the market.", size=t.size(position.size), symbol=position.symbol)
    then = t(
        "2. {verb} {size} {base} at the market.",
        verb=verb(t, opening.side),
        size=t.size(opening.size),
        base=opening.instrument.base,
    )
    tick = opening.instrument.price_tick
    stop = t("Stop {price}", price=t.about(t.price(opening.stop_loss, tick))) if opening.stop_loss else None
    naked = t("⚠️ Without a stop a loss is limited only by liquidation.")
    return Plan(
        title=t("Reverse {position}?", position=dotted(position.symbol, side_mark(position.side))),
        label=t("Reverse"),
        details=(
            close,
            then,
            stop or naked,
            t("The second step is taken only if the first is done. Each is reported."),
        ),
    )
