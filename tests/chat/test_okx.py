"""A venue that only the registry names, in the chat: chosen, connected, traded, and refused on the direct path."""

from pathlib import Path

import pytest

from sandbox.okx.keys import TRADING, OkxKey
from sandbox.server import Sandbox
from tests.chat.rig import Phone, Rig, eventually, running_bot


@pytest.fixture
async def trader(owner: Phone) -> Phone:
    """The owner, who chose OKX."""
    await owner.says("/exchange")
    await owner.taps("OKX")
    return owner


def lines_of(key: OkxKey) -> str:
    return f"{key.api_key}\n{key.secret}\n{key.passphrase}"


def posts(rig: Rig, path: str = "") -> int:
    """Return how many writes reached the simulated OKX."""
    found = rig.sandbox.world.journal.find(venue="okx", text=f"POST /api/v5/trade/{path}")
    return sum(record.operation.startswith("POST") for record in found)


async def ask(phone: Phone) -> None:
    await phone.says("/connect")
    await phone.taps("OKX")
    await phone.taps("PAPER")


async def test_paper_account_is_there_without_keys(trader: Phone) -> None:
    shown = await trader.says("/balance")
    assert "OKX · 🟡 PAPER" in shown.text
    assert "BTCUSDT 🟢 LONG" in (await trader.says("/positions")).text


async def test_order_with_its_protection_is_sent_once(rig: Rig, trader: Phone) -> None:
    await trader.says("/buy ETH 300$ 5x sl 2% tp 4%")
    assert "✅ Bought" in (await trader.taps("✅")).text
    assert posts(rig, "order") == 1
    shown = (await trader.says("/positions")).text
    assert "ETHUSDT 🟢 LONG" in shown


async def test_stop_and_target_are_set_changed_and_kept_one_each(rig: Rig, trader: Phone) -> None:
    mark = rig.sandbox.world.market.quote(rig.sandbox.world.okx.venue, "BTC-USDT-SWAP").mark
    for command, level in (("sl", "0.95"), ("sl", "0.94"), ("tp", "1.05")):
        price = rig.sandbox.world.okx.instruments["BTC-USDT-SWAP"].round_price(mark * type(mark)(level), "ROUND_FLOOR")
        await trader.says(f"/{command} BTC {price}")
        assert "✅" in (await trader.taps("✅")).text
    waiting = rig.sandbox.world.okx.open_orders("10000001")
    assert sorted(order.spec.stop for order in waiting) == ["stop_loss", "take_profit"]
    assert (posts(rig, "order-algo"), posts(rig, "amend-algos")) == (2, 1)


async def test_position_is_closed_whole_and_in_part(trader: Phone) -> None:
    await trader.says("/buy ETH 900$ sl 2%")
    await trader.taps("✅")
    await trader.says("/close ETH 50%")
    assert "✅ Sold" in (await trader.taps("✅")).text
    await trader.says("/close ETH")
    assert "✅ Sold" in (await trader.taps("✅")).text
    assert "ETHUSDT" not in (await trader.says("/positions")).text
    assert "No open orders." in (await trader.says("/orders")).text


async def test_many_orders_of_both_kinds_are_cancelled(rig: Rig, trader: Phone) -> None:
    for price in range(12):
        await trader.says(f"/short ETH 0.1 @ {4000 + price}")
        await trader.taps("✅")
    await trader.says("/sl BTC 5%")
    await trader.taps("✅")
    await trader.says("/orders")
    await trader.taps("Cancel all")
    await trader.taps("✅")
    assert rig.sandbox.world.okx.open_orders("10000001") == []
    assert (posts(rig, "cancel-batch-orders"), posts(rig, "cancel-algos")) == (2, 1)


async def test_several_targets_stand_as_orders_that_reduce_and_go_with_the_position(rig: Rig, trader: Phone) -> None:
    await trader.says("/buy ETH 900$ sl 2% tp 3%,6%")
    assert "✅ Bought" in (await trader.taps("✅")).text
    assert (await trader.says("/orders")).text.count("reduces only") >= 2
    await trader.says("/close ETH")
    assert "✅ Sold" in (await trader.taps("✅")).text
    assert rig.sandbox.world.okx.open_orders("10000001", symbol="ETH-USDT-SWAP") == []


async def test_leverage_is_set(rig: Rig, trader: Phone) -> None:
    await trader.says("/lev ETH 7")
    assert "✅" in (await trader.taps("✅")).text
    assert rig.sandbox.world.okx.leverage("10000001", "ETH-USDT-SWAP") == 7


async def test_venues_refusal_changes_nothing_and_says_why(rig: Rig, trader: Phone) -> None:
    await trader.says("/buy ETH 300$ sl 2%")
    rig.sandbox.fault("code_before", match="POST /api/v5/trade/order", code="51008", message="low")
    shown = await trader.taps("✅")
    assert "❌ Not done" in shown.text
    assert "not enough free margin" in shown.text


@pytest.mark.parametrize("order", ["/buy ETH 300$ sl 2%", "/short ETH 0.1 @ 4000", "/close BTC", "/sl BTC 5%"])
async def test_lost_answer_is_told_as_it_was_and_nothing_is_sent_again(
    sandbox: Sandbox, tmp_path: Path, order: str
) -> None:
    async with running_bot(sandbox, tmp_path, with_jobs=True) as rig:
        await rig.owner.says("/exchange")
        await rig.owner.taps("OKX")
        await rig.owner.says(order)
        for path in ("order", "close-position", "order-algo"):
            sandbox.fault("reset_after", match=f"POST /api/v5/trade/{path}")
        shown = await rig.owner.taps("✅")
        await eventually(lambda: "✅" in rig.owner.messages()[-1].text)
        assert rig.owner.messages()[-1].message_id == shown.message_id
        assert posts(rig) == 1


async def test_keys_of_three_fields_are_connected(rig: Rig, owner: Phone) -> None:
    key = rig.sandbox.new_okx_account()
    await ask(owner)
    shown = await owner.says(lines_of(key))
    assert "✅ Connected: OKX · 🟡 PAPER" in shown.text
    assert owner.own_texts()[-1] == "/connect"


@pytest.mark.parametrize(
    ("permissions", "sentence"),
    [((*TRADING, "withdraw"), "may withdraw money"), (("read_only",), "may only read")],
)
async def test_dangerous_or_useless_key_is_refused(
    rig: Rig, owner: Phone, permissions: tuple[str, ...], sentence: str
) -> None:
    key = rig.sandbox.new_okx_account(permissions=permissions)
    await ask(owner)
    assert sentence in (await owner.says(lines_of(key))).text


async def test_secret_that_nobody_asked_for_is_deleted(owner: Phone) -> None:
    shown = await owner.says("22222222222222222222222222FA4E00")
    assert "looked like a key" in shown.text
    assert owner.own_texts() == []


async def test_direct_path_says_that_it_has_no_such_venue(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path, use_unified="false") as rig:
        await rig.owner.says("/exchange")
        await rig.owner.taps("OKX")
        for command in ("/balance", "/positions", "/buy ETH 300$ sl 2%"):
            assert "OKX is available on the unified path only." in (await rig.owner.says(command)).text
        await ask(rig.owner)
        shown = await rig.owner.says(lines_of(rig.sandbox.new_okx_account()))
        assert "OKX is available on the unified path only." in shown.text
        assert posts(rig) == 0
