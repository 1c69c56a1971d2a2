"""How the simulated HyperLiquid behaves beyond its rules."""

from dataclasses import dataclass

BLOCK_SECONDS = 0.02


@dataclass(slots=True, kw_only=True)
class HyperliquidBehaviour:
    """Knobs that tests turn over the control API.

    Attributes:
        rate_limits: Whether an IP address that used up its weight gets HTTP 429. A world whose clock stands still never
            limits: there is no minute to count in.
        block_seconds: Real time from the first action of a block to its execution and its answers.
        halted: No block is made: actions wait, unanswered, until the chain runs on.
        lag_ms: Orders and fills show in /info this long after they changed.
        drops_builder_cloids: An order with a cloid on a builder-deployed dex is acknowledged and never exists.
    """

    rate_limits: bool = True
    block_seconds: float = BLOCK_SECONDS
    halted: bool = False
    lag_ms: int = 0
    drops_builder_cloids: bool = False
