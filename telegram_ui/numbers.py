"""Numbers and times as people read them: grouped, signed, in their language and zone."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel import Locale, dates, numbers

MINUS = "\N{MINUS SIGN}"
ALMOST = "\N{ALMOST EQUAL TO}"
_CENT = Decimal("0.01")
_PRICE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """The signs of one language."""

    language: str
    decimal: str
    group: str

    def number(self, value: Decimal, *, is_signed: bool = False) -> str:
        """Write a number with the decimals it has, grouped; `is_signed` writes a plus too."""
        text = format(abs(value), ",f").translate({ord(","): self.group, ord("."): self.decimal})
        if value < 0:
            return MINUS + text
        return "+" + text if is_signed and value > 0 else text


@lru_cache
def number_style(language: str) -> NumberStyle:
    """Return the signs of a language."""
    return NumberStyle(language, numbers.get_decimal_symbol(language), numbers.get_group_symbol(language))


def to_cents(value: Decimal) -> Decimal:
    """Round an amount of money to two decimals, keeping what is smaller visible."""
    rounded = value.quantize(_CENT, ROUND_HALF_EVEN)
    return rounded if rounded or not value else to_figures(value, 2)


def to_figures(value: Decimal, figures: int) -> Decimal:
    """Round to significant figures; whole numbers are kept."""
    exponent = min(value.adjusted() - figures + 1, 0)
    return value.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_EVEN)


def to_tick(value: Decimal, tick: Decimal | None) -> Decimal:
    """Write a price with the decimals of its tick; without one, with those it needs, at most seven figures."""
    if tick is not None:
        return value.quantize(Decimal(1).scaleb(min(_exponent(tick), 0)), ROUND_HALF_EVEN)
    figures = len(value.as_tuple().digits)
    return trimmed(value if figures <= _PRICE_DIGITS else to_figures(value, _PRICE_DIGITS))


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def trimmed(value: Decimal) -> Decimal:
    """Drop trailing zeros without falling into exponents."""
    normal = value.normalize()
    return normal if _exponent(normal) <= 0 else normal.quantize(Decimal(1))


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def clock_time(moment: datetime, zone: tzinfo) -> str:
    """Write a time of day with its zone: 12:03:05 UTC."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M:%S} {local.tzname()}"


def short_date(moment: datetime, zone: tzinfo, language: str) -> str:
    """Write a day and a time: 21 Nov 14:02."""
    return dates.format_datetime(moment.astimezone(zone), "d MMM HH:mm", locale=_locale(language))


def month_day(moment: datetime, zone: tzinfo, language: str) -> str:
    """Write a day: 21 Nov."""
    return dates.format_date(moment.astimezone(zone).date(), "d MMM", locale=_locale(language))
