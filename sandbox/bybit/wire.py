"""Reading Bybit's parameters and writing its values: strings for numbers, "" for what is absent, pages with cursors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from sandbox.bybit.errors import bad_parameter
from sandbox.engine import Engine, Instrument
from sandbox.instruments import ContractKind
from sandbox.keys import BybitKey
from sandbox.world import World

MONEY_GRID: Final = Decimal("0.00000001")
WEEK_MS: Final = 7 * 86_400_000
CATEGORIES: Final = ("linear", "inverse", "spot", "option")
KINDS: Final[Mapping[str, frozenset[ContractKind]]] = {
    "linear": frozenset({ContractKind.LINEAR_PERPETUAL, ContractKind.LINEAR_FUTURE}),
    "inverse": frozenset({ContractKind.INVERSE_PERPETUAL}),
    "spot": frozenset(),
    "option": frozenset(),
}

Json = dict[str, Any]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request after authentication.

    Attributes:
        params: Query of a GET or JSON body of a POST.
        key: Whose request it is; None on public endpoints.
        now_ms: The venue's time.
    """

    world: World
    params: Mapping[str, Any]
    key: BybitKey | None
    now_ms: int
    ext: Json

    @property
    def engine(self) -> Engine:
        """The books."""
        return self.world.bybit

    @property
    def account_id(self) -> str:
        """The authenticated account."""
        if self.key is None:
            raise bad_parameter("this endpoint needs a key")
        return self.key.account_id

    def text(self, name: str, default: str = "") -> str:
        """A text parameter; a number where text belongs is an error at this venue."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str):
            raise bad_parameter(f"Request parameter error: {name} must be a string")
        return value

    def needed(self, name: str) -> str:
        """A text parameter that must be there."""
        value = self.text(name)
        if not value:
            raise bad_parameter(f"Missing some parameters that must be filled in, {name}")
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A number sent as text; None when absent."""
        value = self.text(name)
        return read_decimal(name, value) if value else None

    def positive(self, name: str) -> Decimal | None:
        """A price or size where "0" means none."""
        value = self.decimal(name)
        if value is not None and value < 0:
            raise bad_parameter(f"{name} invalid")
        return value or None

    def integer(self, name: str, default: int) -> int:
        """A whole number, as JSON number or text."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        try:
            return int(str(value))
        except ValueError:
            raise bad_parameter(f"params error: {name} invalid") from None

    def flag(self, name: str) -> bool:
        """A boolean."""
        return self.params.get(name) in {True, "true", "True"}

    def category(self) -> str:
        """The product group."""
        value = self.needed("category")
        if value not in CATEGORIES:
            raise bad_parameter("params error: category invalid")
        return value

    def linear_symbol(self) -> Instrument:
        """The symbol of a linear market."""
        self.require_linear()
        return self.instrument(self.needed("symbol"))

    def require_linear(self) -> None:
        """Only linear contracts are traded here."""
        if self.category() != "linear":
            raise bad_parameter("params error: only category linear is traded here")

    def holds_nothing(self) -> bool:
        """Whether a list is asked of products that nobody holds anything of here."""
        return self.category() != "linear"

    def empty_page(self) -> dict[str, Any]:
        """The answer to a list of which there is nothing."""
        return {"category": self.category(), "list": [], "nextPageCursor": ""}

    def instrument(self, symbol: str) -> Instrument:
        """A market by name."""
        found = self.engine.instruments.get(symbol)
        if found is None:
            raise bad_parameter("params error: symbol invalid")
        return found

    def instruments(self) -> list[Instrument]:
        """All markets of the category."""
        kinds = KINDS[self.category()]
        return [instrument for instrument in self.engine.instruments.values() if instrument.kind in kinds]


def read_decimal(name: str, value: str) -> Decimal:
    """A finite decimal in plain ASCII digits."""
    try:
        number = Decimal(value) if value.isascii() and "_" not in value else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise bad_parameter(f"{name[:1].upper()}{name[1:]} invalid")
    return number


def text(value: Decimal | None) -> str:
    """A number as the venue writes it: plain digits, at most eight decimals, no trailing zeros; "" for None."""
    if value is None:
        return ""
    rounded = value.quantize(MONEY_GRID, rounding=ROUND_HALF_EVEN).normalize()
    return format(rounded + 0, "f")


def price_text(instrument: Instrument, value: Decimal | None) -> str:
    """A price on the market's grid, with the decimals of its tick; "" for None."""
    if value is None:
        return ""
    return format(instrument.round_price(value, ROUND_HALF_EVEN), "f")


def time_range(call: Call, *, longest_ms: int = WEEK_MS) -> tuple[int, int]:
    """startTime and endTime with the venue's defaults: the last seven days, or seven days from or to the given end."""
    start, end = call.integer("startTime", 0), call.integer("endTime", 0)
    if start and end:
        if end - start > longest_ms:
            days = longest_ms // 86_400_000
            raise bad_parameter(f"The time range between startTime and endTime cannot exceed {days} days")
        if end < start:
            raise bad_parameter("endTime must not be before startTime")
        return start, end
    if start:
        return start, start + longest_ms
    end = end or call.now_ms + 60_000
    return end - longest_ms, end


def page(
    call: Call, rows: Sequence[Row], *, key: Callable[[Row], str], default: int, most: int
) -> tuple[list[Row], str]:
    """One page of rows (newest first) and the cursor of the next one; "" on the last page.

    Like the venue's, a cursor is percent-encoded already, so that clients which do not encode can send it back.
    """
    limit = min(max(1, call.integer("limit", default)), most)
    cursor = unquote(call.text("cursor"))
    keys = [key(row) for row in rows]
    start = 0
    if cursor:
        if cursor not in keys:
            raise bad_parameter("params error: cursor invalid")
        start = keys.index(cursor) + 1
    chosen = list(rows[start : start + limit])
    more = start + limit < len(rows)
    return chosen, quote(keys[start + limit - 1], safe="") if more else ""
