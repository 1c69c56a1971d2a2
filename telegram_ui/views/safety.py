"""Pause, resume, panic: no new risk, and out of everything."""

from collections.abc import Sequence

from models.account import Account
from models.errors import TradingError
from models.order import Order
from models.position import Position
from models.requests import OrderResult
from telegram_ui.buttons import PositionKey, action, danger, home_button
from telegram_ui.errors import error_line
from telegram_ui.parts import Part, blocks, problems_of
from telegram_ui.screen import Button, Html, Screen, bold, dotted, lines, words
from telegram_ui.texts import Texts
from telegram_ui.views.orders import left_line
from telegram_ui.views.plans import Plan
from telegram_ui.views.trade import result_text
from telegram_ui.words import account_line, badge_word, side_mark, venue_name

_MAX_LISTED = 15


def paused_view(t: Texts) -> Screen:
    """Say that no new risk is taken."""
    return Screen(
        text=lines(
            bold(t("⏸ Paused: no new risk.")),
            t("Closing, stops, targets and cancelling go on working. This holds until /resume, across restarts."),
        ),
        keyboard=(
            (Button(text=t("Resume"), action="resume"), danger(t("Close everything"), "panic")),
            (home_button(t),),
        ),
        must_arrive=True,
    )


def resumed_view(t: Texts, *, was_paused: bool) -> Screen:
    """Say that trading goes on."""
    text = t("▶️ Resumed: new trades are taken again.") if was_paused else t("It was not paused.")
    return Screen(text=text, keyboard=((home_button(t),),), must_arrive=True)


def panic_plan(t: Texts, positions: Sequence[Part[list[Position]]], orders: Sequence[Part[list[Order]]]) -> Plan:
    """Describe what closing everything would do."""
    open_orders = sum(len(part.value or []) for part in orders)
    held = t.plural("{count} position", "{count} positions", _count(positions))
    waiting = t.plural("{count} order", "{count} orders", open_orders)
    return Plan(
        title=t("🛑 Close everything: {positions} and {orders}?", positions=held, orders=waiting),
        label=t("Close everything"),
        details=(
            *_held_lines(t, positions),
            *_problem_lines(t, [*problems_of(positions), *problems_of(orders)], by=" · "),
            t("Positions are closed at the market's price, orders cancelled, and trading paused."),
        ),
    )


def unwritten_view(t: Texts, positions: Sequence[Part[list[Position]]]) -> Screen:
    """Say that the database takes no writes, and offer what works all the same: closing, by one tap."""
    held = [(part.account, position) for part in positions for position in part.value or []][:_MAX_LISTED]
    closes = [
        danger(
            dotted(
                t("Close {symbol} now", symbol=position.symbol),
                side_mark(position.side),
                f"{venue_name(account.exchange)} {badge_word(account.account_type)}",
            ),
            action("now", *PositionKey.of(position, account).arguments(), "100"),
        )
        for account, position in held
    ]
    return Screen(
        text=blocks(
            lines(
                bold(t("⚠️ Only closing works now. Nothing was sent.")),
                t("The database takes no writes: whoever runs this bot frees the disk, or asks ./start.sh --doctor."),
            ),
            lines(*_held_lines(t, positions)),
            t("A tap closes a whole position at once, at the market's price, without asking again.") if held else None,
            *_problem_lines(t, problems_of(positions), by="\n"),
        ),
        keyboard=(*((close,) for close in closes), (home_button(t),)),
    )


def close_all_plan(t: Texts, positions: Sequence[Part[list[Position]]]) -> Plan:
    """Describe what closing all positions would do; orders and new trades are left alone."""
    count = _count(positions)
    return Plan(
        title=t.plural("Close {count} position?", "Close {count} positions?", count),
        label=t.plural("Close {count} position", "Close {count} positions", count),
        details=(
            *_held_lines(t, positions),
            *_problem_lines(t, problems_of(positions), by=" · "),
            t("Closes at the market's price and never turns the position around."),
        ),
    )


def _count(positions: Sequence[Part[list[Position]]]) -> int:
    return sum(len(part.value or []) for part in positions)


def _held_lines(t: Texts, positions: Sequence[Part[list[Position]]]) -> list[Html]:
    held = [
        dotted(position.symbol, side_mark(position.side), t.size(position.size), account_line(t, part.account))
        for part in positions
        for position in part.value or []
    ]
    return _shortened(t, held)


def _shortened(t: Texts, items: Sequence[Html]) -> list[Html]:
    left_out = len(items) - _MAX_LISTED
    return [*items[:_MAX_LISTED], *([t("… and {count} more", count=left_out)] if left_out > 0 else [])]


def _problem_lines(t: Texts, problems: Sequence[tuple[Account, TradingError]], *, by: str) -> list[Html]:
    """Say once what each account failed with, however many questions failed."""
    told = (words(account_line(t, account), "⚠️ " + error_line(t, error), by=by) for account, error in problems)
    return list(dict.fromkeys(told))


def panic_view(
    t: Texts,
    closed: Sequence[Part[OrderResult]],
    left: Sequence[Part[list[Order]]],
    problems: Sequence[tuple[Account, TradingError]],
) -> Screen:
    """Report item by item what became of closing everything."""
    is_clean = (
        not problems
        and all(part.value is not None and part.value.success for part in closed)
        and all(part.value == [] for part in left)
    )
    title = t("🛑 Everything is closed") if is_clean else t("🛑 Not everything is closed: look below")
    return Screen(
        text=blocks(
            bold(title),
            *_shortened(t, [_panic_item(t, part) for part in closed]),
            *(lines(account_line(t, part.account), left_line(t, part)) for part in left),
            *_problem_lines(t, problems, by="\n"),
            t("Trading is paused until /resume."),
        ),
        keyboard=(
            (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords")),
            (home_button(t),),
        ),
        must_arrive=True,
    )


def _panic_item(t: Texts, part: Part[OrderResult]) -> Html:
    if part.value is not None:
        return result_text(t, part.value)
    why = error_line(t, part.error) if part.error else t("not known")
    return lines(account_line(t, part.account), "⚠️ " + why)
