"""Smaller changes that are confirmed before they are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.account import Account
from models.market import Instrument
from models.position import Position
from telegram_ui.parts import blocks
from telegram_ui.screen import Html, Screen, bold, dotted, lines
from telegram_ui.sentences import WARNINGS
from telegram_ui.texts import N_, Texts
from telegram_ui.views.trade import Confirm, confirm_keyboard, counted_down
from telegram_ui.words import account_line, badge_word, side_mark

_FAR = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A smaller change that is confirmed before it is made: its sentence, its button, what else to know."""

    title: Html
    label: Html
    details: tuple[Html, ...] = ()


def plan_view(t: Texts, plan: Plan, account: Account | None, confirm: Confirm) -> Screen:
    """Show a change that needs a confirmation."""
    kind = badge_word(account.account_type) if account else None
    what = lines(bold(plan.title), account_line(t, account) if account else None, *plan.details)
    return counted_down(
        t,
        confirm,
        t("Nothing happens until you confirm. Valid until {time}.", time=t.time(confirm.expires_at)),
        lambda valid: Screen(
            text=blocks(what, valid), keyboard=confirm_keyboard(t, "✅ " + dotted(plan.label, kind), confirm)
        ),
    )


def protection_plan(t: Texts, position: Position, price: Decimal, instrument: Instrument, *, is_stop: bool) -> Plan:
    """Describe a new stop or target."""
    title = N_("Stop at {price} for {position}?") if is_stop else N_("Target at {price} for {position}?")
    away = price / position.entry_price - 1
    result = (price - position.entry_price) * position.size * (1 if position.is_long else -1)
    return Plan(
        title=t(title, price=t.price(price, instrument.price_tick), position=_named(position)),
        label=t("Set stop") if is_stop else t("Set target"),
        details=(
            t("Entry {entry} → now {mark}", entry=t.price(position.entry_price), mark=t.price(position.mark_price)),
            t(
                "{share} from the entry · result {amount}",
                share=t.percent(away),
                amount=t.about(t.signed_money(result)),
            ),
            *_far_away(t, away, is_stop=is_stop),
        ),
    )


def _far_away(t: Texts, away: Decimal, *, is_stop: bool) -> tuple[Html, ...]:
    """Warn of a level that is so far away that a per cent sign may have been forgotten."""
    if abs(away) <= _FAR:
        return ()
    sentence = WARNINGS["stop_far" if is_stop else "target_far"]
    return (Html("⚠️ " + t(sentence)),)


def removal_plan(t: Texts, position: Position, *, is_stop: bool) -> Plan:
    """Describe the end of a stop or target."""
    title = N_("Remove the stop of {position}?") if is_stop else N_("Remove the target of {position}?")
    naked = t("⚠️ Without a stop a loss is limited only by liquidation.")
    return Plan(title=t(title, position=_named(position)), label=t("Remove"), details=(naked,) if is_stop else ())


def leverage_plan(t: Texts, symbol: str, leverage: Decimal, accounts: Sequence[Account]) -> Plan:
    """Describe another leverage."""
    return Plan(
        title=t("Leverage of {symbol} to {leverage}?", symbol=symbol, leverage=t.leverage(leverage)),
        label=t("Set leverage"),
        details=(
            *((account_line(t, account) for account in accounts) if len(accounts) > 1 else ()),
            t("An open position in this market changes with it: its margin and its liquidation price."),
        ),
    )


def halt_plan(t: Texts) -> Plan:
    """Describe the stop of new trades for everybody."""
    return Plan(
        title=t("Stop new trades for everybody?"),
        label=t("Stop new trades"),
        details=(t("Closing and cancelling go on working. Everybody who tries to open is told."),),
    )


def resume_all_plan(t: Texts) -> Plan:
    """Describe the end of that stop."""
    return Plan(title=t("Take new trades again, for everybody?"), label=t("Take new trades"))


def _named(position: Position) -> Html:
    return dotted(position.symbol, side_mark(position.side))
