"""Reads of the trading API, over the wire, against the simulated venues."""

import pytest

from tests.webapp.rig import Person, Rig, error_code


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
async def test_balance_is_what_the_venue_says(owner: Person, rig: Rig, venue: str) -> None:
    answer = (await owner.get("/api/trading/balance", exchange=venue)).json()
    balance = await rig.runtime.backend.get_balance(100_000_001, venue)
    assert answer["success"] is True
    assert answer["source"] == "unified"
    assert answer["data"]["equity"] == balance.to_dict()["equity"]
    assert answer["data"]["account_type"] == "paper"


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
async def test_positions_are_the_models_as_json(owner: Person, rig: Rig, venue: str) -> None:
    served = await owner.data("/api/trading/positions", exchange=venue)
    told = [position.to_dict() for position in await rig.runtime.backend.get_positions(100_000_001, None, venue)]
    for row in [*served, *told]:
        row.pop("as_of")
    assert served == told
    assert served != []


async def test_unknown_venue_is_refused_with_a_sentence(owner: Person) -> None:
    answer = await owner.get("/api/trading/balance", exchange="mtgox")
    assert answer.status_code == 422
    assert error_code(answer) == "unknown_exchange"


async def test_nobody_sees_anything(rig: Rig) -> None:
    answer = await rig.nobody.get("/api/trading/balance")
    assert answer.status_code == 401
    assert error_code(answer) == "login_missing"
