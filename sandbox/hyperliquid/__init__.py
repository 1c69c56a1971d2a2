"""HyperLiquid's wire protocol over the sandbox engine: /info, /exchange and /ws as the venue answers them."""
