"""HyperLiquid as part of a whole running sandbox."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox import demo
from sandbox.hyperliquid.people import address_of
from sandbox.server import Sandbox
from tests.sandbox.hyperliquid.conftest import only_status, sdk_exchange_at


async def ask(url: str, body: Any) -> Any:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return await answer.json()


async def test_demo_account_has_a_past_a_position_and_an_agent() -> None:
    assert address_of(demo.HYPERLIQUID_AGENT_KEY) == demo.HYPERLIQUID_AGENT_ADDRESS
    async with Sandbox() as sandbox:
        info = f"{sandbox.hyperliquid_url}/info"
        role = await ask(info, {"type": "userRole", "user": demo.HYPERLIQUID_AGENT_ADDRESS})
        assert role == {"role": "agent", "data": {"user": demo.HYPERLIQUID_MASTER}}
        state = await ask(info, {"type": "clearinghouseState", "user": demo.HYPERLIQUID_MASTER})
        assert [row["position"]["coin"] for row in state["assetPositions"]] == ["BTC"]
        fills = await ask(info, {"type": "userFills", "user": demo.HYPERLIQUID_MASTER})
        assert len(fills) > 10


async def test_new_account_trades_with_its_agent_and_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    async with Sandbox(state_file=file) as sandbox:
        account = sandbox.new_hyperliquid_account("alice")
        await asyncio.to_thread(buy, sandbox.hyperliquid_url, account.agent_key)
    async with Sandbox(state_file=file) as sandbox:
        state = await ask(f"{sandbox.hyperliquid_url}/info", {"type": "clearinghouseState", "user": account.master})
        assert state["assetPositions"][0]["position"]["szi"] == "0.01"
        await asyncio.to_thread(buy, sandbox.hyperliquid_url, account.agent_key)


async def test_control_api_opens_accounts_and_turns_knobs() -> None:
    async with Sandbox() as sandbox:
        control = f"{sandbox.control_url}/control"
        account = await ask(f"{control}/hyperliquid/accounts", {"name": "bob", "usdc": "5", "spot_usdc": 7})
        assert address_of(account["master_key"]) == account["master"]
        spot = await ask(
            f"{sandbox.hyperliquid_url}/info", {"type": "spotClearinghouseState", "user": account["master"]}
        )
        assert spot["balances"][0]["total"] == "7.0"
        knobs = await ask(f"{control}/hyperliquid", {"rate_limits": False, "address_requests": 3})
        assert (knobs["rate_limits"], knobs["address_requests"]) == (False, 3)
        assert "unknown knob" in (await ask(f"{control}/hyperliquid", {"turbo": True}))["error"]


async def test_refused_port_refuses_and_listens_again() -> None:
    async with Sandbox() as sandbox:
        await sandbox.refuse("hyperliquid")
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(f"{sandbox.hyperliquid_url}/info", {"type": "meta"})
        await sandbox.listen("hyperliquid")
        assert await ask(f"{sandbox.hyperliquid_url}/info", {"type": "meta"})


def buy(url: str, key: str) -> None:
    """Buy a little with the official SDK, which blocks."""
    client = sdk_exchange_at(url, key)
    assert "filled" in only_status(client.market_open("BTC", True, 0.01))
    client.session.close()
    client.info.session.close()
