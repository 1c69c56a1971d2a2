"""Why something that a person confirmed was not sent. Told once, it stays so, however often the confirmation comes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from models.values import Value, jsonable, plain
from storage.repository import Repository
from storage.schema import REFUSALS

_NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRefusal(Value):
    """An error as it was told. `kind` is the name of its class in `models.errors`; decimals are decimals again."""

    kind: str
    code: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Refusals(Repository):
    """Refusals by the cause that they answered."""

    async def put(self, cause: str, refusal: StoredRefusal) -> None:
        """Keep the first refusal of a cause; durable when this returns."""
        data = {name: _frozen(value) for name, value in refusal.fields.items()}
        row = (cause, refusal.kind, refusal.code, refusal.message, json.dumps(data), self._now_ms())
        sql = (
            "INSERT INTO refusals(cause,kind,code,message,fields,created_ms) VALUES(?,?,?,?,?,?) "
            "ON CONFLICT(cause) DO NOTHING"
        )
        await self._writer.run(lambda tx: tx.sql.execute(sql, row).rowcount)

    async def of_cause(self, cause: str) -> StoredRefusal | None:
        """Return what a cause was refused with; None where it never was."""
        row = await self._reader.first(select(REFUSALS).where(REFUSALS.c.cause == cause))
        if row is None:
            return None
        fields = {name: _thawed(value) for name, value in json.loads(row.fields).items()}
        return StoredRefusal(kind=row.kind, code=row.code, message=row.message, fields=fields)

    async def forget_before(self, created_ms: int) -> int:
        """Delete what was refused before this; return how many."""
        old = delete(REFUSALS).where(REFUSALS.c.created_ms < created_ms)
        return await self._writer.run(lambda tx: tx.count(old))


def _frozen(value: Any) -> Any:
    return {_NUMBER: plain(value)} if isinstance(value, Decimal) else jsonable(value)


def _thawed(value: Any) -> Any:
    return Decimal(value[_NUMBER]) if isinstance(value, dict) and value.keys() == {_NUMBER} else value
