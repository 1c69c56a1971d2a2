"""What people are told without asking: the kinds of news there are, and how loudly each is told. Pure.

A person chooses on, silent or off for each kind, and again for each account; the quieter choice holds. In quiet hours,
and while muted, news makes no sound, except for what may cost money before the morning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.preferences import Loudness
from models.account import Account

GLOBAL, QUIET_HOURS, MUTED_UNTIL = "notify", "quiet_hours", "muted_until"


class Notice(StrEnum):
    """A kind of news."""

    FILLS = "fills"
    ORDERS = "orders"
    """Orders that were refused, ended, or are still being checked."""
    EXITS = "exits"
    """A stop or a target closed something."""
    STOPS = "stops"
    """A stop that follows targets was moved, or what should protect a position does not stand."""
    ELSEWHERE = "elsewhere"
    """Positions changed in the venue's own app or by another program."""
    LIQUIDATION = "liquidation"
    LIQUIDATION_NEAR = "liquidation_near"
    NAKED = "naked"
    FUNDING = "funding"
    KEYS = "keys"
    CONNECTION = "connection"
    ALERTS = "alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a kind of news is told.

    Attributes:
        default: Where nobody chose.
        wakes: Whether it makes its sound in quiet hours too.
        is_certain: Whether it is always told with its sound, whatever was chosen.
        least: The quietest that can be chosen.
    """

    default: Loudness = Loudness.ON
    wakes: bool = False
    is_certain: bool = False
    least: Loudness = Loudness.OFF


RULES: Mapping[Notice, Rule] = {
    Notice.FILLS: Rule(),
    Notice.ORDERS: Rule(least=Loudness.SILENT),
    Notice.EXITS: Rule(wakes=True),
    Notice.STOPS: Rule(default=Loudness.SILENT),
    Notice.ELSEWHERE: Rule(),
    Notice.LIQUIDATION: Rule(is_certain=True),
    Notice.LIQUIDATION_NEAR: Rule(wakes=True, least=Loudness.SILENT),
    Notice.NAKED: Rule(wakes=True),
    Notice.FUNDING: Rule(default=Loudness.SILENT),
    Notice.KEYS: Rule(least=Loudness.SILENT),
    Notice.CONNECTION: Rule(wakes=True),
    Notice.ALERTS: Rule(),
}
CHOOSABLE = tuple(notice for notice, rule in RULES.items() if not rule.is_certain)

_QUIETER = (Loudness.ON, Loudness.SILENT, Loudness.OFF)
_REASONS = {
    "take_profit": Notice.EXITS,
    "stop_loss": Notice.EXITS,
    "trailing_stop": Notice.EXITS,
    "liquidation": Notice.LIQUIDATION,
    "auto_deleverage": Notice.LIQUIDATION,
}
_KINDS = {
    "order_partly_filled": Notice.FILLS,
    "order_unknown": Notice.ORDERS,
    "targets_missing": Notice.STOPS,
    "stop_moved": Notice.STOPS,
    "stop_waits": Notice.STOPS,
    "stop_not_moved": Notice.NAKED,
    "orphan_cancelled": Notice.STOPS,
    "liquidation_near": Notice.LIQUIDATION_NEAR,
    "naked": Notice.NAKED,
    "funding": Notice.FUNDING,
    "key_ending": Notice.KEYS,
    "key_refused": Notice.KEYS,
    "account_silent": Notice.CONNECTION,
    "account_back": Notice.CONNECTION,
    "price_alert": Notice.ALERTS,
}


def notice_of(body: Mapping[str, Any]) -> Notice | None:
    """Return which kind of news a message is; None for what is not chosen, such as a page to the operator."""
    kind = str(body["kind"])
    if kind == "order_settled":
        return Notice.FILLS if body["result"]["outcome"] == "filled" else Notice.ORDERS
    if kind.startswith("position_"):
        return _REASONS.get(str(body["event"]["reason"]), Notice.ELSEWHERE)
    return _KINDS.get(kind)


def choice_key(notice: Notice) -> str:
    """Return the setting that holds how loudly a kind of news is told."""
    return f"{GLOBAL}:{notice}"


def account_key(account: Account) -> str:
    """Return the setting that holds how loudly an account's news is told."""
    return f"{GLOBAL}_in:{account.place}"


def chosen(notice: Notice, settings: Mapping[str, Any]) -> Loudness:
    """Return how loudly a person wants a kind of news, all accounts alike."""
    rule = RULES[notice]
    own = settings.get(choice_key(notice))
    if own is not None:
        return quietest(Loudness(own), at_least=rule.least)
    return quietest(rule.default, Loudness(settings.get(GLOBAL, Loudness.ON)), at_least=rule.least)


def loudness(notice: Notice, account: Account | None, settings: Mapping[str, Any], local: datetime) -> Loudness:
    """Return how news is told now.

    Args:
        account: Whose news; None: of no account.
        settings: Everything its reader chose.
        local: The time now, in the reader's zone.
    """
    rule = RULES[notice]
    if rule.is_certain:
        return Loudness.ON
    of_account = Loudness(settings.get(account_key(account), Loudness.ON)) if account else Loudness.ON
    wish = quietest(chosen(notice, settings), of_account, at_least=rule.least)
    if wish is Loudness.ON and not rule.wakes and is_quiet(settings, local):
        return Loudness.SILENT
    return wish


def is_quiet(settings: Mapping[str, Any], local: datetime) -> bool:
    """Whether a person wants no sound now: it is a quiet hour, or they muted the bot for a while."""
    if local.timestamp() < float(settings.get(MUTED_UNTIL) or 0):
        return True
    hours = settings.get(QUIET_HOURS)
    return bool(hours) and is_within(str(hours), local.hour)


def is_within(hours: str, hour: int) -> bool:
    """Whether an hour of the day lies in a stretch such as `23-7`, which may go over midnight."""
    first, last = (int(part) for part in hours.split("-"))
    return first <= hour < last if first < last else hour >= first or hour < last


def quietest(*wishes: Loudness, at_least: Loudness = Loudness.OFF) -> Loudness:
    """Return the quietest of some choices, but no quieter than `at_least`."""
    place = max(_QUIETER.index(wish) for wish in wishes)
    return _QUIETER[min(place, _QUIETER.index(at_least))]


def next_choice(notice: Notice, now: Loudness) -> Loudness:
    """Return what a tap makes of a choice: on, silent, off, and on again."""
    return _cycle(now, RULES[notice].least)


def next_account_choice(now: Loudness) -> Loudness:
    """Return what a tap makes of an account's loudness."""
    return _cycle(now, Loudness.OFF)


def _cycle(now: Loudness, least: Loudness) -> Loudness:
    choices = _QUIETER[: _QUIETER.index(least) + 1]
    return choices[(choices.index(now) + 1) % len(choices)]
