"""Starts, leases and role locks, with real processes where only those prove anything."""

import asyncio
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db import Job, LegState, StorageRefused, Store
from models.account import Account
from models.enums import AccountType
from storage.processes import RoleLock
from tests.storage.claims_kit import sign, wish

ROOT = Path(__file__).resolve().parent.parent.parent
CAUSES = 40


async def test_every_start_is_a_new_epoch(url: str) -> None:
    epochs = []
    for _ in range(3):
        store = await Store.open(url)
        epochs.append(store.processes.me.epoch)
        await store.close()
    assert epochs == sorted(set(epochs))


async def test_second_process_of_a_role_is_refused(url: str) -> None:
    first = await Store.open(url, role="bot")
    with pytest.raises(StorageRefused, match="stop it first"):
        await Store.open(url, role="bot")
    other = await Store.open(url, role="webapp")
    await other.close()
    await first.close()
    again = await Store.open(url, role="bot")
    await again.close()


async def test_asking_whether_a_process_lives_keeps_none_from_starting(tmp_path: Path) -> None:
    asked = os.open(tmp_path / "bot.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(asked, fcntl.LOCK_SH)
    asyncio.get_running_loop().call_later(0.03, os.close, asked)
    lock = RoleLock(tmp_path, "bot")
    await asyncio.to_thread(lock.acquire)
    assert not lock.is_free()
    lock.release()


async def test_live_processes_are_not_gone_and_ended_ones_are(url: str) -> None:
    bot = await Store.open(url, role="bot")
    webapp = await Store.open(url, role="webapp")
    assert await bot.bury_the_dead() == []
    assert await webapp.bury_the_dead() == []
    ended = bot.processes.me.epoch
    await bot.close()
    assert await webapp.bury_the_dead() == [ended]
    bot = await Store.open(url, role="bot")
    assert await webapp.bury_the_dead() == [ended]
    await bot.close()
    await webapp.close()


async def test_process_that_died_without_a_word_is_gone(url: str, tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal; from db import Store\n"
        f"async def main(): await Store.open({url!r}, role='bot'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())"
    )
    died = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await died.wait() == -signal.SIGKILL
    assert RoleLock(tmp_path, "bot").is_free()
    store = await Store.open(url, role="webapp")
    assert await store.bury_the_dead() == [store.processes.me.epoch - 1]
    await store.close()


async def test_job_has_one_holder_and_can_be_taken_over_when_its_lease_ends(url: str) -> None:
    bot, webapp = await Store.open(url, role="bot"), await Store.open(url, role="webapp")
    assert await bot.processes.hold(Job.RESOLVER)
    assert not await webapp.processes.hold(Job.RESOLVER)
    assert await webapp.processes.hold(Job.OUTBOX)
    await bot.writer.run(lambda tx: tx.sql.execute("UPDATE leases SET expires_mono_ms=0 WHERE job='resolver'").rowcount)
    assert await webapp.processes.hold(Job.RESOLVER)
    bot.processes._held_until.clear()  # as if half of its lease had passed
    assert not await bot.processes.hold(Job.RESOLVER)
    await webapp.processes.release(Job.RESOLVER)
    assert await bot.processes.hold(Job.RESOLVER)
    await bot.close()
    assert await webapp.processes.hold(Job.RESOLVER)
    await webapp.close()


async def test_lease_of_an_earlier_boot_is_void(url: str) -> None:
    bot, webapp = await Store.open(url, role="bot"), await Store.open(url, role="webapp")
    assert await bot.processes.hold(Job.STREAMS)
    await bot.writer.run(lambda tx: tx.sql.execute("UPDATE leases SET boot_id='earlier'").rowcount)
    assert await webapp.processes.hold(Job.STREAMS)
    await bot.close()
    await webapp.close()


def claim_everything(url: str, role: str, start: object, done: object) -> None:
    """Claim every cause as fast as possible and report which were ours, with their nonces."""

    async def main() -> list[tuple[str, int | None]]:
        store = await Store.open(url, role=role)
        account = Account(user_id=1, exchange="bybit", account_type=AccountType.PAPER)
        start.wait()  # type: ignore[attr-defined]
        ours = []
        for n in range(CAUSES):
            claimed = await store.journal.claim(wish(account, f"c{n}", symbol=f"S{n}"), sign)
            if hasattr(claimed, "request"):
                ours.append((f"c{n}", claimed.request.stamp.nonce))
            await asyncio.sleep(0)
        await store.close()
        return ours

    done.put(asyncio.run(main()))  # type: ignore[attr-defined]


def test_processes_that_compete_for_the_same_causes_claim_each_exactly_once(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, done = spawn.Event(), spawn.Queue()
    workers = [spawn.Process(target=claim_everything, args=(url, role, start, done)) for role in ("bot", "webapp")]
    for worker in workers:
        worker.start()
    start.set()
    claims = [claim for _ in workers for claim in done.get(timeout=60)]
    for worker in workers:
        worker.join()
    assert sorted(cause for cause, _ in claims) == sorted(f"c{n}" for n in range(CAUSES))
    nonces = [nonce for _, nonce in claims]
    assert len(set(nonces)) == len(nonces)


WRITE_FOR_EVER = """
import asyncio, sys
sys.path.insert(0, "")
from db import Store
from models.account import Account
from models.enums import AccountType
from tests.storage.claims_kit import sign, wish

async def main():
    store = await Store.open(sys.argv[1])
    account = Account(user_id=1, exchange="bybit", account_type=AccountType.PAPER)

    async def claim(n):
        await store.journal.claim(wish(account, f"{sys.argv[2]}-{n}", symbol=f"S{sys.argv[2]}-{n}"), sign)
        print(n, flush=True)

    n = 0
    while True:
        await asyncio.gather(*(claim(n + i) for i in range(10)))
        n += 10

asyncio.run(main())
"""


@pytest.mark.parametrize("after_lines", [1, 37, 100])
def test_what_was_acknowledged_survives_kill_nine(url: str, after_lines: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, url, str(after_lines)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(after_lines)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    process.stdout.close()

    async def causes() -> set[str]:
        store = await Store.open(url)
        rows = await store.journal.in_state(*LegState)
        await store.close()
        return {leg.cause for leg in rows}

    assert {f"{after_lines}-{n}" for n in acknowledged} <= asyncio.run(causes())
