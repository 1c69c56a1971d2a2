"""Keys in the chat: deleted at once, checked, sealed, never shown."""

from models.account import Account
from models.enums import AccountType
from sandbox import demo
from tests.chat.rig import Phone, Rig

PAPER = Account(user_id=demo.OWNER_ID, exchange="bybit", account_type=AccountType.PAPER)


async def ask(owner: Phone, venue: str = "Bybit") -> None:
    await owner.says("/connect")
    await owner.taps(venue)
    await owner.taps("PAPER")


async def test_keys_are_taken_sealed_and_their_message_deleted(rig: Rig, owner: Phone) -> None:
    account = rig.sandbox.new_bybit_account("carol1234567890")
    await ask(owner)
    shown = await owner.says(f"{account.api_key}\n{account.secret}xxxxx")
    assert "✅ Connected" in shown.text or "does not accept" in shown.text
