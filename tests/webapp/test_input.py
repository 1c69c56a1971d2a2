"""Whatever is sent, the answer is a refusal in the one shape: never a crash, never a guess."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.server import Sandbox
from tests.webapp.rig import Person, Rig, error_code, running_web_app
from tests.webapp.test_orders import TICKET
from webapp.limits import Limits, Rate

PREVIEW = "/api/trading/order/preview"

HOSTILE = (
    "' OR '1'='1",
    "1; DROP TABLE users--",
    '" UNION SELECT token FROM web_sessions--',
    "BTC'; UPDATE users SET role='admin'--",
    "$(id)",
    "../../etc/passwd",
    "%00",
    "<img src=x onerror=alert(1)>",
    "ВTCUSDT",
    "ＢＴＣ",
    "BTC\r\nX-Header: 1",
    "B" * 10_000,
)
BAD_NUMBERS = (
    "NaN", "inf", "-inf", "1e3", "1E999999", "-5", "+5", "0", "0.000", "١٢٣", "１２３", "²", "½", "1,000", "1.000,5",
    "1 000", "1'000", "1_000", "0x10", "5\n", "5\u200b", " 5", "5 BTC", "9" * 10_000, "", ".5", "5.",
)  # fmt: skip


async def raw(rig: Rig, request: bytes, *, within_s: float = 15) -> bytes:
    """Send bytes as they are and return the answer's first line."""
    place = urlsplit(rig.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(request)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.readline(), within_s)
    finally:
        writer.close()


@pytest.mark.parametrize("number", BAD_NUMBERS)
async def test_number_that_is_none_is_refused(owner: Person, rig: Rig, number: str) -> None:
    for body in (
        {**TICKET, "size": {"amount": number, "unit": "coins"}},
        {**TICKET, "price": number},
        {**TICKET, "leverage": number},
    ):
        answer = await owner.post(PREVIEW, body)
        assert (answer.status_code, error_code(answer)) == (422, "malformed"), body


@pytest.mark.parametrize("value", [5, 5.0, True, None, [], {}, ["5"]])
async def test_number_that_is_no_text_is_refused(owner: Person, value: Any) -> None:
    answer = await owner.post(PREVIEW, {**TICKET, "size": {"amount": value, "unit": "coins"}})
    assert answer.status_code == 422


@pytest.mark.parametrize("text", HOSTILE)
async def test_w20_hostile_text_in_every_place_changes_nothing(owner: Person, rig: Rig, text: str) -> None:
    people = await rig.runtime.store.users.list_all()
    answers = [
        await owner.get("/api/trading/positions", symbol=text),
        await owner.get("/api/trading/balance", exchange=text),
        await owner.get("/api/trading/balance", account_type=text),
        await owner.get("/api/trading/instruments", text=text),
        await owner.get("/api/trading/history", kind=text),
        await owner.post(PREVIEW, {**TICKET, "symbol": text}),
        await owner.post("/api/trading/cancel/preview", {"order_id": text}),
        await owner.post("/api/trading/order", {"confirm": text}),
        await owner.send("PATCH", "/api/me", {"exchange": text}),
        await owner.send("PUT", "/api/settings/zone", {"value": text}),
        await owner.send("PUT", "/api/settings/max_leverage", {"value": text}),
        await owner.post("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": {"api_key": text}}),
        await rig.http.post("/api/auth/telegram", json={"init_data": text}),
        await rig.http.post("/api/auth/link", json={"code": text}),
    ]
    assert [answer.status_code for answer in answers if answer.status_code not in {200, 401, 404, 409, 413, 422}] == []
    assert all("Traceback" not in answer.text and "sqlite" not in answer.text.lower() for answer in answers)
    assert await rig.runtime.store.users.list_all() == people


@pytest.mark.parametrize(
    "body",
    [
        b'{"confirm": NaN}',
        b'{"confirm": Infinity}',
        b'{"confirm": 1e309}',
        b'{"confirm": "aaaaaaaaaaaaaaaaaaaaaa", "confirm": "bbbbbbbbbbbbbbbbbbbbbb"}',
        b"[" * 8000 + b"]" * 8000,
        b'\xef\xbb\xbf{"confirm": "aaaaaaaaaaaaaaaaaaaaaa"}',
        '{"confirm": "aaaaaaaaaaaaaaaaaaaaaa"}'.encode("utf-16"),
        b'{"confirm": "\xff\xfe"}',
        b"",
        b"null",
        b"[]",
        b"{",
        b"\x00",
    ],
)
async def test_body_that_is_no_plain_json_is_refused(owner: Person, rig: Rig, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = "some-key-of-mine"
    answer = await rig.http.post("/api/trading/order", content=body, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["success"] is False


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_body_of_another_kind_is_refused(owner: Person, rig: Rig, kind: str) -> None:
    headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": kind, "Idempotency-Key": "some-key-of-mine"}
    answer = await rig.http.post("/api/trading/order", content=b'{"confirm":"aaaaaaaaaaaaaaaaaaaaaa"}', headers=headers)
    assert answer.status_code == 422


async def test_w17_large_body_is_refused_unread(owner: Person, rig: Rig) -> None:
    answer = await owner.post(PREVIEW, {"symbol": "B" * 20_000})
    assert (answer.status_code, error_code(answer)) == (413, "too_large")
    head = f"POST {PREVIEW} HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n".encode()
    assert b" 413 " in await raw(rig, head)


async def test_w17_body_of_unknown_length_is_cut_off(rig: Rig, owner: Person) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 1024

    headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": "application/json"}
    answer = await rig.http.post(PREVIEW, content=chunks(), headers=headers)
    assert answer.status_code == 413


async def test_w17_slow_body_is_given_up(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.gate.BODY_WITHIN_S", 0.2)
    head = b"POST /api/auth/link HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    assert b" 408 " in await raw(rig, head)


async def test_w17_endless_headers_are_refused(rig: Rig) -> None:
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(10_000))
    answer = await raw(rig, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert any(status in answer for status in (b" 400 ", b" 431 "))


@pytest.mark.parametrize("length", [b"-1", b"abc", b"99999999999999999999"])
async def test_length_that_is_none_is_refused(rig: Rig, length: bytes) -> None:
    head = b"POST /api/auth/link HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n{}"
    answer = await raw(rig, head)
    assert any(status in answer for status in (b" 400 ", b" 413 "))


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fetc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/x/%00",
        "/static/x/....//....//app.py",
        "/static//etc/passwd",
        "/..%5c..%5capp.py",
        "/static/{version}/../../app.py",
        "/static/{version}/..%2fapp.py",
        "/static/{version}/style/",
        "/static/{version}/",
    ],
)
async def test_w21_only_the_pages_own_files_are_served(rig: Rig, path: str) -> None:
    version = rig.app.inside.state.pages.base.rpartition("/")[2]
    answer = await raw(rig, f"GET {path.replace('{version}', version)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b" 404 " in answer


async def test_w22_no_route_takes_an_address_to_call(rig: Rig) -> None:
    names = set(json.dumps(rig.app.inside.openapi()).lower().split('"'))
    assert not {"url", "uri", "webhook", "callback", "avatar", "callback_url", "base_url"} & names


async def test_error_has_one_shape_everywhere(owner: Person, rig: Rig) -> None:
    answers = [
        await owner.get("/api/nowhere"),
        await owner.send("DELETE", "/api/me"),
        await owner.get("/api/trading/candles"),
        await owner.get("/api/trading/balance", exchange="mtgox"),
        await rig.nobody.get("/api/me"),
    ]
    for answer in answers:
        body = answer.json()
        assert (body["success"], body["data"]) == (False, None)
        assert set(body["error"]) == {"kind", "code", "message", "fields"}
        assert answer.headers["x-request-id"]


async def test_crash_is_told_with_a_number_and_nothing_else(
    owner: Person, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("secret inner words")

    monkeypatch.setattr("core.web_accounts.alerts_of", broken)
    answer = await owner.get("/api/alerts")
    assert (answer.status_code, error_code(answer)) == (500, "crash")
    assert "secret" not in answer.text
    assert answer.json()["error"]["fields"]["number"] == answer.headers["x-request-id"]


async def test_flood_of_one_address_is_slowed_down(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_web_app(sandbox, tmp_path, limits=Limits(reads=(Rate(5, 3600),))) as rig:
        owner = await rig.login()
        statuses = [(await owner.get("/api/alerts")).status_code for _ in range(6)]
        assert statuses == [200] * 4 + [429] * 2
        assert (await rig.http.get("/healthz")).status_code == 200


async def test_flood_of_orders_is_slowed_down_and_closing_is_not(owner: Person) -> None:
    orders = [await owner.post("/api/trading/order", {"confirm": "x" * 22}) for _ in range(8)]
    assert [answer.status_code for answer in orders].count(429) >= 2
    assert error_code(orders[-1]) == "too_many_requests"
    closes = [await owner.post("/api/trading/close", {"confirm": "x" * 22}) for _ in range(8)]
    assert {answer.status_code for answer in closes} == {404}
