"""One writer: what was awaited is on the disk, and one job's fault is nobody else's."""

import asyncio
import functools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from db import StorageRefused, StorageUnavailable, Store
from storage.location import connect
from storage.writer import Transaction, Writer


def put(n: int) -> str:
    return f"INSERT INTO cache VALUES('k{n}',x'00',{n})"


def putting(n: int) -> Callable[[Transaction], int]:
    return lambda tx: tx.sql.execute(put(n)).rowcount


def count(path: Path) -> int:
    with closing(connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM cache").fetchone()[0])


async def test_jobs_that_arrive_together_commit_together(store: Store) -> None:
    commits: list[str] = []
    store.writer._sql.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    await asyncio.gather(*(store.writer.run(putting(n)) for n in range(50)))
    assert len(commits) == 1
    assert count(store.path) == 50


async def test_job_that_raises_undoes_only_itself(store: Store) -> None:
    def job(n: int, tx: Transaction) -> int:
        tx.sql.execute(put(n))
        if n % 3 == 0:
            raise ValueError(n)
        return n

    jobs = (store.writer.run(functools.partial(job, n)) for n in range(30))
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [n % 3 == 0 for n in range(30)]
    assert count(store.path) == 20


async def test_every_transaction_takes_the_write_lock_at_once(store: Store) -> None:
    begins: list[str] = []
    store.writer._sql.set_trace_callback(lambda sql: begins.append(sql) if sql.startswith("BEGIN") else None)
    await store.probe()
    await store.users.add(1)
    assert begins == ["BEGIN IMMEDIATE"] * 2


async def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StorageUnavailable, match="readonly"):
        await store.reader.all(text(put(1)))
    assert count(store.path) == 0


async def test_lock_held_by_another_process_is_waited_for(store: Store) -> None:
    with closing(connect(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.probe())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        other.execute("COMMIT")
        await waiting


async def test_lock_held_too_long_is_unavailable_and_writes_nothing(store: Store) -> None:
    store.writer._sql.execute("PRAGMA busy_timeout=50")
    with closing(connect(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable) as error:
            await store.writer.run(lambda tx: tx.sql.execute(put(1)).rowcount)
        assert error.value.code == "storage_busy"
    assert count(store.path) == 0
    await store.probe()


async def test_full_disk_is_unavailable_for_the_whole_batch_and_passes(store: Store) -> None:
    pages = store.writer._sql.execute("PRAGMA page_count").fetchone()[0]
    store.writer._sql.execute(f"PRAGMA max_page_count={pages}")

    def big(tx: Transaction) -> int:
        return tx.sql.execute("INSERT INTO cache VALUES('big',zeroblob(100000),0)").rowcount

    small = store.writer.run(lambda tx: tx.sql.execute(put(1)).rowcount)
    results = await asyncio.gather(small, store.writer.run(big), return_exceptions=True)
    assert [getattr(result, "code", None) for result in results] in (
        ["storage_full", "storage_full"],
        ["storage_unavailable", "storage_full"],
    )
    assert count(store.path) == 0

    store.writer._sql.execute("PRAGMA max_page_count=1000000")
    await store.writer.run(big)


async def test_cancelled_caller_does_not_stop_its_job(store: Store) -> None:
    task = asyncio.ensure_future(store.writer.run(lambda tx: tx.sql.execute(put(1)).rowcount))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.probe()
    assert store.pending == 0
    assert count(store.path) == 2


async def test_closing_finishes_what_was_accepted(url: str) -> None:
    store = await Store.open(url)
    jobs = [asyncio.ensure_future(store.writer.run(putting(n))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*jobs) == [1] * 20
    with pytest.raises(StorageUnavailable):
        await store.writer.run(lambda tx: None)
    with pytest.raises(StorageUnavailable):
        await store.reader.all(text("SELECT 1"))


async def test_statement_that_is_wrong_is_not_called_unavailable(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await store.writer.run(lambda tx: tx.sql.execute("SELECT * FROM nowhere"))


def test_writer_of_a_file_that_is_gone_reports_it(tmp_path: Path) -> None:
    with pytest.raises(StorageRefused):
        Writer(tmp_path / "nowhere" / "elcaro.db")
