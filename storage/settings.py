"""What each person chose. A setting is one JSON value under one name; what the names mean is the callers' business."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from storage.repository import Repository
from storage.schema import SETTINGS
from storage.users import ensure_user
from storage.writer import Transaction


class UserSettings(Repository):
    """Per-user settings. Decimals are kept as text by their callers."""

    async def get(self, user_id: int, key: str, default: Any = None) -> Any:
        """Return one setting."""
        query = select(SETTINGS.c.value).where(SETTINGS.c.user_id == user_id, SETTINGS.c.key == key)
        text = await self._reader.value(query)
        return default if text is None else json.loads(text)

    async def get_all(self, user_id: int) -> dict[str, Any]:
        """Return everything a person chose."""
        rows = await self._reader.all(select(SETTINGS).where(SETTINGS.c.user_id == user_id))
        return {row.key: json.loads(row.value) for row in rows}

    async def everyone_with(self, key: str) -> dict[int, Any]:
        """Return a setting of everybody who has it."""
        rows = await self._reader.all(select(SETTINGS).where(SETTINGS.c.key == key))
        return {row.user_id: json.loads(row.value) for row in rows}

    async def put(self, user_id: int, key: str, value: Any) -> None:
        """Set one setting; None removes it."""
        await self.put_many(user_id, {key: value})

    async def put_many(self, user_id: int, values: Mapping[str, Any]) -> None:
        """Set several settings at once, all or none; None removes."""
        now = self._now_ms()
        texts = {key: None if value is None else json.dumps(value, allow_nan=False) for key, value in values.items()}

        def job(tx: Transaction) -> None:
            ensure_user(tx, user_id, now)
            for key, text in texts.items():
                _put(tx, user_id, key, text, now)

        await self._writer.run(job)


def _put(tx: Transaction, user_id: int, key: str, text: str | None, now_ms: int) -> None:
    if text is None:
        tx.count(delete(SETTINGS).where(SETTINGS.c.user_id == user_id, SETTINGS.c.key == key))
        return
    statement = insert(SETTINGS).values(user_id=user_id, key=key, value=text, updated_ms=now_ms)
    changed = {"value": text, "updated_ms": now_ms}
    tx.count(statement.on_conflict_do_update(index_elements=["user_id", "key"], set_=changed))
