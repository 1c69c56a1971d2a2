"""Who is who at HyperLiquid: masters, their agents, sub-accounts and vaults, and the money outside the perps account.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import ZERO

_DAY_MS: Final = 86_400_000
AGENT_LIFE_MS: Final = 90 * _DAY_MS
AGENT_LONGEST_LIFE_MS: Final = 180 * _DAY_MS
NAMED_AGENTS: Final = 3
NAMED_AGENTS_PER_SUB_ACCOUNT: Final = 2
AGENT_NAME_LENGTH: Final = 16

_VALID_UNTIL = re.compile(r"(?P<name>.*?) valid_until (?P<until>[0-9]{1,16})")


class RefusedAction(ValueError):
    """The venue refuses the whole action; the message is its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A key that may trade for its master but not move money; an empty name is the one unnamed agent."""

    address: str
    master: str
    name: str
    valid_until_ms: int


@dataclass(slots=True, kw_only=True)
class Holder:
    """One account known to the venue, apart from its perps books, which the engine keeps.

    Attributes:
        spot_usdc: USDC in the spot wallet; of no use to a unified account, whose one wallet is the engine's.
        abstraction: The answer of `userAbstraction`.
        master: Who owns this sub-account.
        leader: Who trades for this vault.
        referrer: The code given in `setReferrer`.
        cancel_all_at_ms: The dead man's switch; None when it is not set.
    """

    address: str
    spot_usdc: Decimal = ZERO
    abstraction: str = "default"
    name: str = ""
    master: str | None = None
    leader: str | None = None
    referrer: str | None = None
    cancel_all_at_ms: int | None = None
    agents: dict[str, Agent] = field(default_factory=dict)

    @property
    def is_unified(self) -> bool:
        """Whether spot and perps share one wallet, so that the perps summary reads zero."""
        return self.abstraction in ("unifiedAccount", "portfolioMargin")


class Registry:
    """Every address the venue knows.

    Args:
        perps: The account ids of the perps engine; each is a master unless it was registered as something else.
    """

    def __init__(self, perps: Container[str]) -> None:
        self._perps = perps
        self._holders: dict[str, Holder] = {}
        self._agents: dict[str, Agent] = {}

    def register(self, address: str, **details: Any) -> Holder:
        """Add or replace what is known about an account; `details` are the fields of `Holder`."""
        holder = Holder(address=address.lower(), **details)
        self._holders[holder.address] = holder
        return holder

    def holders(self) -> list[Holder]:
        """Return every registered account."""
        return list(self._holders.values())

    def agents(self) -> list[Agent]:
        """Return every agent there ever was."""
        return list(self._agents.values())

    def restore(self, *, holders: Iterable[Holder], agents: Iterable[Agent]) -> None:
        """Start from the people of a snapshot."""
        self._holders = {holder.address: holder for holder in holders}
        self._agents = {agent.address: agent for agent in agents}

    def holder(self, address: str) -> Holder | None:
        """Return the account at this address; None for an agent and for an address the venue has never seen."""
        address = address.lower()
        known = self._holders.get(address)
        if known is None and address in self._perps:
            known = self.register(address)
        return known

    def agent(self, address: str, *, now_ms: int) -> Agent | None:
        """Return the agent at this address; None when it is not one, or no longer."""
        agent = self._agents.get(address.lower())
        return agent if agent is not None and agent.valid_until_ms > now_ms else None

    def trades_for(self, signer: str, *, now_ms: int) -> str | None:
        """Return the master that this signer, the master itself or a living agent, acts for."""
        if self.holder(signer) is not None:
            return signer
        agent = self.agent(signer, now_ms=now_ms)
        return None if agent is None else agent.master

    def acts_as(self, master: str, vault_address: str) -> Holder:
        """Return the sub-account or vault that `master` may trade for.

        Raises:
            RefusedAction: There is none at this address, or it is somebody else's.
        """
        holder = self.holder(vault_address)
        if holder is None or master not in (holder.master, holder.leader):
            raise RefusedAction(f"Vault not registered: {vault_address}")
        return holder

    def sub_accounts(self, master: str) -> list[Holder]:
        """Return the master's sub-accounts in the order they were made."""
        return [holder for holder in self._holders.values() if holder.master == master.lower()]

    def approve_agent(self, master: str, address: str, name: str, *, now_ms: int) -> Agent:
        """Let a key trade for `master`; it takes the place of the master's earlier agent of the same name.

        Args:
            name: Empty for the unnamed agent; it may end in " valid_until <milliseconds>".

        Raises:
            RefusedAction: The name is too long, all names are taken, or the address is in use.
        """
        holder = self._holders[master]
        name, until = _split_name(name, now_ms)
        living = {agent.name for agent in holder.agents.values() if agent.name and agent.valid_until_ms > now_ms}
        allowed = NAMED_AGENTS + NAMED_AGENTS_PER_SUB_ACCOUNT * len(self.sub_accounts(master))
        if name and name not in living and len(living) >= allowed:
            raise RefusedAction("Too many extra agents.")
        if self.holder(address) is not None or address in self._agents:
            raise RefusedAction("Extra agent already used.")
        replaced = holder.agents.pop(name, None)
        if replaced is not None:
            # the replaced key stays known, without life: it is never given out again
            self._agents[replaced.address] = Agent(
                address=replaced.address, master=master, name=replaced.name, valid_until_ms=0
            )
        agent = Agent(address=address, master=master, name=name, valid_until_ms=until)
        holder.agents[name] = self._agents[address] = agent
        return agent

    def role(self, address: str, *, now_ms: int) -> dict[str, Any]:
        """Return the answer of `userRole`."""
        agent = self.agent(address, now_ms=now_ms)
        if agent is not None:
            return {"role": "agent", "data": {"user": agent.master}}
        holder = self.holder(address)
        if holder is None:
            return {"role": "missing"}
        if holder.master is not None:
            return {"role": "subAccount", "data": {"master": holder.master}}
        return {"role": "user" if holder.leader is None else "vault"}


def _split_name(name: str, now_ms: int) -> tuple[str, int]:
    until = now_ms + AGENT_LIFE_MS
    match = _VALID_UNTIL.fullmatch(name)
    if match is not None:
        name, until = match["name"], min(int(match["until"]), now_ms + AGENT_LONGEST_LIFE_MS)
    if len(name) > AGENT_NAME_LENGTH:
        raise RefusedAction(f"Extra agent name must be between 1 and {AGENT_NAME_LENGTH} characters long")
    return name, until
