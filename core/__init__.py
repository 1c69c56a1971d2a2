"""Rules and wiring: what is allowed, what is sent, and who is handed to whom."""
