"""Trading over HTTP: shown exactly, confirmed once, done as shown, on both venues."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.past import past_of
from models.account import Account
from models.enums import AccountType
from tests.webapp.rig import OWNER, Person, Rig, error_code

VENUES = ("bybit", "hyperliquid")
TICKET: dict[str, Any] = {
    "symbol": "ETH",
    "side": "buy",
    "size": {"amount": "300", "unit": "notional"},
    "leverage": "5",
    "stop_loss": {"amount": "2", "unit": "percent"},
    "take_profits": [{"amount": "4", "unit": "percent"}],
}


async def opened(person: Person, venue: str, **changes: Any) -> Any:
    """Place an order and return its preview and its result."""
    body = {**TICKET, "accounts": [{"exchange": venue}], **changes}
    preview = await person.done("/api/trading/order/preview", body)
    done = await person.done("/api/trading/order", {"confirm": preview["confirm"]})
    return preview["orders"][0], done["results"][0]


async def held(person: Person, venue: str, symbol: str = "ETHUSDT") -> Any:
    found = await person.data("/api/trading/positions", exchange=venue, symbol=symbol)
    return found[0] if found else None


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid", "okx"])
async def test_totals_are_those_of_the_chat_to_the_cent(owner: Person, rig: Rig, venue: str) -> None:
    await opened(owner, venue)
    where = {"exchange": venue, "account_type": "paper"}
    stats = await owner.data("/api/trading/stats", period="week", **where)
    account = Account(user_id=OWNER, exchange=venue, account_type=AccountType.PAPER)
    now = datetime.now(UTC)
    chats = (await past_of(rig.runtime.backend, rig.runtime.store, account, now - timedelta(days=7), now)).summary
    assert [Decimal(stats[name]) for name in ("total", "fees", "funding")] == [chats.total, chats.fees, chats.funding]
    assert Decimal(stats["curve"][-1]["total"]) == chats.total


async def confirmed(person: Person, deed: str, body: Any) -> Any:
    preview = await person.done(f"/api/trading/{deed}/preview", body)
    return preview, await person.done(f"/api/trading/{deed}", {"confirm": preview["confirm"]})


@pytest.mark.parametrize("venue", VENUES)
async def test_order_is_placed_exactly_as_shown(owner: Person, venue: str) -> None:
    shown, part = await opened(owner, venue)
    assert part["success"] is True
    assert part["result"]["outcome"] == "filled"
    assert part["result"]["filled_size"] == shown["size"] == (await held(owner, venue))["size"]
    assert (await held(owner, venue))["leverage"] == "5"
    orders = await owner.data("/api/trading/orders", exchange=venue, symbol="ETHUSDT")
    levels = {order["trigger_price"] for order in orders}
    assert {shown["stop_loss"], shown["targets"][0]["price"]} <= levels


@pytest.mark.parametrize("venue", VENUES)
async def test_position_is_closed_in_parts_and_never_turned_around(owner: Person, venue: str) -> None:
    shown, _ = await opened(owner, venue)
    position = {"exchange": venue, "symbol": "ETHUSDT", "side": "long"}
    preview, done = await confirmed(owner, "close", {**position, "percent": "50"})
    assert Decimal(preview["size"]) <= Decimal(shown["size"]) / 2
    assert done["results"][0]["result"]["filled_size"] == preview["size"]
    left = Decimal(shown["size"]) - Decimal(preview["size"])
    assert Decimal((await held(owner, venue))["size"]) == left
    await confirmed(owner, "close", position)
    assert await held(owner, venue) is None
    answer = await owner.post("/api/trading/close/preview", position)
    assert (answer.status_code, error_code(answer)) == (404, "no_position")
    closed = await owner.data("/api/trading/history", exchange=venue, symbol="ETHUSDT", days=1)
    assert {row["size"] for row in closed} >= {preview["size"], str(left.normalize())}


@pytest.mark.parametrize("venue", VENUES)
async def test_stop_and_target_are_set_moved_and_removed(owner: Person, venue: str) -> None:
    await opened(owner, venue, stop_loss=None, take_profits=[])
    position = await held(owner, venue)
    where = {"exchange": venue, "symbol": "ETHUSDT", "side": "long"}
    stop = str(int(Decimal(position["mark_price"]) * Decimal("0.9")))
    preview, _ = await confirmed(owner, "tpsl", {**where, "stop_loss": stop})
    assert (preview["stop_loss"]["to"], preview["take_profit"]) == (stop, None)
    assert Decimal(preview["stop_loss"]["result_estimate"]) < 0
    assert stop in await _levels(owner, venue)
    moved = str(int(Decimal(stop) + 10))
    await confirmed(owner, "tpsl", {**where, "stop_loss": moved})
    assert await _levels(owner, venue) == {moved}
    await confirmed(owner, "tpsl", {**where, "stop_loss": "0"})
    assert await _levels(owner, venue) == set()


async def _levels(person: Person, venue: str) -> set[str]:
    orders = await person.data("/api/trading/orders", exchange=venue, symbol="ETHUSDT")
    return {order["trigger_price"] for order in orders}


async def test_level_that_would_fire_at_once_is_refused(owner: Person) -> None:
    body = {"symbol": "BTCUSDT", "side": "long", "stop_loss": "999999"}
    answer = await owner.post("/api/trading/tpsl/preview", body)
    assert (answer.status_code, error_code(answer)) == (422, "stop_at_market")


@pytest.mark.parametrize("venue", VENUES)
async def test_resting_order_is_cancelled(owner: Person, venue: str) -> None:
    _, part = await opened(owner, venue, price="2000", stop_loss=None, take_profits=[])
    assert part["result"]["outcome"] == "accepted"
    order_id = part["result"]["order_id"]
    await confirmed(owner, "cancel", {"exchange": venue, "order_id": order_id})
    orders = await owner.data("/api/trading/orders", exchange=venue)
    assert order_id not in {order["order_id"] for order in orders}
    answer = await owner.post("/api/trading/cancel/preview", {"exchange": venue, "order_id": order_id})
    assert (answer.status_code, error_code(answer)) == (404, "order_not_open")


@pytest.mark.parametrize("venue", VENUES)
async def test_everything_is_cancelled_and_closed(owner: Person, venue: str) -> None:
    await opened(owner, venue, price="2000", stop_loss=None, take_profits=[])
    await opened(owner, venue, side="sell", symbol="SOL", stop_loss=None, take_profits=[])
    accounts = [{"exchange": venue}]
    preview, done = await confirmed(owner, "close-all", {"accounts": accounts})
    assert len(done["results"]) == len(preview["positions"]) >= 2
    assert await owner.data("/api/trading/positions", exchange=venue) == []
    _, done = await confirmed(owner, "cancel-all", {"accounts": accounts})
    assert all(part["success"] for part in done["results"])
    assert await owner.data("/api/trading/orders", exchange=venue) == []


@pytest.mark.parametrize("venue", VENUES)
async def test_leverage_is_set(owner: Person, venue: str) -> None:
    await confirmed(owner, "leverage", {"exchange": venue, "symbol": "BTCUSDT", "leverage": "4"})
    assert (await held(owner, venue, "BTCUSDT"))["leverage"] == "4"
    answer = await owner.post("/api/trading/leverage/preview", {"symbol": "BTCUSDT", "leverage": "5000"})
    assert (answer.status_code, error_code(answer)) == (422, "bad_leverage")


async def test_order_goes_to_every_account_named(owner: Person) -> None:
    body = {**TICKET, "accounts": [{"exchange": name} for name in VENUES]}
    preview = await owner.done("/api/trading/order/preview", body)
    assert [order["account"]["exchange"] for order in preview["orders"]] == list(VENUES)
    done = await owner.done("/api/trading/order", {"confirm": preview["confirm"]})
    assert [part["about"]["exchange"] for part in done["results"]] == list(VENUES)
    assert all(part["success"] for part in done["results"])


async def test_account_that_cannot_take_an_order_is_a_problem_beside_the_others(owner: Person) -> None:
    places = [{"exchange": "bybit", "account_type": "paper"}, {"exchange": "okx", "account_type": "paper"}]
    body = {"symbol": "TRX", "side": "buy", "size": {"amount": "200", "unit": "notional"}, "accounts": places}
    preview = await owner.done("/api/trading/order/preview", body)
    assert [order["account"]["exchange"] for order in preview["orders"]] == ["bybit"]
    (problem,) = preview["problems"]
    assert (problem["exchange"], problem["error"]["code"]) == ("okx", "unknown_symbol")


async def test_price_that_moved_away_is_shown_again_instead_of_taken(owner: Person, rig: Rig) -> None:
    preview = await owner.done("/api/trading/order/preview", TICKET)
    price = Decimal(preview["orders"][0]["reference_price"])
    rig.sandbox.set_price("ETHUSDT", price * Decimal("1.02"))
    answer = await owner.post("/api/trading/order", {"confirm": preview["confirm"]})
    assert (answer.status_code, error_code(answer)) == (409, "price_moved")
    assert await held(owner, "bybit") is None
    again = await owner.post("/api/trading/order", {"confirm": preview["confirm"]})
    assert again.status_code == 409
    assert await held(owner, "bybit") is None


async def test_what_the_market_cannot_take_is_refused_at_the_preview(owner: Person) -> None:
    body = {**TICKET, "size": {"amount": "0.000001", "unit": "coins"}}
    answer = await owner.post("/api/trading/order/preview", body)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]["minimum"]


async def test_limit_of_the_user_is_told_at_the_preview(owner: Person) -> None:
    await owner.send("PUT", "/api/settings/max_order_notional", {"value": "100"})
    answer = await owner.post("/api/trading/order/preview", TICKET)
    assert (answer.status_code, error_code(answer)) == (403, "max_order_notional")


async def test_pause_stops_new_risk_and_nothing_else(owner: Person) -> None:
    await owner.send("PUT", "/api/pause", {"is_paused": True})
    assert (await owner.data("/api/me"))["is_paused"] is True
    assert (await owner.post("/api/trading/order/preview", TICKET)).status_code == 403
    await confirmed(owner, "close", {"symbol": "BTCUSDT", "side": "long"})
    await owner.send("PUT", "/api/pause", {"is_paused": False})
    await opened(owner, "bybit")


async def test_refusal_of_the_venue_is_told_with_its_reason(owner: Person, rig: Rig) -> None:
    preview = await owner.done("/api/trading/order/preview", TICKET)
    rig.sandbox.fault("code_before", venue="bybit", match="POST /v5/order/create", code=110007)
    answer = await owner.post("/api/trading/order", {"confirm": preview["confirm"]})
    assert (answer.status_code, error_code(answer)) == (409, "insufficient_margin")
    assert answer.json()["data"]["results"][0]["result"]["outcome"] == "rejected"


async def test_unknown_outcome_is_neither_success_nor_failure(owner: Person, rig: Rig) -> None:
    preview = await owner.done("/api/trading/order/preview", TICKET)
    rig.sandbox.fault("reset_after", venue="bybit", match="POST /v5/order/create")
    answer = await owner.post("/api/trading/order", {"confirm": preview["confirm"]}, key="the-lost-one")
    body = answer.json()
    assert answer.status_code == 202
    assert (body["success"], body["error"]) == (None, None)
    assert body["data"]["results"][0]["result"]["outcome"] == "unknown"
    assert (await owner.data("/api/trading/requests/the-lost-one"))["results"][0]["outcome"] == "unknown"
    assert rig.sent("POST /v5/order/create") == 1
