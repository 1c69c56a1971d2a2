"""The people, keys and tokens of the sandbox. Everything here is public and visibly fake."""

from collections.abc import Mapping
from typing import Final

TELEGRAM_TOKEN: Final = "1000000001:SANDBOX-TOKEN-NOT-A-REAL-ONE-000000"  # noqa: S105  opens nothing
"""The only token the local Bot API server accepts; it has a real token's form and opens nothing anywhere."""

BOT_ID: Final = 1_000_000_001
BOT_NAME: Final = "ElCaro"
BOT_USERNAME: Final = "elcaro_sandbox_bot"

OWNER_ID: Final = 100_000_001
"""The person who runs the bot: their Telegram id in the sandbox."""
STRANGER_ID: Final = 100_000_002
"""Somebody who found the bot and was never let in."""
GROUP_ID: Final = -100_000_003
"""A group chat with the bot, the owner and the stranger in it."""

BYBIT_KEY: Final = "sandbox-demo-key"
BYBIT_SECRET: Final = "sandbox-demo-secret"  # noqa: S105  opens nothing
BYBIT_UID: Final = "10000001"
BYBIT_TEST_UID: Final = "10000002"
BYBIT_HEDGE_UID: Final = "10000003"
BYBIT_ISOLATED_UID: Final = "10000004"

HYPERLIQUID_AGENT_KEY: Final = "0x" + "01" * 32
"""The private key of the demo agent: thirty-two times the byte 01, known to everybody."""
HYPERLIQUID_AGENT_ADDRESS: Final = "0x1a642f0e3c3af545e7acbd38b07251b3990914f1"
HYPERLIQUID_MASTER: Final = "0x" + "5a" * 20

OKX_UID: Final = "10000001"
OKX_TEST_UID: Final = "10000002"
OKX_HEDGE_UID: Final = "10000003"
OKX_KEY: Final = "00000000-0000-4000-8000-000010000001"
OKX_SECRET: Final = "00000000000000000000000010000001"  # noqa: S105  opens nothing
OKX_PASSPHRASE: Final = "sandbox-demo"  # noqa: S105  opens nothing

PAPER_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "bybit": {"api_key": BYBIT_KEY, "api_secret": BYBIT_SECRET},
    "hyperliquid": {"private_key": HYPERLIQUID_AGENT_KEY, "account_address": HYPERLIQUID_MASTER},
    "okx": {"api_key": OKX_KEY, "api_secret": OKX_SECRET, "passphrase": OKX_PASSPHRASE},
}
"""The demo user's keys at every venue, by the names under which a program asks for them."""
