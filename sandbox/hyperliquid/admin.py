"""What tests and the control API do to a simulated HyperLiquid: accounts with keys, knobs, expired agents."""

import hashlib
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from sandbox.admin import BadCommandError, open_account
from sandbox.hyperliquid.behaviour import HyperliquidBehaviour
from sandbox.hyperliquid.people import address_of
from sandbox.hyperliquid.venue import COLLATERAL, Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperliquidAccount:
    """An account of the sandbox with its two keys, both public and worthless."""

    master: str
    master_key: str
    agent: str
    agent_key: str


def new_account(
    venue: Venue,
    name: str = "",
    *,
    usdc: Decimal | int | str = 10_000,
    spot_usdc: Decimal | int | str = 0,
    abstraction: str = "default",
    history: bool = False,
    agent_valid_until_ms: int | None = None,
) -> HyperliquidAccount:
    """Open an account and let an agent named "elcaro" trade for it.

    Args:
        name: The keys follow from it; by default from the number of accounts.
        usdc: Collateral in the perps wallet.
        abstraction: "unifiedAccount" for one whose money shows in the spot wallet.
        history: Give it the demo account's past instead of `usdc`.
        agent_valid_until_ms: When the agent's life ends; ninety days from now by default.

    Raises:
        BadCommandError: There is an account of this name.
    """
    name = name or f"account-{len(venue.engine.accounts)}"
    master_key, agent_key = _key(name, "master"), _key(name, "agent")
    master, agent = address_of(master_key), address_of(agent_key)
    open_account(venue.engine, master, deposits={COLLATERAL: usdc}, history=history)
    venue.registry.register(master, spot_usdc=Decimal(spot_usdc), abstraction=abstraction)
    until = "" if agent_valid_until_ms is None else f" valid_until {agent_valid_until_ms}"
    venue.registry.approve_agent(master, agent, f"elcaro{until}", now_ms=venue.now_ms())
    return HyperliquidAccount(master=master, master_key=master_key, agent=agent, agent_key=agent_key)


def turn_knobs(venue: Venue, knobs: dict[str, Any]) -> dict[str, Any]:
    """Set fields of `HyperliquidBehaviour`, or `ip_weight_per_minute` and `address_requests`; returns them all.

    Raises:
        BadCommandError: There is no such knob.
    """
    known = {field.name for field in fields(HyperliquidBehaviour)}
    for name, value in knobs.items():
        if name == "ip_weight_per_minute":
            venue.ip_budget.per_minute = value
        elif name == "address_requests":
            venue.address_budget.initial = value
        elif name in known:
            setattr(venue.behaviour, name, value)
        else:
            raise BadCommandError(f"unknown knob {name}: use {', '.join(sorted(known))}")
    budgets = {"ip_weight_per_minute": venue.ip_budget.per_minute, "address_requests": venue.address_budget.initial}
    return asdict(venue.behaviour) | budgets


def _key(name: str, part: str) -> str:
    return "0x" + hashlib.sha256(f"elcaro sandbox {name} {part}".encode()).hexdigest()
