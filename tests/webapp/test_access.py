"""Nobody reaches what is somebody else's: every route of the API document, by every role."""

import json
from decimal import Decimal
from typing import Any

import pytest

from core import web_accounts
from core.web_accounts import Direction
from db import Role
from models.account import Account
from models.enums import AccountType
from tests.webapp.rig import OWNER, STRANGER, Person, Rig, error_code

OPEN = {"/healthz", "/readyz", "/api/auth/telegram", "/api/auth/link"}
"""What anybody may ask."""
FILLED = {
    "key": "requires_stop",
    "number": "1",
    "exchange": "bybit",
    "account_type": "paper",
    "symbol": "BTCUSDT",
}
PLACED = {"/api/trading/requests/{key}": {"key": "some-key-of-mine"}}


def routes(rig: Rig) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation of the API document: method, address and description."""
    paths = rig.app.inside.openapi()["paths"]
    return [(method.upper(), path, row) for path, rows in paths.items() for method, row in rows.items()]


def address(path: str) -> str:
    """Return an address with its places filled."""
    for name, value in {**FILLED, **PLACED.get(path, {})}.items():
        path = path.replace("{" + name + "}", value)
    return path


def required_query(row: dict[str, Any]) -> dict[str, str]:
    wanted = [part["name"] for part in row.get("parameters", []) if part["in"] == "query" and part["required"]]
    return {name: FILLED[name] for name in wanted}


async def test_every_route_but_the_door_asks_who_is_there(rig: Rig) -> None:
    asked = 0
    for method, path, row in routes(rig):
        if path in OPEN:
            continue
        answer = await rig.http.request(method, address(path), params=required_query(row), json={})
        assert answer.status_code == 401, (method, path)
        asked += 1
    assert asked > 30


async def test_w10_pending_and_banned_people_reach_no_route(rig: Rig) -> None:
    outsider = await rig.login(STRANGER, role=Role.VIEWER)
    for role in (Role.PENDING, Role.BANNED, Role.DELETED):
        await rig.runtime.store.users.set_role(STRANGER, role)
        rig.app.inside.state.parts.logins.forget()
        for method, path, row in routes(rig):
            if path in OPEN or path == "/api/auth/logout":
                continue
            answer = await outsider.http.request(
                method,
                address(path),
                params=required_query(row),
                json={},
                headers={"Authorization": f"Bearer {outsider.token}"},
            )
            assert answer.status_code in {403, 422}, (role, method, path, answer.text)


async def test_viewer_changes_nothing_but_their_own_choices(rig: Rig) -> None:
    viewer = await rig.login(STRANGER, role=Role.VIEWER)
    for method, path, _ in routes(rig):
        if method == "GET" or path in OPEN or path in {"/api/auth/logout", "/api/me"}:
            continue
        answer = await viewer.send(method, address(path), {})
        assert answer.status_code in {403, 422}, (method, path, answer.text)


@pytest.fixture
async def other(rig: Rig, owner: Person) -> Person:
    """A second trader. What they have must stay theirs."""
    return await rig.login(STRANGER, role=Role.TRADER)


async def test_w10_confirm_token_of_somebody_else_does_nothing(owner: Person, other: Person) -> None:
    preview = await owner.done("/api/trading/close-all/preview", {})
    answer = await other.post("/api/trading/close-all", {"confirm": preview["confirm"]})
    assert (answer.status_code, error_code(answer)) == (404, "confirm_unknown")
    assert (await owner.data("/api/trading/positions")) != []


async def test_w10_confirm_token_of_another_deed_does_nothing(owner: Person) -> None:
    preview = await owner.done("/api/trading/close-all/preview", {})
    answer = await owner.post("/api/trading/cancel-all", {"confirm": preview["confirm"]})
    assert error_code(answer) == "confirm_unknown"


async def test_w10_request_of_somebody_else_is_not_told(owner: Person, other: Person) -> None:
    preview = await owner.done("/api/trading/close-all/preview", {})
    await owner.done("/api/trading/close-all", {"confirm": preview["confirm"]}, key="a-key-of-the-owner")
    assert (await owner.data("/api/trading/requests/a-key-of-the-owner"))["results"] != []
    assert (await other.data("/api/trading/requests/a-key-of-the-owner"))["results"] == []


async def test_w10_alert_of_somebody_else_is_neither_seen_nor_removed(owner: Person, other: Person) -> None:
    account = Account(user_id=OWNER, exchange="bybit", account_type=AccountType.PAPER)
    number = await web_accounts.add_alert(account, "BTCUSDT", Direction.ABOVE, Decimal(70000), "mine")
    assert await other.data("/api/alerts") == []
    assert error_code(await other.send("DELETE", f"/api/alerts/{number}")) == "alert_not_found"
    assert len(await owner.data("/api/alerts")) == 1


async def test_w10_settings_are_everybodys_own(owner: Person, other: Person) -> None:
    await owner.send("PUT", "/api/settings/max_leverage", {"value": "7"})
    await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid"})
    assert (await other.data("/api/me"))["exchange"] == "bybit"
    assert all(row["is_default"] for row in await other.data("/api/settings"))


NAMING = ({"user_id": OWNER}, {"is_admin": True}, {"role": "admin"}, {"cause": "web:1:x"})


@pytest.mark.parametrize("extra", NAMING)
async def test_w11_unknown_fields_are_refused_by_every_route(rig: Rig, owner: Person, extra: dict[str, Any]) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/api/trading/close/preview": {"symbol": "BTCUSDT", "side": "long"},
        "/api/trading/cancel/preview": {"order_id": "1"},
        "/api/trading/leverage/preview": {"symbol": "BTCUSDT", "leverage": "5"},
        "/api/trading/tpsl/preview": {"symbol": "BTCUSDT", "side": "long", "stop_loss": "1"},
        "/api/alerts": {"symbol": "BTCUSDT", "direction": "above", "price": "1"},
        "/api/keys": {"exchange": "bybit", "account_type": "paper", "values": {}},
        "/api/pause": {"is_paused": False},
        "/api/settings/{key}": {"value": "true"},
    }
    for method, path, row in routes(rig):
        if path in OPEN or path == "/api/auth/logout":
            continue
        if "requestBody" in row:
            confirmed = {"confirm": "x" * 22} if "Confirmed" in json.dumps(row["requestBody"]) else {}
            body = {**bodies.get(path, confirmed), **extra}
            answer = await owner.send(method, address(path), body)
            assert (answer.status_code, error_code(answer)) == (422, "malformed"), (path, answer.text)
        elif row.get("parameters") and any(part["in"] == "query" for part in row["parameters"]):
            answer = await owner.get(address(path), **required_query(row), **{k: str(v) for k, v in extra.items()})
            assert answer.status_code == 422, path


async def test_w11_real_account_needs_its_switch(rig: Rig, owner: Person) -> None:
    for word in ("real", "live", "mainnet"):
        answer = await owner.get("/api/trading/balance", account_type=word)
        assert answer.status_code in {409, 422, 503}, word
    answer = await owner.send("PUT", "/api/settings/real_trading", {"value": "true"})
    assert (answer.status_code, error_code(answer)) == (422, "real_not_confirmed")
    answer = await owner.send("PUT", "/api/settings/real_trading", {"value": "true", "confirm": "REAL"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/admin", "/api/admin", "/api/users", "/api/internal", "/docs", "/redoc", "/api/trading", "/debug", "/.env"],
)
async def test_w12_internal_routes_do_not_exist(owner: Person, path: str) -> None:
    assert (await owner.get(path)).status_code == 404


async def test_w13_nobody_logs_in_by_naming_a_user(rig: Rig) -> None:
    for method, path, row in routes(rig):
        names = [part["name"] for part in row.get("parameters", [])]
        assert "user_id" not in names, (method, path)
        assert not {"direct-login", "login-by-id", "user"} & set(path.split("/")), path
    for path in ("/api/auth/direct-login", "/api/auth/login-by-id", "/api/auth/telegram"):
        answer = await rig.http.post(path, json={"user_id": OWNER})
        assert answer.status_code in {404, 422}, path


async def test_document_describes_every_body_with_an_example(rig: Rig) -> None:
    document = rig.app.inside.openapi()
    models = document["components"]["schemas"]
    closed = [name for name, model in models.items() if model.get("additionalProperties") is False]
    assert {"TicketBody", "CloseBody", "ProtectBody", "Confirmed", "NewAlert", "Launched"} <= set(closed)
    assert "examples" in json.dumps(models["TicketBody"])
