"""What HyperLiquid pushed about one account, for whoever only looks: as far as it is known to be what holds now.

What an action of ours may have changed is not taken from pushes of before it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from exchanges.hyperliquid_keys import AccountAddress
from exchanges.hyperliquid_pushes import Push, Pushes, Topic
from exchanges.pacing import only_looks
from models import wire
from models.enums import OrderType
from models.errors import BadPayload
from models.requests import Action, AdjustMargin, OrderRequest, SetLeverage, SetMarginMode

logger = logging.getLogger(__name__)

T = TypeVar("T")

_NEVER: Final = float("-inf")
_KEPT_S: Final = 60.0
"""How long a list of orders or a leverage is believed that nothing else was pushed about."""
_STATE_S: Final = 4.0
"""How old pushed positions may get: the venue tells what they are worth about every second."""
_SETTLE_S: Final = 1.0
"""So long after something was sent, a pushed state may still be that of before it."""


class Looks:
    """The pushes about one account.

    Args:
        pushes: Of the environment.
        monotonic: The gate's clock.
    """

    def __init__(self, pushes: Pushes, monotonic: Callable[[], float]) -> None:
        self._pushes = pushes
        self._monotonic = monotonic
        self._orders_changed_at = self._leverage_changed_at = _NEVER
        self._states_settled_at: dict[str, float] = {}

    async def state(self, user: AccountAddress, dex: str) -> wire.Row | None:
        """Return the account's state on a dex; None: ask."""
        newer_than = max(self._states_settled_at.get(dex, _NEVER), self._monotonic() - _STATE_S)
        topic = Topic("allDexsClearinghouseState", user=user)
        push = await self._latest(topic, newer_than=newer_than, is_patient=False)
        return self._read(push, lambda data: _state_on(dex, data))

    async def orders(self, user: AccountAddress, dex: str, read: Callable[[Push], T]) -> T | None:
        """Return what `read` makes of the open orders on a dex; None: ask."""
        push = await self._latest(Topic("openOrders", dex, user), newer_than=self._orders_changed_at)
        if push is None or not self._read(push, _tells_stops_from_limits):
            return None
        return self._read(push, lambda _: read(push))

    async def leverage(self, user: AccountAddress, coin: str) -> wire.Row | None:
        """Return how a market is levered; None: ask."""
        push = await self._latest(Topic("activeAssetData", coin, user), newer_than=self._leverage_changed_at)
        return self._read(push, lambda data: wire.record(data, "leverage"))

    def note_orders(self, user: AccountAddress, dex: str, rows: Any, *, asked_at: float) -> None:
        """Keep what was answered about the open orders on a dex until something else is pushed."""
        self._pushes.note(Topic("openOrders", dex, user), {"orders": rows}, asked_at=asked_at)

    def note_leverage(self, user: AccountAddress, coin: str, answer: wire.Row, *, asked_at: float) -> None:
        """Keep what was answered about a market's leverage until something else is pushed."""
        self._pushes.note(Topic("activeAssetData", coin, user), answer, asked_at=asked_at)

    def changed(self, dexes: Iterable[str], action: Action | None) -> None:
        """Believe nothing that was pushed before now about what may have changed.

        Args:
            dexes: Where the account has something.
            action: What was sent; None: something happened there, about which the venue pushes by itself.
        """
        now = self._monotonic()
        self._states_settled_at |= dict.fromkeys(dexes, now + _SETTLE_S)
        if action is not None and changes_open_orders(action):
            self._orders_changed_at = now
        if isinstance(action, SetLeverage | SetMarginMode):
            self._leverage_changed_at = now

    async def _latest(self, topic: Topic, *, newer_than: float, is_patient: bool = True) -> Push | None:
        """Return what was pushed last; orders and leverage are asked for again once a minute all the same."""
        if not only_looks():
            return None
        push = await self._pushes.latest(topic, newer_than=newer_than, is_patient=is_patient)
        return None if push is None or self._monotonic() - push.received_at > _KEPT_S else push

    def _read(self, push: Push | None, read: Callable[[Mapping[str, Any]], T]) -> T | None:
        """Return what a push says; None where it cannot be read."""
        if push is None:
            return None
        try:
            return read(push.data)
        except BadPayload as e:
            logger.warning("push not read", extra={"reason": e.message})
            return None


def changes_open_orders(action: Action) -> bool:
    """Whether another order may be open afterwards, or one less; a part that is bought or sold at once changes none."""
    match action:
        case OrderRequest():
            is_plain = action.protection is None and not action.closes_position
            return not (action.order_type is OrderType.MARKET and is_plain)
        case SetLeverage() | SetMarginMode() | AdjustMargin():
            return False
        case _:
            return True


def _state_on(dex: str, data: Mapping[str, Any]) -> wire.Row | None:
    pairs = data.get("clearinghouseStates")
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and pair[0] == dex:
            return wire.as_record(pair[1], "clearinghouseState")
    return None


def _tells_stops_from_limits(data: Mapping[str, Any]) -> bool:
    return all("isTrigger" in row for row in wire.records(data, "orders"))
