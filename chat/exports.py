"""Files to keep: closed trades, executions and funding as CSV."""

from collections.abc import Sequence
from datetime import datetime

from chat.call import Call, Reply
from chat.ledger import beginning_of, past, period_of
from chat.reading import chosen_accounts
from core.exporting import Row, Table, as_csv
from core.past import ASKED_BACK, MOST
from models.account import Account
from models.errors import BadOrder, Unavailable
from telegram_ui.screen import Attachment
from telegram_ui.views.pictures import export_caption

_STORED = 20_000


async def cmd_export(call: Call) -> Reply:
    """Send `/export trades month`, or what a button names, as a file."""
    words = list(call.arguments) or call.text.lower().split()
    table, period = _read(words)
    since = beginning_of(call, period)
    rows: list[tuple[Account, Row]] = []
    for account in await chosen_accounts(call):
        rows += [(account, row) for row in await _rows(call, account, table, period, since)]
    file = Attachment(
        name=f"elcaro-{table}-{period}-{call.services.now():%Y%m%d}.csv",
        content=as_csv(table, rows).encode(),
        caption=export_caption(call.t, table.value, period, len(rows)),
    )
    if not await call.send_file(file, False):
        raise Unavailable("Telegram did not take the file", code="file_not_sent")
    return None


def _read(words: Sequence[str]) -> tuple[Table, str]:
    """Read a table and a period, in any order."""
    table, period = Table.TRADES, "month"
    for word in words[:2]:
        if word in set(Table):
            table = Table(word)
        else:
            period = period_of(word, period)
    if len(words) > 2:
        raise BadOrder("expected a table and a period", code="unknown_period")
    return table, period


async def _rows(call: Call, account: Account, table: Table, period: str, since: datetime) -> Sequence[Row]:
    if table is Table.FILLS:
        return await _fills(call, account, since)
    found = await past(call, account, period)
    return found.closed if table is Table.TRADES else found.funding


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
