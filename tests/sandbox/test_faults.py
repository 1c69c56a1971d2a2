"""Injected faults: what a client sees of each, and what the venue really did."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import requests

from sandbox.bybit.access import sign
from sandbox.clock import real_ms
from sandbox.faults import KINDS, Answer
from sandbox.server import Sandbox

CREATE = "POST /v5/order/create"
NO_ANSWER = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


class Rig:
    """Sends signed orders with plain aiohttp and asks the books what came of them."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        self.account = sandbox.new_bybit_account()

    def headers(self, payload: str) -> dict[str, str]:
        """Authentication of one request."""
        now = str(real_ms())
        return {
            "X-BAPI-API-KEY": self.account.api_key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": sign(self.account.secret, f"{now}{self.account.api_key}5000{payload}"),
            "Content-Type": "application/json",
        }

    def body(self, **fields: Any) -> str:
        """A market order for 0.01 BTC."""
        order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
        return json.dumps({**order, **fields})

    async def send(self, timeout_s: float = 5.0, **fields: Any) -> tuple[int, bytes]:
        """Place the order once; status and body of the answer."""
        body = self.body(**fields)
        async with self.session.post(
            f"{self.sandbox.bybit_url}/v5/order/create",
            data=body.encode(),
            headers=self.headers(body),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        ) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> Any:
        """One signed GET."""
        query = path.partition("?")[2]
        async with self.session.get(f"{self.sandbox.bybit_url}{path}", headers=self.headers(query)) as answer:
            return await answer.json(content_type=None)

    @property
    def orders(self) -> int:
        """How many orders the venue has of this account."""
        return len(self.sandbox.world.bybit.orders(self.account.uid))

    @property
    def posts(self) -> int:
        """How many order requests reached the venue's door."""
        return sum(1 for _ in self.sandbox.world.journal.find(venue="bybit", text=CREATE))


@pytest.fixture
async def rig(sandbox: Sandbox) -> AsyncIterator[Rig]:
    """A fresh account and an aiohttp session."""
    sandbox.set_price("BTCUSDT", 60_000)
    async with aiohttp.ClientSession() as session:
        yield Rig(sandbox, session)


# kind, fields of the rule, exception or None, status, body test
BROKEN_ANSWERS: list[tuple[str, dict[str, Any], Any, int, bytes | None]] = [
    ("reset_before", {}, NO_ANSWER, 0, None),
    ("reset_after", {}, NO_ANSWER, 0, None),
    ("close_before", {}, NO_ANSWER, 0, None),
    ("close_after", {}, NO_ANSWER, 0, None),
    ("hang_before", {}, TimeoutError, 0, None),
    ("hang_after", {}, TimeoutError, 0, None),
    ("truncated", {}, aiohttp.ClientPayloadError, 0, None),
    ("truncated_chunked", {}, aiohttp.ClientPayloadError, 0, None),
    ("slow_body", {}, TimeoutError, 0, None),
    ("error_before", {"status": 503}, None, 503, None),
    ("error_after", {}, None, 500, None),
    ("html_before", {}, None, 502, b"<html>"),
    ("html_after", {"status": 200, "message": "maintenance"}, None, 200, b"maintenance"),
    ("too_many", {}, None, 429, None),
    ("forbidden", {}, None, 403, b"access too frequent"),
    ("redirect", {}, None, 307, b""),
    ("empty", {}, None, 200, b""),
    ("null", {}, None, 200, b"null"),
    ("list", {}, None, 200, b"[]"),
    ("object", {}, None, 200, b"{}"),
    ("code_before", {"code": 10016}, None, 200, b'"retCode": 10016'),
    ("code_before", {"code": "110007"}, None, 200, b'"retCode": "110007"'),
    ("code_after", {"code": 10000}, None, 200, b'"retCode": 10000'),
    ("wrong_echo", {}, None, 200, b"eb1-not-the-one-you-sent"),
    ("patch", {"patch": {"orderId": "NaN"}}, None, 200, b'"NaN"'),
    ("huge_body", {"megabytes": 3}, None, 200, b'"retCode": 0'),
    ("gzip_bomb", {"megabytes": 3}, None, 200, b'"retCode": 0'),
]


@pytest.mark.parametrize(("kind", "fields", "error", "status", "content"), BROKEN_ANSWERS)
async def test_a_broken_answer_looks_right_and_the_books_know_the_truth(
    rig: Rig, kind: str, fields: dict[str, Any], error: Any, status: int, content: bytes | None
) -> None:
    rig.sandbox.fault(kind, match=CREATE, **fields)
    if error is not None:
        with pytest.raises(error):
            await rig.send(timeout_s=0.3)
    else:
        got_status, got_body = await rig.send()
        assert got_status == status
        assert content is None or content in got_body
    assert rig.orders == int(KINDS[kind].processed)
    assert rig.posts == 1
    assert [fault.kind for fault in rig.sandbox.world.faults.applied] == [kind]


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid", "telegram"])
async def test_faults_reach_every_server_and_only_the_one_they_are_for(rig: Rig, venue: str) -> None:
    rig.sandbox.fault("html_before", venue=venue, count=None)
    for name in ("bybit", "hyperliquid", "telegram"):
        async with rig.session.post(f"{rig.sandbox.url(name)}/anything", json={"type": "meta"}) as answer:
            assert (answer.status == 502) == (name == venue)


async def test_half_a_json_document_cannot_be_read(rig: Rig) -> None:
    rig.sandbox.fault("invalid_json", match=CREATE)
    _, body = await rig.send()
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert rig.orders == 1


async def test_every_kind_of_fault_is_in_some_test() -> None:
    elsewhere = {"delay_before", "delay_after", "late", "late_hang", "invalid_json", "stale", "ws_drop"}
    assert {row[0] for row in BROKEN_ANSWERS} | elsewhere == set(KINDS)
    assert {kind.answer for kind in KINDS.values()} == set(Answer)


@pytest.mark.parametrize("kind", ["reset_after", "close_after", "truncated"])
async def test_requests_sees_a_connection_error_too(rig: Rig, kind: str) -> None:
    rig.sandbox.fault(kind, match=CREATE)
    body, url = rig.body(), f"{rig.sandbox.bybit_url}/v5/order/create"
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.RequestException):
            await asyncio.to_thread(session.post, url, data=body, headers=rig.headers(body), timeout=2)
    assert rig.orders == 1


async def test_a_late_request_is_executed_after_the_client_gave_up(rig: Rig) -> None:
    rig.sandbox.fault("late", match=CREATE, process_later_s=4)
    with pytest.raises(NO_ANSWER):
        await rig.send()
    assert rig.orders == 0
    await rig.sandbox.advance(3)
    assert rig.orders == 0
    await rig.sandbox.advance(1)
    await asyncio.sleep(0.05)
    assert rig.orders == 1


async def test_a_request_later_than_its_window_is_refused(rig: Rig) -> None:
    rig.sandbox.fault("late_hang", match=CREATE, process_later_s=20)
    with pytest.raises(TimeoutError):
        await rig.send(timeout_s=0.3)
    await rig.sandbox.advance(20)
    await asyncio.sleep(0.05)
    assert rig.orders == 0


@pytest.mark.parametrize(("kind", "field"), [("delay_before", "delay_before_s"), ("delay_after", "delay_after_s")])
async def test_a_delay_lasts_until_the_worlds_time_has_passed(rig: Rig, kind: str, field: str) -> None:
    rig.sandbox.fault(kind, match=CREATE, **{field: 3})
    sending = asyncio.create_task(rig.send())
    await asyncio.sleep(0.1)
    assert not sending.done()
    assert rig.orders == int(kind == "delay_after")
    await rig.sandbox.advance(3)
    assert (await sending)[0] == 200
    assert rig.orders == 1


async def test_a_stale_answer_is_the_one_before(rig: Rig) -> None:
    path = "/v5/position/list?category=linear&symbol=BTCUSDT"
    before = await rig.get(path)
    await rig.send()
    rig.sandbox.fault("stale", match="GET /v5/position/list")
    assert await rig.get(path) == before
    assert (await rig.get(path))["result"]["list"][0]["size"] == "0.01"


async def test_rules_skip_count_and_choose_by_body(rig: Rig) -> None:
    rig.sandbox.fault("code_before", match=CREATE, body="mine", skip=1, count=2)
    codes = []
    for number in range(5):
        _, body = await rig.send(orderLinkId=f"mine-{number}")
        codes.append(json.loads(body)["retCode"])
    assert codes == [0, 10016, 10016, 0, 0]
    assert json.loads((await rig.send(orderLinkId="other"))[1])["retCode"] == 0


async def test_chance_is_the_same_for_the_same_seed(rig: Rig) -> None:
    patterns = []
    for _ in range(2):
        number = rig.sandbox.fault("code_before", match=CREATE, count=None, probability=0.5, seed=7)
        patterns.append([json.loads((await rig.send(qty="0.001"))[1])["retCode"] for _ in range(12)])
        rig.sandbox.world.faults.remove(number)
    assert patterns[0] == patterns[1]
    assert set(patterns[0]) == {0, 10016}


async def test_a_closed_port_refuses_connections_until_it_opens_again(rig: Rig) -> None:
    await rig.sandbox.refuse("bybit")
    with pytest.raises(aiohttp.ClientConnectorError):
        await rig.send()
    await rig.sandbox.listen("bybit")
    assert (await rig.send())[0] == 200


async def test_a_fault_can_cut_the_websockets(rig: Rig) -> None:
    socket = await rig.session.ws_connect(f"{rig.sandbox.bybit_ws_url}/v5/private")
    rig.sandbox.fault("ws_drop", match=CREATE)
    assert (await rig.send())[0] == 200
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    assert rig.orders == 1


async def test_a_websocket_can_be_refused(rig: Rig) -> None:
    rig.sandbox.fault("error_before", match="GET /v5/private", status=503)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await rig.session.ws_connect(f"{rig.sandbox.bybit_ws_url}/v5/private")


async def test_faults_are_driven_and_read_over_http(rig: Rig) -> None:
    control = f"{rig.sandbox.control_url}/control"
    rule = {"kind": "empty", "venue": "bybit", "match": CREATE}
    async with rig.session.post(f"{control}/faults", json=rule) as answer:
        number = (await answer.json())["number"]
    assert (await rig.send())[1] == b""
    async with rig.session.get(f"{control}/faults") as answer:
        faults = await answer.json()
    assert [fault["rule"] for fault in faults["applied"]] == [number]
    async with rig.session.delete(f"{control}/faults?number={number}") as answer:
        assert answer.status == 200
    assert rig.sandbox.world.faults.rules == []


@pytest.mark.parametrize("rule", [{"kind": "earthquake"}, {"kind": "empty", "colour": "red"}])
async def test_a_rule_that_cannot_be_used_is_explained(rig: Rig, rule: dict[str, Any]) -> None:
    async with rig.session.post(f"{rig.sandbox.control_url}/control/faults", json=rule) as answer:
        assert answer.status == 400
        assert "error" in await answer.json()


async def test_a_gzip_bomb_is_small_on_the_wire(rig: Rig) -> None:
    rig.sandbox.fault("gzip_bomb", match=CREATE, megabytes=20)
    body = rig.body()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        answer = await session.post(f"{rig.sandbox.bybit_url}/v5/order/create", data=body, headers=rig.headers(body))
        raw = await answer.read()
    assert len(raw) < 100_000
    assert len(gzip.decompress(raw)) > 20_000_000
