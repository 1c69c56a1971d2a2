"""What an account did, as tables for a spreadsheet: plain decimals, times in ISO-8601 UTC, English names of columns."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum

from core.summary import EntryFee
from models.account import Account
from models.fill import ClosedPnl, Fill, FundingPayment
from models.values import jsonable


class Table(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    FILLS = "fills"
    FUNDING = "funding"


Row = ClosedPnl | Fill | FundingPayment | EntryFee
"""`trades` also has what was paid to open, where results leave that out: the column `pnl` adds up to the whole."""

COLUMNS: Mapping[Table, str] = {
    Table.TRADES: "closed_at symbol side size entry_price exit_price pnl fees leverage kind order_id",
    Table.FILLS: (
        "filled_at symbol side size price fee fee_currency realized_pnl closed_size is_maker kind order_id fill_id"
    ),
    Table.FUNDING: "paid_at symbol amount currency rate size payment_id",
}
"""The fields of each kind of row, its moment first."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Table, rows: Iterable[tuple[Account, Row]]) -> str:
    """Return rows of one kind as CSV with a header, oldest first; the account stands in the first two columns."""
    columns = COLUMNS[table].split()
    ordered = sorted(rows, key=lambda item: _moment(item[1], columns[0]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["exchange", "account_type", *columns])
    for account, row in ordered:
        values = _opening_fee(row, columns) if isinstance(row, EntryFee) else [getattr(row, name) for name in columns]
        writer.writerow([account.exchange, account.account_type.value, *map(_cell, values)])
    return text.getvalue()


OPENING_FEE = "opening_fee"
"""The kind of a row that is no trade but what opening one cost."""


def _opening_fee(row: EntryFee, columns: Sequence[str]) -> list[object]:
    told = {"closed_at": row.at, "symbol": row.symbol, "pnl": -row.fee, "fees": row.fee, "kind": OPENING_FEE}
    return [told.get(name) for name in columns]


def _moment(row: Row, name: str) -> datetime:
    moment = row.at if isinstance(row, EntryFee) else getattr(row, name)
    assert isinstance(moment, datetime)
    return moment


def _cell(value: object) -> str:
    """Return a value as a cell; a text that a spreadsheet would take for a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | datetime | Enum):
        return str(jsonable(value))
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text
