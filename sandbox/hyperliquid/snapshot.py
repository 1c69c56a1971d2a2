"""What of a simulated HyperLiquid outlives a restart beside its books: people, agents, spot wallets, used nonces."""

from typing import Any

from sandbox.hyperliquid.accounts import Agent, Holder
from sandbox.hyperliquid.venue import Venue
from sandbox.state import from_json, to_json


class VenueSnapshot:
    """The part of a venue that goes into the world's snapshot file."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def dump(self) -> Any:
        """The state as JSON."""
        registry = self._venue.registry
        return {
            "holders": [to_json(holder) for holder in registry.holders()],
            "agents": [to_json(agent) for agent in registry.agents()],
            "nonces": self._venue.nonces.used(),
        }

    def load(self, data: Any) -> None:
        """Take over a dumped state."""
        self._venue.registry.restore(
            holders=[from_json(Holder, row) for row in data["holders"]],
            agents=[from_json(Agent, row) for row in data["agents"]],
        )
        self._venue.nonces.restore(data["nonces"])
