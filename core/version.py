"""Which ElCaro this is."""

VERSION = "0.1.0"
