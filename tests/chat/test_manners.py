"""How the bot treats haste, and what is not written to it."""

from typing import Any

from sandbox.telegram import people
from sandbox.telegram.wire import Upload, unix_seconds
from tests.chat.rig import Phone, Rig, eventually


async def test_button_held_down_is_slowed_and_a_confirmed_order_still_goes_out(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    preview = owner.last()
    confirm = next(data for data in preview.buttons.values() if data.startswith("ok|"))
    rig.app.intake.pace.is_on = True
    rig.state.calls.clear()
    handled = rig.app.intake.handled
    for _ in range(80):
        people.press(rig.state, owner.user_id, preview.message_id, "home", stale=True)
    people.press(rig.state, owner.user_id, preview.message_id, confirm, stale=True)
    await eventually(lambda: rig.app.intake.handled >= handled + 81)
    notes = [call["params"].get("text", "") for call in rig.state.calls if call["method"] == "answerCallbackQuery"]
    assert len(notes) == 81
    assert sum("faster than me" in note for note in notes) > 20
    assert rig.sent_to_bybit() == 1


async def test_whoever_writes_too_fast_is_told_once(rig: Rig, owner: Phone) -> None:
    rig.app.intake.pace.is_on = True
    handled = rig.app.intake.handled
    for _ in range(60):
        people.send_text(rig.state, owner.user_id, "/whoami")
    await eventually(lambda: rig.app.intake.handled >= handled + 60)
    told = [shown for shown in owner.messages() if "faster than me" in shown.text]
    assert len(told) == 1


async def test_panic_is_never_too_fast(rig: Rig, owner: Phone) -> None:
    rig.app.intake.pace.is_on = True
    handled = rig.app.intake.handled
    for _ in range(50):
        people.send_text(rig.state, owner.user_id, "/whoami")
    people.send_text(rig.state, owner.user_id, "/panic")
    await eventually(lambda: rig.app.intake.handled >= handled + 51)
    assert any(data.startswith("ok|") for data in owner.last().buttons.values())


async def test_picture_and_what_is_passed_on_are_answered_and_do_nothing(rig: Rig, owner: Phone) -> None:
    handled = rig.app.intake.handled
    upload = Upload(name="a.png", mime_type="image/png", data=PNG)
    people.send_file(rig.state, owner.user_id, upload, as_photo=False, caption="long BTC 100$")
    await eventually(lambda: rig.app.intake.handled > handled)
    assert "text that you write yourself" in owner.last().text
    passed_on: dict[str, Any] = {
        "message_id": owner.last().message_id + 1,
        "date": unix_seconds(rig.sandbox.world.now()),
        "chat": {"id": owner.user_id, "type": "private"},
        "from": {"id": owner.user_id, "is_bot": False, "first_name": "Owner"},
        "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Guru"},
        "text": "long BTC 100$",
    }
    handled, said = rig.app.intake.handled, len(owner.messages())
    rig.state.updates.push("message", passed_on)
    await eventually(lambda: rig.app.intake.handled > handled)
    assert len(owner.messages()) == said + 1
    assert "text that you write yourself" in owner.last().text
    assert rig.sent_to_bybit() == 0


async def test_edited_message_is_answered_and_never_carried_out(rig: Rig, owner: Phone) -> None:
    await owner.says("/whoami")
    written = max(m.message_id for m in rig.state.messages[owner.user_id].values() if m.sender_id == owner.user_id)
    for text in ("/pause", "long BTC 100$ sl 2%"):
        handled = rig.app.intake.handled
        people.edit_text(rig.state, owner.user_id, written, text)
        await eventually(lambda handled=handled: rig.app.intake.handled > handled)
        assert "I do not follow edits" in owner.last().text
    assert "Nothing is sent until" in (await owner.says("/buy BTC 100$ sl 2%")).text


async def test_keyboard_speaks_the_language_that_was_chosen(owner: Phone, rig: Rig) -> None:
    await owner.says("/lang uk")
    assert "Позиції" in str(rig.state.keyboards[owner.user_id])


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


async def test_command_that_there_is_not_is_answered_with_the_nearest_one(owner: Phone) -> None:
    assert "Did you mean /positions?" in (await owner.says("/postions BTC")).text
    for text in ("/reverse sol", "/", "/ 5", "/" + "x" * 4000):
        assert "/help lists all" in (await owner.says(text)).text
