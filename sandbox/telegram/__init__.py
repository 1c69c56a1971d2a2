"""A local Telegram Bot API server: state, wire rules and the people who chat with the bot."""
