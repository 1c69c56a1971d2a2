"""Profit and loss adds up with the venue's own ledger, to the last digit, on both venues and both paths."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.past import Past, entry_fees, past_of, recent_past, stored_past
from models.account import Account
from models.enums import AccountType
from sandbox.server import Sandbox
from tests.core.test_sync import NOON
from tests.core.venue_fake import fill
from tests.world import USER, elcaro

D = Decimal
PRICES_ARE_KEPT_S = 1.6
"""An order is bound to the price that was read last, which one adapter keeps for a moment."""


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
@pytest.mark.parametrize("use_unified", ["true", "false"])
async def test_total_is_what_the_wallet_gained(sandbox: Sandbox, tmp_path: Path, venue: str, use_unified: str) -> None:
    async with elcaro(sandbox, tmp_path, use_unified=use_unified) as runtime:
        backend = runtime.backend
        account = Account(user_id=USER, exchange=venue, account_type=AccountType.PAPER)
        for held in await backend.get_positions(USER, None, venue, "paper"):
            await backend.close_position(USER, held.symbol, None, venue, "paper")
        await sandbox.advance(2)
        since, before = sandbox.world.now(), (await backend.get_balance(USER, venue, "paper")).wallet
        sandbox.set_price("ETHUSDT", D(3000))
        await sandbox.advance(1)
        await backend.place_order(USER, "ETHUSDT", "buy", "market", "0.5", exchange=venue, account_type="paper")
        await sandbox.advance(9 * 3600)
        sandbox.set_price("ETHUSDT", D(3050))
        await asyncio.sleep(PRICES_ARE_KEPT_S)
        await sandbox.advance(1)
        await backend.close_position(USER, "ETHUSDT", "0.2", venue, "paper")
        await backend.close_position(USER, "ETHUSDT", None, venue, "paper")
        await sandbox.advance(2)
        after = (await backend.get_balance(USER, venue, "paper")).wallet
        past = await recent_past(backend, account, since)
        found = past.summary
    # HyperLiquid rounds each record to a millionth, the wallet's sum only once
    assert found.total == pytest.approx((after or D(0)) - (before or D(0)), abs=D("0.00001"))
    assert past.curve[-1].total == found.total
    assert found.funding
    assert found.trades == 2
    assert sum(dict(found.by_symbol).values()) == found.pnl


async def test_what_is_old_comes_from_the_records_and_counts_once(sandbox: Sandbox, tmp_path: Path) -> None:
    async with elcaro(sandbox, tmp_path) as runtime:
        account = Account(user_id=USER, exchange="bybit", account_type=AccountType.PAPER)
        await runtime.backend.get_balance(USER, "bybit", "paper")
        await runtime.jobs.sync.sync(account)
        now = sandbox.world.now() + timedelta(seconds=5)
        whole = await past_of(runtime.backend, runtime.store, account, now - timedelta(days=400), now)
        recent = await recent_past(runtime.backend, account, now - timedelta(days=29))
        stored = await stored_past(runtime.store, account, now - timedelta(days=400), now - timedelta(days=30))
    assert len(whole.closed) >= len(recent.closed)
    assert len({(row.order_id, row.closed_at, row.size) for row in whole.closed}) == len(whole.closed)
    assert stored == Past()


def test_fee_of_a_fill_is_shared_by_what_it_opened_and_closed() -> None:
    opening = fill("a", at=NOON)
    closing = fill("b", at=NOON, closed_size=D(1))
    turning = fill("c", at=NOON, size=D(4), closed_size=D(1), fee=D("2.4"))
    assert [paid.fee for paid in entry_fees([opening, closing, turning])] == [D("0.6"), D("1.8")]
