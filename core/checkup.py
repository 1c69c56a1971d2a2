"""Looks at what an open process can see: venues, keys, the journal, what is held. The same for terminal and chat."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from core.backups import taken
from core.clients import ClientPool
from core.streaming import Streams
from db import EVERYBODY, AccountRow, Store
from exchanges.base import Exchange
from exchanges.pacing import Gate
from exchanges.transport import Network
from models.account import Account
from models.enums import AccountType
from models.errors import NoCredentials, Rejected, TradingError, Unavailable
from models.finding import Finding, fail, ok, warn
from models.values import from_millis
from models.venue import KeyInfo

T = TypeVar("T")

CLOCK_WARN_MS = 250
CLOCK_FAIL_MS = 1000
"""From here on venues refuse signed requests now and then."""
KEY_ENDS_SOON = timedelta(days=7)
UNRESOLVED_FAIL = timedelta(minutes=5)
BACKUP_WARN_H = 26
BUDGET_WARN_PERCENT = 80
SYNC_WARN = timedelta(minutes=10)

POLLING_CONFLICT = "polling_conflict"
"""Under this name the bot keeps, with its time, that another program took its updates."""
CONFLICT_LASTS_S = 600.0
_PATIENCE_S = 15.0


async def check_venues(
    store: Store, clients: ClientPool, *, monotonic: Callable[[], float] = time.monotonic
) -> list[Finding]:
    """Look at the clock of every venue in use and at every stored key."""
    rows = await store.accounts.usable()
    places = sorted({(row.account.exchange, row.account.account_type) for row in rows})
    clocks = [_clock(clients, exchange, account_type, monotonic) for exchange, account_type in places]
    keys = [_key(clients, row.account) for row in rows]
    found = await asyncio.gather(*clocks, *keys)
    return [finding for findings in found for finding in findings] or [ok("no_accounts")]


async def check_journal(store: Store, *, now: datetime | None = None) -> list[Finding]:
    """Look at orders whose outcome is unknown, at what is halted, and at what is not synced."""
    now = now or datetime.now(UTC)
    return [*await _unresolved(store, now), *await _restrictions(store), *await _synced(store, now)]


async def check_polling(store: Store, *, now: datetime | None = None) -> list[Finding]:
    """Look at whether another program polls with the bot's token, as the bot was last told."""
    noted = await store.cache.get(POLLING_CONFLICT)
    age_s = None if noted is None else ((now or datetime.now(UTC)) - from_millis(noted[1])).total_seconds()
    return [fail(POLLING_CONFLICT)] if age_s is not None and age_s < CONFLICT_LASTS_S else []


def check_process(network: Network, streams: Streams, backups: Path, *, now: datetime | None = None) -> list[Finding]:
    """Look at what this process measures: rate budgets and streams; and at how old the latest backup is."""
    now = now or datetime.now(UTC)
    budgets = [finding for scope, gate in network.gates.items() for finding in _budget(scope, gate)]
    silent = [
        warn("stream_silent", venue=a.exchange, kind=a.account_type, user=a.user_id)
        for a in sorted(streams.silent, key=str)
    ]
    return [*budgets, *silent, *backup_findings(backups, now)]


def backup_findings(folder: Path, now: datetime) -> list[Finding]:
    """Look at how old the latest backup is."""
    latest = max(taken(folder), default=None)
    if latest is None:
        return [warn("no_backup")]
    hours = round((now - latest).total_seconds() / 3600)
    return [warn("backup_old", hours=hours) if hours > BACKUP_WARN_H else ok("backup", hours=hours)]


def _budget(scope: str, gate: Gate) -> list[Finding]:
    now = gate.monotonic()
    venue, percent = urlsplit(scope.split()[-1]).netloc or scope, round(gate.pacer.used(now) * 100)
    paused_s = round(gate.pacer.paused_s(now))
    used = warn if percent >= BUDGET_WARN_PERCENT else ok
    found = [used("budget_used", venue=venue, percent=percent)]
    return [warn("left_alone", venue=venue, seconds=paused_s), *found] if paused_s else found


async def _clock(
    clients: ClientPool, exchange: str, account_type: AccountType, monotonic: Callable[[], float]
) -> list[Finding]:
    place = {"venue": exchange, "kind": account_type}
    asked_at, before = monotonic(), time.time()
    try:
        server = await _in_time(clients.market(exchange, account_type).get_server_time())
    except TradingError as e:
        return [fail("venue_silent", **place, problem=e.code)]
    round_trip_s = monotonic() - asked_at
    offset_ms = round((server.timestamp() - before - round_trip_s / 2) * 1000)
    # half the way there and back is how well it can be known
    surplus = max(abs(offset_ms) - round(round_trip_s * 500), 0)
    if surplus >= CLOCK_FAIL_MS:
        return [fail("clock_wrong", **place, ms=offset_ms)]
    return [
        warn("clock_off", **place, ms=offset_ms) if surplus >= CLOCK_WARN_MS else ok("clock", **place, ms=offset_ms)
    ]


async def _key(clients: ClientPool, account: Account) -> list[Finding]:
    place = {"venue": account.exchange, "kind": account.account_type, "user": account.user_id}
    try:
        info = await _in_time(_key_info(clients, account))
    except (Rejected, NoCredentials) as e:
        return [fail("key_refused", **place, problem=e.code)]
    except TradingError as e:
        return [warn("key_not_checked", **place, problem=e.code)]
    is_simulated = account.account_type is AccountType.PAPER  # whatever its key may do, it does it to nothing
    return (not is_simulated and key_findings(info, place)) or [ok("key", **place)]


def key_findings(info: KeyInfo, place: dict[str, object], *, now: datetime | None = None) -> list[Finding]:
    """Return what is wrong with a key; nothing where nothing is. Pure."""
    now = now or datetime.now(UTC)
    until = info.expires_at
    table: Sequence[tuple[bool, Callable[[], Finding]]] = (
        (info.is_master_key, lambda: fail("key_is_master", **place)),
        (info.can_withdraw, lambda: fail("key_withdraws", **place)),
        (info.is_read_only or not info.can_trade, lambda: fail("key_read_only", **place)),
        (until is not None and until <= now, lambda: fail("key_ended", **place)),
        (
            until is not None and now < until <= now + KEY_ENDS_SOON,
            lambda: warn("key_ends", **place, day=f"{until:%Y-%m-%d}"),
        ),
        (info.bound_ips == (), lambda: warn("key_unbound", **place)),
    )
    return [make() for applies, make in table if applies]


async def _key_info(clients: ClientPool, account: Account) -> KeyInfo:
    client: Exchange = await clients.account(account)
    return await client.get_key_info()


async def _unresolved(store: Store, now: datetime) -> list[Finding]:
    legs = await store.journal.unresolved()
    if not legs:
        return [ok("all_resolved")]
    oldest = now - datetime.fromtimestamp(min(leg.created_ms for leg in legs) / 1000, UTC)
    minutes = round(oldest.total_seconds() / 60)
    what = {"count": len(legs), "minutes": minutes}
    return [fail("unresolved_long", **what) if oldest >= UNRESOLVED_FAIL else warn("unresolved", **what)]


async def _restrictions(store: Store) -> list[Finding]:
    rows = await store.trading.restrictions()
    everybody = [row.reason for row in rows if row.scope == EVERYBODY]
    others = len(rows) - len(everybody)
    found = [warn("halted", reason=reason) for reason in everybody]
    return [*found, *([warn("restricted", count=others)] if others else [])]


async def _synced(store: Store, now: datetime) -> list[Finding]:
    found: list[Finding] = []
    for row in await store.accounts.usable():
        finding = await _sync_age(store, row, now)
        if finding is not None:
            found.append(finding)
    return found


async def _sync_age(store: Store, row: AccountRow, now: datetime) -> Finding | None:
    account = row.account
    mark = await store.fills.mark(account, "positions")
    if mark is None or now - mark < SYNC_WARN:
        return None
    minutes = round((now - mark).total_seconds() / 60)
    return warn("not_synced", venue=account.exchange, kind=account.account_type, user=account.user_id, minutes=minutes)


async def _in_time(work: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(work, _PATIENCE_S)
    except TimeoutError as e:
        raise Unavailable("no answer in time", code="timeout") from e
