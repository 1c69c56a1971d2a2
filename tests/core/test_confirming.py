"""What a person confirmed: done once, and refused for good."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

import db
from core.confirming import answer_once_for, send_once_for
from models.enums import AccountType, Outcome
from models.errors import BadOrder, BadPayload, LimitExceeded, NoCredentials, Rejected, TradingError, Unavailable
from models.requests import OrderResult

CAUSE = "confirm:token:0"


@pytest.fixture(autouse=True)
async def store(tmp_path: Path) -> AsyncIterator[db.Store]:
    opened = await db.open_database(f"sqlite:///{tmp_path / 'elcaro.db'}")
    yield opened
    await db.close_database()


class Way:
    """A way to a venue on which something stands, for the first times."""

    def __init__(self, *obstacles: TradingError) -> None:
        self.obstacles = list(obstacles)
        self.sent = 0

    async def send(self) -> OrderResult:
        if self.obstacles:
            raise self.obstacles.pop(0)
        self.sent += 1
        return OrderResult(outcome=Outcome.ACCEPTED, exchange="bybit", account_type=AccountType.PAPER, symbol="BTCUSDT")


@pytest.mark.parametrize("kind", [BadOrder, BadPayload, LimitExceeded, NoCredentials, Rejected, Unavailable])
async def test_refusal_comes_again_as_it_was_told(kind: type[TradingError]) -> None:
    told = kind("too much", code="over_limit", limit=Decimal("1E+3"), symbol="BTCUSDT", names=["a", "b"])
    way = Way(told)
    for _ in range(3):
        with pytest.raises(kind) as refusal:
            await answer_once_for(CAUSE, way.send)
        assert refusal.value.code == "over_limit"
        assert refusal.value.message == "too much"
        assert refusal.value.fields == {"limit": Decimal(1000), "symbol": "BTCUSDT", "names": ["a", "b"]}
    assert way.sent == 0


async def test_refusal_holds_for_its_own_cause_alone() -> None:
    way = Way(LimitExceeded("paused"))
    with pytest.raises(LimitExceeded):
        await answer_once_for(CAUSE, way.send)
    assert (await answer_once_for("confirm:token:1", way.send)).outcome is Outcome.ACCEPTED


async def test_what_nobody_was_told_of_is_tried_again() -> None:
    way = Way(Unavailable("no price"))
    with pytest.raises(Unavailable):
        await send_once_for(CAUSE, way.send)
    assert (await send_once_for(CAUSE, way.send)).outcome is Outcome.ACCEPTED


async def test_old_refusals_are_forgotten(store: db.Store) -> None:
    way = Way(LimitExceeded("paused"))
    with pytest.raises(LimitExceeded):
        await answer_once_for(CAUSE, way.send)
    assert await store.refusals.forget_before(2**62) == 1
    assert await store.refusals.of_cause(CAUSE) is None
