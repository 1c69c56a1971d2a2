"""Keys in the chat: deleted at once, checked with the venue, sealed, never shown."""

from typing import Any

import pytest

from db import get_credentials
from models.account import Account
from models.enums import AccountType
from models.errors import NoCredentials
from sandbox import demo
from tests.chat.rig import Phone, Rig

KEY, SECRET = "CAROLsKEY1234567", "CAROLsSECRET12345678901234567890"
PAPER = Account(user_id=demo.OWNER_ID, exchange="bybit", account_type=AccountType.PAPER)


def new_key(rig: Rig, **fields: Any) -> str:
    rights = {"permissions": {"ContractTrade": ["Order", "Position"]}}
    rig.sandbox.new_bybit_account(**{"api_key": KEY, "secret": SECRET, **rights, **fields})
    return f"{KEY}\n{SECRET}"


async def ask(owner: Phone, venue: str = "Bybit") -> None:
    await owner.says("/connect")
    await owner.taps(venue)
    await owner.taps("PAPER")


async def has_keys() -> bool:
    try:
        return bool(await get_credentials(PAPER))
    except NoCredentials:
        return False


async def test_keys_are_sealed_and_their_message_is_deleted(rig: Rig, owner: Phone) -> None:
    keys = new_key(rig)
    await ask(owner)
    shown = await owner.says(keys)
    assert "✅ Connected: Bybit · 🟡 PAPER" in shown.text
    assert "…4567" in shown.text
    assert keys not in owner.own_texts()
    assert await has_keys()


async def test_secrets_appear_nowhere_on_the_disk_or_in_the_chat(
    rig: Rig, owner: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    keys = new_key(rig)
    caplog.set_level("INFO")
    await ask(owner)
    await owner.says(keys)
    files = [path for path in rig.runtime.store.path.parent.rglob("*") if path.is_file()]
    assert not [path.name for path in files if SECRET.encode() in path.read_bytes()]
    assert not [shown for shown in owner.messages() if SECRET in shown.text or KEY in shown.text]
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"permissions": {"ContractTrade": ["Order", "Position"], "Wallet": ["Withdraw"]}}, "may withdraw money"),
        ({"read_only": True}, "may only read"),
        ({"expires_ms": 1}, "has expired"),
    ],
)
async def test_dangerous_or_useless_key_is_refused(
    rig: Rig, owner: Phone, fields: dict[str, Any], sentence: str
) -> None:
    keys = new_key(rig, **fields)
    await ask(owner)
    assert sentence in (await owner.says(keys)).text
    assert not await has_keys()
    assert keys not in owner.own_texts()


async def test_wrong_key_is_refused_and_deleted(owner: Phone) -> None:
    await ask(owner)
    shown = await owner.says(f"{KEY}\n{SECRET}")
    assert "does not accept this key" in shown.text
    assert owner.own_texts()[-1] == "/connect"


async def test_something_else_than_keys_is_refused(owner: Phone) -> None:
    await ask(owner)
    assert "not the keys I asked for" in (await owner.says("hello there")).text


async def test_wallets_own_key_is_refused(rig: Rig, owner: Phone) -> None:
    account = rig.sandbox.new_hyperliquid_account()
    await ask(owner, "HyperLiquid")
    assert "the wallet's own key" in (await owner.says(account.master_key)).text


async def test_agents_key_is_taken(rig: Rig, owner: Phone) -> None:
    account = rig.sandbox.new_hyperliquid_account()
    await ask(owner, "HyperLiquid")
    assert "✅ Connected: HyperLiquid" in (await owner.says(account.agent_key)).text


async def test_key_that_nobody_asked_for_is_deleted(owner: Phone) -> None:
    shown = await owner.says(f"{KEY} {SECRET}")
    assert "looked like a key" in shown.text
    assert owner.own_texts() == []


async def test_key_behind_the_command_is_deleted_too(owner: Phone) -> None:
    assert "I deleted your message" in (await owner.says(f"/connect {KEY} {SECRET}")).text
    assert owner.own_texts() == []


async def test_keys_are_forgotten_after_a_question(rig: Rig, owner: Phone) -> None:
    keys = new_key(rig)
    await ask(owner)
    await owner.says(keys)
    await owner.says("/accounts")
    assert "✅ The key works: Bybit" in (await owner.taps("Test 1")).text
    await owner.says("/accounts")
    await owner.taps("Forget 1")
    await owner.taps("✅")
    assert not await has_keys()


async def test_account_is_shown_by_the_name_that_its_owner_gives_it(rig: Rig, owner: Phone) -> None:
    await ask(owner)
    await owner.says(new_key(rig))
    await owner.says("/accounts")
    await owner.taps("Rename 1")
    assert "1 to 24 characters" in (await owner.says("x" * 25)).text
    assert "1. Bybit · 🟡 PAPER · Rent & <b> · connected" in (await owner.says("  Rent\u202e & <b>\n")).text
    assert "PAPER · Rent" in (await owner.says("/balance")).text
    await owner.says("/accounts")
    await owner.taps("Rename 1")
    assert "Rent" not in (await owner.taps("No name")).text
    assert "Rent" not in (await owner.says("/balance")).text


async def test_account_is_not_connected_by_two_people(rig: Rig, owner: Phone) -> None:
    keys = new_key(rig)
    await ask(owner)
    await owner.says(keys)
    code = await rig.runtime.store.invites.create(demo.OWNER_ID)
    await rig.stranger.says(f"/start {code}")
    await ask(rig.stranger)
    assert "connected already" in (await rig.stranger.says(keys)).text
