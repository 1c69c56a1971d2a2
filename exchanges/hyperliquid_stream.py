"""HyperLiquid's private stream: orders, fills and positions of one account.

One internet address may stream ten accounts; the others are polled. A line is up once the venue has confirmed the
subscriptions that matter, and every time it comes up is told as a gap.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions
"""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence, Set
from typing import Any, Final
from weakref import WeakKeyDictionary

import aiohttp

from exchanges.base import AccountEvent
from exchanges.hyperliquid_keys import AccountAddress
from exchanges.streams import Connected, Line, LineLost, StreamSpec, follow
from exchanges.transport import Transport, json_object
from models import wire
from models.enums import AccountType
from models.errors import BadPayload, Unavailable
from models.order import orders_from_hyperliquid
from models.unified import Fill, Position

logger = logging.getLogger(__name__)

MOST_STREAMS: Final = 10
_PING: Final = '{"method":"ping"}'
_PING_EVERY_S: Final = 20.0
_SILENCE_S: Final = 55.0
_NEEDED: Final = ("orderUpdates", "userFills")
_PER_DEX: Final = "clearinghouseState"


class StreamSlots:
    """Which accounts stream: at most ten per internet address and environment."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._users: dict[str, int] = {}

    @contextlib.contextmanager
    def take(self, user: AccountAddress) -> Iterator[None]:
        """Hold a slot; streams of one account share it.

        Raises:
            Unavailable: All are taken (`no_stream_slot`).
        """
        if user not in self._users and len(self._users) >= self._most:
            raise Unavailable(f"HyperLiquid streams at most {self._most} accounts.", code="no_stream_slot")
        self._users[user] = self._users.get(user, 0) + 1
        try:
            yield
        finally:
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]

    def has_room_beside(self, users: Set[str]) -> bool:
        """Whether so many accounts may be followed at once, these and those that stream."""
        return len(users | self._users.keys()) <= self._most


_slots: WeakKeyDictionary[Transport, StreamSlots] = WeakKeyDictionary()


def slots_of(transport: Transport) -> StreamSlots:
    """Return the slots of an environment."""
    return _slots.setdefault(transport, StreamSlots())


async def account_events(
    session: aiohttp.ClientSession,
    url: str,
    user: AccountAddress,
    *,
    dexes: Sequence[str],
    account_type: AccountType,
) -> AsyncGenerator[AccountEvent]:
    """Yield what happens to an account, for ever; a gap after every (re)connection.

    Args:
        session: Of the network.
        url: Of the environment's stream.
        user: The master or the vault, never the agent.
        dexes: Whose positions to follow, by the venue's names.
        account_type: Noted on everything.
    """
    subscriptions = _subscriptions(user, dexes)
    spec = StreamSpec(
        url=url,
        greet=lambda line: _greet(line, subscriptions),
        ping=_PING,
        ping_every_s=_PING_EVERY_S,
        silence_s=_SILENCE_S,
    )
    async with contextlib.aclosing(follow(session, spec)) as messages:
        async for message in messages:
            event = (
                AccountEvent(is_gap=True)
                if isinstance(message, Connected)
                else read_event(message, user=user, account_type=account_type)
            )
            if event is not None:
                yield event


def read_event(message: bytes, *, user: AccountAddress, account_type: AccountType) -> AccountEvent | None:
    """Return what a frame tells about the account; None for the rest. A frame that cannot be read becomes a gap."""
    frame = json_object(message)
    if frame is None:
        return None  # the first frame of a line is plain text
    read = _CHANNELS.get(str(frame.get("channel")))
    if read is None:
        return None
    try:
        return read(frame.get("data"), user, account_type)
    except BadPayload as e:
        logger.warning("stream frame not read", extra={"channel": str(frame.get("channel")), "reason": e.message})
        return AccountEvent(is_gap=True)


def _order_updates(data: Any, _user: AccountAddress, account_type: AccountType) -> AccountEvent:
    return AccountEvent(orders=tuple(orders_from_hyperliquid(data, account_type=account_type)))


def _user_fills(data: Any, user: AccountAddress, account_type: AccountType) -> AccountEvent | None:
    answer = wire.as_record(data, "userFills")
    if wire.flag(answer, "isSnapshot"):
        return None  # of the past, which is read after a gap anyway
    rows = wire.records(answer, "fills")
    fills = (Fill.from_hyperliquid(row, user=user, account_type=account_type) for row in rows)
    return AccountEvent(fills=tuple(fill for fill in fills if fill is not None))


def _positions(data: Any, _user: AccountAddress, account_type: AccountType) -> AccountEvent:
    state = wire.record(wire.as_record(data, _PER_DEX), "clearinghouseState")
    as_of = wire.optional_moment(state, "time")
    rows = wire.records(state, "assetPositions")
    positions = (Position.from_hyperliquid(row, account_type=account_type, as_of=as_of) for row in rows)
    return AccountEvent(positions=tuple(position for position in positions if position is not None))


_CHANNELS: Final[Mapping[str, Callable[[Any, AccountAddress, AccountType], AccountEvent | None]]] = {
    "orderUpdates": _order_updates,
    "userFills": _user_fills,
    _PER_DEX: _positions,
}


def _subscriptions(user: AccountAddress, dexes: Sequence[str]) -> list[dict[str, str]]:
    needed = [{"type": kind, "user": user} for kind in _NEEDED]
    return needed + [{"type": _PER_DEX, "user": user, "dex": dex} for dex in dexes]


async def _greet(line: Line, subscriptions: Sequence[Mapping[str, str]]) -> None:
    """Subscribe, and wait until every subscription was answered; those that matter must have been taken."""
    for subscription in subscriptions:
        await line.send_json({"method": "subscribe", "subscription": subscription})
    answered = 0
    taken: set[str] = set()
    while answered < len(subscriptions):
        channel, data = _frame(await line.receive())
        if channel == "subscriptionResponse" and isinstance(data, Mapping):
            subscribed = data.get("subscription")
            taken.add(str(subscribed.get("type")) if isinstance(subscribed, Mapping) else "")
        elif channel != "error":
            continue
        answered += 1
    if not taken.issuperset(_NEEDED):
        raise LineLost("the venue refused a subscription")


def _frame(message: bytes) -> tuple[str, Any]:
    frame = json_object(message)
    return ("", None) if frame is None else (str(frame.get("channel")), frame.get("data"))
