"""Where an order goes, as it is written: `/long BTC 100$ on all`, `… on bybit,hyperliquid`, `… on demo`."""

import re
from collections.abc import Sequence
from typing import Protocol

from core.accounts import spec_of
from core.numbers import echo
from core.phrases import EVERYTHING
from exchanges.registry import EXCHANGES
from exchanges.spec import ExchangeSpec
from models.account import Account
from models.enums import AccountType
from models.errors import BadOrder, LimitExceeded

_ON = re.compile(r"(?:^|\s)(?P<on>on|на)\s+(?P<places>[^\W\d_][^\s,]*(?:\s*[,+]\s*[^\W\d_][^\s,]*)*)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,+]+")
_SHORT = {"hl": "hyperliquid"}
_KINDS = {word for spec in EXCHANGES.values() for word in (*spec.account_types, *spec.account_type_aliases)}


class Places(Protocol):
    """Knows what a person's words for accounts mean."""

    async def at_venue(self, user_id: int, exchange: str) -> list[Account]:
        """Return the accounts of a venue that a ticket would go to."""

    def type_named(self, spec: ExchangeSpec, word: str) -> AccountType:
        """Return the account type that a word means at a venue."""


def split_places(text: str) -> tuple[str, tuple[str, ...]]:
    """Take `on …` out of a typed order; return what is left, and the words for places, if any.

    Raises:
        BadOrder: `unknown_place`: there is no such place. The Slavic `на` may be followed by something else.
    """
    match = _ON.search(text)
    if match is None:
        return text, ()
    words = tuple(_SHORT.get(word, word) for word in _BETWEEN.split(match["places"].lower()))
    unknown = next((word for word in words if not _is_place(word)), None)
    if unknown is None:
        return f"{text[: match.start()]} {text[match.end() :]}".strip(), words
    if match["on"].lower() != "on":
        return text, ()
    raise BadOrder("no such place", code="unknown_place", text=echo(unknown), known=", ".join(EXCHANGES))


def _is_place(word: str) -> bool:
    exchange, _, kind = word.partition(":")
    if not kind:
        return word in EVERYTHING or word in EXCHANGES or word in _KINDS
    return exchange in EXCHANGES and kind in _KINDS


async def accounts_at(
    places: Places, user_id: int, words: Sequence[str], every: Sequence[Account], *, most: int
) -> list[Account]:
    """Return the accounts that words for places mean, each once.

    Args:
        words: `all` (every account), a venue (what choosing it would mean), a kind of account, or `bybit:real`.
        every: The accounts that this person has.
        most: How many one ticket may go to.

    Raises:
        BadOrder: This person has no such account (`no_such_account`).
        LimitExceeded: They are too many (`too_many_accounts`).
    """
    found: list[Account] = []
    for word in words:
        here = await _at(places, user_id, word, every)
        if not here:
            raise BadOrder("no such account", code="no_such_account", text=echo(word))
        found += here
    meant = list(dict.fromkeys(found))
    if len(meant) > most:
        raise LimitExceeded("too many accounts at once", code="too_many_accounts", limit=most)
    return meant


async def _at(places: Places, user_id: int, word: str, every: Sequence[Account]) -> list[Account]:
    exchange, _, kind = word.partition(":")
    if kind:
        spec = spec_of(exchange)
        return [Account(user_id=user_id, exchange=spec.key, account_type=places.type_named(spec, kind))]
    if word in EVERYTHING:
        return list(every)
    if word in EXCHANGES:
        return await places.at_venue(user_id, word)
    return [account for account in every if _is_called(places, account, word)]


def _is_called(places: Places, account: Account, word: str) -> bool:
    spec = spec_of(account.exchange)
    return spec.account_type(word) is not None and places.type_named(spec, word) is account.account_type
