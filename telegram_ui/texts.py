"""Every sentence in the reader's language. The English sentence is the key; catalogues live in `locale/`.

Sentences may hold HTML and named places: `t("Order {number} is gone.", number=17)`. What is put into a place is escaped
unless it is `Html`, so nothing from outside can break a message.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from models.account import Account
from telegram_ui.numbers import (
    ALMOST,
    clock_time,
    month_day,
    number_style,
    short_date,
    to_cents,
    to_tick,
    trimmed,
)
from telegram_ui.screen import Html, esc

LANGUAGES = {"en": "English", "ru": "Русский", "uk": "Українська"}
DEFAULT_LANGUAGE = "en"
LOCALE = Path(__file__).parent.parent / "locale"
UNKNOWN = "—"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name, which its extractor looks for
    """Mark a sentence for the catalogues where it stands in a table."""
    return message


def language_of(code: str | None) -> str:
    """Return the language to speak to somebody whose app speaks `code`; English where we have no catalogue."""
    short = (code or "").split("-")[0].lower()
    return short if short in LANGUAGES else DEFAULT_LANGUAGE


@lru_cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read a catalogue once, when somebody first needs it."""
    with (LOCALE / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Texts:
    """One reader's language and zone, and their names for things: sentences, numbers and times."""

    language: str = DEFAULT_LANGUAGE
    zone: tzinfo = UTC
    names: Mapping[str, str] = field(default_factory=dict)
    """What the reader calls their accounts, by `bybit:real`."""

    def __call__(self, message: str, /, **fields: Any) -> Html:
        """Return a sentence with its places filled."""
        return _filled(_catalogue(self.language).gettext(message), fields)

    def lenient(self, message: str, fields: Mapping[str, str]) -> Html:
        """Return a sentence whose places may lack their data: a dash is shown for it."""
        places = _Lenient({name: esc(value) for name, value in fields.items()})
        return Html(_catalogue(self.language).gettext(message).format_map(places))

    def plural(self, one: str, many: str, count: int, /, **fields: Any) -> Html:
        """Return the sentence for a count; `{count}` is filled in."""
        sentence = _catalogue(self.language).ngettext(one, many, count)
        return _filled(sentence, {"count": self.number(Decimal(count)), **fields})

    def name_of(self, account: Account) -> str | None:
        """Return what the reader calls an account of theirs; None where they gave it no name."""
        return self.names.get(account.place)

    def number(self, value: Decimal) -> str:
        """Write a number with the decimals it has."""
        return number_style(self.language).number(value)

    def size(self, value: Decimal | None) -> str:
        """Write a size in base currency."""
        return UNKNOWN if value is None else self.number(trimmed(value))

    def price(self, value: Decimal | None, tick: Decimal | None = None) -> str:
        """Write a price on its market's grid."""
        return UNKNOWN if value is None else self.number(to_tick(value, tick))

    def money(self, value: Decimal | None, currency: str = "") -> str:
        """Write an amount with two decimals and its currency."""
        if value is None:
            return UNKNOWN
        return f"{self.number(to_cents(value))} {currency}".rstrip()

    def signed_money(self, value: Decimal | None, currency: str = "") -> str:
        """Write a profit or loss, its sign always shown."""
        if value is None:
            return UNKNOWN
        text = number_style(self.language).number(to_cents(value), is_signed=True)
        return f"{text} {currency}".rstrip()

    def signed_number(self, value: Decimal, *, decimals: int) -> str:
        """Write a number with these decimals, its sign always shown."""
        return number_style(self.language).number(value.quantize(Decimal(1).scaleb(-decimals)), is_signed=True)

    def about(self, text: str) -> str:
        """Mark an estimate."""
        return text if text == UNKNOWN else f"{ALMOST} {text}"

    def percent(self, fraction: Decimal | None, *, is_signed: bool = True) -> str:
        """Write a fraction as per cent with two decimals."""
        if fraction is None:
            return UNKNOWN
        value = (fraction * 100).quantize(Decimal("0.01"))
        return number_style(self.language).number(value, is_signed=is_signed) + "\N{NO-BREAK SPACE}%"

    def leverage(self, value: Decimal | None) -> str:
        """Write leverage: 5×."""
        return UNKNOWN if value is None else f"{self.number(trimmed(value))}×"

    def time(self, moment: datetime | None) -> str:
        """Write a time of day with its zone."""
        return UNKNOWN if moment is None else clock_time(moment, self.zone)

    def moment(self, moment: datetime | None) -> str:
        """Write a day and a time."""
        return UNKNOWN if moment is None else short_date(moment, self.zone, self.language)

    def day(self, moment: datetime) -> str:
        """Write a day."""
        return month_day(moment, self.zone, self.language)


class _Lenient(dict[str, str]):
    """Places of a sentence; one that nobody filled shows a dash instead of breaking it."""

    def __missing__(self, key: str) -> str:
        return UNKNOWN


def _filled(sentence: str, fields: dict[str, Any]) -> Html:
    return Html(sentence.format_map({name: esc(value) for name, value in fields.items()}) if fields else sentence)
