"""A turn at the venue's gate, taken before the stamp and kept for the send that follows it."""

from exchanges.pacing import Cost, Gate
from models.requests import (
    Action,
    AdjustMargin,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
    SetProtection,
)

_KEPT_S = 30.0
_PATIENCE_AFTER_STAMP_S = 1.0  # a stamped request must not age in a queue
_ACTIONS_THAT_LOWER_RISK = (CancelOrder, CancelAll, SetProtection)


class Turns:
    """The turns of one account.

    Args:
        gate: Where its requests wait.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._kept: dict[str, list[float]] = {}

    async def wait(self, cost: Cost) -> None:
        """Wait for a turn and keep it.

        Raises:
            NotSent: It would take too long (`venue_busy`).
        """
        await self._gate.enter(cost)
        self._kept.setdefault(cost.bucket or "", []).append(self._gate.monotonic() + _KEPT_S)

    async def take(self, cost: Cost) -> None:
        """Use a turn that was kept, or wait a moment for one.

        Raises:
            NotSent: There is none soon, or the venue is being left alone meanwhile (`venue_busy`).
        """
        now = self._gate.monotonic()
        self._gate.pacer.refuse_if_left_alone(cost, now)
        kept = [until for until in self._kept.pop(cost.bucket or "", []) if until > now]
        if not kept:
            await self._gate.enter(cost, patience_s=_PATIENCE_AFTER_STAMP_S)
            return
        if kept[1:]:
            self._kept[cost.bucket or ""] = kept[1:]


def lowers_risk(action: Action) -> bool:
    """Whether an action can only make an account safer, so that it passes where others wait."""
    if isinstance(action, OrderRequest):
        return action.reduce_only
    if isinstance(action, BatchOrders):
        return all(order.reduce_only for order in action.orders)
    if isinstance(action, AdjustMargin):
        return action.amount > 0
    return isinstance(action, _ACTIONS_THAT_LOWER_RISK)
