"""The accounts that a simulated HyperLiquid starts with. Every key here is public and opens nothing anywhere.

A key of the same byte thirty-two times is easy to recognise: 01 is the demo agent, the others are for tests.
"""

from decimal import Decimal
from typing import Final

from coincurve import PrivateKey
from sha3 import keccak_256

from sandbox import demo
from sandbox.hyperliquid.venue import COLLATERAL, Venue
from sandbox.seed import open_demo_account

MONEY: Final = Decimal(10_000)

TRADER_KEY: Final = "0x" + "02" * 32
"""The master key of an ordinary account."""
TRADER_AGENT_KEY: Final = "0x" + "03" * 32
"""Its named agent, "bot"."""
UNIFIED_KEY: Final = "0x" + "04" * 32
"""The master key of a unified account: its money is in the spot wallet, its perps summary reads zero."""
EMPTY_KEY: Final = "0x" + "05" * 32
"""The master key of an account that never got a deposit."""
EXPIRED_AGENT_KEY: Final = "0x" + "06" * 32
"""An agent of the trader whose life is over."""
UNKNOWN_KEY: Final = "0x" + "07" * 32
"""A key that the venue has never seen."""
VAULT: Final = "0x" + "bb" * 20
"""A vault that the trader leads."""
SUB_ACCOUNT: Final = "0x" + "cc" * 20
"""A sub-account of the trader."""


def address_of(key: str) -> str:
    """Return the lower-case address of a private key."""
    public = PrivateKey.from_hex(key.removeprefix("0x")).public_key.format(compressed=False)
    return f"0x{keccak_256(public[1:]).hexdigest()[-40:]}"


def open_accounts(venue: Venue) -> None:
    """Open the demo account with its agent, and the accounts that tests need; those that exist keep their books."""
    engine, registry, now = venue.engine, venue.registry, venue.now_ms()
    trader, unified, empty = address_of(TRADER_KEY), address_of(UNIFIED_KEY), address_of(EMPTY_KEY)
    if demo.HYPERLIQUID_MASTER not in engine.accounts:
        open_demo_account(engine, demo.HYPERLIQUID_MASTER)
    for address in {trader, unified, empty, VAULT, SUB_ACCOUNT} - set(engine.accounts):
        engine.open_account(address, deposits={} if address == empty else {COLLATERAL: MONEY})
    registry.register(demo.HYPERLIQUID_MASTER)
    registry.register(trader, spot_usdc=Decimal(500))
    registry.register(unified, abstraction="unifiedAccount")
    registry.register(VAULT, name="Sandbox vault", leader=trader)
    registry.register(SUB_ACCOUNT, name="Sandbox sub-account", master=trader)
    registry.approve_agent(demo.HYPERLIQUID_MASTER, demo.HYPERLIQUID_AGENT_ADDRESS, "elcaro", now_ms=now)
    registry.approve_agent(trader, address_of(TRADER_AGENT_KEY), "bot", now_ms=now)
    registry.approve_agent(trader, address_of(EXPIRED_AGENT_KEY), f"old valid_until {now}", now_ms=now)
