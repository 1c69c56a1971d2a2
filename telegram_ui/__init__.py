"""How ElCaro looks in the chat: pure functions from models to screens. Nothing here does I/O or knows Telegram."""
