"""Files to keep: closed trades, executions and funding as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chat.call import Call, Reply
from chat.ledger import beginning_of, past, period_and_place
from chat.reading import ask_all, scope_of
from core.exporting import Row, Table, as_csv
from core.past import ASKED_BACK, MOST
from models.account import Account
from models.errors import BadOrder, Unavailable
from telegram_ui.parts import Part
from telegram_ui.screen import Attachment
from telegram_ui.views.pictures import export_caption

_STORED = 20_000


async def cmd_export(call: Call) -> Reply:
    """Send `/export trades month`, or what a button names, as a file."""
    table, period, place = _read(list(call.arguments) or call.text.lower().split())
    accounts, scope = await scope_of(call, place)
    since = beginning_of(call, period)
    looked = await ask_all(accounts, lambda account: _rows(call, account, table, period, since))
    failed: list[Part[Any]] = [part for part in looked if part.error is not None]
    if len(failed) == len(looked) and failed[0].error is not None:
        raise failed[0].error
    rows = [(part.account, row) for part in looked for row in part.value or ()]
    file = Attachment(
        name=f"elcaro-{table}-{period}-{call.services.now():%Y%m%d}.csv",
        content=as_csv(table, rows).encode(),
        caption=export_caption(call.t, table.value, period, len(rows), scope, failed),
    )
    if not await call.send_file(file, False):
        raise Unavailable("Telegram did not take the file", code="file_not_sent")
    return None


def _read(words: Sequence[str]) -> tuple[Table, str, str]:
    """Read a table, a period and the accounts: `trades month all`."""
    tables = [Table(word) for word in words if word in set(Table)]
    if len(tables) > 1:
        raise BadOrder("expected one table", code="unknown_period")
    period, place = period_and_place([word for word in words if word not in set(Table)], "month")
    return (*tables, Table.TRADES)[0], period, place


async def _rows(call: Call, account: Account, table: Table, period: str, since: datetime) -> Sequence[Row]:
    if table is Table.FILLS:
        return await _fills(call, account, since)
    found = await past(call, account, period)
    return (*found.closed, *found.entry_fees) if table is Table.TRADES else found.funding


async def _fills(call: Call, account: Account, since: datetime) -> Sequence[Row]:
    """Return executions: those of a month from the venue, older ones from the records."""
    edge = max(since, call.services.now() - ASKED_BACK)
    recent = await call.backend.get_fills(
        call.user_id, since=edge, limit=MOST, exchange=account.exchange, account_type=account.account_type
    )
    if since >= edge:
        return recent
    stored = await call.store.fills.fills(account, since=since, limit=_STORED)
    return [*recent, *(fill for fill in stored if fill.filled_at < edge)]
