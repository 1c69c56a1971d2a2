"""What the accounts of a person did in a stretch of time, for screens, pictures and files."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from chat.call import Call
from chat.money import find_instrument
from chat.reading import ask
from core.past import Past, past_of
from exchanges.registry import EXCHANGES
from models.account import Account
from models.errors import BadOrder
from telegram_ui.buttons import Scope
from telegram_ui.views.history import PERIODS

_LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
_ON = "on"
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def period_and_place(words: Sequence[str], default: str) -> tuple[str, str]:
    """Return the period and the accounts that were named, each where it was: `month all` is a month of every account.

    Raises:
        BadOrder: There is no such period.
    """
    period, places = "", list[str]()
    for word in (word for word in words if word and word != _ON):
        if word in PERIODS and not period:
            period = word
        else:
            places.append(word)
    if len(places) > 1 or any(place != Scope.ALL and place not in EXCHANGES for place in places):
        raise BadOrder("expected day, week, month or all", code="unknown_period")
    return period or default, "".join(places)


async def currency_of(call: Call, account: Account, symbols: Sequence[str]) -> str | None:
    """Return the currency that results of some markets are in; None where they differ, or it is not known."""
    looked = await asyncio.gather(*(ask(account, partial(find_instrument, call, text=name)) for name in symbols))
    quotes = {part.value.quote if part.value else None for part in looked}
    return quotes.pop() if len(quotes) == 1 else None


def beginning_of(call: Call, period: str) -> datetime:
    """Return when a period began."""
    length = _LENGTHS.get(period)
    return _BEGINNING if length is None else call.services.now() - length


async def past(call: Call, account: Account, period: str) -> Past:
    """Return what one account did in a period."""
    since = beginning_of(call, period)
    return await past_of(call.backend, call.store, account, since, call.services.now())
