"""Adding up what a stretch of time brought."""

from dataclasses import replace
from decimal import Decimal

from core.summary import summarize
from tests.telegram_ui.samples import CLOSED, FUNDING, LOST


def test_trades_fees_and_funding_are_added_exactly() -> None:
    found = summarize([CLOSED, LOST], [FUNDING])
    assert (found.trades, found.wins) == (2, 1)
    assert found.pnl == Decimal("-3.15")
    assert found.fees == Decimal("1.32")
    assert found.total == Decimal("-3.27")
    assert found.by_symbol == (("BTCUSDT", Decimal("9.35")), ("ETHUSDT", Decimal("-12.5")))


def test_nothing_is_nothing_and_not_a_share_of_it() -> None:
    found = summarize([], [])
    assert found.win_fraction is None
    assert (found.best, found.worst) == (None, None)


def test_fees_are_unknown_when_one_is() -> None:
    assert summarize([CLOSED, replace(LOST, fees=None)], []).fees is None
