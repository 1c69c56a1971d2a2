"""The sandbox as a process, its control API, and what survives a restart."""

import asyncio
import json
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox import demo, state
from sandbox.admin import BybitAccount
from sandbox.clock import Clock
from sandbox.engine import Venue
from sandbox.server import Sandbox
from tests.conftest import READY_SECONDS, SandboxProcess, start_sandbox, stop_sandbox
from tests.sandbox.bybit.kit import PybitClient

LINEAR = {"category": "linear", "symbol": "BTCUSDT"}


async def post(url: str, path: str, data: dict[str, Any]) -> Any:
    """One control command."""
    async with aiohttp.ClientSession() as session, session.post(f"{url}/control/{path}", json=data) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get(url: str, path: str) -> Any:
    """One control question."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/control/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_the_process_announces_itself_and_stops_cleanly() -> None:
    running = await start_sandbox()
    assert {"bybit_url", "hyperliquid_url", "telegram_url", "control_url", "chat_url"} <= set(running.urls)
    assert (await get(running.control_url, "state"))["frozen"] is False
    assert await stop_sandbox(running) == 0


async def test_a_taken_port_is_explained(sandbox_process: SandboxProcess) -> None:
    port = sandbox_process.bybit_url.rpartition(":")[2]
    with pytest.raises(json.JSONDecodeError):
        await start_sandbox("--bybit-port", port)


async def test_tests_drive_a_process_over_the_control_api(sandbox_process: SandboxProcess) -> None:
    control = sandbox_process.control_url
    account = await post(control, "accounts", {"venue": "bybit", "name": "alice", "deposits": {"USDT": "500"}})
    assert account["api_key"] == "alice-key"
    await post(control, "price", {"symbol": "kPEPE", "price": "0.0125"})
    async with aiohttp.ClientSession() as session:
        url = f"{sandbox_process.bybit_url}/v5/market/tickers?category=linear&symbol=1000PEPEUSDT"
        async with session.get(url) as answer:
            ticker = (await answer.json())["result"]["list"][0]
    assert Decimal(ticker["lastPrice"]) == Decimal("0.0125")
    before = await post(control, "clock", {"freeze": True})
    after = await post(control, "clock", {"advance_s": 3600})
    assert before["now"] < after["now"]
    picture = await get(control, f"account?venue=bybit&account={account['uid']}")
    assert picture["money"]["equity"] == "500"
    requests = await get(control, "requests?venue=bybit&text=tickers")
    assert [row["operation"] for row in requests] == ["GET /v5/market/tickers"]
    ledger = await get(control, f"ledger?venue=bybit&account={account['uid']}&kind=deposit")
    assert [line["amount"] for line in ledger] == ["500"]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("price", {"symbol": "NOPE", "price": "1"}),
        ("price", {"symbol": "BTCUSDT", "price": "-1"}),
        ("price", {"symbol": "BTCUSDT", "price": "abc"}),
        ("clock", {"advance_s": -5}),
        ("bybit", {"moon": 1}),
        ("keys", {"api_key": "x", "secret": "y", "account_id": "nobody"}),
        ("accounts", {"venue": "mars"}),
    ],
)
async def test_a_wrong_command_gets_one_sentence(sandbox: Sandbox, path: str, data: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.control_url}/control/{path}", json=data) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_a_web_page_cannot_send_commands(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{sandbox.control_url}/control/price"
        async with session.post(url, data='{"symbol": "BTCUSDT", "price": "1"}') as answer:
            assert answer.status == 415
        async with session.get(f"{sandbox.control_url}/control/state", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403


async def test_an_account_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    clock = Clock(frozen_at=Clock().now())
    async with Sandbox(clock=clock, state_file=file) as first:
        first.set_price("BTCUSDT", 60_000)
        account = first.new_bybit_account("keeper")
        client = PybitClient(first, account)
        await client.order(takeProfit="65000", stopLoss="55000")
        await client.order(orderType="Limit", price="50000", orderLinkId="rest")
        await client.call("set_leverage", **LINEAR, buyLeverage="7", sellLeverage="7")
        engine = first.world.bybit
        before = (engine.account_view(account.uid), engine.orders(account.uid), engine.fills(account.uid))
        client.close()
    async with Sandbox(clock=clock, state_file=file) as second:
        second.set_price("BTCUSDT", 60_000)
        engine = second.world.bybit
        assert (engine.account_view(account.uid), engine.orders(account.uid), engine.fills(account.uid)) == before
        client = PybitClient(second, account)
        assert (await client.position())["leverage"] == "7"
        assert (await client.refused_order(orderLinkId="rest"))[0] == 110072
        second.set_price("BTCUSDT", 65_000)
        assert (await client.position())["size"] == "0"
        client.close()


async def test_a_damaged_state_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"format": 1, "seed": 1}')
    with pytest.raises(state.DamagedStateError):
        await Sandbox(state_file=file).start()
    assert file.read_text() == '{"format": 1, "seed": 1}'


async def test_a_snapshot_of_another_seed_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    clock = Clock(frozen_at=Clock().now())
    async with Sandbox(clock=clock, state_file=file) as first:
        first.new_bybit_account("keeper")
    async with Sandbox(clock=clock, seed=2) as second:
        accounts = len(second.world.bybit.accounts)
        assert state.load(second.world, file) is False
        assert len(second.world.bybit.accounts) == accounts


async def test_a_killed_process_has_saved_its_state(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    running = await start_sandbox("--state", str(file))
    await post(running.control_url, "accounts", {"venue": "bybit", "name": "bob"})
    running.process.send_signal(signal.SIGINT)
    assert await running.process.wait() == 0
    again = await start_sandbox("--state", str(file))
    accounts = (await get(again.control_url, "state"))["accounts"]["bybit"]
    assert len(accounts) == 5
    await stop_sandbox(again)


async def test_the_worlds_time_runs_by_itself(sandbox_process: SandboxProcess) -> None:
    account = BybitAccount(uid=demo.BYBIT_UID, api_key=demo.BYBIT_KEY, secret=demo.BYBIT_SECRET)
    client = PybitClient(sandbox_process, account)
    ack = await client.order(qty="0.001", orderLinkId="by-itself")
    async with asyncio.timeout(READY_SECONDS):
        while (await client.find(orderId=ack["orderId"]))["orderStatus"] != "Filled":
            pass  # each question takes its time
    client.close()


async def test_order_reads_lag_and_forget_as_they_may(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account())
    behaviour = sandbox.world.behaviour
    behaviour.realtime_lag_ms, behaviour.history_lag_ms = 1_500, 8_000
    ack = await client.order()
    asked = {**LINEAR, "orderId": ack["orderId"]}
    assert (await client.call("get_open_orders", **asked))["list"] == []
    await sandbox.advance(2)
    assert len((await client.call("get_open_orders", **asked))["list"]) == 1
    assert (await client.call("get_order_history", **asked))["list"] == []
    await sandbox.advance(6)
    assert len((await client.call("get_order_history", **asked))["list"]) == 1
    await post(sandbox.control_url, "bybit", {"restart": True})
    assert (await client.call("get_open_orders", **asked))["list"] == []
    client.close()


async def test_a_cancelled_order_leaves_the_history_after_a_day(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account())
    ack = await client.order(orderType="Limit", price="59000")
    await client.call("cancel_order", **LINEAR, orderId=ack["orderId"])
    asked = {**LINEAR, "orderId": ack["orderId"]}
    assert len((await client.call("get_order_history", **asked))["list"]) == 1
    await sandbox.advance(25 * 3600)
    assert (await client.call("get_order_history", **asked))["list"] == []
    client.close()


async def test_an_acknowledgement_may_come_before_the_execution(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account())
    await post(sandbox.control_url, "bybit", {"ack_delay_ms": 500})
    ack = await client.order()
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "New"
    assert sandbox.world.engine(Venue.BYBIT).fills(str(client.account and client.account.uid)) == []
    await sandbox.advance(0.5)
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "Filled"
    client.close()
