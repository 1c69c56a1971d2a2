"""Answers of several accounts on one screen: each account shows its own numbers or its own error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from models.account import Account
from models.enums import AccountType
from models.errors import TradingError
from telegram_ui.errors import error_line
from telegram_ui.screen import Html, bold, dotted, lines
from telegram_ui.texts import Texts
from telegram_ui.words import account_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """What one account answered: a value, or why there is none; and when it was asked."""

    account: Account
    value: T | None = None
    error: TradingError | None = None
    asked_at: datetime | None = None


def part_text(t: Texts, part: Part[T], text_of: Callable[[T], Html]) -> Html:
    """Return one account's block: its name, then its numbers or its error."""
    if part.error is not None or part.value is None:
        problem = t("not known") if part.error is None else error_line(t, part.error)
        return lines(account_line(t, part.account), "⚠️ " + problem, t("This is not zero: the answer is missing."))
    return lines(account_line(t, part.account), text_of(part.value))


def refused_text(t: Texts, part: Part[Any]) -> Html:
    """Return why one account of several is left out."""
    why = error_line(t, part.error) if part.error else t("not known")
    return lines(account_line(t, part.account), bold(t("❌ Not on this account: {why}", why=why)))


def problems_of(parts: Sequence[Part[T]]) -> list[tuple[Account, TradingError]]:
    """Return the accounts that did not answer, and why."""
    return [(part.account, part.error) for part in parts if part.error is not None]


def blocks(*parts: Html | None) -> Html:
    """Put blocks under each other with a blank line between them."""
    return Html("\n\n".join(part for part in parts if part))


def totals_text(
    t: Texts,
    amounts: Sequence[tuple[Account, str, Decimal]],
    write: Callable[[Decimal, str], str],
    *,
    missing: int,
) -> Html | None:
    """Add up what several accounts answered: one line for each currency and kind of money that at least two share.

    Practice money and real money are never added to each other, nor are currencies.

    Args:
        amounts: Account, currency and amount.
        write: Writes an amount.
        missing: How many accounts did not answer; said with the total.
    """
    sums: dict[tuple[bool, str], list[Decimal]] = {}
    for account, currency, amount in amounts:
        sums.setdefault((account.account_type is AccountType.REAL, currency), []).append(amount)
    shown = [
        dotted(
            bold(t("Together {amount}", amount=write(sum(values, Decimal(0)), currency))),
            t.plural("{count} account", "{count} accounts", len(values)),
            (t("real money") if is_real else t("practice money")) if len({real for real, _ in sums}) > 1 else None,
        )
        for (is_real, currency), values in sums.items()
        if len(values) > 1
    ]
    if not shown:
        return None
    left_out = t.plural(
        "without {count} account that did not answer", "without {count} accounts that did not answer", missing
    )
    return lines(*shown, left_out if missing else None)


def as_of_line(t: Texts, moments: Sequence[datetime | None]) -> Html | None:
    """Say how old the oldest of some answers is."""
    known = [moment for moment in moments if moment is not None]
    return t("as of {time}", time=t.time(min(known))) if known else None
