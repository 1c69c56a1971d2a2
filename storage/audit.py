"""Who did what. Rows are added and never changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from models.values import Value, jsonable
from storage.repository import Repository
from storage.schema import AUDIT
from storage.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Value):
    """One deed. `actor_id` None is the program itself."""

    id: int
    at_ms: int
    actor_id: int | None
    action: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


def record_deed(
    tx: Transaction, at_ms: int, action: str, subject: str, data: Mapping[str, Any], actor_id: int | None = None
) -> None:
    """Add an entry inside the transaction of what it tells."""
    sql = "INSERT INTO audit(at_ms,actor_id,action,subject,data) VALUES(?,?,?,?,?)"
    tx.sql.execute(sql, (at_ms, actor_id, action, subject, json.dumps(jsonable(data), ensure_ascii=False)))


class Audit(Repository):
    """The record of deeds."""

    async def add(self, action: str, subject: str = "", *, actor_id: int | None = None, **data: Any) -> None:
        """Record a deed. `data` holds no secrets."""
        now = self._now_ms()
        await self._writer.run(lambda tx: record_deed(tx, now, action, subject, data, actor_id))

    async def latest(self, limit: int = 50, *, actor_id: int | None = None) -> list[AuditEntry]:
        """Return the latest entries, newest first."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        rows = await self._reader.all(query if actor_id is None else query.where(AUDIT.c.actor_id == actor_id))
        return [
            AuditEntry(
                id=row.id,
                at_ms=row.at_ms,
                actor_id=row.actor_id,
                action=row.action,
                subject=row.subject,
                data=json.loads(row.data),
            )
            for row in rows
        ]
