"""The drill: a backup is put back hours later, with orders sent since. Nothing trades until the owner says so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.recovery import RESTORED
from core.runtime import Runtime, open_runtime
from db import EVERYBODY, LegState, Role, TradingState
from exchanges.transport import Network
from models.enums import Outcome
from models.errors import LimitExceeded
from ops.backup import put_back, take_backup
from sandbox import demo
from sandbox.server import Sandbox
from tests.chat.rig import running_bot
from tests.world import settings_for

USER = demo.OWNER_ID
VENUES = ("bybit", "hyperliquid")


@pytest.fixture
async def world() -> AsyncIterator[Sandbox]:
    """A sandbox whose time runs."""
    async with Sandbox() as running:
        yield running


async def buy(runtime: Runtime, venue: str, *, price: str | None = None) -> str:
    """Place an order and return its client id."""
    kind = "market" if price is None else "limit"
    result = await runtime.backend.place_order(USER, "ETH", "buy", kind, "0.1", price, exchange=venue)
    assert result.outcome in {Outcome.FILLED, Outcome.ACCEPTED}
    assert result.client_order_id is not None
    return result.client_order_id


@pytest.mark.slow
async def test_restored_installation_knows_later_orders_and_waits_for_its_owner(world: Sandbox, tmp_path: Path) -> None:
    settings = settings_for(world, tmp_path)
    async with open_runtime(settings, role="bot", network=Network(share=100)) as runtime:
        await runtime.store.users.set_role(USER, Role.ADMIN)
        for venue in VENUES:
            await buy(runtime, venue)
        copy = take_backup(settings).split(" ")[1]
        later = {venue: [await buy(runtime, venue), await buy(runtime, venue, price="1000")] for venue in VENUES}

    put_back(settings, copy)
    async with open_runtime(settings, role="bot", network=Network(share=100)) as runtime:
        for venue in VENUES:
            for client_order_id in later[venue]:
                leg = await runtime.store.journal.by_client_order_id(venue, client_order_id)
                assert leg is not None, "orders sent after the backup are taken in from the venue"
                assert leg.state in {LegState.FILLED, LegState.WORKING}
            with pytest.raises(LimitExceeded):
                await buy(runtime, venue)
        reasons = [(r.scope, r.reason, r.state) for r in await runtime.store.trading.restrictions()]
        assert reasons == [(EVERYBODY, RESTORED, TradingState.HALTED)]
        closed = await runtime.backend.close_position(USER, "ETH", exchange="bybit")
        assert closed.outcome is Outcome.FILLED, "getting out is always possible"


@pytest.mark.slow
async def test_owner_resumes_in_the_chat(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path) as rig:
        await rig.runtime.store.trading.restrict(EVERYBODY, RESTORED, TradingState.HALTED)
        assert "stopped for everybody" in (await rig.owner.says("/people")).text
        await rig.owner.taps("Take new trades")
        await rig.owner.taps("✅")
        assert await rig.runtime.store.trading.restrictions() == []
