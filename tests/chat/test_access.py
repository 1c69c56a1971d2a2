"""Who gets in, as what, and what happens to everybody else."""

import re
from pathlib import Path

import pytest

from db import Role
from sandbox import demo
from sandbox.server import Sandbox
from tests.chat.rig import Phone, Rig, running_bot


async def test_first_person_with_the_printed_code_becomes_owner(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path, has_owner=False) as rig:
        code = rig.app.owner_code.renew()
        await rig.stranger.says(f"/start {code}")
        assert "What would you like to do?" in rig.stranger.last().text
        role = (await rig.runtime.store.users.get(demo.STRANGER_ID)).role  # type: ignore[union-attr]
        assert role is Role.ADMIN


async def test_owner_code_works_once(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path, has_owner=False) as rig:
        code = rig.app.owner_code.renew()
        await rig.owner.says(f"/start {code}")
        await rig.stranger.says(f"/start {code}")
        assert "used or is too old" in rig.stranger.last().text


async def test_start_link_opens_the_chat_page_with_the_code(rig: Rig) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?start=abc#key=.+", rig.app.link("abc"))


@pytest.mark.parametrize("text", ["/balance", "/buy BTC 100$", "long BTC 100$", "hello", "/start", "/start ../../etc"])
async def test_stranger_is_refused_politely_and_learns_nothing(rig: Rig, text: str) -> None:
    shown = await rig.stranger.says(text)
    assert "private" in shown.text or "used or is too old" in shown.text
    assert shown.buttons == {}
    assert await rig.runtime.store.users.get(demo.STRANGER_ID) is None or text.startswith("/start ")


async def test_stranger_is_refused_once_an_hour(rig: Rig) -> None:
    for _ in range(5):
        await rig.stranger.says("/balance")
    assert len(rig.stranger.messages()) == 1


async def test_group_gets_no_numbers(rig: Rig) -> None:
    await rig.owner.says("/balance@elcaro_sandbox_bot", chat_id=demo.GROUP_ID)
    texts = [m.content.text for m in rig.state.messages[demo.GROUP_ID].values() if m.sender_id == demo.BOT_ID]
    assert texts == ["I work in private chats only."]


async def test_invited_viewer_may_look_and_not_trade(rig: Rig) -> None:
    await rig.owner.says("/people")
    shown = await rig.owner.taps("Invite a viewer")
    code = re.search(r"start=([\w-]+)", shown.text)
    assert code is not None
    await rig.stranger.says(f"/start {code[1]}")
    assert "Positions" in rig.stranger.last().buttons
    assert "Trade panel" not in rig.stranger.last().buttons
    assert "Equity" in (await rig.stranger.says("/balance")).text
    assert "role does not allow" in (await rig.stranger.says("/buy BTC 100$")).text


async def test_shut_out_person_is_a_stranger_again(rig: Rig) -> None:
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.TRADER)
    await rig.stranger.says("/balance")
    await rig.owner.says("/people")
    await rig.owner.taps("sandbox_stranger")
    await rig.owner.taps("Shut out")
    assert "private" in (await rig.stranger.says("/balance")).text


async def test_person_demoted_between_preview_and_confirmation_sends_nothing(rig: Rig) -> None:
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.TRADER)
    await rig.stranger.says("/buy BTC 100$ sl 2%")
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.VIEWER)
    await rig.stranger.taps("✅")
    assert rig.sent_to_bybit() == 0


async def test_owner_pauses_one_person_who_cannot_lift_it(rig: Rig, owner: Phone) -> None:
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.TRADER)
    await owner.says("/people")
    await owner.taps(str(demo.STRANGER_ID))
    assert "Takes no new risk" in (await owner.taps("Pause them")).text
    for text in ("/buy BTC 100$ sl 2%", "/resume", "/buy BTC 100$ sl 2%"):
        await rig.stranger.says(text)
        assert not any(data.startswith("ok|") for data in rig.stranger.last().buttons.values())
    assert "Nothing is sent until" in (await owner.says("/buy BTC 100$ sl 2%")).text
    await owner.says("/people")
    await owner.taps("sandbox_stranger")
    assert "Takes no new risk" not in (await owner.taps("Let them trade")).text
    assert "Nothing is sent until" in (await rig.stranger.says("/buy BTC 100$ sl 2%")).text


async def test_halt_stops_everybody_and_is_confirmed_both_ways(rig: Rig, owner: Phone) -> None:
    await owner.says("/people")
    await owner.taps("Stop new trades")
    await owner.taps("✅")
    assert "stopped for everybody" in owner.last().text
    await owner.says("/buy BTC 100$ sl 2%")
    if "✅" in "".join(owner.last().buttons):
        await owner.taps("✅")
    assert rig.sent_to_bybit() == 0
    await owner.says("/people")
    await owner.taps("Take new trades")
    await owner.taps("✅")
    assert "stopped for everybody" not in owner.last().text
