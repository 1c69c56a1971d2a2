"""Tables for a spreadsheet: exact, oldest first, and never a formula."""

from dataclasses import replace

import pytest

from core.exporting import COLUMNS, Table, as_csv
from tests.telegram_ui.samples import CLOSED, FUNDING, LOST, PAPER


def test_trades_are_written_exactly_and_in_order() -> None:
    text = as_csv(Table.TRADES, [(PAPER, CLOSED), (PAPER, LOST)])
    header, *rows = text.splitlines()
    assert header == "exchange,account_type," + COLUMNS[Table.TRADES].replace(" ", ",")
    moments = [row.split(",")[2] for row in rows]
    assert moments == sorted(moments)
    assert all(row.startswith("bybit,paper,") for row in rows)
    assert str(CLOSED.pnl) in text


def test_table_of_nothing_has_its_header() -> None:
    assert as_csv(Table.FUNDING, []).count("\n") == 1


@pytest.mark.parametrize("name", ["=1+1", "@cmd", "+x", "-x", '"a,b"'])
def test_names_from_outside_are_no_formulas(name: str) -> None:
    text = as_csv(Table.FUNDING, [(PAPER, replace(FUNDING, symbol=name))])
    cell = text.splitlines()[1].split(",", 3)[3]
    assert not cell.lstrip('"').startswith(("=", "@", "+", "-"))
