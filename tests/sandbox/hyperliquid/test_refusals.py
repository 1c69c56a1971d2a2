"""What the venue refuses, in its own words: whole actions, single legs, bodies it cannot read."""

import json
from typing import Any

import pytest

from sandbox.hyperliquid import people
from sandbox.hyperliquid.nonces import NEWEST_MS, OLDEST_MS
from tests.sandbox.hyperliquid.conftest import Running, Signer, limit_order, only_status, sdk_exchange

NOOP = {"type": "noop"}
OK = {"status": "ok", "response": {"type": "default"}}


def refused(text: str) -> dict[str, str]:
    return {"status": "err", "response": text}


def trigger(
    price: str, kind: str, *, buy: bool = False, size: str = "0.01", worst: str = "50000", reduce: bool = True
) -> dict[str, Any]:
    row = {"a": 0, "b": buy, "p": worst, "s": size, "r": reduce}
    return row | {"t": {"trigger": {"isMarket": True, "triggerPx": price, "tpsl": kind}}}


# Who signed, and when


@pytest.mark.parametrize("key", [people.UNKNOWN_KEY, people.EXPIRED_AGENT_KEY])
def test_key_without_an_account_does_not_exist(hyperliquid: Running, key: str) -> None:
    stranger = Signer(hyperliquid, key)
    assert stranger.send(NOOP) == refused(f"User or API Wallet {stranger.address} does not exist.")


def test_signature_for_the_main_chain_is_an_unknown_wallet(signer: Signer) -> None:
    answer = signer.send(limit_order(), mainnet=True)
    assert answer["status"] == "err"
    assert answer["response"].startswith("User or API Wallet 0x")
    assert signer.address not in answer["response"]


def test_trailing_zero_is_an_unknown_wallet(signer: Signer) -> None:
    answer = signer.send(limit_order(price="50000.0"))
    assert answer["response"].endswith("does not exist.")


def test_account_without_a_deposit_must_deposit(hyperliquid: Running) -> None:
    poor = Signer(hyperliquid, people.EMPTY_KEY)
    assert poor.send(limit_order()) == refused(f"Must deposit before performing actions. User: {poor.address}")


def test_agent_may_not_move_money(hyperliquid: Running, signer: Signer) -> None:
    answer = sdk_exchange(hyperliquid, people.TRADER_AGENT_KEY).usd_class_transfer(1.0, True)
    assert answer == refused(f"Must deposit before performing actions. User: {signer.address}")


def test_broken_signature_is_unrecoverable(hyperliquid: Running, signer: Signer) -> None:
    body = signer.body(NOOP)
    body["signature"]["r"] = "0x0"
    assert hyperliquid.post("/exchange", body).json() == refused("Unable to recover signer.")


def test_same_bytes_twice_are_a_duplicate_nonce(hyperliquid: Running, signer: Signer, trader: str) -> None:
    body = signer.body(limit_order())
    assert "resting" in only_status(hyperliquid.post("/exchange", body).json())
    again = hyperliquid.post("/exchange", body).json()
    assert again == refused(f"Invalid nonce: duplicate nonce {body['nonce']}")
    assert len(hyperliquid.info("openOrders", user=trader)) == 1


def test_noop_uses_up_the_nonce_of_an_order_that_comes_late(hyperliquid: Running, signer: Signer, trader: str) -> None:
    nonce = signer.nonce()
    assert signer.send(NOOP, nonce=nonce) == OK
    assert signer.send(limit_order(), nonce=nonce) == refused(f"Invalid nonce: duplicate nonce {nonce}")
    assert hyperliquid.info("openOrders", user=trader) == []


@pytest.mark.parametrize(("shift", "text"), [(-OLDEST_MS, "nonce too low"), (NEWEST_MS + 60_000, "nonce too high")])
def test_nonce_outside_the_window_is_refused(hyperliquid: Running, signer: Signer, shift: int, text: str) -> None:
    answer = signer.send(NOOP, nonce=hyperliquid.venue.now_ms() + shift)
    assert answer["response"].startswith(f"Invalid nonce: {text}")


def test_stale_deadline_is_refused_and_costs_five_requests(hyperliquid: Running, signer: Signer, trader: str) -> None:
    answer = signer.send(limit_order(), expires=hyperliquid.venue.now_ms() - 1)
    assert answer == refused("Action already expired")
    assert hyperliquid.info("userRateLimit", user=trader)["nRequestsUsed"] == 5
    assert "resting" in only_status(signer.send(limit_order(), expires=hyperliquid.venue.now_ms() + 60_000))


@pytest.mark.parametrize("vault", ["0x" + "dd" * 20, people.address_of(people.UNIFIED_KEY)])
def test_somebody_elses_vault_is_not_registered(signer: Signer, vault: str) -> None:
    assert signer.send(limit_order(), vault=vault) == refused(f"Vault not registered: {vault}")


def test_account_out_of_requests_is_told_how_to_get_more(hyperliquid: Running, signer: Signer) -> None:
    hyperliquid.venue.address_budget.initial = 1
    assert signer.send(NOOP) == OK
    assert signer.send(NOOP) == refused(
        "Too many cumulative requests sent (2 > 1) for cumulative volume traded $0. "
        "Place taker orders to free up 1 request per USDC traded."
    )


# Settings


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 41}, "Invalid leverage value"),
        ({"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 0}, "Invalid leverage value"),
        (
            {"type": "updateLeverage", "asset": 110_000, "isCross": True, "leverage": 3},
            "Cross margin is not allowed for this asset.",
        ),
        ({"type": "updateLeverage", "asset": 9_999, "isCross": True, "leverage": 3}, "Invalid asset"),
        (
            {"type": "updateIsolatedMargin", "asset": 0, "isBuy": True, "ntli": 1_000_000},
            "Cannot update isolated margin of a cross position.",
        ),
        (
            {"type": "scheduleCancel", "time": 2_000_000_000_000},
            "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $0.",
        ),
    ],
)
def test_setting_that_is_not_allowed_is_refused(signer: Signer, action: dict[str, Any], text: str) -> None:
    assert signer.send(action) == refused(text)


def test_margin_mode_is_kept_while_a_position_is_open(signer: Signer) -> None:
    signer.send(limit_order(price="63000", tif="Ioc"))
    answer = signer.send({"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": 20})
    assert answer == refused("Cannot switch leverage type with open position.")


def test_leverage_cannot_fall_below_what_the_margin_carries(signer: Signer) -> None:
    signer.send(limit_order(price="63000", size="2", tif="Ioc"))
    answer = signer.send({"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 1})
    assert answer["response"].startswith("Cross position does not have sufficient margin")


# Single orders


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (limit_order(price="50000.5"), "Price must be divisible by tick size. asset=0"),
        (limit_order(price="0"), "Price must be divisible by tick size. asset=0"),
        (limit_order(size="0.000001"), "Order has invalid size. asset=0"),
        (limit_order(size="0"), "Order has zero size. asset=0"),
        (limit_order(size="0.0001"), "Order must have minimum value of $10. asset=0"),
        (limit_order(size="10"), "Insufficient margin to place order. asset=0"),
        (limit_order(r=True), "Reduce only order would increase position. asset=0"),
        (
            limit_order(price="61000", tif="Alo"),
            "Post only order would have immediately matched, bbo was 59998.0@60002.0. asset=0",
        ),
        (limit_order(tif="Ioc"), "Order could not immediately match against any resting orders. asset=0"),
        (
            limit_order(price="200000"),
            "Order price cannot be more than 80% away from the reference price asset=0",
        ),
        (limit_order(asset=110_000, price="900", size="1"), "Order price too far from oracle asset=110000"),
        (limit_order(asset=9_999), "Invalid asset. asset=9999"),
    ],
)
def test_order_that_the_venue_refuses_is_an_error_of_its_leg(signer: Signer, action: dict[str, Any], text: str) -> None:
    assert only_status(signer.send(action)) == {"error": text}


def test_sliver_of_a_position_is_too_small_to_close_but_all_of_it_is_not(signer: Signer) -> None:
    signer.send(limit_order(price="63000", size="0.0002", tif="Ioc"))
    closing: Any = {"buy": False, "price": "57000", "tif": "Ioc", "r": True}
    sliver = only_status(signer.send(limit_order(size="0.0001", **closing)))
    assert sliver == {"error": "Order must have minimum value of $10. asset=0"}
    assert "filled" in only_status(signer.send(limit_order(size="0.0002", **closing)))


@pytest.mark.parametrize(
    ("price", "kind", "buy"), [("61000", "sl", False), ("59000", "tp", False), ("59000", "sl", True)]
)
def test_trigger_on_the_wrong_side_is_an_invalid_price(signer: Signer, price: str, kind: str, buy: bool) -> None:
    action = {"type": "order", "orders": [trigger(price, kind, buy=buy)], "grouping": "na"}
    assert only_status(signer.send(action)) == {"error": "Invalid TP/SL price. asset=0"}


def test_refused_leg_does_not_stop_the_others(signer: Signer) -> None:
    good, bad = limit_order()["orders"], limit_order(price="1.23456789")["orders"]
    answer = signer.send({"type": "order", "orders": [*good, *bad, *good], "grouping": "na"})
    first, second, third = answer["response"]["data"]["statuses"]
    assert "resting" in first
    assert second == {"error": "Price must be divisible by tick size. asset=0"}
    assert "resting" in third


def test_children_of_a_refused_entry_are_refused_with_it(hyperliquid: Running, signer: Signer, trader: str) -> None:
    entry = limit_order(size="100")["orders"]
    answer = signer.send({"type": "order", "orders": [*entry, trigger("45000", "sl")], "grouping": "normalTpsl"})
    assert answer["response"]["data"]["statuses"] == [{"error": "Insufficient margin to place order. asset=0"}] * 2
    assert hyperliquid.info("frontendOpenOrders", user=trader) == []


def test_entry_filled_and_its_stop_refused(signer: Signer) -> None:
    entry = limit_order(price="63000", tif="Ioc")["orders"]
    answer = signer.send({"type": "order", "orders": [*entry, trigger("61000.5", "sl")], "grouping": "normalTpsl"})
    filled, error = answer["response"]["data"]["statuses"]
    assert "filled" in filled
    assert "error" in error


@pytest.mark.parametrize(
    "cancel",
    [
        {"type": "cancel", "cancels": [{"a": 0, "o": 1}]},
        {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": "0x" + "00" * 16}]},
    ],
)
def test_cancel_of_an_unknown_order_is_an_error_of_its_leg(signer: Signer, cancel: dict[str, Any]) -> None:
    text = "Order was never placed, already canceled, or filled. asset=0"
    assert only_status(signer.send(cancel)) == {"error": text}


def test_order_of_another_market_is_not_cancelled(signer: Signer) -> None:
    oid = only_status(signer.send(limit_order()))["resting"]["oid"]
    wrong = signer.send({"type": "cancel", "cancels": [{"a": 1, "o": oid}]})
    assert "error" in only_status(wrong)
    assert only_status(signer.send({"type": "cancel", "cancels": [{"a": 0, "o": oid}]})) == "success"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": "10"}, "perpMarginRejected"),
        ({"tif": "Ioc"}, "iocCancelRejected"),
        ({"price": "61000", "tif": "Alo"}, "badAloPxRejected"),
        ({"price": "50000.5"}, "tickRejected"),
        ({"size": "0.0001"}, "minTradeNtlRejected"),
        ({"r": True}, "reduceOnlyRejected"),
    ],
)
def test_refused_order_is_still_found_by_its_cloid(
    hyperliquid: Running, signer: Signer, trader: str, fields: dict[str, Any], status: str
) -> None:
    cloid = "0x" + "0a" * 16
    assert "error" in only_status(signer.send(limit_order(c=cloid, **fields)))
    found = hyperliquid.info("orderStatus", user=trader, oid=cloid)
    assert (found["status"], found["order"]["status"]) == ("order", status)
    assert found["order"]["order"]["sz"] == found["order"]["order"]["origSz"]


def test_modify_that_breaks_the_grid_leaves_the_order(hyperliquid: Running, signer: Signer, trader: str) -> None:
    oid = only_status(signer.send(limit_order()))["resting"]["oid"]
    change = {"oid": oid, "order": limit_order(price="50000.5")["orders"][0]}
    answer = signer.send({"type": "batchModify", "modifies": [change]})
    assert only_status(answer) == {"error": "Price must be divisible by tick size. asset=0"}
    assert [row["oid"] for row in hyperliquid.info("openOrders", user=trader)] == [oid]


# Bodies


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/info", {"type": "meaningOfLife"}, 422),
        ("/info", {}, 422),
        ("/info", [], 422),
        ("/info", {"type": "clearinghouseState"}, 422),
        ("/info", {"type": "clearinghouseState", "user": "0x12"}, 422),
        ("/info", {"type": "meta", "dex": "nowhere"}, 422),
        ("/info", {"type": "orderStatus", "user": people.VAULT, "oid": "7"}, 422),
        ("/exchange", {"action": {"type": "buyEverything"}, "nonce": 1, "signature": {}}, 422),
        ("/exchange", None, 422),
    ],
)
def test_body_that_does_not_decode_is_plain_text(hyperliquid: Running, path: str, body: Any, status: int) -> None:
    answer = hyperliquid.post(path, body) if body is not None else hyperliquid.post_text(path, "null")
    assert answer.status_code == status
    assert answer.text == "Failed to deserialize the JSON body into the target type"
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("text", ["", "{", "\udcff", "[" * 100_000])
def test_body_that_is_not_json_is_a_bad_request(hyperliquid: Running, text: str) -> None:
    assert hyperliquid.post_text("/info", text).status_code == 400


def test_address_that_used_up_its_weight_gets_429_with_null(hyperliquid: Running) -> None:
    hyperliquid.venue.ip_budget.per_minute = 45
    hyperliquid.info("meta")
    hyperliquid.info("meta")
    refused_read = hyperliquid.post("/info", {"type": "meta"})
    assert (refused_read.status_code, refused_read.json()) == (429, None)
    hyperliquid.info("allMids")
    hyperliquid.venue.behaviour.rate_limits = False
    hyperliquid.info("meta")
