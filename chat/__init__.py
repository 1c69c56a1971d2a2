"""What the bot does when somebody writes or taps. Handlers take a `Call` and return a screen; they know no Telegram."""
