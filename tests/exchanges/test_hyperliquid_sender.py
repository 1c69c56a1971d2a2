"""Requests go out once, as signed, and every answer proves only what it says."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hyperliquid.utils import signing as sdk
from hypothesis import given
from hypothesis import strategies as st

from exchanges.hyperliquid_answers import acks_of
from exchanges.hyperliquid_errors import REFUSALS
from exchanges.pacing import Cost, Purpose
from exchanges.transport import Network, Response
from models.enums import AccountType, MarginMode, OrderSide
from models.errors import BadOrder, NotSent
from models.requests import (
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    Protection,
    SetLeverage,
    SignedRequest,
)
from tests.exchanges.hyperliquid_kit import (
    AGENT_KEY,
    BTC,
    CLOID,
    NOW_MS,
    STOP_CLOID,
    TAKE_PROFIT_CLOID,
    VAULT,
    adapter,
    order,
    recorded,
    stamp,
    venue,
)
from tests.exchanges.wire_server import Fault, Reply, reply

ENTRY = order(
    protection=Protection(take_profit=Decimal(70000), stop_loss=Decimal(55000)),
    protection_client_ids=(TAKE_PROFIT_CLOID, STOP_CLOID),
)
LEVERAGE = SetLeverage(instrument=BTC, leverage=Decimal(5), margin_mode=MarginMode.CROSS)
ACTIONS: list[Action] = [
    order(),
    ENTRY,
    BatchOrders(orders=(order(), order(client_order_id=STOP_CLOID))),
    CancelOrder(instrument=BTC, order_id="1", client_order_id=CLOID),
    CancelAll(orders=(CancelOrder(instrument=BTC, order_id="1"), CancelOrder(instrument=BTC, order_id="2"))),
    AmendOrder(instrument=BTC, order_id="1", client_order_id=CLOID, replacement=order()),
    LEVERAGE,
    Noop(),
]


def statuses(*rows: Any, kind: str = "order") -> Any:
    """Return the venue's answer to a batch."""
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": list(rows)}}}


def answer_to(action: Action, body: object, *, status: int = 200) -> list[AckKind]:
    """Return what an answer proves for each leg."""
    return [ack.kind for ack in acks(action, body, status=status)]


def acks(action: Action, body: object, *, status: int = 200) -> Any:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    request = SignedRequest(exchange="hyperliquid", action=action, stamp=stamp(), url="", body=b"")
    return acks_of(request, Response(status=status, headers={}, body=raw, sent_at=0, received_at=0))


def test_resting_order_is_accepted_with_its_id() -> None:
    (ack,) = acks(order(), statuses({"resting": {"oid": 77, "cloid": CLOID}}))
    assert (ack.kind, ack.order_id, ack.client_order_id) == (AckKind.ACCEPTED, "77", CLOID)


def test_order_id_written_as_text_is_the_same_id() -> None:
    (ack,) = acks(order(), statuses({"filled": {"totalSz": "1.0", "avgPx": "25.585", "oid": "296683658818"}}))
    assert (ack.kind, ack.order_id) == (AckKind.FILLED, "296683658818")


def test_filled_order_tells_size_and_price() -> None:
    filled = {"filled": {"totalSz": "0.00015", "avgPx": "79449.2", "oid": 1}}
    (ack,) = acks(order(), statuses(filled))
    assert (ack.kind, ack.filled_size, ack.average_price) == (AckKind.FILLED, Decimal("0.00015"), Decimal("79449.2"))


def test_entry_may_be_taken_while_its_stop_is_refused() -> None:
    body = statuses({"resting": {"oid": 1}}, "waitingForFill", {"error": "Invalid TP/SL price. asset=0"})
    entry, take_profit, stop = acks(ENTRY, body)
    assert [entry.kind, take_profit.kind, stop.kind] == [AckKind.ACCEPTED, AckKind.ACCEPTED, AckKind.REJECTED]
    assert (stop.code, stop.venue_code, stop.client_order_id) == ("bad_trigger_price", "BadTriggerPx", STOP_CLOID)


@pytest.mark.parametrize("row", REFUSALS)
def test_refusal_of_one_order_is_definite_whatever_it_says(row: Any) -> None:
    (ack,) = acks(order(), statuses({"error": f"{row.prefix} and more asset=3"}))
    assert (ack.kind, ack.code, ack.venue_code) == (AckKind.REJECTED, row.code, row.venue_code)


def test_unknown_refusal_of_one_order_keeps_the_venues_words() -> None:
    (ack,) = acks(order(), statuses({"error": "Something\n  new " + "x" * 500}))
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "refused")
    assert ack.message.startswith("Something new")
    assert len(ack.message) == 200


@pytest.mark.parametrize("row", REFUSALS)
def test_refusal_of_a_whole_request_is_definite_only_for_known_texts(row: Any) -> None:
    found = acks(ENTRY, {"status": "err", "response": f"{row.prefix}: 0xabc"})
    expected = AckKind.REJECTED if row.is_definite else AckKind.UNKNOWN
    assert [ack.kind for ack in found] == [expected] * 3
    assert [ack.client_order_id for ack in found] == [CLOID, TAKE_PROFIT_CLOID, STOP_CLOID]


def test_duplicate_nonce_proves_nothing() -> None:
    body = {"status": "err", "response": "Invalid nonce: duplicate nonce 1790000000000"}
    assert answer_to(order(), body) == [AckKind.UNKNOWN]


def test_whole_request_refused_for_an_unknown_reason_is_unknown() -> None:
    assert answer_to(ENTRY, {"status": "err", "response": "Internal failure, try later"}) == [AckKind.UNKNOWN] * 3


def test_body_that_the_venue_could_not_decode_is_refused() -> None:
    assert answer_to(order(), b"Failed to deserialize the JSON body", status=422) == [AckKind.REJECTED]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>busy</html>",
        b'{"status": "ok", "response": {"type": "order", "data": {"statuses": [',
        b'{"status": "ok"}',
        {"status": "ok", "response": None},
        {"status": "ok", "response": "order"},
        {"status": "err", "response": {"type": "error"}},
        {"status": "maybe", "response": "Price must be divisible by tick size."},
        {"status": "ok", "response": {"type": "default"}},
        {"status": "ok", "response": {"type": "order", "data": None}},
        statuses(),
        statuses({"resting": {"oid": 1}}, {"resting": {"oid": 2}}),
        statuses({"resting": {"oid": 1}}, kind="cancel"),
        statuses({"resting": {"oid": "one"}}),
        statuses({"resting": {"oid": ""}}),
        statuses({"resting": {"oid": 1, "cloid": STOP_CLOID}}),
        statuses({"filled": {"oid": 1, "totalSz": "0.01", "avgPx": "60000", "cloid": STOP_CLOID}}),
        statuses({"filled": {"oid": 1, "totalSz": "NaN", "avgPx": "60000"}}),
        statuses({"filled": {"oid": 1, "totalSz": "0.01", "avgPx": "0"}}),
        statuses({"filled": {"oid": 1, "totalSz": "0.01"}}),
        statuses({"resting": {"oid": 1}, "error": "Order has zero size."}),
        statuses({}),
        statuses("success"),
        statuses("somethingNew"),
        statuses(None),
    ],
)
def test_answer_of_any_other_shape_proves_nothing(body: object) -> None:
    assert answer_to(order(), body) == [AckKind.UNKNOWN]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_other_statuses_prove_nothing_even_with_a_good_body(status: int) -> None:
    assert answer_to(order(), statuses({"resting": {"oid": 1}}), status=status) == [AckKind.UNKNOWN]


def test_fewer_statuses_than_legs_leave_every_leg_unknown() -> None:
    assert answer_to(ENTRY, statuses({"resting": {"oid": 1}})) == [AckKind.UNKNOWN] * 3


def test_cancels_are_answered_one_by_one() -> None:
    action = CancelAll(
        orders=tuple(CancelOrder(instrument=BTC, order_id=str(i), client_order_id=CLOID) for i in range(1, 4))
    )
    gone = {"error": "Order was never placed, already canceled, or filled. asset=0"}
    found = acks(action, statuses("success", gone, "later", kind="cancel"))
    assert [ack.kind for ack in found] == [AckKind.ACCEPTED, AckKind.REJECTED, AckKind.UNKNOWN]
    assert found[1].code == "order_not_found"


@pytest.mark.parametrize("action", [LEVERAGE, Noop()])
def test_settings_are_answered_by_default(action: Action) -> None:
    assert answer_to(action, {"status": "ok", "response": {"type": "default"}}) == [AckKind.ACCEPTED]
    assert answer_to(action, statuses({"resting": {"oid": 1}})) == [AckKind.UNKNOWN]


@given(body=st.binary(max_size=200), action=st.sampled_from(ACTIONS), status=st.sampled_from([200, 200, 500]))
def test_random_bytes_never_become_a_verdict(body: bytes, action: Action, status: int) -> None:
    assert set(answer_to(action, body, status=status)) == {AckKind.UNKNOWN}


def test_recorded_answers_are_accepted() -> None:
    rows = recorded("ccxt/hyperliquid_doc_examples.json")
    by_method = {row["method"]: row["payload"] for row in rows}
    assert answer_to(order(), by_method["create_orders"]) == [AckKind.ACCEPTED]
    assert answer_to(ACTIONS[3], by_method["cancel_orders"]) == [AckKind.ACCEPTED]
    (edited,) = acks(ACTIONS[5], by_method["edit_orders"])
    assert (edited.kind, edited.average_price) == (AckKind.FILLED, Decimal("100.84"))


@pytest.mark.parametrize("text", ["Order has invalid size", "Order price cannot be more than 80%"])
def test_texts_that_other_clients_know_have_a_word_of_ours(text: str) -> None:
    assert acks(order(), statuses({"error": text}))[0].code != "refused"


async def test_order_leaves_once_and_exactly_as_signed() -> None:
    async with venue(lambda _: reply(statuses({"resting": {"oid": 5, "cloid": CLOID}}))) as (exchange, server):
        request = exchange.sign(order(), stamp())
        (ack,) = await exchange.send(request)
        (received,) = server.requests
    assert ack.kind is AckKind.ACCEPTED
    assert received.path == "/exchange"
    assert received.body == request.body
    assert received.json["nonce"] == NOW_MS
    assert received.json["expiresAfter"] == NOW_MS + 10_000
    assert received.json["vaultAddress"] is None


async def test_first_order_of_an_account_asks_nothing_else() -> None:
    async with venue(lambda _: reply(statuses({"resting": {"oid": 5}}))) as (exchange, server):
        action = order()
        await exchange.wait_turn(action)
        await exchange.send(exchange.sign(action, stamp()))
    assert [request.path for request in server.requests] == ["/exchange"]


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.TRICKLE])
async def test_lost_answer_leaves_every_leg_unknown_and_is_not_sent_again(fault: Fault) -> None:
    async with venue(lambda _: fault) as (exchange, server):
        found = await exchange.send(exchange.sign(ENTRY, stamp()))
    assert [ack.kind for ack in found] == [AckKind.UNKNOWN] * 3
    assert [ack.client_order_id for ack in found] == [CLOID, TAKE_PROFIT_CLOID, STOP_CLOID]
    assert len(server.requests) == 1


async def test_refused_connection_proves_that_nothing_was_sent() -> None:
    async with venue(lambda _: reply({})) as (exchange, server):
        request = exchange.sign(order(), stamp())
    async with Network() as network:
        gone = adapter(server.url, network)
        (ack,) = await gone.send(request)
    assert (ack.kind, ack.code) == (AckKind.NOT_SENT, "unreachable")


async def test_chain_follows_the_account_type_and_never_the_address() -> None:
    recover: Any = sdk.recover_agent_or_user_from_l1_action
    async with Network() as network:
        for account_type in (AccountType.PAPER, AccountType.TESTNET, AccountType.REAL):
            exchange = adapter("https://api.hyperliquid.xyz", network, account_type=account_type, vault_address=VAULT)
            body = msgspec.json.decode(exchange.sign(order(), stamp()).body)
            signers = {
                mainnet: recover(body["action"], body["signature"], VAULT, NOW_MS, NOW_MS + 10_000, mainnet).lower()
                for mainnet in (True, False)
            }
            is_real = account_type is AccountType.REAL
            assert signers[is_real] == exchange.signer
            assert signers[not is_real] != exchange.signer


async def test_two_stamps_make_two_requests_and_one_stamp_the_same_bytes() -> None:
    async with Network() as network:
        exchange = adapter("http://127.0.0.1:1", network)
        bodies = [exchange.sign(order(), stamp(nonce)).body for nonce in (NOW_MS, NOW_MS, NOW_MS + 1)]
    assert bodies[0] == bodies[1] != bodies[2]


async def test_request_without_a_nonce_is_not_signed() -> None:
    async with Network() as network:
        with pytest.raises(BadOrder, match="nonce"):
            adapter("http://127.0.0.1:1", network).sign(order(), stamp(None))


@pytest.mark.parametrize("days", [-3, 3])
async def test_nonce_days_away_from_the_venues_clock_is_not_signed(days: int) -> None:
    async with Network() as network:
        exchange = adapter("http://127.0.0.1:1", network)
        clock = exchange._transport.clock
        clock.observe(NOW_MS / 1000, sent_at=0, received_at=0)
        far = clock.now_ms() + days * 86_400_000
        with pytest.raises(NotSent) as error:
            exchange.sign(order(), stamp(far))
        assert error.value.code == "clock_skew"
        assert exchange.sign(Noop(), stamp(far)).stamp.nonce == far


async def test_too_many_requests_hold_entries_back_but_no_exits() -> None:
    refused = {"status": "err", "response": "Too many cumulative requests sent (10001 > 10000) for volume traded $0."}
    close = order(side=OrderSide.SELL, reduce_only=True)
    async with venue(lambda _: reply(refused)) as (exchange, _):
        await exchange.wait_turn(order())
        (ack,) = await exchange.send(exchange.sign(order(), stamp()))
        with pytest.raises(NotSent) as error:
            await exchange.wait_turn(order())
        await exchange.wait_turn(close)
        await exchange.wait_turn(ACTIONS[3])
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "venue_busy")
    assert error.value.fields["retry_after_s"] > 5


async def test_http_429_holds_everything_back_for_a_moment() -> None:
    async with venue(lambda _: Reply(status=429, body=b"null")) as (exchange, server):
        (ack,) = await exchange.send(exchange.sign(order(), stamp()))
        gate = exchange._transport.gate
        waits = [gate.pacer.venue_wait_s(Cost(purpose=purpose), gate.monotonic()) for purpose in Purpose]
    assert ack.kind is AckKind.UNKNOWN
    assert len(server.requests) == 1
    assert min(waits) > 0


@pytest.mark.parametrize(
    ("action", "purpose", "weight"),
    [
        (order(), Purpose.WRITE, 1),
        (order(reduce_only=True), Purpose.EXIT, 1),
        (Noop(), Purpose.LOOKUP, 1),
        (CancelAll(orders=tuple(CancelOrder(instrument=BTC, order_id=str(i)) for i in range(80))), Purpose.EXIT, 3),
        (BatchOrders(orders=(order(),) * 39), Purpose.WRITE, 1),
        (BatchOrders(orders=(order(),) * 40), Purpose.WRITE, 2),
    ],
)
async def test_actions_cost_what_the_venue_counts(action: Action, purpose: Purpose, weight: int) -> None:
    async with Network() as network:
        cost = adapter("http://127.0.0.1:1", network)._cost(action)
    assert (cost.purpose, cost.weight) == (purpose, weight)


async def test_nothing_that_can_be_printed_shows_the_key_or_the_body() -> None:
    async with Network() as network:
        exchange = adapter("http://127.0.0.1:1", network)
        request = exchange.sign(order(), stamp())
    shown = f"{exchange!r} {exchange.wallet!r} {request!r} {request.to_dict()}"
    assert AGENT_KEY[2:] not in shown
    assert "signature" not in shown
    assert "body" not in request.to_dict()
