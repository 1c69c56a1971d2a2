"""Opening and closing: the preview that is confirmed, and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.account import Account
from models.enums import OrderSide, OrderType, Outcome, PositionSide, TimeInForce
from models.position import Position
from models.requests import OrderResult
from models.ticket import OrderPreview
from telegram_ui.buttons import action, home_button
from telegram_ui.errors import code_line, error_line
from telegram_ui.parts import Part, blocks, refused_text
from telegram_ui.screen import Button, ButtonStyle, Html, Keyboard, Screen, bold, dotted, lines, words
from telegram_ui.sentences import WARNINGS
from telegram_ui.texts import N_, Texts
from telegram_ui.words import account_line, badge_word, side_mark, verb

_TIMES_IN_FORCE = {
    TimeInForce.POST_ONLY: N_("post-only"),
    TimeInForce.IOC: N_("at once or not at all (IOC)"),
    TimeInForce.FOK: N_("whole or not at all (FOK)"),
}


_HALF_A_ROW = 28
"""So many characters of a label are seen on a phone where two buttons share a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The one-time token behind a confirm button, and until when it works."""

    token: str
    expires_at: datetime


def confirm_keyboard(t: Texts, label: str, confirm: Confirm, *, side: OrderSide | None = None) -> Keyboard:
    """Return the button that does it once, and the one that does not; a long label has a row of its own."""
    style = ButtonStyle.SUCCESS if side is OrderSide.BUY else ButtonStyle.DANGER
    does = Button(text=label, action=action("ok", confirm.token), style=style)
    does_not = Button(text=t("Cancel"), action=action("no", confirm.token))
    return ((does,), (does_not,)) if len(does.text) > _HALF_A_ROW else ((does, does_not),)


def preview_view(
    t: Texts,
    previews: Sequence[OrderPreview],
    confirm: Confirm,
    *,
    refused: Sequence[Part[OrderPreview]] = (),
    note: Html | None = None,
) -> Screen:
    """Show the exact orders that one confirmation sends: one per account; and the accounts that cannot take one."""
    shown = (note, *(_preview_text(t, preview) for preview in previews), *(refused_text(t, part) for part in refused))
    keyboard = confirm_keyboard(t, "✅ " + _preview_label(t, previews), confirm, side=previews[0].side)
    return _to_be_sent(t, confirm, shown, keyboard)


def _to_be_sent(t: Texts, confirm: Confirm, shown: Sequence[Html | None], keyboard: Keyboard) -> Screen:
    """Show what a confirmation would send, and how long it may be given."""
    return counted_down(
        t,
        confirm,
        t("Nothing is sent until you confirm. Valid until {time}.", time=t.time(confirm.expires_at)),
        lambda valid: Screen(text=blocks(*shown, valid), keyboard=keyboard),
    )


def counted_down(t: Texts, confirm: Confirm, valid: Html, screen_with: Callable[[Html], Screen]) -> Screen:
    """Return a screen that tells later how long its button still works, and in the end that it does no more.

    Args:
        valid: The sentence that says until when.
        screen_with: Makes the screen around that sentence.
    """

    def later(now: datetime) -> Screen:
        left = int((confirm.expires_at - now).total_seconds())
        if left <= 0:
            over = expired_view(t)
            return replace(screen_with(over.text), keyboard=over.keyboard)
        return replace(
            screen_with(words(valid, t.plural("{count} second left.", "{count} seconds left.", left))), later=later
        )

    return replace(screen_with(valid), later=later)


def _preview_label(t: Texts, previews: Sequence[OrderPreview]) -> Html:
    first = previews[0]
    badges = dict.fromkeys(badge_word(preview.account.account_type) for preview in previews)
    if len(previews) == 1:
        return dotted(f"{verb(t, first.side)} {t.size(first.size)} {first.instrument.base}", *badges)
    count = t.plural("{count} account", "{count} accounts", len(previews))
    return dotted(f"{verb(t, first.side)} {first.instrument.base}", count, " + ".join(badges))


def nowhere_view(t: Texts, refused: Sequence[Part[OrderPreview]]) -> Screen:
    """Say why no account can take an order."""
    return Screen(
        text=blocks(*(refused_text(t, part) for part in refused), t("Nothing was sent.")),
        keyboard=((Button(text=t("Where you trade"), action="where"), home_button(t)),),
    )


def _preview_text(t: Texts, preview: OrderPreview) -> Html:
    tick = preview.instrument.price_tick
    return lines(
        dotted(bold(_order_sentence(t, preview)), bold(preview.instrument.symbol)),
        account_line(t, preview.account),
        _price_line(t, preview),
        t(
            "Value {notional} · leverage {leverage} · margin {margin}",
            notional=t.about(t.money(preview.notional, preview.instrument.quote)),
            leverage=t.leverage(preview.leverage),
            margin=t.about(t.money(preview.margin)),
        ),
        t("Leverage is set to {leverage} first.", leverage=t.leverage(preview.leverage_change))
        if preview.leverage_change is not None
        else None,
        t(
            "Fee {fee} · liquidation {liquidation}",
            fee=t.about(t.money(preview.fee_estimate)),
            liquidation=t.about(t.price(preview.liquidation_estimate, tick)),
        ),
        *_protection_lines(t, preview),
        t("Available {amount}", amount=t.money(preview.available, preview.instrument.settle)),
        *("⚠️ " + warning_line(t, code) for code in preview.warnings),
    )


def _order_sentence(t: Texts, preview: OrderPreview) -> Html:
    size = f"{t.size(preview.size)} {preview.instrument.base}"
    if preview.order_type is OrderType.MARKET or preview.price is None:
        sentence = N_("Buy {size} at market") if preview.side is OrderSide.BUY else N_("Sell {size} at market")
        return t(sentence, size=size)
    sentence = N_("Buy {size} at {price}") if preview.side is OrderSide.BUY else N_("Sell {size} at {price}")
    return t(sentence, size=size, price=t.price(preview.price, preview.instrument.price_tick))


def _price_line(t: Texts, preview: OrderPreview) -> Html:
    force = _TIMES_IN_FORCE.get(preview.time_in_force)
    price = t.price(preview.reference_price, preview.instrument.price_tick)
    return dotted(
        t("Price {price}", price=t.about(price)) if preview.price is None else t("Limit {price}", price=price),
        t(force) if force and preview.price is not None else None,
        t("reduces only") if preview.reduce_only else None,
        t("as of {time}", time=t.time(preview.as_of)),
    )


def _protection_lines(t: Texts, preview: OrderPreview) -> list[Html]:
    tick, result = preview.instrument.price_tick, []
    if preview.stop_loss is not None:
        stop = t("Stop {price}", price=t.price(preview.stop_loss, tick))
        away = preview.stop_distance_fraction
        risk = preview.risk_amount
        result.append(
            dotted(
                stop,
                t("{share} away", share=t.percent(abs(away), is_signed=False)) if away is not None else None,
                t("loss {amount}", amount=t.about(t.money(risk, preview.instrument.quote)))
                if risk is not None
                else None,
            )
        )
    for target in preview.targets:
        size = f"{t.size(target.size)} {preview.instrument.base}"
        result.append(dotted(t("Target {price}", price=t.price(target.price, tick)), size))
    if preview.risk_reward is not None:
        result.append(t("Reward : risk {ratio}", ratio=t.about(t.number(preview.risk_reward.quantize(Decimal("0.1"))))))
    return result


def warning_line(t: Texts, code: str) -> Html:
    """Return the sentence of a warning."""
    sentence = WARNINGS.get(code)
    return t(sentence) if sentence else code_line(t, code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How much of a position a close takes away."""

    account: Account
    position: Position
    size: Decimal

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return self.size == self.position.size


def close_preview_view(
    t: Texts, closings: Sequence[Closing], *, confirm: Confirm, refused: Sequence[Part[Any]] = ()
) -> Screen:
    """Show what one confirmation closes: one part per account; and the accounts where it cannot be done."""
    shown = (
        *(_closing_text(t, closing) for closing in closings),
        *(refused_text(t, part) for part in refused),
        t("Closes at the market's price and never turns the position around."),
    )
    return _to_be_sent(t, confirm, shown, confirm_keyboard(t, "✅ " + _closing_label(t, closings), confirm))


def _closing_text(t: Texts, closing: Closing) -> Html:
    position, size = closing.position, closing.size
    percent = (size / position.size * 100).quantize(Decimal(1))
    share = t("all of it") if closing.is_whole else t("{percent}% of it", percent=t.size(percent))
    return lines(
        dotted(bold(t("Close {size}", size=t.size(size))), bold(position.symbol), side_mark(position.side), share),
        account_line(t, closing.account),
        t("Entry {entry} → now {mark}", entry=t.price(position.entry_price), mark=t.price(position.mark_price)),
        t("Profit {amount}", amount=bold(t.signed_money(position.unrealized_pnl))),
        t("as of {time}", time=t.time(position.as_of)),
    )


def _closing_label(t: Texts, closings: Sequence[Closing]) -> Html:
    badges = dict.fromkeys(badge_word(closing.account.account_type) for closing in closings)
    if len(closings) == 1:
        return dotted(t("Close {size}", size=t.size(closings[0].size)), *badges)
    count = t.plural("{count} account", "{count} accounts", len(closings))
    return dotted(t("Close {size}", size=closings[0].position.symbol), count, " + ".join(badges))


def sending_view(t: Texts) -> Screen:
    """Say at once that it is on its way."""
    return Screen(text=t("⏳ Sending…"))


_RESULTS = {
    (Outcome.FILLED, OrderSide.BUY): N_("✅ Bought {size} {symbol} at {price}"),
    (Outcome.FILLED, OrderSide.SELL): N_("✅ Sold {size} {symbol} at {price}"),
    (Outcome.ACCEPTED, OrderSide.BUY): N_("✅ The order to buy {size} {symbol} is placed"),
    (Outcome.ACCEPTED, OrderSide.SELL): N_("✅ The order to sell {size} {symbol} is placed"),
}
_WITHOUT_A_PRICE = {OrderSide.BUY: N_("✅ Bought {size} {symbol}"), OrderSide.SELL: N_("✅ Sold {size} {symbol}")}


def result_text(t: Texts, result: OrderResult) -> Html:
    """Say what is known about a write."""
    account = Account(user_id=0, exchange=result.exchange, account_type=result.account_type)
    return lines(
        bold(_result_sentence(t, result)),
        dotted(account_line(t, account), t("No. {number}", number=result.reference) if result.reference else None),
        _filled_line(t, result),
        *("⚠️ " + warning_line(t, code) for code in result.warnings),
        t("as of {time}", time=t.time(result.as_of)) if result.as_of else None,
    )


def _result_sentence(t: Texts, result: OrderResult) -> Html:
    if result.outcome is Outcome.REJECTED:
        why = code_line(t, result.error_code, {"symbol": result.symbol}, venue_message=result.error_message)
        return t("❌ Not done: {why} Nothing changed.", why=why)
    if result.outcome is Outcome.UNKNOWN:
        return t(
            "⏳ Being checked: the venue did not answer in time. It is looked up, not sent again, "
            "and this message changes when the answer is known."
        )
    # what covers a whole position, however large it becomes, has a side and no size
    sentence = _RESULTS.get((result.outcome, result.side)) if result.side and result.size is not None else None
    if sentence is None or result.side is None:
        return t("✅ Done: {symbol}", symbol=result.symbol) if result.symbol else t("✅ Done")
    size = result.filled_size if result.outcome is Outcome.FILLED and result.filled_size else result.size
    if result.outcome is Outcome.FILLED and result.average_price is None:
        return t(_WITHOUT_A_PRICE[result.side], size=t.size(size), symbol=result.symbol)
    return t(sentence, size=t.size(size), symbol=result.symbol, price=t.price(result.average_price))


def _filled_line(t: Texts, result: OrderResult) -> Html | None:
    if result.filled_size is None or result.size is None or result.filled_size == result.size:
        return None
    if result.outcome is Outcome.ACCEPTED and not result.filled_size:
        return None
    return t("Filled {filled} of {size}", filled=t.size(result.filled_size), size=t.size(result.size))


def results_view(t: Texts, parts: Sequence[Part[OrderResult]], *, done: Html | None = None) -> Screen:
    """Show what became of one confirmation, account by account."""
    return Screen(
        text=blocks(*(_part_result(t, part) for part in parts), done),
        keyboard=(
            (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords")),
            (home_button(t),),
        ),
        must_arrive=True,
    )


def _part_result(t: Texts, part: Part[OrderResult]) -> Html:
    if part.value is not None:
        return result_text(t, part.value)
    why = error_line(t, part.error) if part.error else t("not known")
    return lines(bold(t("❌ Not done: {why} Nothing was sent.", why=why)), account_line(t, part.account))


def cancelled_view(t: Texts) -> Screen:
    """Say that a preview was put away."""
    return Screen(text=t("Cancelled. Nothing was sent."), keyboard=(_ways_on(t),))


def expired_view(t: Texts) -> Screen:
    """Say that a confirmation came too late."""
    return Screen(text=t("This confirmation has expired. Nothing was sent; ask for it again."), keyboard=(_ways_on(t),))


def _ways_on(t: Texts) -> tuple[Button, ...]:
    return Button(text=t("Positions"), action="poss"), home_button(t)


def direction_of(side: OrderSide) -> PositionSide:
    """Return the position that an opening order of this side makes."""
    return PositionSide.LONG if side is OrderSide.BUY else PositionSide.SHORT
