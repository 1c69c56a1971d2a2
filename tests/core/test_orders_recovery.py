"""Every start is the way back after a crash."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.emergency import EmergencyLog
from core.sending import send_once
from db import Claimed, LegState, StorageRefused, StorageUnavailable
from models.enums import OrderType, Outcome, TimeInForce
from models.errors import LimitExceeded
from models.requests import Ack, AckKind, Action, CancelOrder
from tests.core.desk_kit import Room, open_room
from tests.core.venue_fake import FakeVenue, Network, instrument, order_posts, order_request
from tests.core.virtual_clock import VirtualClock


@pytest.fixture
async def bybit(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        yield opened


async def connect_account(room: Room) -> None:
    """Make the room's account one that recovery looks at."""
    sql = "INSERT INTO credentials VALUES(?,'api_key',x'00',0)"
    account_id = await room.store.accounts.id_of(room.account)
    await room.store.writer.run(lambda tx: tx.sql.execute(sql, (account_id,)).rowcount)


async def die_while_sending(directory: Path, exchange: str, *, is_executed: bool) -> tuple[FakeVenue, VirtualClock]:
    """Live until an order is on its way, then die without another word."""
    async with open_room(directory, exchange) as room:
        await connect_account(room)

        async def last_act() -> None:
            request = order_request(room.id_of("c"), exchange)
            wish = room.desk._wish(room.account, request, "c", room.client, reply=None, update=None)
            claimed = await room.store.journal.claim(wish, lambda n: room.desk._sign(request, room.client, n))
            room.venue.moods = [Network.ANSWER_LOST if is_executed else Network.LOST]
            await send_once(room.client, claimed.request, room.clock)  # type: ignore[union-attr]

        await room.clock.run(last_act())
        return room.venue, room.clock


@pytest.mark.parametrize("exchange", ["bybit", "hyperliquid"])
@pytest.mark.parametrize("is_executed", [True, False])
async def test_order_that_a_dead_process_was_sending_is_looked_up_and_never_sent_again(
    tmp_path: Path, exchange: str, is_executed: bool
) -> None:
    venue, clock = await die_while_sending(tmp_path, exchange, is_executed=is_executed)
    async with open_room(tmp_path, exchange, venue=venue, clock=clock) as room:
        assert await room.state("c") is LegState.SENDING
        report = await clock.run(room.recovery.recover())
        assert report.orphaned == 1
        await room.resolve()
        assert await room.state("c") is (LegState.FILLED if is_executed else LegState.ABSENT)
        assert order_posts(venue) == 1
        assert len(venue.executions) == is_executed


@pytest.mark.parametrize("exchange", ["bybit", "hyperliquid"])
async def test_tap_that_comes_back_after_a_crash_takes_the_notice_of_its_order_over(
    tmp_path: Path, exchange: str
) -> None:
    venue, clock = await die_while_sending(tmp_path, exchange, is_executed=True)
    await clock.advance(1)
    async with open_room(tmp_path, exchange, venue=venue, clock=clock) as room:
        await clock.run(room.recovery.recover())
        assert await room.resolve() < 5
        assert (await room.buy("c")).outcome is Outcome.FILLED
        await clock.advance(60)
        assert await room.messages() == []
        assert order_posts(venue) == 1


@pytest.mark.parametrize("exchange", ["bybit", "hyperliquid"])
async def test_start_with_many_orders_in_doubt_looks_at_each_once_and_waits_for_none(
    tmp_path: Path, exchange: str
) -> None:
    many = 200
    async with open_room(tmp_path, exchange) as room:
        await connect_account(room)
        room.venue.moods = [Network.ANSWER_LOST, Network.LOST] * (many // 2)
        for number in range(many):
            await room.buy(f"c{number}", instrument=instrument(exchange, f"M{number}USDT"))
        assert len(await room.store.journal.unresolved()) == many
    async with open_room(tmp_path, exchange, venue=room.venue, clock=room.clock) as again:
        began = again.clock.monotonic()
        report = await again.clock.run(again.recovery.recover())
        assert again.clock.monotonic() - began <= 30
        assert report.unresolved == again.client.looks == many
        states = {(await again.state(f"c{number}")).value for number in range(0, many, 2)}
        assert states == {"FILLED"}
        assert order_posts(again.venue) == many
        assert len(again.venue.executions) == many // 2


async def test_account_opens_nothing_until_it_was_compared_with_its_venue(bybit: Room) -> None:
    await connect_account(bybit)
    bybit.venue.is_reachable = False
    report = await bybit.clock.run(bybit.recovery.recover())
    assert report.unreconciled == (bybit.account,)
    with pytest.raises(LimitExceeded) as refusal:
        await bybit.buy()
    assert refusal.value.code == "reduce_only"

    bybit.venue.is_reachable = True
    assert await bybit.clock.run(bybit.recovery.reconcile(bybit.account)) == 0
    assert (await bybit.buy()).outcome is Outcome.FILLED


async def test_orders_of_ours_that_the_journal_lost_are_adopted(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    (tmp_path / "new").mkdir()
    async with open_room(tmp_path / "lost") as earlier:
        await earlier.buy("filled")
        await earlier.buy("resting", order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
        foreign = dataclasses.replace(earlier.venue.orders[earlier.id_of("resting")], client_order_id="by-hand")
        earlier.venue.orders["by-hand"] = foreign
    async with open_room(tmp_path / "new", venue=earlier.venue, clock=earlier.clock) as room:
        await connect_account(room)
        report = await room.clock.run(room.recovery.recover())
        assert report.adopted == 2
        legs = await room.store.journal.recent(room.account.user_id)
        assert {leg.client_order_id: leg.state for leg in legs} == {
            room.id_of("filled"): LegState.FILLED,
            room.id_of("resting"): LegState.WORKING,
        }
        assert all(leg.is_adopted for leg in legs)
        assert (await room.clock.run(room.recovery.recover())).adopted == 0


async def test_command_that_arrives_again_after_the_journal_was_lost_does_not_double_the_order(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    (tmp_path / "new").mkdir()
    async with open_room(tmp_path / "lost") as earlier:
        await earlier.buy("c")
    async with open_room(tmp_path / "new", venue=earlier.venue, clock=earlier.clock) as room:
        await room.buy("c")
        await room.resolve()
        assert len(room.venue.executions) == 1
        assert await room.state("c") is LegState.FILLED


async def test_prepared_order_that_went_stale_is_refused_and_told(bybit: Room) -> None:
    bybit.venue.moods = [Network.REFUSED]
    request = order_request(bybit.id_of("c"))
    wish = bybit.desk._wish(bybit.account, request, "c", bybit.client, reply=None, update=None)

    async def one_try() -> None:
        claimed = await bybit.store.journal.claim(wish, lambda n: bybit.desk._sign(request, bybit.client, n))
        acks = await send_once(bybit.client, claimed.request, bybit.clock)  # type: ignore[union-attr]
        await bybit.desk._write(claimed, wish, acks)  # type: ignore[arg-type]

    await bybit.clock.run(one_try())
    assert await bybit.state("c") is LegState.PREPARED
    await bybit.clock.advance(31)
    report = await bybit.clock.run(bybit.recovery.recover())
    assert report.expired == 1
    assert (await bybit.leg("c")).code == "expired"
    assert await bybit.messages() == ["order_settled"]


async def test_fresh_prepared_order_is_taken_up_by_the_same_command(bybit: Room) -> None:
    bybit.venue.moods = [Network.REFUSED]
    request = order_request(bybit.id_of("c"))
    wish = bybit.desk._wish(bybit.account, request, "c", bybit.client, reply=None, update=None)

    async def one_try() -> None:
        claimed = await bybit.store.journal.claim(wish, lambda n: bybit.desk._sign(request, bybit.client, n))
        acks = await send_once(bybit.client, claimed.request, bybit.clock)  # type: ignore[union-attr]
        await bybit.desk._write(claimed, wish, acks)  # type: ignore[arg-type]

    await bybit.clock.run(one_try())
    result = await bybit.buy("c")
    assert result.outcome is Outcome.FILLED
    assert len(bybit.venue.executions) == 1


def put_back(backup: Path, directory: Path) -> None:
    """Replace the database by a copy, as an operator would."""
    for leftover in directory.glob("elcaro.db*"):
        leftover.unlink()
    backup.rename(directory / "elcaro.db")
    (directory / "elcaro.db").chmod(0o600)


async def test_restored_database_is_recognised_and_trading_halts_until_the_operator_resumes(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        await room.buy("a")
        backup = tmp_path / "backup.db"
        await room.store.writer.run(lambda tx: tx.sql.execute("SELECT 1").fetchone())
        room.store.writer._sql.execute("VACUUM INTO ?", (str(backup),))
        await room.buy("b")
        await room.recovery.mark_high_water()
    put_back(backup, tmp_path)

    async with open_room(tmp_path, venue=room.venue, clock=room.clock) as room:
        await connect_account(room)
        report = await room.clock.run(room.recovery.recover())
        assert report.is_restored
        assert report.adopted == 1
        with pytest.raises(LimitExceeded) as refusal:
            await room.buy("c")
        assert refusal.value.code == "trading_halted"
        await room.recovery.resume(by_user_id=1)
        assert (await room.buy("d")).outcome is Outcome.FILLED
        assert len(room.venue.executions) == 3


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe"])
async def test_mark_that_cannot_be_read_halts_trading_instead_of_the_program(bybit: Room, damage: bytes) -> None:
    bybit.store.path.with_name("journal.mark").write_bytes(damage)
    report = await bybit.clock.run(bybit.recovery.recover())
    assert report.is_restored
    with pytest.raises(LimitExceeded) as refusal:
        await bybit.buy("c")
    assert refusal.value.code == "trading_halted"


async def test_order_that_could_not_be_given_up_is_told_without_a_restart(bybit: Room) -> None:
    bybit.venue.is_reachable = False
    request, ack = order_request(bybit.id_of("c")), (Ack(kind=AckKind.NOT_SENT, code="unreachable"),)
    wish = bybit.desk._wish(bybit.account, request, "c", bybit.client, reply=None, update=None)
    claimed = await bybit.store.journal.claim(wish, lambda n: bybit.desk._sign(request, bybit.client, n))
    assert isinstance(claimed, Claimed)
    await bybit.desk._write(claimed, wish, ack)
    await bybit.clock.advance(29)
    assert await bybit.recovery.expire() == 0
    await bybit.clock.advance(2)
    assert await bybit.recovery.expire() == 1
    leg = await bybit.leg("c")
    assert (leg.state, leg.code) == (LegState.REJECTED, "expired")
    assert await bybit.messages() == ["order_settled"]


class Broken:
    """A writer whose disk is full."""

    pending = 0

    async def run(self, job: object) -> object:
        raise StorageUnavailable("database: disk is full", code="storage_full")


def break_journal(room: Room) -> object:
    """Let nothing be written; return what mends it."""
    real = room.store.journal._writer
    room.store.journal._writer = Broken()  # type: ignore[assignment]
    return real


@pytest.mark.parametrize("exchange", ["bybit", "hyperliquid"])
async def test_full_disk_stops_opening_and_lets_closing_and_cancelling_through(tmp_path: Path, exchange: str) -> None:
    async with open_room(tmp_path, exchange) as room:
        break_journal(room)
        with pytest.raises(LimitExceeded) as refusal:
            await room.buy("open")
        assert refusal.value.code == "storage_unavailable"
        with pytest.raises(LimitExceeded):
            await room.buy("partial close", reduce_only=True)
        assert room.venue.posts == []

        closed = await room.buy("close", reduce_only=True, closes_position=True)
        assert closed.success
        cancel: Action = CancelOrder(instrument=instrument(exchange), order_id="v9")
        await room.clock.run(room.desk.submit(room.account, cancel, cause="x", sender=room.client))
        noted = [(entry["cause"], entry["answer"]) for entry in room.emergency.entries()]
        assert noted[0] == ("close", None)
        assert [cause for cause, _ in noted] == ["close", "close", "x", "x"]


async def test_emergency_entries_are_kept_in_the_audit_at_the_next_start(bybit: Room) -> None:
    bybit.emergency.append({"account": str(bybit.account), "cause": "close"})
    await bybit.clock.run(bybit.recovery.recover())
    assert [entry.action for entry in await bybit.store.audit.latest()] == ["emergency"]
    assert bybit.emergency.entries() == []


async def test_outcome_that_could_not_be_written_is_kept_and_written_later(bybit: Room) -> None:
    real = bybit.store.journal._writer

    def break_after_send(_: object) -> None:
        bybit.store.journal._writer = Broken()  # type: ignore[assignment]

    bybit.venue.spy = break_after_send
    result = await bybit.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    assert (result.outcome, result.reference) == (Outcome.ACCEPTED, "A1")
    bybit.store.journal._writer = real
    await bybit.clock.advance(2)
    assert await bybit.state() is LegState.ACKED


async def test_desk_that_closes_does_not_wait_for_a_database_that_takes_nothing(bybit: Room) -> None:
    def break_after_send(_: object) -> None:
        break_journal(bybit)

    bybit.venue.spy = break_after_send
    await bybit.buy()
    async with asyncio.timeout(5):
        assert await bybit.desk.drain()


async def test_entry_that_was_written_by_half_stops_nothing(bybit: Room, tmp_path: Path) -> None:
    log = tmp_path / "emergency.log"
    log.write_bytes(b'{"cause": "torn' + log.read_bytes()[15:])
    bybit.emergency.append({"cause": "merged with it"})
    bybit.emergency.append({"cause": "whole"})
    torn, whole = bybit.emergency.entries()
    assert "torn" in torn["unreadable"]
    assert whole == {"cause": "whole"}
    await bybit.clock.run(bybit.recovery.recover())
    assert [entry.action for entry in await bybit.store.audit.latest()] == ["emergency", "emergency"]


def test_emergency_log_has_its_space_before_it_is_needed(tmp_path: Path) -> None:
    log = EmergencyLog(tmp_path / "emergency.log")
    log.reserve()
    before = os.stat(tmp_path / "emergency.log")
    assert log.append({"n": 1})
    assert log.append({"n": 2})
    after = os.stat(tmp_path / "emergency.log")
    assert (before.st_size, before.st_blocks) == (after.st_size, after.st_blocks)
    assert log.entries() == [{"n": 1}, {"n": 2}]
    log.clear()
    cleared = os.stat(tmp_path / "emergency.log")
    assert (cleared.st_size, cleared.st_blocks) == (before.st_size, before.st_blocks)
    assert log.append({"n": 3})
    assert log.entries() == [{"n": 3}]


def test_emergency_log_that_cannot_be_kept_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StorageRefused, match=r"emergency\.log: cannot be written \(Not a directory\); make room"):
        EmergencyLog(tmp_path / "data" / "emergency.log").reserve()
