"""Messages that must reach a chat: written with the change they tell of, sent until Telegram took them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, delete, select, update

from models.values import Value, jsonable
from storage.repository import Repository
from storage.schema import OUTBOX
from storage.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Value):
    """A message to be sent. The same `key` is never stored twice; `body` is JSON that the sender understands.

    Until `not_before_ms` (0: at once) whoever is telling the same thing already may take the message back.
    """

    chat_id: int
    body: Mapping[str, Any]
    key: str | None = None
    intent_id: int | None = None
    not_before_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage(Value):
    """A message on its way."""

    id: int
    chat_id: int
    body: Mapping[str, Any] = field(default_factory=dict)
    key: str | None
    intent_id: int | None
    tries: int
    next_ms: int
    message_id: int | None


def enqueue(tx: Transaction, message: Message, now_ms: int) -> int | None:
    """Store a message inside the transaction of what it tells; return its id, or None when its key is known."""
    sql = (
        "INSERT INTO outbox(chat_id,key,intent_id,body,next_ms,created_ms) VALUES(?,?,?,?,?,?) "
        "ON CONFLICT(key) DO NOTHING RETURNING id"
    )
    body = json.dumps(jsonable(message.body), ensure_ascii=False)
    values = (message.chat_id, message.key, message.intent_id, body, max(now_ms, message.not_before_ms), now_ms)
    row = tx.sql.execute(sql, values).fetchone()
    return None if row is None else row[0]


class Outbox(Repository):
    """What is waiting to be sent."""

    async def add(self, message: Message) -> int | None:
        """Store a message; return its id, or None when its key is known already."""
        now = self._now_ms()
        return await self._writer.run(lambda tx: enqueue(tx, message, now))

    async def take_over(self, key: str, chat_id: int) -> bool:
        """Book what a key stands for as told by the caller, who tells it now; return False where it is told already.

        Of the caller and the sender of messages just one gets it: a message that is due is the sender's.
        """
        sql = (
            "INSERT INTO outbox(chat_id,key,body,state,next_ms,created_ms) VALUES(?1,?2,'{}','SENT',?3,?3) "
            "ON CONFLICT(key) DO UPDATE SET state='SENT' WHERE state='NEW' AND next_ms>?3 RETURNING id"
        )
        now = self._now_ms()
        return await self._writer.run(lambda tx: tx.sql.execute(sql, (chat_id, key, now)).fetchone() is not None)

    async def withdraw(self, keys: Sequence[str]) -> None:
        """Send none of these any more: the caller tells their reader something newer."""
        old = update(OUTBOX).where(OUTBOX.c.key.in_(keys), OUTBOX.c.state == "NEW").values(state="SENT")
        await self._writer.run(lambda tx: tx.count(old))

    async def is_waiting(self, message_id: int) -> bool:
        """Return whether a message is still to be sent."""
        query = select(OUTBOX.c.id).where(OUTBOX.c.id == message_id, OUTBOX.c.state == "NEW")
        return await self._reader.first(query) is not None

    async def due(self, limit: int = 100) -> list[StoredMessage]:
        """Return what may be sent now, oldest first. In one chat nothing overtakes what waits to be tried again."""
        older = OUTBOX.alias()
        in_the_way = (older.c.chat_id == OUTBOX.c.chat_id, older.c.id < OUTBOX.c.id, older.c.state == "NEW")
        waits = (older.c.tries > 0, older.c.next_ms > self._now_ms())
        is_overtaking = select(older.c.id).where(*in_the_way, *waits).exists()
        query = (
            select(OUTBOX)
            .where(OUTBOX.c.state == "NEW", OUTBOX.c.next_ms <= self._now_ms(), ~is_overtaking)
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        return [_stored(row) for row in await self._reader.all(query)]

    async def next_due_ms(self) -> int | None:
        """Return when the next message may be sent; None when none waits."""
        query = select(OUTBOX.c.next_ms).where(OUTBOX.c.state == "NEW").order_by(OUTBOX.c.next_ms).limit(1)
        value = await self._reader.value(query)
        return None if value is None else int(value)

    async def sent(self, id: int, message_id: int | None) -> None:
        """Mark a message as taken by Telegram under `message_id`."""
        await self._set(id, state="SENT", message_id=message_id)

    async def retry(self, id: int, *, after_ms: int, note: str = "") -> None:
        """Try a message again later."""
        await self._set(id, next_ms=self._now_ms() + after_ms, tries=OUTBOX.c.tries + 1, note=note)

    async def give_up(self, id: int, note: str) -> None:
        """Stop trying: the chat is gone, or the message cannot be."""
        await self._set(id, state="DEAD", note=note)

    async def find(self, key: str) -> StoredMessage | None:
        """Return the message stored under a key, sent or not."""
        row = await self._reader.first(select(OUTBOX).where(OUTBOX.c.key == key))
        return None if row is None else _stored(row)

    async def forget_before(self, created_ms: int) -> int:
        """Delete finished messages older than this; return how many."""
        old = delete(OUTBOX).where(OUTBOX.c.created_ms < created_ms, OUTBOX.c.state != "NEW")
        return await self._writer.run(lambda tx: tx.count(old))

    async def _set(self, id: int, **values: Any) -> None:
        statement = update(OUTBOX).where(OUTBOX.c.id == id, OUTBOX.c.state == "NEW").values(**values)
        await self._writer.run(lambda tx: tx.count(statement))


def _stored(row: Row[Any]) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        chat_id=row.chat_id,
        body=json.loads(row.body),
        key=row.key,
        intent_id=row.intent_id,
        tries=row.tries,
        next_ms=row.next_ms,
        message_id=row.message_id,
    )
