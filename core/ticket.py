"""One line of text into a ticket: `/long btc 200$ 5x sl 2% tp 4%`.

Pure text rules in three languages; nothing here knows a market. What has two readings is asked about, never guessed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from core.numbers import echo, parse_number
from models.enums import OrderSide, TimeInForce
from models.errors import BadOrder
from models.ticket import Level, LevelUnit, SizeUnit, Ticket, TicketSize

MAX_TEXT = 300
MAX_TARGETS = 5

SIDES = {
    **dict.fromkeys(("buy", "long", "лонг", "купить", "купити", "покупка"), OrderSide.BUY),
    **dict.fromkeys(("sell", "short", "шорт", "продать", "продати", "продажа"), OrderSide.SELL),
}

_SYMBOL = re.compile(r"(?=.*[A-Z])[A-Z0-9:/_.-]{1,30}", re.ASCII | re.IGNORECASE)
_NUMBER_LIKE = re.compile(r"[\d.,+'’_−-]+")
_MONEY = re.compile(r"\$(?P<before>.+)|(?P<after>.+?)(\$|usdt|usdc|usd)")
_PERCENT = re.compile(r"(?P<number>.+)%")
_LEVERAGE = re.compile(r"[xх](?P<before>[\d.,]+)|(?P<after>[\d.,]+)[xх]")
_TARGET_LIST = re.compile(r"[^,;/]+([,;/][^,;/]+)+")

_TYPOGRAPHIC_GROUPS = re.compile(r"(?<!\d)(\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+)(?!\d)", re.ASCII)
_SPACED_GROUPS = re.compile(r"(?<![\d.,])(\d{1,3}(?: \d{3})+)(?!\d)", re.ASCII)
_DETACHED_UNIT = re.compile(r"(?<=\d) (?=(?:\$|usdt|usdc|usd|%|x|х)(?:\s|$))", re.IGNORECASE)
_ATTACHED_SIGN = re.compile(r"(?<=[^\W\d])[=:](?=\d)|(?<=@)(?=\S)|(?<=\S)(?=@)")

_WORDS = {
    **dict.fromkeys(("sl", "stop", "stoploss", "stop-loss", "стоп", "стоп-лосс", "сл"), "stop"),
    **dict.fromkeys(("tp", "tp1", "tp2", "tp3", "tp4", "tp5", "target", "targets", "take"), "target"),
    **dict.fromkeys(("тп", "тейк", "цель", "цели", "ціль", "цілі"), "target"),
    **dict.fromkeys(("risk", "риск", "ризик"), "risk"),
    **dict.fromkeys(("leverage", "lev", "плечо", "плече"), "leverage"),
    **dict.fromkeys(("@", "limit", "лимит", "ліміт", "price", "цена", "ціна"), "price"),
    **dict.fromkeys(("market", "рынок", "ринок"), "market"),
    **dict.fromkeys(("post", "post-only", "postonly", "post_only", "maker"), "post_only"),
    **dict.fromkeys(("reduce", "reduce-only", "reduceonly", "reduce_only", "ro"), "reduce_only"),
    **dict.fromkeys(("ioc",), "ioc"),
    **dict.fromkeys(("fok",), "fok"),
}
_TIMES_IN_FORCE = {"post_only": TimeInForce.POST_ONLY, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}


def parse_ticket(text: str, side: OrderSide | None = None) -> Ticket:
    """Read an order that somebody typed.

    Args:
        text: Market, size and whatever else in any order; without the command when `side` is given, else led by a
            word such as `long` or `sell`.
        side: What the command said.

    Raises:
        BadOrder: The code says what is wrong: `missing_symbol`, `missing_size`, `bad_number`, `ambiguous_number`,
            `not_understood`, `said_twice`, `missing_number`, `risk_needs_stop`, `post_only_needs_price`, `too_long`.
    """
    if len(text) > MAX_TEXT:
        raise BadOrder(f"expected at most {MAX_TEXT} characters", code="too_long", limit=MAX_TEXT)
    typed = _TYPOGRAPHIC_GROUPS.sub(_without_spaces, text)
    typed = " ".join(typed.split())
    joined = _SPACED_GROUPS.sub(_without_spaces, typed)
    if joined == typed:
        return _read(typed, side)
    return _only_reading(typed, joined, side)


def _only_reading(typed: str, joined: str, side: OrderSide | None) -> Ticket:
    """Take `1 000` for a number where its parts could be nothing else; ask where they could."""
    apart, together = _try_read(typed, side), _try_read(joined, side)
    if isinstance(together, BadOrder):
        if isinstance(apart, BadOrder):
            raise apart
        return apart
    groups = [match[0] for match in _SPACED_GROUPS.finditer(typed)]
    if isinstance(apart, BadOrder) and all(" 0" in group for group in groups):
        return together
    text = groups[0]
    raise BadOrder(
        f"{text} has two readings",
        code="ambiguous_number",
        name="size",
        text=text,
        readings=f"{text.replace(' ', '')} / {text.replace(' ', ', ')}",
    )


def _try_read(text: str, side: OrderSide | None) -> Ticket | BadOrder:
    try:
        return _read(text, side)
    except BadOrder as e:
        return e


def _without_spaces(match: re.Match[str]) -> str:
    return re.sub(r"\s", "", match[0])


@dataclass(slots=True)
class _Draft:
    """What has been read so far. `tokens` is what is left, last token first."""

    tokens: list[str]
    side: OrderSide | None
    symbol: str | None = None
    size: TicketSize | None = None
    price: Decimal | None = None
    leverage: Decimal | None = None
    stop: Level | None = None
    targets: list[Level] = field(default_factory=list)
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    is_market: bool = False

    def set(self, name: str, value: object, token: str) -> None:
        """Fill a field that nothing has filled yet."""
        if getattr(self, name) not in (None, False):
            raise BadOrder(f"{token}: {name} was said twice", code="said_twice", name=name, text=echo(token))
        setattr(self, name, value)

    def next_after(self, word: str) -> str:
        """Take the token that must follow a word."""
        if not self.tokens:
            raise BadOrder(f"{word}: expected a number after it", code="missing_number", word=echo(word))
        return self.tokens.pop()


def _read(text: str, side: OrderSide | None) -> Ticket:
    text = _ATTACHED_SIGN.sub(" ", _DETACHED_UNIT.sub("", text))
    draft = _Draft(tokens=text.split()[::-1], side=side)
    if side is None and draft.tokens:
        draft.side = SIDES.get(draft.tokens[-1].lower())
        draft.tokens.pop()
    while draft.tokens:
        _take(draft, draft.tokens.pop())
    return _finish(draft)


def _take(draft: _Draft, token: str) -> None:
    """Read one token, and those that belong to it."""
    word = token.lower()
    kind = _WORDS.get(word)
    if kind is not None:
        _READERS[kind](draft, token)
    elif leverage := _LEVERAGE.fullmatch(word):
        draft.set("leverage", parse_number(leverage["before"] or leverage["after"], "leverage"), token)
    elif (size := _size(word, draft.symbol)) is not None:
        draft.set("size", size, token)
    elif draft.symbol is None and _SYMBOL.fullmatch(token):
        draft.symbol = token
    elif draft.symbol is None:
        raise BadOrder("expected a market such as BTC", code="unknown_symbol", symbol=echo(token))
    else:
        raise BadOrder(f"{echo(token)}: not understood", code="not_understood", text=echo(token))


def _size(word: str, symbol: str | None) -> TicketSize | None:
    """Read a size; None where the word is none."""
    if money := _MONEY.fullmatch(word):
        number = money["before"] or money["after"]
        if _NUMBER_LIKE.fullmatch(number):
            return TicketSize(amount=parse_number(number, "size"), unit=SizeUnit.NOTIONAL)
        return None
    if percent := _PERCENT.fullmatch(word):
        return TicketSize(amount=parse_number(percent["number"], "size"), unit=SizeUnit.EQUITY_PERCENT)
    coins = word.removesuffix(symbol.lower()) if symbol else word
    if _NUMBER_LIKE.fullmatch(coins) or _is_no_number(coins):
        return TicketSize(amount=parse_number(coins, "size"), unit=SizeUnit.COINS)
    return None


def _is_no_number(word: str) -> bool:
    """Whether the word is what programs write for a number, or a number in digits that we do not take."""
    return word in {"nan", "inf", "infinity"} or re.fullmatch(r"\d[\d.]*e[+-]?\d+", word) is not None


def _level(token: str, name: str) -> Level:
    word = token.lower()
    unit = LevelUnit.PRICE
    if word.endswith("%roi"):
        word, unit = word.removesuffix("%roi"), LevelUnit.ROI_PERCENT
    elif word.endswith("%"):
        word, unit = word.removesuffix("%"), LevelUnit.PERCENT
    return Level(amount=parse_number(word.removesuffix("$"), name), unit=unit)


def _read_stop(draft: _Draft, token: str) -> None:
    draft.set("stop", _with_roi(draft, _level(draft.next_after(token), "stop")), token)


def _read_targets(draft: _Draft, token: str) -> None:
    levels = _levels(draft.next_after(token))
    levels[-1] = _with_roi(draft, levels[-1])
    while draft.tokens and _NUMBER_LIKE.fullmatch(draft.tokens[-1].rstrip("%,;").removesuffix("%")):
        levels += _levels(draft.tokens.pop())
    draft.targets += levels
    if len(draft.targets) > MAX_TARGETS:
        raise BadOrder(f"expected at most {MAX_TARGETS} targets", code="over_target_limit", limit=MAX_TARGETS)


def _with_roi(draft: _Draft, level: Level) -> Level:
    """Apply a `roi` that stands apart: `sl 20% roi`."""
    if level.unit is LevelUnit.PERCENT and draft.tokens and draft.tokens[-1].lower() == "roi":
        draft.tokens.pop()
        return Level(amount=level.amount, unit=LevelUnit.ROI_PERCENT)
    return level


def _levels(token: str) -> list[Level]:
    """Read one target, or several with a comma, semicolon or slash between them."""
    token = token.rstrip(",;")
    if not _TARGET_LIST.fullmatch(token):
        return [_level(token, "target")]
    parts = re.split(r"[,;/]", token)
    if _is_decimal_comma(token, parts):
        return [_level(token, "target")]
    if "," in token and len({part.endswith("%") for part in parts}) > 1:
        readings = f"{token.replace(',', '.')} / {' '.join(part.rstrip('%') + '%' for part in parts)}"
        raise BadOrder("one target or two", code="ambiguous_number", name="target", text=token, readings=readings)
    return [_level(part, "target") for part in parts]


def _is_decimal_comma(token: str, parts: list[str]) -> bool:
    """Whether `2900,5` is one number. Two prices have about the same length, a fraction is short."""
    if token.count(",") != 1 or len(parts) != 2 or "%" in token:
        return False
    return len(parts[1]) < len(parts[0]) or parts[0] == "0"


def _read_risk(draft: _Draft, token: str) -> None:
    value = draft.next_after(token).lower()
    percent = _PERCENT.fullmatch(value)
    if percent is None:
        raise BadOrder("risk: expected per cent", code="not_understood", text=echo(f"{token} {value}"))
    size = TicketSize(amount=parse_number(percent["number"], "risk"), unit=SizeUnit.RISK_PERCENT)
    draft.set("size", size, token)


def _read_leverage(draft: _Draft, token: str) -> None:
    value = draft.next_after(token).lower().strip("xх")
    draft.set("leverage", parse_number(value, "leverage"), token)


def _read_price(draft: _Draft, token: str) -> None:
    value = draft.next_after(token).removesuffix("$").removeprefix("$")
    draft.set("price", parse_number(value, "price"), token)


def _read_market(draft: _Draft, token: str) -> None:
    draft.set("is_market", True, token)


def _read_time_in_force(draft: _Draft, token: str) -> None:
    draft.set("time_in_force", _TIMES_IN_FORCE[_WORDS[token.lower()]], token)


def _read_reduce_only(draft: _Draft, token: str) -> None:
    draft.set("reduce_only", True, token)


_READERS: dict[str, Callable[[_Draft, str], None]] = {
    "stop": _read_stop,
    "target": _read_targets,
    "risk": _read_risk,
    "leverage": _read_leverage,
    "price": _read_price,
    "market": _read_market,
    "post_only": _read_time_in_force,
    "ioc": _read_time_in_force,
    "fok": _read_time_in_force,
    "reduce_only": _read_reduce_only,
}


def _finish(draft: _Draft) -> Ticket:
    """Check that what was said makes an order."""
    if draft.side is None:
        raise BadOrder("expected long or short first", code="missing_side")
    if draft.symbol is None:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    if draft.size is None:
        raise BadOrder("expected a size such as 100$", code="missing_size", symbol=draft.symbol)
    if draft.size.unit is SizeUnit.RISK_PERCENT and draft.stop is None:
        raise BadOrder("risk: expected a stop", code="risk_needs_stop")
    if draft.is_market and draft.price is not None:
        raise BadOrder("expected a market order or a price", code="said_twice", name="price", text="market")
    if draft.time_in_force is not None and draft.price is None:
        raise BadOrder("expected a price", code="post_only_needs_price", word=draft.time_in_force.value)
    return Ticket(
        symbol=draft.symbol,
        side=draft.side,
        size=draft.size,
        price=draft.price,
        leverage=draft.leverage,
        stop_loss=draft.stop,
        take_profits=tuple(draft.targets),
        time_in_force=draft.time_in_force or TimeInForce.GTC,
        reduce_only=draft.reduce_only,
    )
