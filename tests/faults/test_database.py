"""A database that is locked, full, damaged, old, new or gone: D rows. Nothing that is not written down is sent."""

import asyncio
import os
import re
import resource
import shutil
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from core.emergency import EmergencyLog
from core.recovery import RESTORED
from core.service import EXIT_STORAGE
from db import EVERYBODY, Claimed, Job, LegState, Recorded, StorageRefused, TradingState
from models.account import Account
from models.enums import AccountType, Outcome
from models.errors import LimitExceeded, NotSent, TradingError
from sandbox import demo
from sandbox.telegram import people
from storage.backups import back_up, examine, restore
from storage.location import check_health
from storage.store import Store
from tests.faults.chatting import chatting, telegram
from tests.faults.rows import Case, Rows
from tests.faults.stage import FIRST, SECOND, THIRD, Scene, Stage
from tests.storage.claims_kit import sign, wish

D = Rows()
ROOT = Path(__file__).parents[2]
ONE = {"on": ("bybit",), "via": ("unified",)}
"""For rows in which no order leaves, or nothing depends on where it goes."""


class House:
    """Where the lives of one case take place, and the database that they share."""

    def __init__(self, scene: Scene, folder: Path, case: Case) -> None:
        self.scene = scene
        self.folder = folder
        self.case = case

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def database(self) -> Path:
        return self.data / "elcaro.db"

    @asynccontextmanager
    async def life(self, folder: Path | None = None) -> AsyncIterator[Stage]:
        async with self.scene.product(folder or self.folder, self.case.exchange, self.case.path) as stage:
            yield stage
            await stage.check()

    async def refuses_to_start(self) -> str:
        """Return why the product does not start on this database."""
        with pytest.raises(StorageRefused) as refusal:
            async with self.life():
                pass
        return str(refusal.value)


@contextmanager
def other_writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock, as the other process does while it writes."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


async def grown_log(stage: Stage) -> Path:
    """Make the database's log longer than the file for emergencies, which is written in place; return it."""
    log = stage.runtime.store.path.with_name("elcaro.db-wal")
    while log.stat().st_size < 400_000:
        await stage.time.run(stage.runtime.store.cache.put("junk", os.urandom(50_000)))
    return log


@contextmanager
def full_disk(log: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the database's log, which has to grow for every commit."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@D.row("D1")
async def order_waits_for_the_other_process_and_goes_if_it_is_still_wanted(house: House) -> None:
    async with house.life() as stage:
        request, client = await stage.request(FIRST), await stage.client()
        with other_writer(house.database) as other:
            threading.Timer(0.5, other.rollback).start()
            assert (await stage.send(request, FIRST, client=client)).outcome is Outcome.FILLED
        assert stage.counts == (1, 1)


@D.row("D1", **ONE)
async def order_that_waited_too_long_is_not_sent(house: House) -> None:
    async with house.life() as stage:
        request, client = await stage.request(FIRST), await stage.client()
        with other_writer(house.database) as other:

            def let_go() -> None:
                stage.time.skew_ms = 31_000
                other.rollback()

            threading.Timer(0.5, let_go).start()
            with pytest.raises(NotSent) as refusal:
                await stage.send(request, FIRST, client=client)
        assert refusal.value.code == "expired"
        assert stage.counts == (0, 0)
        stage.time.skew_ms = 0


@D.row("D2")
async def lock_that_is_held_too_long_sends_nothing(house: House) -> None:
    async with house.life() as stage:
        request, client = await stage.request(FIRST), await stage.client()
        stage.runtime.store.writer._sql.execute("PRAGMA busy_timeout=200")
        with other_writer(house.database), pytest.raises(LimitExceeded) as refusal:
            await stage.send(request, FIRST, client=client)
        assert refusal.value.code == "storage_unavailable"
        assert stage.counts == (0, 0)
        assert (await stage.send(request, FIRST)).outcome is Outcome.FILLED
        assert stage.counts == (1, 1)


@D.row("D3")
async def full_disk_lets_positions_be_closed_and_nothing_opened(house: House) -> None:
    async with house.life() as stage:
        await stage.buy(FIRST)
        request, log = await stage.request(SECOND), await grown_log(stage)
        with full_disk(log):
            with pytest.raises(LimitExceeded) as refusal:
                await stage.send(request, SECOND)
            assert refusal.value.code == "storage_unavailable"
            assert len(stage.posts()) == 1
            result = await stage.close(THIRD)
            assert result.success
            assert "not_journalled" in result.warnings
            await stage.time.advance(1)
            assert stage.size() == 0
        noted = EmergencyLog(house.data / "emergency.jsonl").entries()
        assert [entry["client_order_id"] for entry in noted] == [stage.id_of(THIRD)] * 2
        await stage.time.run(stage.runtime.jobs.recovery.recover())  # takes in what it does not know
        assert len(stage.posts()) == 2


@D.row("D3")
async def full_disk_lets_people_close_by_one_tap_in_the_chat(house: House) -> None:
    async with house.life() as stage, chatting(stage) as chat:
        await stage.buy(FIRST)
        log = await grown_log(stage)
        with full_disk(log):
            people.send_text(chat.state, demo.OWNER_ID, "/buy BTC 200$")
            await stage.time.until(lambda: "Only closing works now" in chat.owner.last().text)
            shown = chat.owner.last()
            [data] = [data for data in shown.buttons.values() if data.startswith(f"now|{stage.exchange}|")]
            chat.press(shown, data)
            await stage.time.until(lambda: "It was sent, but not written down" in chat.owner.last().text)
            assert len(stage.posts()) == 2
        await stage.time.until(lambda: not stage.size())
        said = await chat.says("/whoami")
        assert "Only closing" not in said.text
        telegram(stage.scene).updates.redeliver(3)
        await stage.time.run(stage.runtime.jobs.recovery.recover())  # takes in what it does not know
        assert len(stage.posts()) == 2


@D.row("D4")
async def outcome_that_cannot_be_written_is_kept_until_it_can(house: House) -> None:
    async with house.life() as stage:
        await stage.mute_streams()
        request, log = await stage.request(FIRST), await grown_log(stage)
        stage.fault("delay_before", delay_before_s=2)
        sending = asyncio.create_task(stage.sending(request, FIRST))
        await stage.time.until(lambda: bool(stage.posts()))
        with full_disk(log):
            result = await stage.time.run(sending)
            assert result.outcome in {Outcome.ACCEPTED, Outcome.FILLED}
            assert await stage.state() is LegState.SENDING
        await stage.time.advance(5)
        assert await stage.state() is LegState.FILLED
        assert stage.counts == (1, 1)


@D.row("D5", **ONE)
async def database_that_others_may_read_keeps_it_from_starting(house: House) -> None:
    async with house.life():
        pass
    house.database.chmod(0o644)
    assert "chmod 600" in await house.refuses_to_start()
    settings = house.scene.settings(house.folder, "unified")
    told = {name.upper(): str(getattr(settings, name)) for name in ("elcaro_mode", "elcaro_data_dir", "elcaro_log_dir")}
    told["ELCARO_MODE"] = "sandbox"
    told["TELEGRAM_API_URL"] = settings.telegram_api_url
    told["TELEGRAM_TOKEN"] = settings.telegram_token.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "bot.py", cwd=ROOT, env={**os.environ, **told}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == EXIT_STORAGE
    assert said.decode().count("chmod 600") == 1
    house.database.chmod(0o600)
    (house.folder / "file").touch()
    with pytest.raises(StorageRefused, match="cannot be written"):
        await Store.open(f"sqlite+aiosqlite:///{house.folder / 'file' / 'elcaro.db'}")


@D.row("D6")
async def damaged_database_keeps_it_from_starting_and_its_backup_doubles_nothing(house: House) -> None:
    copy = house.folder / "copy.db"
    async with house.life() as stage:
        await stage.buy(FIRST)
        back_up(house.database, copy)
        await stage.buy(SECOND)
    with house.database.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(12 * 4096))
    assert "restore the latest backup" in await house.refuses_to_start()
    restore(copy, house.database, reason=RESTORED)
    await goes_on_from_an_old_copy(house)


@D.row("D7")
async def lost_end_of_the_journal_is_noticed(house: House) -> None:
    old = house.folder / "old"
    async with house.life() as stage:
        await stage.buy(FIRST)
        stage.runtime.store.writer._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await stage.buy(SECOND)
        await stage.time.run(stage.runtime.jobs.recovery.mark_high_water())
        shutil.copytree(house.data, old / "data")  # as a kill leaves it
    (old / "data" / "elcaro.db-wal").unlink()
    await goes_on_from_an_old_copy(house, old)


@D.row("D8")
async def backup_of_this_morning_trades_only_on_its_owners_word(house: House) -> None:
    copy = house.folder / "copy.db"
    async with house.life() as stage:
        await stage.buy(FIRST)
        back_up(house.database, copy)
        await stage.time.advance(6 * 3600, step_s=600)
        await stage.buy(SECOND)
    restore(copy, house.database, reason=RESTORED)
    await goes_on_from_an_old_copy(house)


async def goes_on_from_an_old_copy(house: House, folder: Path | None = None) -> None:
    """Trading is halted, later orders are taken in, and nothing is doubled after it goes on."""
    async with house.life(folder) as stage:
        restrictions = await stage.time.run(stage.runtime.store.trading.restrictions())
        assert [(r.scope, r.reason, r.state) for r in restrictions] == [(EVERYBODY, RESTORED, TradingState.HALTED)]
        leg = await stage.time.run(
            stage.runtime.store.journal.by_client_order_id(house.case.exchange, stage.id_of(SECOND))
        )
        assert leg is not None
        assert (leg.is_adopted, leg.state) == (True, LegState.FILLED)
        with pytest.raises(TradingError) as refusal:
            await stage.buy(THIRD)
        assert refusal.value.code == "trading_halted"
        await stage.time.run(stage.runtime.jobs.recovery.resume(stage.account.user_id))
        assert (await stage.buy(THIRD)).outcome is Outcome.FILLED
        assert stage.counts == (3, 3)


@D.row("D9", **ONE)
async def database_of_a_newer_release_keeps_it_from_starting(house: House) -> None:
    async with house.life():
        pass
    with closing(sqlite3.connect(house.database)) as database:
        database.execute("UPDATE alembic_version SET version_num='9999'")
        database.commit()
    assert "newer than this release" in await house.refuses_to_start()


@D.row("D10", **ONE)
async def two_writers_and_many_claims_lose_and_double_nothing(house: House) -> None:
    url, many, distinct = f"sqlite+aiosqlite:///{house.folder / 'shared.db'}", 2000, 1600
    account = Account(user_id=1, exchange="bybit", account_type=AccountType.PAPER)
    stores = [await Store.open(url, role=role) for role in ("bot", "webapp")]
    done = [0, 0]

    async def claim(number: int) -> type:
        which = number % 2
        cause = f"c{number // 2 if number < 2 * (many - distinct) else number}"
        claimed = await stores[which].journal.claim(wish(account, cause, symbol=cause), sign)
        done[which] += 1
        return type(claimed)

    async def work(numbers: range) -> list[type]:
        return [await claim(number) for number in numbers]

    parts = await asyncio.gather(*(work(range(start, many, 50)) for start in range(50)))
    outcomes = [outcome for part in parts for outcome in part]
    assert outcomes.count(Claimed) == distinct
    assert outcomes.count(Recorded) == many - distinct
    assert min(done) == many // 2
    with closing(sqlite3.connect(house.folder / "shared.db")) as database:
        assert database.execute("SELECT count(*),count(DISTINCT nonce) FROM attempts").fetchone() == (
            distinct,
            distinct,
        )
    for store in stores:
        await store.close()


@D.row("D11", **ONE)
async def every_transaction_that_writes_says_so_when_it_begins(house: House) -> None:
    places = [*(ROOT / "storage").glob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "db.py"]
    begins = [
        found for place in places for found in re.findall(r"[\"']BEGIN\b[^\"']*", place.read_text(encoding="utf-8"))
    ]
    begins = [found[1:] for found in begins if "SELECT RAISE" not in found]
    assert begins
    assert set(begins) == {"BEGIN IMMEDIATE"}
    assert "isolation_level=None" in (ROOT / "storage" / "location.py").read_text(encoding="utf-8")


@D.row("D12", **ONE)
async def copy_taken_under_load_is_whole_and_keeps_its_secrets(house: House) -> None:
    elsewhere = house.folder / "elsewhere"
    async with house.life() as stage:
        buying = asyncio.gather(*(stage.buying(f"tg:1:{n}:0") for n in range(10)))
        copy = house.folder / "copy.db"
        await asyncio.to_thread(back_up, house.database, copy)
        await stage.time.run(buying)
        assert stage.size() > 0
    contents = examine(copy)
    assert contents.rows["legs"] <= 10
    assert b"stage-secret" not in copy.read_bytes()
    (elsewhere / "data").mkdir(parents=True)
    restore(copy, elsewhere / "data" / "elcaro.db", reason=RESTORED)
    with pytest.raises(StorageRefused):  # its key stayed where it was
        async with house.life(elsewhere):
            pass


@D.row("D13", **ONE)
async def place_without_write_ahead_logging_keeps_it_from_starting(house: House) -> None:
    place = ":memory:"  # answers like a network file system
    with closing(sqlite3.connect(place)) as connection, pytest.raises(StorageRefused, match="local disk"):
        check_health(connection, house.database)


@D.row("D14", **ONE)
async def clock_that_jumps_makes_no_second_holder(house: House) -> None:
    async with house.life() as stage:
        held = stage.runtime.store.processes
        assert await held.hold(Job.RESOLVER)
        other = await Store.open(f"sqlite+aiosqlite:///{house.database}", role="webapp", now_ms=stage.time.now_ms)
        for hours in (1, -1, 24):
            stage.time.skew_ms = hours * 3_600_000
            assert not await other.processes.hold(Job.RESOLVER)
            assert await held.hold(Job.RESOLVER, lease_ms=100)
        stage.time.skew_ms = 0
        await other.close()


@pytest.mark.parametrize("case", D.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(House(scene, folder, case))
