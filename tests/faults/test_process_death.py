"""What a killed process leaves behind, and that the next one needs nobody to put it right: K rows.

The first life is a real process, ended by a real SIGKILL at a named point; the next one runs in the test, in time that
it moves.
"""

import asyncio
import dataclasses
import shutil
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from core.config import Settings
from core.health import Pulse, overdue
from core.vault import open_vault, read_key_file
from db import LegState
from models.enums import Outcome
from sandbox import demo
from sandbox.telegram import people
from storage.backups import examine
from storage.errors import StorageRefused
from storage.location import connect
from storage.migrate import SCHEMA_HEAD, current_revision
from storage.store import Store
from tests.faults import wires
from tests.faults.chatting import chatting, telegram
from tests.faults.lives import Deed, bot_life, buy, life, live_on, migrate_and_die, rotate_and_die, take_backups, until
from tests.faults.rows import Case, Rows
from tests.faults.stage import CREATE, FIRST, Scene, Stage

K = Rows()

LEFT_TO_THE_TAP_S = 6
"""How long a new life leaves the news of an earlier life's order to the tap that asked for it, and a little more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the lives of one case take place."""

    scene: Scene
    folder: Path
    exchange: str
    path: str

    def settings(self, **overrides: str) -> Settings:
        return self.scene.settings(self.folder, self.path, **overrides)

    @asynccontextmanager
    async def next_life(self) -> AsyncIterator[Stage]:
        """Start again after a death; whatever must hold in every row is checked at the end."""
        async with self.scene.product(self.folder, self.exchange, self.path) as stage:
            yield stage
            await stage.check()

    def posts(self) -> int:
        found = self.scene.sandbox.world.journal.find(venue=self.exchange)
        return sum(record.operation == CREATE[self.exchange] for record in found)

    async def reached(self, posts: int = 1) -> None:
        """Wait until the venue has seen so many order requests."""
        await until(lambda: self.posts() >= posts)


async def found_filled(place: Place) -> None:
    async with place.next_life() as stage:
        await stage.resolved()
        assert await stage.state() is LegState.FILLED
        assert stage.counts == (1, 1)


@asynccontextmanager
async def asked_for(place: Place) -> AsyncIterator[tuple[int, str]]:
    """An order that is shown in the chat and waits for its confirmation, while no bot runs."""
    async with place.scene.product(place.folder, place.exchange, place.path) as stage, chatting(stage) as chat:
        await stage.time.run(stage.runtime.store.settings.put(demo.OWNER_ID, "exchange", place.exchange))
        shown, data = await chat.preview()
    yield shown.message_id, data


async def bot_dies_at(place: Place, point: str) -> None:
    async with asked_for(place) as (message_id, data):
        people.press(telegram(place.scene), demo.OWNER_ID, message_id, data, stale=True)
        async with bot_life(place.settings(failpoint=point)) as one:
            await one.killed()


async def bot_goes_on(place: Place) -> None:
    """The next bot carries out what was confirmed, once, and says so once."""
    async with place.next_life() as stage, chatting(stage) as chat:
        await stage.time.until(lambda: chat.sent() == 1)
        await stage.time.advance(5)
        assert "Bought" in chat.owner.last().text
        telegram(place.scene).updates.redeliver(5, times=3)
        await stage.time.advance(10)
        assert stage.counts[0] == 1
        assert len([order for order in stage.orders() if order.spec.trigger is None]) == 1


async def told_once(place: Place) -> None:
    """The next bot finds what was sent, and says so once."""
    assert place.posts() == 1
    async with place.next_life() as stage, chatting(stage) as chat:
        await stage.time.until(lambda: any("Bought" in shown.text for shown in chat.owner.messages()))
        await stage.time.advance(30)
        assert stage.counts[0] == 1
        assert len([shown for shown in chat.owner.messages() if "Bought" in shown.text]) == 1


@K.row("K1")
async def update_that_was_not_stored_is_delivered_again(place: Place) -> None:
    await bot_dies_at(place, "K1")
    assert place.posts() == 0
    await bot_goes_on(place)


@K.row("K2")
async def update_that_was_stored_is_handled_once(place: Place) -> None:
    await bot_dies_at(place, "K2")
    assert place.posts() == 0
    await bot_goes_on(place)


@K.row("K3")
async def order_that_never_left_is_taken_up_or_expires(place: Place) -> None:
    where = {"exchange": place.exchange, "path": place.path, "url": place.scene.sandbox.url(place.exchange)}
    deed = Deed("send_on_a_new_line", {**where, "cause": FIRST})
    async with life(place.settings(failpoint="K3"), deed) as one:
        assert [await one.says(), await one.says()] == ["ready", "prepared"]
        await place.scene.sandbox.refuse(place.exchange)
        one.tell()
        await one.killed()
    await place.scene.sandbox.listen(place.exchange)
    assert place.posts() == 0
    async with place.next_life() as stage:
        assert await stage.state() is LegState.PREPARED
        await stage.time.advance(31)
    async with place.next_life() as stage:
        leg = await stage.leg()
        assert (leg.state, leg.code) == (LegState.REJECTED, "expired")
        await stage.time.advance(LEFT_TO_THE_TAP_S)
        assert await stage.kinds() == ["order_settled"]
        assert stage.counts == (0, 0)


@K.row("K4")
async def claim_that_was_not_committed_never_was(place: Place) -> None:
    async with life(place.settings(failpoint="K4"), buy(place.exchange, FIRST)) as one:
        await one.killed()
    async with place.next_life() as stage:
        assert await stage.legs() == []
        assert stage.counts == (0, 0)
        assert (await stage.buy(FIRST)).outcome is Outcome.FILLED
        assert stage.counts == (1, 1)


@K.row("K5")
async def claim_without_a_request_ends_in_absence(place: Place) -> None:
    async with life(place.settings(failpoint="K5"), buy(place.exchange, FIRST)) as one:
        await one.killed()
    async with place.next_life() as stage:
        await stage.resolved()
        assert await stage.state() is LegState.ABSENT
        assert stage.counts == (0, 0)
        await stage.time.advance(LEFT_TO_THE_TAP_S)
        [news] = [body for body in await stage.news() if body["kind"] == "order_settled"]
        assert news["result"]["error_code"] == "not_placed"


@K.row("K6")
async def request_of_which_half_arrived_is_no_order(place: Place) -> None:
    word = b"/v5/order/create" if place.exchange == "bybit" else b'"type":"order"'
    port = int(place.scene.sandbox.url(place.exchange).rsplit(":", 1)[1])
    cutter = wires.Cutter(port, word if place.path == "unified" or place.exchange == "bybit" else b'"type": "order"')
    async with cutter.open() as url:
        venues = dict(place.scene.keys["paper_venues"])
        venues[place.exchange] = {**venues[place.exchange], "url": url}
        settings = place.scene.settings(place.folder, place.path, paper_venues=venues)
        async with life(settings, buy(place.exchange, FIRST)) as one:
            cutter.when_cut = one.kill
            await one.killed()
    async with place.next_life() as stage:
        await stage.resolved()
        assert await stage.state() is LegState.ABSENT
        assert len(stage.orders()) == 0


@K.row("K7")
async def order_whose_answer_nobody_read_is_found(place: Place) -> None:
    place.scene.sandbox.fault("hang_after", venue=place.exchange, match=CREATE[place.exchange])
    async with life(place.settings(), buy(place.exchange, FIRST)) as one:
        await place.reached()
        one.kill()
        await one.killed()
    await found_filled(place)


@K.row("K8")
async def order_whose_answer_was_not_written_down_is_found(place: Place) -> None:
    await bot_dies_at(place, "K8")
    await told_once(place)


@K.row("K9")
async def outcome_that_was_written_but_not_told_is_told_once(place: Place) -> None:
    await bot_dies_at(place, "K9")
    await told_once(place)


@K.row("K10")
async def message_may_come_twice_and_the_order_does_not(place: Place) -> None:
    async with place.scene.product(place.folder, place.exchange, place.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
    async with place.scene.product(place.folder, place.exchange, place.path) as stage:
        await stage.mute_streams()
        stage.fault("reset_after")
        await stage.buy()
        await stage.resolved()
        assert await stage.kinds() == ["order_settled"]
    async with bot_life(place.settings(failpoint="K10")) as one:
        await one.killed()
    async with place.next_life() as stage, chatting(stage) as chat:
        await stage.time.advance(10)
        told = [shown.text for shown in chat.owner.messages() if "Bought" in shown.text]
        assert len(told) == 2
        assert told[0] == told[1]
        assert stage.counts == (1, 1)


@K.row("K11")
async def protection_travels_with_its_entry(place: Place) -> None:
    place.scene.sandbox.fault("hang_after", venue=place.exchange, match=CREATE[place.exchange])
    async with life(place.settings(), buy(place.exchange, FIRST, stop_loss="40000")) as one:
        await place.reached()
        one.kill()
        await one.killed()
    async with place.next_life() as stage:
        await stage.resolved()
        assert await stage.state() is LegState.FILLED
        stage.sandbox.set_price(stage.native, 39000)
        await stage.time.advance(2)
        assert stage.size() == 0
        assert len(stage.posts()) == 1


@K.row("K12")
async def looking_up_survives_being_killed_again_and_again(place: Place) -> None:
    async with life(place.settings(failpoint="K8"), buy(place.exchange, FIRST)) as one:
        await one.killed()
    for _ in range(3):
        async with life(place.settings(failpoint="K12"), live_on()) as one:
            await one.killed()
    await found_filled(place)
    with closing(sqlite3.connect(place.folder / "data" / "elcaro.db")) as database:
        assert database.execute("SELECT count(*) FROM attempts WHERE purpose='send'").fetchone() == (1,)


@K.row("K13", on=("bybit",), via=("unified",))
async def migration_is_done_or_not_begun(place: Place) -> None:
    for statement in (1, 2, 5, 20, 60):
        path = place.folder / f"at-{statement}.db"
        assert await migrate_and_die(path, statement) == -signal.SIGKILL
        with closing(connect(path)) as connection:
            assert current_revision(connection) in {None, SCHEMA_HEAD}
        store = await Store.open(f"sqlite+aiosqlite:///{path}")
        await store.close()


@K.row("K14", on=("bybit",), via=("unified",))
async def keys_can_be_opened_wherever_a_rotation_ended(place: Place) -> None:
    data = place.folder / "data"
    async with place.next_life() as stage:
        await stage.buy()
    before = read_key_file(next(data.glob("*.key")))
    for statement in range(1, 12, 2):
        if await rotate_and_die(place.settings(), statement) == 0:
            break
        async with place.next_life() as stage:
            assert (await stage.client()).signer
    async with place.next_life() as stage:
        await open_vault(stage.runtime.store, data)
        assert (await stage.buy("after")).outcome is Outcome.FILLED
    assert before


@K.row("K15", on=("bybit",), via=("unified",))
async def backup_that_was_cut_short_is_not_taken_for_one(place: Place) -> None:
    async with place.next_life() as stage:
        for number in range(20):
            await stage.buy(f"tg:1:{number}:0")
    for _ in range(5):
        await take_backups(place.settings(), place.folder / "copies")
    copies = list((place.folder / "copies").iterdir())
    finished = [copy for copy in copies if copy.suffix == ".db"]
    assert finished
    assert {examine(copy).schema for copy in finished} == {SCHEMA_HEAD}
    for cut_short in set(copies) - set(finished):
        with cut_short.open("r+b") as file:
            file.truncate(cut_short.stat().st_size // 2)
        with pytest.raises(StorageRefused):
            examine(cut_short)
    async with place.next_life() as stage:
        assert len(await stage.legs("tg:1:19:0")) == 1


@K.row("K16")
async def stop_waits_for_what_is_being_sent(place: Place) -> None:
    place.scene.sandbox.fault("slow_body", venue=place.exchange, match=CREATE[place.exchange], delay_after_s=0.005)
    async with asked_for(place) as (message_id, data), bot_life(place.settings()) as one:
        people.press(telegram(place.scene), demo.OWNER_ID, message_id, data, stale=True)
        await place.reached()
        one.kill(signal.SIGTERM)
        assert await one.ended() == 0
    with closing(sqlite3.connect(place.folder / "data" / "elcaro.db")) as database:
        states = {row[0] for row in database.execute("SELECT state FROM legs WHERE part='entry'")}
    assert states <= {"FILLED", "UNKNOWN", "ACKED"}
    async with place.next_life() as stage:
        await stage.resolved()
        assert len(stage.posts()) == 1
        assert stage.size() > 0


@K.row("K17")
async def stop_that_takes_too_long_is_a_kill(place: Place) -> None:
    place.scene.sandbox.fault("hang_after", venue=place.exchange, match=CREATE[place.exchange])
    async with asked_for(place) as (message_id, data), bot_life(place.settings()) as one:
        people.press(telegram(place.scene), demo.OWNER_ID, message_id, data, stale=True)
        await place.reached()
        one.kill(signal.SIGTERM)
        await asyncio.sleep(0.3)
        one.kill()
        await one.killed()
    async with place.next_life() as stage:
        await stage.resolved()
        assert len(stage.posts()) == 1
        assert stage.size() > 0


@K.row("K18", on=("bybit",), via=("unified",))
async def blocked_loop_gives_no_sign_of_life(place: Place) -> None:
    async with place.next_life() as stage, Pulse(stage.runtime.store).measured() as pulse:
        await asyncio.sleep(0.3)
        assert overdue(pulse.signs) == []
        time.sleep(2.5)  # noqa: ASYNC251 - what must not be done
        await asyncio.sleep(0.3)
        assert overdue(pulse.signs) == ["event loop"]


@K.row("K19")
async def process_that_the_kernel_ended_is_followed_by_one_that_knows(place: Place) -> None:
    place.scene.sandbox.fault("hang_after", venue=place.exchange, match=CREATE[place.exchange])
    async with life(place.settings(), buy(place.exchange, FIRST), role="webapp") as one:
        await place.reached()
        one.kill()  # what the kernel sends to a process that takes too much memory
        await one.killed()
    started = time.monotonic()
    async with place.next_life() as stage:
        assert time.monotonic() - started < 10
        await stage.resolved()
        assert await stage.state() is LegState.FILLED
        assert stage.counts == (1, 1)


@K.row("K20", on=("bybit",), via=("unified",))
async def disk_holds_every_claim_that_was_acknowledged(place: Place) -> None:
    copy = place.folder / "copy"
    async with place.next_life() as stage:
        assert stage.runtime.store.writer._sql.execute("PRAGMA synchronous").fetchone() == (2,)
        for number in range(5):
            await stage.buy(f"tg:1:{number}:0")
            shutil.copytree(place.folder / "data", copy)  # what the disk would hold if the power went now
            with closing(sqlite3.connect(copy / "elcaro.db")) as database:
                assert database.execute("SELECT count(*) FROM attempts").fetchone() == (number + 1,)
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            shutil.rmtree(copy)


@K.row("K21")
async def restarting_again_and_again_sends_nothing(place: Place) -> None:
    async with life(place.settings(failpoint="K8"), buy(place.exchange, FIRST)) as one:
        await one.killed()
    for _ in range(5):
        async with life(place.settings(), live_on()) as one:
            await one.says()
            one.kill()
            await one.killed()
        assert place.posts() == 1
    await found_filled(place)


@pytest.mark.slow
@pytest.mark.parametrize("case", K.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(Place(scene, folder, case.exchange, case.path))
