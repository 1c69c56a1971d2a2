"""Whatever is sent, the answer is a refusal in the one shape: never a crash, never a guess."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.exchanges.wire_server import hang_up
from tests.webapp.rig import Person, Rig, error_code
from tests.webapp.test_orders import TICKET

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
        await hang_up([writer])


@pytest.mark.parametrize("number", BAD_NUMBERS)
async def test_number_that_is_none_is_refused(visitor: Person, calm: Rig, number: str) -> None:
    for body in (
        {**TICKET, "size": {"amount": number, "unit": "coins"}},
        {**TICKET, "price": number},
        {**TICKET, "leverage": number},
    ):
        answer = await visitor.post(PREVIEW, body)
        assert (answer.status_code, error_code(answer)) == (422, "malformed"), body


@pytest.mark.parametrize("value", [5, 5.0, True, None, [], {}, ["5"]])
async def test_number_that_is_no_text_is_refused(visitor: Person, value: Any) -> None:
    answer = await visitor.post(PREVIEW, {**TICKET, "size": {"amount": value, "unit": "coins"}})
    assert answer.status_code == 422


@pytest.mark.parametrize("text", HOSTILE)
async def test_w20_hostile_text_in_every_place_changes_nothing(visitor: Person, calm: Rig, text: str) -> None:
    people = await calm.runtime.store.users.list_all()
    answers = [
        await visitor.get("/api/trading/positions", symbol=text),
        await visitor.get("/api/trading/balance", exchange=text),
        await visitor.get("/api/trading/balance", account_type=text),
        await visitor.get("/api/trading/instruments", text=text),
        await visitor.get("/api/trading/history", kind=text),
        await visitor.post(PREVIEW, {**TICKET, "symbol": text}),
        await visitor.post("/api/trading/cancel/preview", {"order_id": text}),
        await visitor.post("/api/trading/order", {"confirm": text}),
        await visitor.send("PATCH", "/api/me", {"exchange": text}),
        await visitor.send("PUT", "/api/settings/zone", {"value": text}),
        await visitor.send("PUT", "/api/settings/max_leverage", {"value": text}),
        await visitor.post("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": {"api_key": text}}),
        await calm.http.post("/api/auth/telegram", json={"init_data": text}),
        await calm.http.post("/api/auth/link", json={"code": text}),
    ]
    assert [answer.status_code for answer in answers if answer.status_code not in {200, 401, 404, 409, 413, 422}] == []
    assert all("Traceback" not in answer.text and "sqlite" not in answer.text.lower() for answer in answers)
    assert await calm.runtime.store.users.list_all() == people


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
async def test_body_that_is_no_plain_json_is_refused(visitor: Person, calm: Rig, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {visitor.token}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = "some-key-of-mine"
    answer = await calm.http.post("/api/trading/order", content=body, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["success"] is False


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_body_of_another_kind_is_refused(visitor: Person, calm: Rig, kind: str) -> None:
    headers = {
        "Authorization": f"Bearer {visitor.token}",
        "Content-Type": kind,
        "Idempotency-Key": "some-key-of-mine",
    }
    answer = await calm.http.post(
        "/api/trading/order", content=b'{"confirm":"aaaaaaaaaaaaaaaaaaaaaa"}', headers=headers
    )
    assert answer.status_code == 422


async def test_w17_large_body_is_refused_unread(visitor: Person, calm: Rig) -> None:
    answer = await visitor.post(PREVIEW, {"symbol": "B" * 20_000})
    assert (answer.status_code, error_code(answer)) == (413, "too_large")
    head = f"POST {PREVIEW} HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n".encode()
    assert b" 413 " in await raw(calm, head)


async def test_w17_body_of_unknown_length_is_cut_off(calm: Rig, visitor: Person) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 1024

    headers = {"Authorization": f"Bearer {visitor.token}", "Content-Type": "application/json"}
    answer = await calm.http.post(PREVIEW, content=chunks(), headers=headers)
    assert answer.status_code == 413


async def test_w17_slow_body_is_given_up(calm: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.gate.BODY_WITHIN_S", 0.2)
    head = b"POST /api/auth/link HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    assert b" 408 " in await raw(calm, head)


async def test_w17_endless_headers_are_refused(calm: Rig) -> None:
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(10_000))
    answer = await raw(calm, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert any(status in answer for status in (b" 400 ", b" 431 "))


@pytest.mark.parametrize("length", [b"-1", b"abc", b"99999999999999999999"])
async def test_length_that_is_none_is_refused(calm: Rig, length: bytes) -> None:
    head = b"POST /api/auth/link HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n{}"
    answer = await raw(calm, head)
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
async def test_w21_only_the_pages_own_files_are_served(calm: Rig, path: str) -> None:
    version = calm.app.inside.state.pages.base.rpartition("/")[2]
    answer = await raw(calm, f"GET {path.replace('{version}', version)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b" 404 " in answer


async def test_w22_no_route_takes_an_address_to_call(calm: Rig) -> None:
    names = set(json.dumps(calm.app.inside.openapi()).lower().split('"'))
    assert not {"url", "uri", "webhook", "callback", "avatar", "callback_url", "base_url"} & names


async def test_error_has_one_shape_everywhere(visitor: Person, calm: Rig) -> None:
    answers = [
        await visitor.get("/api/nowhere"),
        await visitor.send("DELETE", "/api/me"),
        await visitor.get("/api/trading/candles"),
        await visitor.get("/api/trading/balance", exchange="mtgox"),
        await calm.nobody.get("/api/me"),
    ]
    for answer in answers:
        body = answer.json()
        assert (body["success"], body["data"]) == (False, None)
        assert set(body["error"]) == {"kind", "code", "message", "fields"}
        assert answer.headers["x-request-id"]


async def test_crash_is_told_with_a_number_and_nothing_else(
    visitor: Person, calm: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("secret inner words")

    monkeypatch.setattr("core.web_accounts.alerts_of", broken)
    answer = await visitor.get("/api/alerts")
    assert (answer.status_code, error_code(answer)) == (500, "crash")
    assert "secret" not in answer.text
    assert answer.json()["error"]["fields"]["number"] == answer.headers["x-request-id"]
