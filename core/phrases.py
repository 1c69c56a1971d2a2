"""Short phrases that follow a command: `/close BTC 50%`, `/leverage BTC 5`, a stop, a target. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from core.numbers import echo, parse_number
from core.ticket import MAX_TEXT
from models.errors import BadOrder
from models.ticket import Level, LevelUnit
from models.values import Value

EVERYTHING = frozenset({"all", "everything", "все", "всё", "усе", "всі"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWish(Value):
    """What somebody wants to close: a size in base currency, or a share of the position."""

    symbol: str
    percent: Decimal = Decimal(100)
    size: Decimal | None = None


def parse_close(text: str) -> CloseWish:
    """Read a market and how much of it: `BTC`, `BTC 50%`, `BTC 0.01`.

    Raises:
        BadOrder: `missing_symbol`, `not_understood`, `over_hundred_percent`, or what a number can be.
    """
    words = _words(text)
    if not words:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    if len(words) > 2:
        raise BadOrder("expected a market and a size", code="not_understood", text=echo(" ".join(words[2:])))
    if len(words) == 1 or words[1].lower() in EVERYTHING:
        return CloseWish(symbol=words[0])
    if words[1].endswith("%"):
        return CloseWish(symbol=words[0], percent=parse_share(words[1]))
    return CloseWish(symbol=words[0], size=parse_number(words[1], "size"))


def parse_share(text: str) -> Decimal:
    """Read per cent of a position, at most 100."""
    share = parse_number(text.strip().removesuffix("%"), "size")
    if share > 100:
        raise BadOrder("expected at most 100%", code="over_hundred_percent", text=echo(text))
    return share


def parse_leverage(text: str) -> tuple[str, Decimal]:
    """Read a market and leverage: `BTC 5` or `BTC 5x`."""
    words = _words(text)
    if not words:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    if len(words) == 1:
        raise BadOrder("expected leverage", code="leverage_missing")
    if len(words) > 2:
        raise BadOrder("expected a market and leverage", code="not_understood", text=echo(" ".join(words[2:])))
    return words[0], parse_number(words[1].lower().strip("xх×"), "leverage")


def parse_level(text: str) -> Level | None:
    """Read a stop or target: a price, a distance in per cent, or per cent of margin (`20% roi`).

    None takes it away (`0`, `off`).
    """
    word = text.strip().lower().replace(" ", "")
    if word in {"0", "off", "none", "нет", "ні", "убрать", "прибрати"}:
        return None
    if word.endswith("roi"):
        number = word.removesuffix("roi").removesuffix("%")
        return Level(amount=parse_number(number, "level"), unit=LevelUnit.ROI_PERCENT)
    if word.endswith("%"):
        return Level(amount=parse_number(word.removesuffix("%"), "level"), unit=LevelUnit.PERCENT)
    return Level(amount=parse_number(word.removesuffix("$"), "level"), unit=LevelUnit.PRICE)


def parse_symbol(text: str) -> str:
    """Read one market's name."""
    words = _words(text)
    if not words:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    if len(words) > 1:
        raise BadOrder("expected one market", code="not_understood", text=echo(" ".join(words[1:])))
    if not words[0].isascii():
        raise BadOrder("expected a market such as BTC", code="unknown_symbol", symbol=echo(words[0]))
    return words[0]


def _words(text: str) -> list[str]:
    if len(text) > MAX_TEXT:
        raise BadOrder(f"expected at most {MAX_TEXT} characters", code="too_long", limit=MAX_TEXT)
    return text.split()
