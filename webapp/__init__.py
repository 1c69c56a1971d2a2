"""The web app: the trading API over HTTP, and the Mini App that uses it. A shell: every rule lives below it."""
