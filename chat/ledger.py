"""What the accounts of a person did in a stretch of time, for screens, pictures and files."""

from datetime import UTC, datetime, timedelta

from chat.call import Call
from core.past import Past, past_of
from models.account import Account
from models.errors import BadOrder
from telegram_ui.views.history import PERIODS

_LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def period_of(text: str, default: str) -> str:
    """Return the period that was named.

    Raises:
        BadOrder: There is no such period.
    """
    period = text.strip().lower() or default
    if period not in PERIODS:
        raise BadOrder("expected day, week, month or all", code="unknown_period")
    return period


def beginning_of(call: Call, period: str) -> datetime:
    """Return when a period began."""
    length = _LENGTHS.get(period)
    return _BEGINNING if length is None else call.services.now() - length


async def past(call: Call, account: Account, period: str) -> Past:
    """Return what one account did in a period."""
    since = beginning_of(call, period)
    return await past_of(call.backend, call.store, account, since, call.services.now())
