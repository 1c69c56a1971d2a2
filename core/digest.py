"""The daily summary, at the hour that each person chose: what their accounts brought since the one before."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import Clock, SystemClock
from core.forever import every, for_ever, holding
from core.past import stored_past
from core.summary import Summary
from db import Job, Message, Store
from models.account import Account
from models.values import from_millis

DIGEST = "digest"
"""The setting: an hour of the person's day, and the day of the first summary; without it there is none."""
KIND = "digest"
_EVERY_S = 30.0
_STRETCH = timedelta(hours=24)
_SETTLED = timedelta(minutes=6)
"""What happened before the hour has reached the records by then."""


class DigestMaker:
    """The background job. One process at a time holds it.

    Args:
        store: The open database.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Look at the clock for ever."""
        await for_ever(
            "summary", holding(self._store, Job.RECONCILER, self.look_once), wait=every(self._clock, _EVERY_S)
        )

    async def look_once(self) -> int:
        """Write every summary whose hour has come today; return how many."""
        wishes = await self._store.settings.everyone_with(DIGEST)
        return sum([await self._write(user_id, wish) for user_id, wish in wishes.items()])

    async def _write(self, user_id: int, wish: Mapping[str, Any]) -> bool:
        zone = ZoneInfo(await self._store.settings.get(user_id, "zone", "UTC"))
        local = from_millis(self._clock.now_ms()).astimezone(zone)
        end = local.replace(hour=int(wish["hour"]), minute=0, second=0, microsecond=0)
        key, day = f"{KIND}:{user_id}:{local:%Y-%m-%d}", f"{local:%Y-%m-%d}"
        if local < end + _SETTLED or day < str(wish["from"]) or await self._store.outbox.find(key) is not None:
            return False
        accounts = [row.account for row in await self._store.accounts.of_user(user_id)]
        rows = [{"account": account, **_facts(await self._summary(account, end))} for account in accounts]
        body = {"kind": KIND, "until": end, "accounts": rows}
        return await self._store.outbox.add(Message(chat_id=user_id, key=key, body=body)) is not None

    async def _summary(self, account: Account, end: datetime) -> Summary:
        return (await stored_past(self._store, account, end - _STRETCH, end)).summary


def digest_wish(hour: int, local: datetime) -> dict[str, Any]:
    """Return what is stored for a chosen hour: the first summary comes when that hour comes next."""
    first = local + timedelta(days=1) if local.hour >= hour else local
    return {"hour": hour, "from": f"{first:%Y-%m-%d}"}


def _facts(summary: Summary) -> dict[str, object]:
    return {
        "trades": summary.trades,
        "wins": summary.wins,
        "pnl": summary.pnl,
        "fees": summary.fees,
        "funding": summary.funding,
        "total": summary.total,
        "best": None if summary.best is None else (summary.best.symbol, summary.best.pnl),
        "worst": None if summary.worst is None else (summary.worst.symbol, summary.worst.pnl),
    }
