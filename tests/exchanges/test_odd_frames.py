"""Whatever stands in a frame of a private stream, it tells something, nothing, or that something was missed."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

import pytest

from exchanges import bybit_stream, okx_stream
from exchanges.base import AccountEvent
from exchanges.hyperliquid_keys import AccountAddress
from exchanges.hyperliquid_stream import read_event
from exchanges.okx_http import OkxHttp
from exchanges.okx_market import Contracts
from models.enums import AccountType
from tests.exchanges import bybit_rows as rows
from tests.exchanges.bybit_kit import NOW_MS
from tests.exchanges.hyperliquid_kit import MASTER
from tests.models.test_readers_are_total import ODD, variants
from tests.payloads.loading import payload

PAPER = AccountType.PAPER
MORE_ODD: list[Any] = [10**30, -(10**18), 1e300, "1" * 13, [[]], {"": None}]


class KnownContracts:
    """What a contract of every market is, without asking."""

    async def sizes(self, http: OkxHttp, names: Iterable[str]) -> Mapping[str, Decimal]:
        return dict.fromkeys(names, Decimal("0.01"))


def bybit(topic: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "m", "topic": topic, "creationTime": NOW_MS, "data": [{"category": "linear", **row}]}


def frames(good: Mapping[str, Any]) -> Iterable[bytes]:
    """Yield a frame with each of its fields replaced by something odd, and then texts that are no frames."""
    for variant in variants(good):
        yield json.dumps(variant).encode()
    for name in good:
        yield from (json.dumps({**good, name: odd}).encode() for odd in MORE_ODD)
    yield from (json.dumps(odd).encode() for odd in (*ODD, *MORE_ODD))
    yield from (b"", b"\xff", b"[" * 10_000, b"Websocket connection established.")


BYBIT = {
    "order": bybit("order", rows.ORDER),
    "execution": bybit("execution", rows.EXECUTION),
    "position": bybit("position", rows.POSITION),
    "wallet": bybit("wallet", {"coin": []}),
}
FILL = payload("hyperliquid/info_user_fills")[0]
HYPERLIQUID: dict[str, dict[str, Any]] = {
    "orders": {"channel": "orderUpdates", "data": payload("hyperliquid/info_historical_orders")[:2]},
    "fills": {"channel": "userFills", "data": {"isSnapshot": False, "user": MASTER, "fills": [FILL]}},
    "positions": {
        "channel": "clearinghouseState",
        "data": {"dex": "", "user": MASTER, "clearinghouseState": payload("hyperliquid/info_clearinghouse_state")},
    },
}


@pytest.mark.parametrize("topic", BYBIT)
def test_no_frame_of_bybit_ends_the_stream(topic: str) -> None:
    for frame in frames(BYBIT[topic]):
        assert isinstance(bybit_stream._event(frame, PAPER), AccountEvent | None), frame


@pytest.mark.parametrize("channel", HYPERLIQUID)
def test_no_frame_of_hyperliquid_ends_the_stream(channel: str) -> None:
    for frame in frames(HYPERLIQUID[channel]):
        assert isinstance(read_event(frame, user=AccountAddress(MASTER), account_type=PAPER), AccountEvent | None), (
            frame
        )


async def test_no_frame_of_okx_ends_the_stream() -> None:
    contracts, http = cast(Contracts, KnownContracts()), cast(OkxHttp, None)
    for frame in frames(payload("okx/ws_orders")):
        assert isinstance(await okx_stream._event(frame, http, contracts, PAPER), AccountEvent | None), frame
