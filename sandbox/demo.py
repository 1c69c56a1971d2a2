"""The people and the token of the sandbox. Everything here is public and visibly fake."""

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
