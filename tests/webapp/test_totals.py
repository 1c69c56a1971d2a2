"""The totals of a stretch of time hold every fee that was paid in it, whether or not what was opened is closed yet."""

from decimal import Decimal
from typing import Any

import pytest

from tests.webapp.rig import Person

PERIODS = ("day", "week", "month")
TICKET = {"symbol": "ETHUSDT", "side": "buy", "size": {"amount": "500", "unit": "notional"}}


async def totals(person: Person, where: dict[str, str]) -> list[dict[str, Any]]:
    """Return what the app adds up, for every period."""
    return [await person.data("/api/trading/stats", period=period, **where) for period in PERIODS]


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
async def test_fees_of_a_round_trip_are_counted_to_the_last_digit(owner: Person, venue: str) -> None:
    where = {"exchange": venue, "account_type": "paper"}
    known = {row["fill_id"] for row in await owner.data("/api/trading/history", kind="fills", **where)}
    before = await totals(owner, where)
    opening = await owner.done("/api/trading/order/preview", {**TICKET, "accounts": [where]})
    await owner.done("/api/trading/order", {"confirm": opening["confirm"]})
    closing = await owner.done("/api/trading/close/preview", {**where, "symbol": "ETHUSDT", "side": "long"})
    await owner.done("/api/trading/close", {"confirm": closing["confirm"]})
    fills = await owner.data("/api/trading/history", kind="fills", **where)
    paid = sum(Decimal(row["fee"]) for row in fills if row["fill_id"] not in known)
    assert paid > 0
    after = await totals(owner, where)
    assert [Decimal(new["fees"]) - Decimal(old["fees"]) for new, old in zip(after, before, strict=True)] == [paid] * 3
    for row in after:
        assert Decimal(row["curve"][-1]["total"]) == Decimal(row["total"])


async def test_fee_of_opening_is_counted_where_results_leave_it_out(owner: Person) -> None:
    where = {"exchange": "hyperliquid", "account_type": "paper"}
    before = await totals(owner, where)
    opening = await owner.done("/api/trading/order/preview", {**TICKET, "accounts": [where]})
    await owner.done("/api/trading/order", {"confirm": opening["confirm"]})
    paid = Decimal((await owner.data("/api/trading/history", kind="fills", **where))[0]["fee"])
    after = await totals(owner, where)
    assert [Decimal(new["fees"]) - Decimal(old["fees"]) for new, old in zip(after, before, strict=True)] == [paid] * 3
    assert [Decimal(old["total"]) - Decimal(new["total"]) for new, old in zip(after, before, strict=True)] == [paid] * 3
