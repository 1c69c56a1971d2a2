"""The check-up that nobody asks for: what it tells the owner, and how often."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.backups import backup_name
from core.checkup import backup_findings, check_journal
from core.rounds import worst
from core.runtime import Runtime
from db import EVERYBODY, Role, TradingState
from models.finding import Finding, Verdict, fail, ok, warn
from sandbox.server import Sandbox
from tests.chat.rig import Rig, eventually, running_bot
from tests.world import USER, elcaro

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def runtime(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with elcaro(sandbox, tmp_path) as opened:
        opened.jobs.herald.operator_id = USER
        yield opened


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


async def told(runtime: Runtime) -> list[str]:
    return [m.body["finding"]["code"] for m in await runtime.store.outbox.due() if m.body["kind"] == "finding"]


async def test_owner_is_told_of_what_stays_wrong_once_a_day(runtime: Runtime, sandbox: Sandbox) -> None:
    rounds = runtime.jobs.rounds
    await runtime.backend.get_balance(USER, exchange="bybit")
    sandbox.fault("error_before", venue="bybit", match="*", count=None)
    await rounds.go(with_venues=True)
    assert await told(runtime) == [], "once may be chance"
    await rounds.go(with_venues=True)
    await rounds.go(with_venues=True)
    assert await told(runtime) == ["venue_silent"]


async def test_what_is_well_is_told_to_nobody(runtime: Runtime) -> None:
    for _ in range(3):
        await runtime.jobs.rounds.go(with_venues=True)
    assert await told(runtime) == []


async def test_halt_and_restrictions_are_found(runtime: Runtime) -> None:
    await runtime.store.trading.restrict(EVERYBODY, "restored", TradingState.HALTED)
    await runtime.store.trading.restrict("user:7", "paused", TradingState.REDUCING)
    assert codes(await check_journal(runtime.store)) >= {"halted", "restricted", "all_resolved"}


async def test_account_that_was_not_compared_for_long_is_found(runtime: Runtime) -> None:
    await runtime.backend.get_balance(USER, exchange="bybit")
    row = (await runtime.store.accounts.usable())[0]
    await runtime.store.positions.replace(row.account, [], as_of=NOW)
    found = await check_journal(runtime.store, now=NOW + timedelta(minutes=11))
    assert "not_synced" in codes(found)


def test_age_of_the_latest_backup_is_judged(tmp_path: Path) -> None:
    assert codes(backup_findings(tmp_path, NOW)) == {"no_backup"}
    (tmp_path / backup_name(NOW - timedelta(hours=30))).touch()
    assert codes(backup_findings(tmp_path, NOW)) == {"backup_old"}
    (tmp_path / backup_name(NOW - timedelta(hours=1))).touch()
    assert codes(backup_findings(tmp_path, NOW)) == {"backup"}


def test_worst_verdict_is_the_verdict_of_all() -> None:
    assert worst([]) is Verdict.OK
    assert worst([ok("a"), warn("b"), ok("c")]) is Verdict.WARN
    assert worst([warn("b"), fail("d"), ok("a")]) is Verdict.FAIL


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_bot(sandbox, tmp_path) as running:
        yield running


async def test_owner_reads_what_was_found_and_others_do_not(rig: Rig) -> None:
    store = rig.runtime.store
    await store.trading.restrict(EVERYBODY, "restored", TradingState.HALTED)
    assert "restored" in (await rig.owner.says("/health")).text
    await store.users.set_role(rig.stranger.user_id, Role.VIEWER)
    assert "restored" not in (await rig.stranger.says("/health")).text


async def test_finding_reaches_the_owners_chat_as_a_sentence(rig: Rig) -> None:
    await rig.owner.says("/start")
    herald = replace(rig.runtime.jobs.herald, operator_id=rig.owner.user_id)
    message = herald.finding(warn("key_ends", venue="bybit", kind="real", user=7, day="2026-03-09"), "2026-03-04")
    assert message is not None
    await rig.runtime.store.outbox.add(message)
    rig.app.outbox.wake()
    await eventually(lambda: "expires on 2026-03-09" in rig.owner.last().text)
