"""Fills, results and funding, each counted once however often and by whichever way they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Select, select

from models.account import Account
from models.fill import ClosedPnl, Fill, FundingPayment
from models.values import Value, from_millis, plain, to_millis
from storage.accounts import ensure_account
from storage.repository import Repository
from storage.schema import ACCOUNTS, CLOSED_PNL, FILLS, FUNDING, SYNC_MARKS
from storage.writer import Transaction


class Origin(StrEnum):
    """Who made the order: this program, or its owner somewhere else."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFill(Value):
    """A fill that was not known before."""

    fill: Fill
    origin: Origin
    leg_id: int | None


class Fills(Repository):
    """What was executed and what came of it."""

    async def add(self, account: Account, fills: Sequence[Fill]) -> list[NewFill]:
        """Store fills; return those that were new, in the order given."""
        now = self._now_ms()

        def job(tx: Transaction) -> list[NewFill]:
            account_id = ensure_account(tx, account, now)
            added = (_add_fill(tx, account_id, fill, now) for fill in fills)
            return [new for new in added if new is not None]

        return await self._writer.run(job)

    async def add_closed_pnl(self, account: Account, rows: Sequence[ClosedPnl]) -> list[ClosedPnl]:
        """Store results; return those that were new."""
        now = self._now_ms()

        def job(tx: Transaction) -> list[ClosedPnl]:
            account_id = ensure_account(tx, account, now)
            return [row for row in rows if _add_closed_pnl(tx, account_id, row)]

        return await self._writer.run(job)

    async def add_funding(self, account: Account, rows: Sequence[FundingPayment]) -> list[FundingPayment]:
        """Store funding payments; return those that were new."""
        now = self._now_ms()

        def job(tx: Transaction) -> list[FundingPayment]:
            account_id = ensure_account(tx, account, now)
            return [row for row in rows if _add_funding(tx, account_id, row)]

        return await self._writer.run(job)

    async def seen_since(self, account: Account, moment: datetime) -> list[NewFill]:
        """Return the fills that became known after a moment, however they did, oldest first."""
        query = select(FILLS.c.data, FILLS.c.origin, FILLS.c.leg_id).join(ACCOUNTS, ACCOUNTS.c.id == FILLS.c.account_id)
        query = _of(query, account).where(FILLS.c.seen_ms > to_millis(moment)).order_by(FILLS.c.filled_ms)
        return [
            NewFill(fill=msgspec.json.decode(row.data, type=Fill), origin=Origin(row.origin), leg_id=row.leg_id)
            for row in await self._reader.all(query)
        ]

    async def fills(
        self, account: Account, *, symbol: str | None = None, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return stored fills, newest first."""
        query = select(FILLS.c.data).join(ACCOUNTS, ACCOUNTS.c.id == FILLS.c.account_id)
        if symbol is not None:
            query = query.where(FILLS.c.symbol == symbol)
        if since is not None:
            query = query.where(FILLS.c.filled_ms >= to_millis(since))
        rows = await self._reader.all(_of(query, account).order_by(FILLS.c.filled_ms.desc()).limit(limit))
        return [msgspec.json.decode(row.data, type=Fill) for row in rows]

    async def closed_pnl(self, account: Account, *, since: datetime | None = None, limit: int = 500) -> list[ClosedPnl]:
        """Return stored results, newest first."""
        query = select(CLOSED_PNL.c.data).join(ACCOUNTS, ACCOUNTS.c.id == CLOSED_PNL.c.account_id)
        if since is not None:
            query = query.where(CLOSED_PNL.c.closed_ms >= to_millis(since))
        rows = await self._reader.all(_of(query, account).order_by(CLOSED_PNL.c.closed_ms.desc()).limit(limit))
        return [msgspec.json.decode(row.data, type=ClosedPnl) for row in rows]

    async def funding(
        self, account: Account, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return stored funding payments, newest first."""
        query = select(FUNDING.c.data).join(ACCOUNTS, ACCOUNTS.c.id == FUNDING.c.account_id)
        if since is not None:
            query = query.where(FUNDING.c.paid_ms >= to_millis(since))
        rows = await self._reader.all(_of(query, account).order_by(FUNDING.c.paid_ms.desc()).limit(limit))
        return [msgspec.json.decode(row.data, type=FundingPayment) for row in rows]

    async def mark(self, account: Account, what: str) -> datetime | None:
        """Return up to when something was read from the venue without a gap; None: never."""
        query = select(SYNC_MARKS.c.at_ms).join(ACCOUNTS, ACCOUNTS.c.id == SYNC_MARKS.c.account_id)
        value = await self._reader.value(_of(query.where(SYNC_MARKS.c.what == what), account))
        return None if value is None else from_millis(value)

    async def set_mark(self, account: Account, what: str, at: datetime) -> None:
        """Note up to when something was read; never moves back."""
        now = self._now_ms()
        sql = (
            "INSERT INTO sync_marks(account_id,what,at_ms) VALUES(?1,?2,?3) "
            "ON CONFLICT(account_id,what) DO UPDATE SET at_ms=?3 WHERE at_ms<?3"
        )

        def job(tx: Transaction) -> None:
            tx.sql.execute(sql, (ensure_account(tx, account, now), what, to_millis(at)))

        await self._writer.run(job)


def _of(query: Select[Any], account: Account) -> Select[Any]:
    return query.where(
        ACCOUNTS.c.user_id == account.user_id,
        ACCOUNTS.c.exchange == account.exchange,
        ACCOUNTS.c.account_type == account.account_type.value,
    )


def _add_fill(tx: Transaction, account_id: int, fill: Fill, now_ms: int) -> NewFill | None:
    leg_id = _leg_of(tx, account_id, fill)
    origin = Origin.ELSEWHERE if leg_id is None else Origin.OURS
    sql = (
        "INSERT OR IGNORE INTO fills(exchange,account_id,fill_id,leg_id,origin,symbol,side,size,price,kind,data,"
        "filled_ms,seen_ms) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"
    )
    key = (fill.exchange, account_id, fill.fill_id, leg_id, origin.value, fill.symbol, fill.side.value)
    amounts = (plain(fill.size), plain(fill.price), fill.kind.value)
    data = msgspec.json.encode(fill).decode()
    is_new = tx.sql.execute(sql, (*key, *amounts, data, to_millis(fill.filled_at), now_ms)).rowcount == 1
    return NewFill(fill=fill, origin=origin, leg_id=leg_id) if is_new else None


def _leg_of(tx: Transaction, account_id: int, fill: Fill) -> int | None:
    sql = "SELECT id FROM legs WHERE exchange=? AND client_order_id=? AND account_id=?"
    row = tx.sql.execute(sql, (fill.exchange, fill.client_order_id, account_id)).fetchone()
    if row is None:
        sql = "SELECT id FROM legs WHERE account_id=? AND order_id=? LIMIT 1"
        row = tx.sql.execute(sql, (account_id, fill.order_id)).fetchone()
    return None if row is None else int(row[0])


def _add_closed_pnl(tx: Transaction, account_id: int, row: ClosedPnl) -> bool:
    sql = (
        "INSERT OR IGNORE INTO closed_pnl(account_id,order_id,closed_ms,symbol,side,size,pnl,data) "
        "VALUES(?,?,?,?,?,?,?,?)"
    )
    key = (account_id, row.order_id, to_millis(row.closed_at), row.symbol, row.side.value, plain(row.size))
    return tx.sql.execute(sql, (*key, plain(row.pnl), msgspec.json.encode(row).decode())).rowcount == 1


def _add_funding(tx: Transaction, account_id: int, row: FundingPayment) -> bool:
    sql = "INSERT OR IGNORE INTO funding(account_id,payment_id,symbol,amount,data,paid_ms) VALUES(?,?,?,?,?,?)"
    data = msgspec.json.encode(row).decode()
    key = (account_id, row.payment_id, row.symbol)
    return tx.sql.execute(sql, (*key, plain(row.amount), data, to_millis(row.paid_at))).rowcount == 1
