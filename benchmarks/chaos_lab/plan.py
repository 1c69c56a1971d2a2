"""What people will want, and what will go wrong with it: drawn from a seed before anything runs."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRow:
    """How a venue's requests look to the sandbox's fault rules."""

    key: str
    create: str
    look_ups: Sequence[str]
    noop: str = ""
    natives: Mapping[str, str]
    """The venue's own names of the coins that are traded."""


PRICES = {"BTC": Decimal(60_000), "ETH": Decimal(3_000), "SOL": Decimal(150), "DOGE": Decimal("0.16")}
"""Held, so that a verdict never depends on where a random path went."""
_FIRST_SIZES = {"BTC": ("0.011", "0.001"), "ETH": ("1.01", "0.01"), "SOL": ("30.1", "0.1"), "DOGE": ("20001", "1")}
"""Where sizes start and how they grow. Each is used once at a venue: the ledger's sizes tell whose order is whose."""

VENUES: Mapping[str, VenueRow] = {
    "bybit": VenueRow(
        key="bybit",
        create="POST /v5/order/create",
        look_ups=("GET /v5/order/*", "GET /v5/execution/*"),
        natives={coin: f"{coin}USDT" for coin in PRICES},
    ),
    "hyperliquid": VenueRow(
        key="hyperliquid",
        create="POST /exchange order",
        look_ups=("POST /info orderStatus", "POST /info historicalOrders", "POST /info userFills*"),
        noop="POST /exchange noop",
        natives={coin: coin for coin in PRICES},
    ),
}


class Kind(StrEnum):
    """What somebody wants."""

    BUY = "buy"
    SELL = "sell"
    PROTECTED = "protected buy"
    LIMIT = "limit order"
    CLOSE = "partial close"


_KINDS = (*[Kind.BUY] * 9, *[Kind.SELL] * 4, *[Kind.PROTECTED] * 3, *[Kind.LIMIT] * 2, *[Kind.CLOSE] * 2)
_COMMANDS = {
    Kind.BUY: "/long {coin} {size}",
    Kind.SELL: "/short {coin} {size}",
    Kind.PROTECTED: "/long {coin} {size} sl 5% tp 8%",
    Kind.LIMIT: "/long {coin} {size} @ {price}",
    Kind.CLOSE: "/close {coin} {size}",
}

Rule = Mapping[str, Any]
"""Fields of a fault rule of the sandbox, without whom it is for."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """One way for an order request to go wrong."""

    name: str
    rule: Rule
    venues: tuple[str, ...] = ("bybit", "hyperliquid")


def _rule(kind: str, **fields: Any) -> Rule:
    return {"kind": kind, **fields}


MISHAPS: tuple[Mishap, ...] = (
    Mishap("reset before", _rule("reset_before")),
    Mishap("reset after", _rule("reset_after")),
    Mishap("closed before", _rule("close_before")),
    Mishap("closed after", _rule("close_after")),
    Mishap("answer 30 s late", _rule("delay_after", delay_after_s=30)),
    Mishap("carried out 3.5 s after the line broke", _rule("late", process_later_s=3.5)),
    Mishap("carried out 1 s after the line broke", _rule("late", process_later_s=1)),
    Mishap("arrives 30 s late", _rule("delay_before", delay_before_s=30)),
    Mishap("arrives 40 s after the line broke", _rule("late", process_later_s=40)),
    Mishap("cut off", _rule("truncated")),
    Mishap("cut off, chunked", _rule("truncated_chunked")),
    Mishap("half a JSON", _rule("invalid_json")),
    Mishap("empty 200", _rule("empty")),
    Mishap("null", _rule("null")),
    Mishap("a list", _rule("list")),
    Mishap("an empty object", _rule("object")),
    Mishap("500 before", _rule("error_before")),
    Mishap("500 after", _rule("error_after", status=503)),
    Mishap("proxy page before", _rule("html_before")),
    Mishap("proxy page after", _rule("html_after")),
    Mishap("200 page after", _rule("html_after", status=200)),
    Mishap("429 before", _rule("too_many")),
    Mishap("redirect", _rule("redirect")),
    Mishap("another id echoed", _rule("wrong_echo")),
    Mishap("code 10000 before", _rule("code_before", code=10000, message="Server Timeout"), ("bybit",)),
    Mishap("code 10000 after", _rule("code_after", code=10000), ("bybit",)),
    Mishap("code 10016 before", _rule("code_before", code=10016), ("bybit",)),
    Mishap("code 10016 after", _rule("code_after", code=10016, message="Internal System Error."), ("bybit",)),
    Mishap("code 10006 before", _rule("code_before", code=10006, message="Too many visits."), ("bybit",)),
    Mishap("code 110072 after", _rule("code_after", code=110072, message="OrderLinkedID is duplicate"), ("bybit",)),
    Mishap("code 110007 before", _rule("code_before", code=110007, message="ab not enough"), ("bybit",)),
    Mishap("odd error before", _rule("code_before", message="Upstream unavailable"), ("hyperliquid",)),
    Mishap("odd error after", _rule("code_after", message="Upstream unavailable"), ("hyperliquid",)),
)
_FAULTY = 0.85
_TWICE = 0.15
_EMPTY_BOOK = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One wish of one person, and its fate."""

    number: int
    user_id: int
    exchange: str
    coin: str
    kind: Kind
    size: Decimal
    mishaps: tuple[Mishap, ...]
    has_empty_book: bool
    taps: tuple[float, ...]
    """When the confirm button is pressed, in seconds after one another."""
    pause_s: float
    """How long its person waits before they ask."""
    is_redelivered: bool
    """Whether Telegram delivers again what it delivered last."""

    @property
    def side(self) -> str:
        """The order's side."""
        return "sell" if self.kind in {Kind.SELL, Kind.CLOSE} else "buy"

    @property
    def text(self) -> str:
        """What its person writes."""
        price = (PRICES[self.coin] * Decimal("0.97")).normalize()
        return _COMMANDS[self.kind].format(coin=self.coin, size=f"{self.size:f}", price=f"{price:f}")

    @property
    def native(self) -> str:
        """The market's name at its venue."""
        return VENUES[self.exchange].natives[self.coin]


@dataclass(slots=True)
class _Sizes:
    """Sizes at one venue, each used once."""

    used: dict[str, int] = field(default_factory=dict)

    def next(self, coin: str) -> Decimal:
        first, step = map(Decimal, _FIRST_SIZES[coin])
        while True:
            number = self.used[coin] = self.used.get(coin, -1) + 1
            size = first + number * step
            if not f"{size:f}".endswith("0"):  # it is looked for in requests as it is written
                return size


def intents_of(seed: int, count: int, people: Mapping[int, str], only: Sequence[str] | None = None) -> Iterator[Intent]:
    """Draw what people will want.

    Args:
        people: The venue of each user id.
        only: Names of the mishaps that there are; None: all.
    """
    mishaps = [mishap for mishap in MISHAPS if only is None or mishap.name in only]
    dice, sizes = random.Random(f"intents {seed}"), {exchange: _Sizes() for exchange in VENUES}
    users = sorted(people)
    for number in range(count):
        user_id = users[number % len(users)]
        exchange, kind = people[user_id], dice.choice(_KINDS)
        coin = "BTC" if kind is Kind.CLOSE else dice.choice(list(PRICES))
        yield Intent(
            number=number,
            user_id=user_id,
            exchange=exchange,
            coin=coin,
            kind=kind,
            size=sizes[exchange].next(coin),
            mishaps=_mishaps(dice, exchange, mishaps),
            has_empty_book=kind in {Kind.BUY, Kind.SELL} and dice.random() < _EMPTY_BOOK,
            taps=dice.choice(((0.0,), (0.0,), (0.0,), (0.0, 0.0), (0.0, 1.5), (0.0, 0.2, 9.0))),
            pause_s=dice.choice((0.0, 0.5, 2.0, 6.0)),
            is_redelivered=dice.random() < 0.1,
        )


def _mishaps(dice: random.Random, exchange: str, mishaps: Sequence[Mishap]) -> tuple[Mishap, ...]:
    possible = [mishap for mishap in mishaps if exchange in mishap.venues]
    if not possible or dice.random() >= _FAULTY:
        return ()
    return tuple(dice.choice(possible) for _ in range(2 if dice.random() < _TWICE else 1))
