"""The live stream: a snapshot, what changed, a beat, and an end when the session ends."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core import web_sessions
from core.accounts import Accounts
from core.news import News
from sandbox.server import Sandbox
from tests.webapp.rig import OWNER, Person, Rig, error_code, running_web_app
from tests.webapp.test_orders import confirmed
from webapp.feeds import MAX_PAGES, Feed


class Listener:
    """One open page."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.parts: dict[str, Any] = {}
        self.seqs: list[int] = []

    async def next(self) -> tuple[str, dict[str, Any]]:
        """Wait for the next event, and take it into the picture."""
        event: dict[str, str] = {}
        async with asyncio.timeout(15):
            async for line in self._lines:
                if not line and event:
                    break
                name, _, value = line.partition(": ")
                event[name] = value
        assert event, "the stream ended without a word"
        data = json.loads(event.get("data", "{}"))
        if "seq" in data:
            self.seqs.append(data["seq"])
        self.parts |= data.get("parts", {})
        for name in data.get("gone", []):
            self.parts.pop(name, None)
        return event.get("event", ""), data

    async def until(self, is_so: Any) -> dict[str, Any]:
        """Listen until the picture is so."""
        async with asyncio.timeout(20):
            while True:
                _, data = await self.next()
                if is_so(self.parts):
                    return data

    async def until_event(self, name: str) -> dict[str, Any]:
        """Listen until an event of that name comes."""
        async with asyncio.timeout(20):
            while True:
                event, data = await self.next()
                if event == name:
                    return data


@asynccontextmanager
async def listening(person: Person, query: str = "") -> AsyncIterator[Listener]:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with person.http.stream("GET", f"/api/stream{query}", headers=headers) as answer:
        assert answer.status_code == 200
        yield Listener(answer.aiter_lines())


def symbols(parts: dict[str, Any], account: str = "bybit/paper") -> set[str]:
    answer = parts.get(f"{account}/positions")
    return {row["symbol"] for row in answer["data"]} if answer and answer["success"] else set()


async def test_stream_begins_with_a_snapshot_and_fills_it(owner: Person) -> None:
    async with listening(owner, "?symbol=BTCUSDT") as page:
        assert (await page.next())[0] == "snapshot"
        await page.until(lambda parts: len(parts) == 4)
        assert set(page.parts) == {
            "bybit/paper/balance",
            "bybit/paper/positions",
            "bybit/paper/orders",
            "bybit/paper/ticker/BTCUSDT",
        }
        assert symbols(page.parts) == {"BTCUSDT"}


async def test_what_is_done_here_is_seen_at_once_and_in_order(owner: Person) -> None:
    async with listening(owner) as page:
        await page.until(symbols)
        await confirmed(owner, "close", {"symbol": "BTCUSDT", "side": "long"})
        await page.until(lambda parts: not symbols(parts))
        assert page.seqs == sorted(page.seqs)


async def test_silence_is_filled_with_a_beat(owner: Person) -> None:
    async with listening(owner) as page:
        await page.until(symbols)
        beat = await page.until_event("beat")
        assert beat["parts"] == {}
        assert beat["checked_at"]


async def test_failure_of_a_venue_is_told_as_a_failure(owner: Person, rig: Rig) -> None:
    async with listening(owner) as page:
        await page.until(symbols)
        rig.sandbox.fault("error_before", venue="bybit", match="GET /v5/position/*", count=None)
        await page.until(lambda parts: parts["bybit/paper/positions"]["success"] is False)
        assert page.parts["bybit/paper/positions"]["data"] is None
        assert page.parts["bybit/paper/balance"]["success"] is True


async def test_page_follows_the_choice_of_venue(owner: Person) -> None:
    async with listening(owner) as page:
        await page.until(symbols)
        await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid"})
        await page.until(lambda parts: symbols(parts, "hyperliquid/paper") and "bybit/paper/positions" not in parts)


async def test_what_a_venue_pushes_is_shown_between_two_rounds_and_costs_nothing(
    owner: Person, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.feeds._WEIGHT_PER_ROUND", 100_000.0)  # the second round is hours away
    ticker = "hyperliquid/paper/ticker/BTCUSDT"
    await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid"})
    async with listening(owner, "?exchange=hyperliquid&account_type=paper&symbol=BTCUSDT") as page:
        await page.until(lambda parts: ticker in parts and symbols(parts, "hyperliquid/paper"))
        asked = rig.sent("POST /info")
        rig.sandbox.set_price("BTCUSDT", 61234)
        await page.until(lambda parts: parts[ticker]["data"]["mark_price"] == "61234")
        assert rig.sent("POST /info") == asked


async def test_nothing_is_asked_between_two_rounds_on_the_direct_path(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.feeds._WEIGHT_PER_ROUND", 100_000.0)
    monkeypatch.setattr("webapp.feeds._GLANCE_S", 0.3)
    async with running_web_app(sandbox, tmp_path, use_unified="false") as rig:
        owner = await rig.login()
        await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid"})
        async with listening(owner) as page:
            await page.until(lambda parts: symbols(parts, "hyperliquid/paper"))
            await page.until_event("beat")
            asked = rig.sent("POST /info")
            await page.until_event("beat")
            assert rig.sent("POST /info") == asked


async def test_page_of_an_unknown_market_is_told_so(owner: Person) -> None:
    async with listening(owner, "?symbol=NOSUCHUSDT") as page:
        await page.until(lambda parts: "bybit/paper/ticker/NOSUCHUSDT" in parts)
        assert page.parts["bybit/paper/ticker/NOSUCHUSDT"]["error"]["code"] == "unknown_symbol"


async def test_stream_ends_with_the_session(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.api.stream._LOOK_AGAIN_S", 0.0)
    async with listening(owner) as page:
        await page.until(symbols)
        await web_sessions.end_sessions(OWNER)
        await page.until_event("end")


async def test_w23_a_person_has_only_so_many_streams(owner: Person) -> None:
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(listening(owner)) for _ in range(MAX_PAGES)]
        assert [(await page.next())[0] for page in pages] == ["snapshot"] * MAX_PAGES
        answer = await owner.get("/api/stream")
        assert (answer.status_code, error_code(answer)) == (429, "too_many_streams")
    async with listening(owner) as page:
        assert (await page.next())[0] == "snapshot"


async def test_nobody_is_asked_for_when_nobody_looks(owner: Person, rig: Rig) -> None:
    async with listening(owner) as page:
        await page.until(symbols)
    feeds = rig.app.inside.state.parts.feeds
    async with asyncio.timeout(10):
        while feeds._feeds or feeds._tasks:  # noqa: ASYNC110 - leaving raises no event
            await asyncio.sleep(0.02)


async def test_stream_needs_a_session_in_its_header(rig: Rig, owner: Person) -> None:
    assert (await rig.http.get("/api/stream")).status_code == 401
    assert (await rig.http.get(f"/api/stream?token={owner.token}")).status_code == 401


class BusyFeed(Feed):
    """A feed during whose first round something is done; nothing is due afterwards."""

    rounds = 0
    has_asked_again: asyncio.Event

    async def _round(self) -> None:
        self.rounds += 1
        self._due = {("bybit", "paper", "balance", ""): time.monotonic() + 3600}
        if self.rounds == 1:
            self._news.ring()
        else:
            self.has_asked_again.set()


async def test_what_is_done_during_a_round_is_asked_for_after_it() -> None:
    feed = BusyFeed(1, Accounts(is_sandbox=True), News())
    feed.has_asked_again = asyncio.Event()
    task = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(10):
            await feed.has_asked_again.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
