"""Blocks, faults and knobs: the ways in which the venue makes life hard, and what stays true all the same."""

import asyncio
import json
from typing import Any

import pytest
import requests

from sandbox.hyperliquid import people
from sandbox.hyperliquid.behaviour import HyperliquidBehaviour
from sandbox.hyperliquid.blocks import Blocks, Lane
from sandbox.hyperliquid.snapshot import VenueSnapshot
from tests.sandbox.hyperliquid.conftest import Running, Signer, limit_order, only_status, sdk_exchange

CLOID = "0x" + "0f" * 16
PLACE = "POST /exchange order"


# Blocks


async def test_cancels_and_post_only_orders_come_first_in_their_block() -> None:
    blocks, done = Blocks(HyperliquidBehaviour(block_seconds=0.001)), []

    async def act(name: str, lane: Lane) -> None:
        await blocks.turn(lane)
        done.append(name)

    await asyncio.gather(
        act("market", Lane.OTHER),
        act("post only", Lane.POST_ONLY),
        act("cancel", Lane.CANCEL),
        act("limit", Lane.OTHER),
    )
    assert done == ["cancel", "post only", "market", "limit"]
    assert blocks.height == 1


async def test_halted_chain_answers_only_when_it_runs_again() -> None:
    behaviour = HyperliquidBehaviour(block_seconds=0.001, halted=True)
    waiting = asyncio.create_task(Blocks(behaviour).turn(Lane.OTHER))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    behaviour.halted = False
    await waiting


def test_noop_in_the_same_block_kills_an_order_on_its_way(hyperliquid: Running, signer: Signer, trader: str) -> None:
    hyperliquid.venue.behaviour.block_seconds = 0.2
    nonce = signer.nonce()
    bodies = [signer.body(limit_order(), nonce=nonce), signer.body({"type": "noop"}, nonce=nonce)]
    order, noop = hyperliquid.post_together("/exchange", bodies)
    assert noop == {"status": "ok", "response": {"type": "default"}}
    assert order == {"status": "err", "response": f"Invalid nonce: duplicate nonce {nonce}"}
    assert hyperliquid.info("openOrders", user=trader) == []


# Faults


@pytest.mark.parametrize("kind", ["reset_after", "close_after", "truncated", "truncated_chunked"])
def test_order_whose_answer_is_lost_is_found_by_its_cloid(
    hyperliquid: Running, signer: Signer, trader: str, kind: str
) -> None:
    hyperliquid.fault(kind, PLACE)
    with pytest.raises(requests.RequestException):
        hyperliquid.post("/exchange", signer.body(limit_order(c=CLOID))).json()
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID)["order"]["status"] == "open"


@pytest.mark.parametrize("kind", ["reset_before", "close_before"])
def test_request_that_never_arrives_leaves_nothing(
    hyperliquid: Running, signer: Signer, trader: str, kind: str
) -> None:
    hyperliquid.fault(kind, PLACE)
    body = signer.body(limit_order(c=CLOID))
    with pytest.raises(requests.RequestException):
        hyperliquid.post("/exchange", body)
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID) == {"status": "unknownOid"}
    assert "resting" in only_status(hyperliquid.post("/exchange", body).json())


def test_late_order_is_refused_once_its_nonce_is_used(hyperliquid: Running, signer: Signer, trader: str) -> None:
    hyperliquid.fault("late", PLACE, process_later_s=0.3)
    nonce = signer.nonce()
    with pytest.raises(requests.RequestException):
        hyperliquid.post("/exchange", signer.body(limit_order(c=CLOID), nonce=nonce))
    assert signer.send({"type": "noop"}, nonce=nonce)["status"] == "ok"
    hyperliquid.wait_for(lambda: all(row.processed_ms for row in hyperliquid.arrived(PLACE)))
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID) == {"status": "unknownOid"}


def test_late_order_is_refused_after_its_deadline(hyperliquid: Running, signer: Signer, trader: str) -> None:
    hyperliquid.fault("late", PLACE, process_later_s=0.3)
    body = signer.body(limit_order(c=CLOID), expires=hyperliquid.venue.now_ms() + 100)
    with pytest.raises(requests.RequestException):
        hyperliquid.post("/exchange", body)
    hyperliquid.wait_for(lambda: hyperliquid.venue.address_budget.used(trader) == 5)
    assert hyperliquid.info("openOrders", user=trader) == []


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("error_before", 500, "{}"),
        ("html_after", 502, "Bad Gateway"),
        ("too_many", 429, "{}"),
        ("null", 200, "null"),
        ("object", 200, "{}"),
        ("empty", 200, ""),
    ],
)
def test_answer_may_be_something_else(hyperliquid: Running, signer: Signer, kind: str, status: int, text: str) -> None:
    hyperliquid.fault(kind, PLACE)
    answer = hyperliquid.post("/exchange", signer.body(limit_order()))
    assert answer.status_code == status
    assert text in answer.text


def test_statuses_may_be_fewer_than_the_orders(hyperliquid: Running, signer: Signer) -> None:
    hyperliquid.fault("patch", PLACE, patch={"statuses": []})
    assert signer.send(limit_order())["response"]["data"]["statuses"] == []


def test_whole_action_may_be_refused_with_any_text(hyperliquid: Running, signer: Signer) -> None:
    hyperliquid.fault("code_before", PLACE, message="L1 error: come back later")
    assert signer.send(limit_order()) == {"status": "err", "response": "L1 error: come back later"}


# Knobs


def test_lagging_answers_do_not_know_the_newest_order_yet(hyperliquid: Running, signer: Signer, trader: str) -> None:
    hyperliquid.venue.behaviour.lag_ms = 5_000
    assert "resting" in only_status(signer.send(limit_order(c=CLOID)))
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID) == {"status": "unknownOid"}
    assert hyperliquid.info("openOrders", user=trader) == []
    hyperliquid.call(lambda: hyperliquid.world.clock.advance_ms(6_000))
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID)["status"] == "order"


def test_order_with_a_cloid_may_vanish_on_a_builder_dex(hyperliquid: Running, signer: Signer, trader: str) -> None:
    hyperliquid.venue.behaviour.drops_builder_cloids = True
    assert "resting" in only_status(signer.send(limit_order(asset=110_000, price="200", size="1", c=CLOID)))
    assert hyperliquid.info("orderStatus", user=trader, oid=CLOID) == {"status": "unknownOid"}
    assert "resting" in only_status(signer.send(limit_order(asset=110_000, price="200", size="1")))


def test_dead_mans_switch_cancels_everything_of_a_large_trader(
    hyperliquid: Running, signer: Signer, trader: str
) -> None:
    for price, buy in (("63000", True), ("57000", False)) * 3:
        signer.send(limit_order(price=price, buy=buy, size="3", tif="Ioc"))
    at_ms = hyperliquid.venue.now_ms() + 6_000
    assert signer.send({"type": "scheduleCancel", "time": at_ms})["status"] == "ok"
    oid = only_status(signer.send(limit_order()))["resting"]["oid"]
    hyperliquid.call(lambda: hyperliquid.world.clock.advance_ms(7_000))
    assert hyperliquid.info("openOrders", user=trader) == []
    found = hyperliquid.info("orderStatus", user=trader, oid=oid)
    assert found["order"]["status"] == "scheduledCancel"


# Restart


def test_people_agents_and_nonces_outlive_a_restart(hyperliquid: Running, signer: Signer, trader: str) -> None:
    _, key = sdk_exchange(hyperliquid, people.TRADER_KEY).approve_agent("second")
    nonce = signer.nonce()
    signer.send({"type": "noop"}, nonce=nonce)
    saved = json.loads(json.dumps(VenueSnapshot(hyperliquid.venue).dump()))

    restarted = Running()
    restarted.start()
    try:
        restarted.call(lambda: VenueSnapshot(restarted.venue).load(saved))
        assert "filled" in only_status(sdk_exchange(restarted, key).market_open("BTC", True, 0.01))
        again: Any = Signer(restarted, people.TRADER_AGENT_KEY).send({"type": "noop"}, nonce=nonce)
        assert again["response"] == f"Invalid nonce: duplicate nonce {nonce}"
        assert restarted.info("spotClearinghouseState", user=trader)["balances"][0]["total"] == "500.0"
    finally:
        restarted.stop()
