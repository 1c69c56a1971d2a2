"""One wish, one order: however often it is sent, whoever goes away, and whatever dies in between."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from tests.webapp.rig import Person, Rig, error_code, running_web_app
from tests.webapp.test_orders import TICKET

CREATE = "POST /v5/order/create"
KEY = "one-wish-of-mine"


async def previewed(person: Person, **changes: Any) -> str:
    preview = await person.done("/api/trading/order/preview", {**TICKET, "stop_loss": None, **changes})
    return str(preview["confirm"])


async def place(person: Person, token: str, key: str = KEY) -> httpx.Response:
    return await person.post("/api/trading/order", {"confirm": token}, key=key)


async def test_w18_same_request_twice_is_one_order_and_the_same_answer(owner: Person, rig: Rig) -> None:
    token = await previewed(owner)
    first, again = await place(owner, token), await place(owner, token)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert rig.sent(CREATE) == 1


async def test_w18_ten_at_once_are_one_order_and_one_answer(owner: Person, rig: Rig) -> None:
    token = await previewed(owner)
    answers = await asyncio.gather(*(place(owner, token) for _ in range(5)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].status_code == 200
    assert rig.sent(CREATE) == 1


async def test_w18_same_key_for_another_wish_is_refused(owner: Person, rig: Rig) -> None:
    first, second = await previewed(owner), await previewed(owner, side="sell")
    await place(owner, first)
    answer = await place(owner, second)
    assert (answer.status_code, error_code(answer)) == (422, "idempotency_key_reused")
    assert rig.sent(CREATE) == 1


async def test_w18_token_works_under_one_key_only(owner: Person, rig: Rig) -> None:
    token = await previewed(owner)
    await place(owner, token)
    answer = await place(owner, token, "another-key-of-mine")
    assert (answer.status_code, error_code(answer)) == (409, "confirm_used")
    assert rig.sent(CREATE) == 1


async def test_w18_two_tabs_with_one_preview_make_one_order(owner: Person, rig: Rig) -> None:
    token, other_tab = await previewed(owner), await rig.login(role=None)
    answers = await asyncio.gather(place(owner, token, "key-of-one-tab"), place(other_tab, token, "key-of-the-other"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [error_code(answer) for answer in answers if answer.status_code == 409] == ["confirm_used"]
    assert rig.sent(CREATE) == 1


async def test_w18_one_key_in_two_tabs_is_one_order_and_one_answer(owner: Person, rig: Rig) -> None:
    token, other_tab = await previewed(owner), await rig.login(role=None)
    answers = await asyncio.gather(place(owner, token), place(other_tab, token))
    assert answers[0].status_code == 200
    assert answers[0].text == answers[1].text
    assert rig.sent(CREATE) == 1


@pytest.mark.parametrize("key", ["", "short", "with space", "x" * 65, "a;drop table"])
async def test_w18_request_without_a_key_of_the_right_form_is_refused(owner: Person, rig: Rig, key: str) -> None:
    token = await previewed(owner)
    headers = {"Authorization": f"Bearer {owner.token}", **({"Idempotency-Key": key} if key else {})}
    answer = await rig.http.post("/api/trading/order", json={"confirm": token}, headers=headers)
    assert (answer.status_code, error_code(answer)) == (400, "idempotency_key_missing")
    assert rig.sent(CREATE) == 0


async def test_w19_order_of_somebody_who_goes_away_goes_its_way(owner: Person, rig: Rig) -> None:
    token = await previewed(owner)
    rig.sandbox.fault("delay_after", venue="bybit", match=CREATE, delay_after_s=2)
    request = asyncio.create_task(place(owner, token))
    await eventually(lambda: rig.sent(CREATE) == 1)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await rig.sandbox.advance(3)
    found = await _settled(owner)
    assert found[0]["outcome"] in {"filled", "accepted"}
    assert rig.sent(CREATE) == 1


async def _settled(person: Person) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while True:
            found = (await person.data(f"/api/trading/requests/{KEY}"))["results"]
            if found and not _is_open(found):
                return list(found)
            await asyncio.sleep(0.02)


def _is_open(results: list[dict[str, Any]]) -> bool:
    return any(result["outcome"] == "unknown" for result in results)


async def eventually(is_so: Any) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what the venue sees raises no event here
            await asyncio.sleep(0.005)


async def test_w24_repeat_after_a_restart_finds_the_order_instead_of_sending_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running_web_app(sandbox, tmp_path) as first:
        token = await previewed(owner := await first.login())
        told = (await place(owner, token)).json()["data"]["results"][0]["result"]
        session = owner.token
    async with running_web_app(sandbox, tmp_path) as second:
        answer = await place(Person(second.http, session), token)
        again = answer.json()["data"]["results"][0]["result"]
        assert answer.status_code == 200
        assert (again["order_id"], again["filled_size"]) == (told["order_id"], told["filled_size"])
        assert second.sent(CREATE) == 1


async def test_w24_wish_that_died_before_it_was_written_down_is_carried_out_by_its_repeat(
    owner: Person, rig: Rig
) -> None:
    token = await previewed(owner)
    await rig.runtime.store.confirmations.consume(token, 100_000_001, by=f"web:100000001:{KEY}")
    assert (await place(owner, token)).status_code == 200
    assert rig.sent(CREATE) == 1


async def test_late_repeat_of_a_wish_that_was_never_sent_is_refused(
    owner: Person, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await previewed(owner)
    await rig.runtime.store.confirmations.consume(token, 100_000_001, by=f"web:100000001:{KEY}")
    monkeypatch.setattr("core.confirming._GRACE_MS", -120_000)
    answer = await place(owner, token)
    assert (answer.status_code, error_code(answer)) == (410, "confirm_expired")
    assert rig.sent(CREATE) == 0


@pytest.mark.parametrize("token", ["x" * 22, "A" * 64])
async def test_token_that_never_was_does_nothing(owner: Person, token: str) -> None:
    assert error_code(await place(owner, token)) == "confirm_unknown"
