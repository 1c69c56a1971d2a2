"""Price alerts: tell me when a price is above or below a line. Each fires once."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from models.enums import AccountType
from models.values import Value, plain
from storage.outbox import Message, enqueue
from storage.repository import Repository
from storage.schema import PRICE_ALERTS
from storage.users import ensure_user
from storage.writer import Transaction


class Direction(StrEnum):
    """On which side of the line the alert fires."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlert(Value):
    """One line on one market."""

    id: int
    user_id: int
    exchange: str
    account_type: AccountType
    symbol: str
    direction: Direction
    price: Decimal
    note: str
    created_ms: int


class PriceAlerts(Repository):
    """Alerts that wait."""

    async def add(
        self,
        user_id: int,
        *,
        exchange: str,
        account_type: AccountType,
        symbol: str,
        direction: Direction,
        price: Decimal,
        note: str = "",
    ) -> int:
        """Add an alert and return its number. `account_type` says whose prices: the venue's real ones or simulated."""
        now = self._now_ms()
        statement = insert(PRICE_ALERTS).values(
            user_id=user_id,
            exchange=exchange,
            account_type=account_type,
            symbol=symbol,
            direction=direction,
            price=plain(price),
            note=note,
            created_ms=now,
        )

        def job(tx: Transaction) -> int:
            ensure_user(tx, user_id, now)
            return int(tx.execute(statement.returning(PRICE_ALERTS.c.id)).scalar_one())

        return await self._writer.run(job)

    async def waiting(self, user_id: int | None = None) -> list[PriceAlert]:
        """Return the alerts that have not fired: everybody's, or one person's."""
        query = select(PRICE_ALERTS).where(PRICE_ALERTS.c.fired_ms.is_(None)).order_by(PRICE_ALERTS.c.id)
        rows = await self._reader.all(query if user_id is None else query.where(PRICE_ALERTS.c.user_id == user_id))
        return [_alert(row) for row in rows]

    async def fire(self, id: int, *messages: Message) -> bool:
        """Mark an alert as fired, together with the messages that tell of it; True for exactly one caller."""
        now = self._now_ms()
        statement = update(PRICE_ALERTS).where(PRICE_ALERTS.c.id == id, PRICE_ALERTS.c.fired_ms.is_(None))
        fired = statement.values(fired_ms=now)

        def job(tx: Transaction) -> bool:
            if tx.count(fired) != 1:
                return False
            for message in messages:
                enqueue(tx, message, now)
            return True

        return await self._writer.run(job)

    async def forget_before(self, fired_ms: int) -> int:
        """Delete alerts that fired before this; return how many."""
        old = delete(PRICE_ALERTS).where(PRICE_ALERTS.c.fired_ms < fired_ms)
        return await self._writer.run(lambda tx: tx.count(old))

    async def remove(self, id: int, user_id: int) -> bool:
        """Delete an alert of this person; return whether there was one."""
        statement = delete(PRICE_ALERTS).where(PRICE_ALERTS.c.id == id, PRICE_ALERTS.c.user_id == user_id)
        return await self._writer.run(lambda tx: tx.count(statement) == 1)


def _alert(row: Row[Any]) -> PriceAlert:
    return PriceAlert(
        id=row.id,
        user_id=row.user_id,
        exchange=row.exchange,
        account_type=AccountType(row.account_type),
        symbol=row.symbol,
        direction=Direction(row.direction),
        price=Decimal(row.price),
        note=row.note,
        created_ms=row.created_ms,
    )
