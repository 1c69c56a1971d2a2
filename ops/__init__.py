"""What an operator does besides running it: check up, back up, restore, take over an older bot's people."""
