"""Logins: opened by proof, kept short, ended at once, and never named by the asker."""

import asyncio
from pathlib import Path

import httpx
import pytest

from core import web_sessions
from db import Role
from sandbox.server import Sandbox
from tests.webapp.rig import OWNER, STRANGER, Person, Rig, error_code, launch_data, running_web_app


async def by_launch(rig: Rig, init_data: str) -> httpx.Response:
    return await rig.http.post("/api/auth/telegram", json={"init_data": init_data})


async def by_code(rig: Rig, code: str) -> httpx.Response:
    return await rig.http.post("/api/auth/link", json={"code": code})


async def test_launch_becomes_a_session(rig: Rig) -> None:
    owner = await rig.login()
    me = await owner.data("/api/me")
    assert (me["user_id"], me["role"], me["can_trade"]) == (OWNER, "admin", True)


async def test_forged_launch_is_refused(rig: Rig) -> None:
    answer = await by_launch(rig, launch_data().replace("Olena", "Olenb"))
    assert (answer.status_code, error_code(answer)) == (401, "login_not_believed")


async def test_w7_launch_is_taken_once(rig: Rig) -> None:
    await rig.runtime.store.users.set_role(OWNER, Role.TRADER)
    launch = launch_data()
    first = await by_launch(rig, launch)
    again = await by_launch(rig, launch)
    assert first.status_code == 200
    assert (again.status_code, error_code(again)) == (401, "login_used")
    person = Person(rig.http, first.json()["data"]["token"])
    await person.done("/api/auth/logout")
    assert error_code(await by_launch(rig, launch)) == "login_used"


async def test_w7_two_simultaneous_uses_of_a_launch_make_one_session(rig: Rig) -> None:
    await rig.runtime.store.users.set_role(OWNER, Role.TRADER)
    launch = launch_data()
    answers = await asyncio.gather(*(by_launch(rig, launch) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_w6_token_of_the_bot_alone_opens_nothing_where_telegrams_signature_is_asked_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running_web_app(sandbox, tmp_path, webapp_require_signature=True) as rig:
        await rig.runtime.store.users.set_role(OWNER, Role.ADMIN)
        answer = await by_launch(rig, launch_data())
        assert (answer.status_code, error_code(answer)) == (401, "login_not_believed")


@pytest.mark.parametrize("role", [None, Role.PENDING, Role.BANNED, Role.DELETED])
async def test_stranger_is_not_let_in(rig: Rig, role: Role | None) -> None:
    if role is not None:
        await rig.runtime.store.users.set_role(STRANGER, role)
    answer = await by_launch(rig, launch_data(STRANGER))
    assert (answer.status_code, error_code(answer)) == (403, "not_let_in")


async def test_login_link_works_once_and_for_its_owner_alone(rig: Rig) -> None:
    await rig.runtime.store.users.set_role(STRANGER, Role.VIEWER)
    await rig.runtime.store.users.set_role(OWNER, Role.ADMIN)
    code = await web_sessions.make_login_code(STRANGER)
    stolen = code.replace(str(STRANGER), str(OWNER))
    assert error_code(await by_code(rig, stolen)) == "login_code_spent"
    answer = await by_code(rig, code)
    assert answer.json()["data"]["user_id"] == STRANGER
    again = await by_code(rig, code)
    assert (again.status_code, error_code(again)) == (401, "login_code_spent")


async def test_confirm_token_is_no_login_code(rig: Rig, owner: Person) -> None:
    preview = await owner.done("/api/trading/close-all/preview", {})
    answer = await by_code(rig, f"{OWNER}.{preview['confirm']}")
    assert answer.status_code == 401
    await owner.done("/api/trading/close-all", {"confirm": preview["confirm"]})


async def test_w9_odd_tokens_are_refused(rig: Rig, owner: Person) -> None:
    for token in ("", "x", owner.token[:-1], owner.token.swapcase(), "Bearer " + owner.token, "x" * 4000):
        assert (await Person(rig.http, token).get("/api/me")).status_code == 401, token


async def test_w9_token_in_an_address_opens_nothing(rig: Rig, owner: Person) -> None:
    for name in ("token", "session", "access_token", "user_id"):
        answer = await rig.http.get(f"/api/me?{name}={owner.token}")
        assert answer.status_code == 401, name


async def test_w9_logged_out_session_ends_at_once(owner: Person) -> None:
    await owner.data("/api/me")
    await owner.done("/api/auth/logout")
    assert (await owner.get("/api/me")).status_code == 401


async def test_w9_session_ends_without_use(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sessions.IDLE_MS", -1)
    answer = await owner.post("/api/trading/close-all/preview", {})
    assert (answer.status_code, error_code(answer)) == (401, "session_ended")


async def test_w9_session_ends_by_its_age_however_much_it_is_used(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sessions.LIFETIME_MS", -1)
    person = await rig.login()
    answer = await person.get("/api/me")
    assert (answer.status_code, error_code(answer)) == (401, "session_ended")


async def test_w9_logging_out_of_one_session_ends_no_other(rig: Rig, owner: Person) -> None:
    elsewhere = await rig.login(role=None)
    await owner.done("/api/auth/logout")
    assert (await owner.get("/api/me")).status_code == 401
    assert (await elsewhere.get("/api/me")).status_code == 200


async def test_w9_revoked_session_moves_no_money_from_that_moment(rig: Rig, owner: Person) -> None:
    await owner.data("/api/me")
    await web_sessions.end_sessions(OWNER)
    answer = await owner.post("/api/trading/close-all/preview", {})
    assert (answer.status_code, error_code(answer)) == (401, "session_ended")


async def test_role_is_looked_up_at_every_deed(rig: Rig, owner: Person) -> None:
    preview = await owner.done("/api/trading/close-all/preview", {})
    await rig.runtime.store.users.set_role(OWNER, Role.VIEWER)
    answer = await owner.post("/api/trading/close-all", {"confirm": preview["confirm"]})
    assert (answer.status_code, error_code(answer)) == (403, "viewer_cannot_trade")
    await rig.runtime.store.users.set_role(OWNER, Role.BANNED)
    assert error_code(await owner.post("/api/trading/close-all", {"confirm": preview["confirm"]})) == "not_let_in"


async def test_viewer_sees_and_cannot_trade(rig: Rig) -> None:
    viewer = await rig.login(STRANGER, role=Role.VIEWER)
    assert (await viewer.get("/api/trading/positions")).status_code == 200
    answer = await viewer.post("/api/trading/close-all/preview", {})
    assert (answer.status_code, error_code(answer)) == (403, "viewer_cannot_trade")


async def test_failed_logins_are_slowed_down(rig: Rig) -> None:
    answers = [await by_code(rig, f"7.{'x' * 20}{n}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_launch_from_the_future_is_refused_by_the_server_too(rig: Rig) -> None:
    answer = await by_launch(rig, launch_data(age_s=-3600))
    assert answer.status_code == 401
