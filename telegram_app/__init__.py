"""The plumbing under the chat: Telegram's wire, what comes in, who may, and what must go out."""
