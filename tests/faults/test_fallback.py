"""When another path may be taken, and that it is never taken with an order under way: F rows."""

from pathlib import Path
from typing import Any, cast, get_type_hints

import pytest
from pybit.unified_trading import HTTP

from db import LegState
from exchanges.base import AccountVenue
from models.enums import Outcome
from models.errors import NotSent
from models.requests import Ack, Action, OrderResult, SignedRequest, Stamp
from tests.faults.rows import Case, Rows
from tests.faults.stage import FIRST, Scene
from tests.faults.wires import impostor
from tests.world import USER
from webapp.services_integration import place_order_service

F = Rows()
OTHER = {"unified": "legacy", "legacy": "unified"}


class Broken:
    """A sender with a defect: it cannot build a request, or falls over after it has sent one."""

    def __init__(self, client: AccountVenue, *, breaks: str) -> None:
        self._client = client
        self._breaks = breaks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        if self._breaks == "sign":
            raise ValueError("a defect in building")
        return self._client.sign(action, stamp)

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        acks = await self._client.send(request)
        if self._breaks == "send":
            raise ImportError("a defect after sending")
        return acks


def broken(client: AccountVenue, breaks: str) -> AccountVenue:
    return cast(AccountVenue, Broken(client, breaks=breaks))


@F.row("F1")
async def request_that_cannot_be_built_leaves_the_other_path_free(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        request = await stage.request()
        with pytest.raises(ValueError, match="a defect in building"):
            await stage.send(request, client=broken(await stage.client(), "sign"))
        assert await stage.legs() == []
        assert stage.counts == (0, 0)
        ours = stage.id_of(FIRST)
    async with scene.product(folder, case.exchange, OTHER[case.path]) as stage:
        assert (await stage.buy(FIRST)).outcome is Outcome.FILLED
        assert stage.counts == (1, 1)
        [leg] = await stage.legs()
        assert (leg.client_order_id, leg.route) == (ours, OTHER[case.path])


@F.row("F2")
async def defect_after_sending_is_looked_up_and_not_sent_again(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        request = await stage.request()
        result = await stage.send(request, client=broken(await stage.client(), "send"))
        assert result.outcome in {Outcome.UNKNOWN, Outcome.FILLED}
        await stage.resolved()
        assert await stage.state() is LegState.FILLED
        assert (await stage.leg()).route == case.path
        assert stage.counts == (1, 1)


@F.row("F3")
async def flag_that_changes_under_way_changes_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path, with_jobs=False) as stage:
        stage.fault("reset_after")
        assert (await stage.buy()).outcome is Outcome.UNKNOWN
    async with scene.product(folder, case.exchange, OTHER[case.path]) as stage:
        await stage.resolved()
        assert await stage.state() is LegState.FILLED
        assert (await stage.leg()).route == case.path
        assert (await stage.buy(FIRST)).outcome is Outcome.FILLED
        assert stage.counts == (1, 1)
        await stage.check()


@F.row("F4")
async def unknown_outcome_is_a_word_of_its_own(scene: Scene, folder: Path, case: Case) -> None:
    assert get_type_hints(OrderResult)["outcome"] is Outcome
    assert "success" not in OrderResult.__slots__
    async with scene.product(folder, case.exchange, case.path, with_jobs=False) as stage:
        stage.fault("reset_after")
        answer = await stage.time.run(
            place_order_service(USER, "BTCUSDT", "buy", "market", "0.01", exchange=case.exchange, cause=FIRST)
        )
        assert answer["success"] is None  # neither done nor refused
        assert answer["data"]["outcome"] == "unknown"
        assert stage.counts == (1, 1)


@F.row("O5", on=("bybit",))
async def request_made_out_to_another_host_is_not_sent(scene: Scene, folder: Path, case: Case) -> None:
    async with impostor(folder) as elsewhere, scene.product(folder, case.exchange, case.path) as stage:
        request, client = await stage.request(), await stage.client()
        with pytest.MonkeyPatch.context() as package:
            there = property(lambda _: elsewhere.url, lambda *_: None)
            package.setattr(HTTP, "endpoint", there, raising=False)  # as one that got itself installed might
            with pytest.raises(NotSent) as refusal:
                await stage.send(request, client=client)
        assert refusal.value.code == "sender_failed"
        assert elsewhere.bytes == b""
        assert stage.counts == (0, 0)
        assert await stage.legs() == []


@pytest.mark.parametrize("case", F.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(scene, folder, case)
