"""What each person may choose: the names in the records, what holds by default, and how a new value is read.

The chat and the web app show the same table, each in its own words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import db
from core.numbers import echo, parse_number
from models.errors import BadOrder
from models.values import plain

_MAX_FRACTION = Decimal("0.1")
_MAX_COUNT = 1000
_HOURS = re.compile(r"(\d{1,2})\s*[-–—]\s*(\d{1,2})", re.ASCII)


class Loudness(StrEnum):
    """How somebody wants to hear of changes."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


class Kind(StrEnum):
    """What the value of a preference is, so that a screen knows how to show and ask for it."""

    FRACTION = "fraction"
    AMOUNT = "amount"
    """US dollars."""
    LEVERAGE = "leverage"
    COUNT = "count"
    ZONE = "zone"
    HOURS = "hours"
    CHOICE = "choice"


def read_fraction(text: str) -> str:
    """Read per cent, at most ten, as a fraction."""
    fraction = parse_number(text.strip().removesuffix("%").strip(), "setting") / 100
    if fraction > _MAX_FRACTION:
        raise BadOrder("expected at most 10%", code="too_large", limit="10%")
    return plain(fraction)


def read_amount(text: str) -> str:
    """Read US dollars."""
    return plain(parse_number(text.strip().strip("$"), "setting"))


def read_leverage(text: str) -> str:
    """Read leverage such as `10x`."""
    return plain(parse_number(text.strip().lower().strip("xх×"), "setting"))


def read_count(text: str) -> int:
    """Read a whole number."""
    number = parse_number(text, "setting")
    if number != int(number) or number > _MAX_COUNT:
        raise BadOrder("expected a whole number", code="not_whole", text=echo(text))
    return int(number)


def read_zone(text: str) -> str:
    """Read the name of a time zone."""
    name = text.strip()
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise BadOrder("no such time zone", code="unknown_zone", text=echo(name)) from e


def read_hours(text: str) -> str:
    """Read hours of the day such as `23-7`."""
    match = _HOURS.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 23 or int(match[1]) == int(match[2]):
        raise BadOrder("expected hours such as 23-7", code="bad_hours", text=echo(text))
    return f"{int(match[1])}-{int(match[2])}"


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.FRACTION: read_fraction,
    Kind.AMOUNT: read_amount,
    Kind.LEVERAGE: read_leverage,
    Kind.COUNT: read_count,
    Kind.ZONE: read_zone,
    Kind.HOURS: read_hours,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One row.

    Attributes:
        key: Its name in the records, which the trading code reads.
        default: What holds where nothing was chosen; None: no limit.
        choices: The values there are, where they can be listed.
    """

    key: str
    kind: Kind
    default: Any = None
    choices: tuple[Any, ...] = ()

    def read(self, text: str) -> Any:
        """Return what is stored for a value as it was typed.

        Raises:
            BadOrder: It is no such value.
        """
        if self.choices:
            return self._chosen(text)
        return _READERS[self.kind](text)

    def _chosen(self, text: str) -> Any:
        words = {str(choice).lower(): choice for choice in self.choices}
        found = words.get(text.strip().lower())
        if found is None:
            known = ", ".join(words)
            raise BadOrder(f"{self.key}: expected one of {known}", code="bad_word", name=self.key, known=known)
        return found


_ROWS = (
    Preference(key="slippage_fraction", kind=Kind.FRACTION, default="0.01"),
    Preference(key="price_tolerance", kind=Kind.FRACTION, default="0.005"),
    Preference(key="max_leverage", kind=Kind.LEVERAGE),
    Preference(key="max_order_notional", kind=Kind.AMOUNT),
    Preference(key="max_total_notional", kind=Kind.AMOUNT),
    Preference(key="max_positions", kind=Kind.COUNT),
    Preference(key="max_daily_loss", kind=Kind.AMOUNT),
    Preference(key="requires_stop", kind=Kind.CHOICE, default=False, choices=(False, True)),
    Preference(key="moving_stop", kind=Kind.CHOICE, default=True, choices=(True, False)),
    Preference(key="zone", kind=Kind.ZONE, default="UTC"),
    Preference(key="notify", kind=Kind.CHOICE, default=Loudness.ON.value, choices=tuple(w.value for w in Loudness)),
    Preference(key="quiet_hours", kind=Kind.HOURS),
    Preference(key="real_trading", kind=Kind.CHOICE, default=False, choices=(False, True)),
)
PREFERENCES: Mapping[str, Preference] = {row.key: row for row in _ROWS}


async def preferences_of(user_id: int) -> dict[str, Any]:
    """Return everything a person chose, by name; what is missing holds by default."""
    values = await db.get_settings(user_id)
    return {key: values[key] for key in PREFERENCES if key in values}


async def choose(user_id: int, key: str, value: Any) -> None:
    """Store a person's choice as `Preference.read` returned it; None goes back to the default."""
    await db.set_setting(user_id, key, value)
    if key == "real_trading" and value:
        await db.store().audit.add("real_trading_on", actor_id=user_id)
