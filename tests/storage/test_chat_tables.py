"""Inbox, outbox and confirm tokens: at least once becomes once, and nothing is lost between."""

import asyncio

import pytest

from db import Confirmation, Message, Refusal, Store, Update
from tests.storage.conftest import NOW_MS, Hands


def update(number: int, bot_id: int = 1) -> Update:
    return Update(bot_id=bot_id, update_id=number, kind="message", from_id=7, payload="{}", received_ms=NOW_MS)


async def test_update_is_kept_once_however_often_it_is_delivered(store: Store) -> None:
    assert await store.inbox.add([update(1), update(2)]) == [update(1), update(2)]
    assert await store.inbox.add([update(2), update(3), update(2)]) == [update(3)]
    assert await store.inbox.pending(1) == [update(1), update(2), update(3)]


async def test_smaller_number_after_a_week_of_silence_is_a_new_update(store: Store) -> None:
    await store.inbox.add([update(1_000_000)])
    assert await store.inbox.add([update(5)]) == [update(5)]


async def test_updates_of_two_bots_do_not_meet(store: Store) -> None:
    await store.inbox.add([update(1, bot_id=1)])
    assert await store.inbox.add([update(1, bot_id=2)]) == [update(1, bot_id=2)]
    assert await store.inbox.pending(2) == [update(1, bot_id=2)]


async def test_finished_update_is_not_pending_and_its_text_is_forgotten(store: Store) -> None:
    await store.inbox.add([update(1), update(2)])
    await store.inbox.done(1, 1)
    await store.inbox.ignore(1, 2)
    assert await store.inbox.pending(1) == []
    rows = store.writer._sql.execute("SELECT state,payload FROM inbox").fetchall()
    assert rows == [("DONE", ""), ("IGNORED", "")]
    assert await store.inbox.add([update(1)]) == []


async def test_update_that_keeps_failing_is_given_up(store: Store) -> None:
    await store.inbox.add([update(1)])
    assert [await store.inbox.failed(1, 1) for _ in range(3)] == [1, 2, 3]
    await store.inbox.bury(1, 1)
    assert await store.inbox.pending(1) == []
    assert await store.inbox.failed(1, 1) == 0


async def test_only_finished_updates_are_forgotten(store: Store) -> None:
    await store.inbox.add([update(1), update(2)])
    await store.inbox.done(1, 1)
    assert await store.inbox.forget_before(NOW_MS + 1) == 1
    assert await store.inbox.pending(1) == [update(2)]


async def test_message_is_due_until_it_is_sent(store: Store) -> None:
    id = await store.outbox.add(Message(chat_id=7, body={"text": "hi"}))
    assert id is not None
    (due,) = await store.outbox.due()
    assert (due.chat_id, due.body, due.tries) == (7, {"text": "hi"}, 0)
    await store.outbox.sent(id, message_id=55)
    assert await store.outbox.due() == []
    assert await store.outbox.next_due_ms() is None


async def test_message_with_a_known_key_is_not_told_again(store: Store) -> None:
    assert await store.outbox.add(Message(chat_id=7, body={}, key="k")) is not None
    assert await store.outbox.add(Message(chat_id=7, body={}, key="k")) is None
    found = await store.outbox.find("k")
    assert found is not None
    await store.outbox.sent(found.id, message_id=9)
    found = await store.outbox.find("k")
    assert found is not None
    assert found.message_id == 9


async def test_message_that_is_tried_again_is_not_overtaken_in_its_chat(store: Store) -> None:
    first = await store.outbox.add(Message(chat_id=7, body={"text": "placed"}))
    assert first is not None
    await store.outbox.retry(first, after_ms=5000)
    await store.outbox.add(Message(chat_id=7, body={"text": "filled"}))
    await store.outbox.add(Message(chat_id=8, body={"text": "elsewhere"}))
    assert [message.chat_id for message in await store.outbox.due()] == [8]
    await store.outbox.sent(first, message_id=1)
    assert [message.chat_id for message in await store.outbox.due()] == [7, 8]


async def test_message_waits_as_long_as_it_was_told_to(store: Store, hands: Hands) -> None:
    id = await store.outbox.add(Message(chat_id=7, body={}))
    assert id is not None
    await store.outbox.retry(id, after_ms=5000, note="429")
    assert await store.outbox.due() == []
    assert await store.outbox.next_due_ms() == NOW_MS + 5000
    hands.now_ms += 5000
    (due,) = await store.outbox.due()
    assert due.tries == 1
    await store.outbox.give_up(id, "blocked")
    assert await store.outbox.due() == []
    assert await store.outbox.forget_before(hands.now_ms + 1) == 1


async def test_token_is_used_up_by_its_owner_once(store: Store) -> None:
    token = await store.confirmations.create(7, "order", {"size": "0.5"})
    assert await store.confirmations.consume(token, 8, by="b") is Refusal.UNKNOWN
    used = await store.confirmations.consume(token, 7, by="a")
    assert isinstance(used, Confirmation)
    assert (used.kind, used.payload) == ("order", {"size": "0.5"})
    assert await store.confirmations.consume(token, 7, by="b") is Refusal.USED
    assert await store.confirmations.consume("guess", 7, by="b") is Refusal.UNKNOWN


async def test_press_that_is_handled_again_after_a_crash_gets_the_same_answer(store: Store, hands: Hands) -> None:
    token = await store.confirmations.create(7, "order", {"size": "0.5"})
    first = await store.confirmations.consume(token, 7, by="tg:1:5:confirm")
    hands.now_ms += 3_600_000
    assert await store.confirmations.consume(token, 7, by="tg:1:5:confirm") == first


async def test_token_that_is_too_old_does_nothing(store: Store, hands: Hands) -> None:
    token = await store.confirmations.create(7, "order", {}, lifetime_s=60)
    hands.now_ms += 60_000
    assert await store.confirmations.consume(token, 7, by="a") is Refusal.EXPIRED
    assert await store.confirmations.peek(token, 7) is not None
    assert await store.confirmations.peek(token, 8) is None
    assert await store.confirmations.forget_before(hands.now_ms + 1) == 1


async def test_confirm_and_cancel_pressed_together_have_one_winner(store: Store) -> None:
    token = await store.confirmations.create(7, "order", {})
    confirm, cancel = await asyncio.gather(
        store.confirmations.consume(token, 7, by="tg:1:5:confirm"),
        store.confirmations.discard(token, 7, by="tg:1:6:cancel"),
    )
    assert isinstance(confirm, Confirmation) is not cancel


@pytest.mark.parametrize("presses", [5, 50])
async def test_button_pressed_many_times_at_once_counts_once(store: Store, presses: int) -> None:
    token = await store.confirmations.create(7, "order", {})
    answers = await asyncio.gather(*(store.confirmations.consume(token, 7, by=f"tg:1:{n}:c") for n in range(presses)))
    assert sum(isinstance(answer, Confirmation) for answer in answers) == 1


async def test_tokens_fit_a_button_and_differ(store: Store) -> None:
    tokens = {await store.confirmations.create(7, "order", {}) for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(f"c:{token}".encode()) <= 64 for token in tokens)
