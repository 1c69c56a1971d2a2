"""Sending once with the stamp of the journal row, whatever the network and the venue do."""

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges.pacing import Purpose
from models.enums import OrderSide
from models.errors import BadOrder, NotSent
from models.requests import Ack, AckKind, Action, BatchOrders, CancelOrder, Noop, SetLeverage, Stamp
from tests.exchanges.bybit_kit import (
    BTC,
    CLIENT_ID,
    KEY,
    NOW_MS,
    SECRET,
    FrozenTime,
    bybit,
    ok,
    order,
    refusal,
    stamp,
)
from tests.exchanges.wire_server import Fault, Received, Reply, Script, reply

TAKEN = {"orderId": "o-1", "orderLinkId": CLIENT_ID}


async def submit(
    script: Script, action: Action | None = None, **options: Any
) -> tuple[tuple[Ack, ...], list[Received]]:
    """Sign and send one action; return its acks and what the venue received."""
    async with bybit(script, **options) as (exchange, server):
        acks = await exchange.send(exchange.sign(action or order(), stamp()))
        return acks, server.requests


async def test_signed_request_carries_the_stamps_time_and_window() -> None:
    (ack,), requests = await submit(lambda request: ok(TAKEN))
    (received,) = requests
    assert (received.method, received.target) == ("POST", "/v5/order/create")
    assert received.headers["X-BAPI-TIMESTAMP"] == str(NOW_MS)
    assert received.headers["X-BAPI-RECV-WINDOW"] == "5000"
    signed = f"{NOW_MS}{KEY}5000{received.body.decode()}"
    assert received.headers["X-BAPI-SIGN"] == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert (ack.kind, ack.order_id) == (AckKind.ACCEPTED, "o-1")


async def test_signing_does_no_io_and_is_repeatable() -> None:
    async with bybit(lambda request: ok()) as (exchange, server):
        first, second = exchange.sign(order(), stamp()), exchange.sign(order(), stamp())
        assert (first.body, first.headers, first.sha256) == (second.body, second.headers, second.sha256)
        assert json.loads(first.body)["orderLinkId"] == CLIENT_ID
        assert server.requests == []


async def test_window_ends_at_the_fence() -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        signed = exchange.sign(order(), stamp(fence_after_ms=1200))
        assert signed.headers["X-BAPI-RECV-WINDOW"] == "1200"


@pytest.mark.parametrize("fence_after_ms", [0, -1, 5001, 60_000])
async def test_window_is_never_wider_than_bybits(fence_after_ms: int) -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        with pytest.raises(NotSent):
            exchange.sign(order(), stamp(fence_after_ms=fence_after_ms))


async def test_action_that_bybit_does_not_have_is_refused_at_signing() -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        with pytest.raises(BadOrder):
            exchange.sign(Noop(), stamp())


async def test_secret_and_signature_show_nowhere() -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        signed = exchange.sign(order(), stamp())
        shown = f"{signed!r} {exchange!r} {exchange.signer}"
        for hidden in (SECRET, KEY, signed.headers["X-BAPI-SIGN"]):
            assert hidden not in shown


@pytest.mark.parametrize("fault", Fault)
async def test_lost_answer_is_unknown_after_one_post(fault: Fault) -> None:
    (ack,), requests = await submit(lambda request: fault)
    assert (ack.kind, ack.client_order_id, len(requests)) == (AckKind.UNKNOWN, CLIENT_ID, 1)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"<html>maintenance</html>", b'{"retCode": 0'])
async def test_unreadable_answer_is_unknown_after_one_post(body: bytes) -> None:
    (ack,), requests = await submit(lambda request: Reply(body=body))
    assert (ack.kind, len(requests)) == (AckKind.UNKNOWN, 1)


@pytest.mark.parametrize("status", [301, 302, 307, 403, 429, 500, 502, 503, 504])
async def test_http_error_is_unknown_after_one_post(status: int) -> None:
    (ack,), requests = await submit(lambda request: reply({}, status=status, headers={"Location": "/v5/order/create"}))
    assert (ack.kind, ack.http_status, len(requests)) == (AckKind.UNKNOWN, status, 1)


@pytest.mark.parametrize("code", [10000, 10006, 10016, 10002, 110007])
async def test_refused_order_is_not_repeated(code: int) -> None:
    _, requests = await submit(lambda request: refusal(code))
    assert len(requests) == 1


async def test_unreachable_venue_is_not_sent() -> None:
    async with bybit(lambda request: ok()) as (exchange, server):
        signed = exchange.sign(order(), stamp())
        server._server.close()
        await server._server.wait_closed()
        (ack,) = await exchange.send(signed)
        assert (ack.kind, ack.code) == (AckKind.NOT_SENT, "unreachable")


async def test_lost_batch_is_unknown_order_by_order() -> None:
    batch = BatchOrders(orders=(order(client_order_id="a"), order(client_order_id="b")))
    acks, requests = await submit(lambda request: Fault.CLOSE, batch)
    assert [(ack.kind, ack.client_order_id) for ack in acks] == [(AckKind.UNKNOWN, "a"), (AckKind.UNKNOWN, "b")]
    assert len(requests) == 1


async def test_request_past_its_fence_does_not_leave() -> None:
    time = FrozenTime()
    async with bybit(lambda request: ok(TAKEN), monotonic=time.monotonic, wall=time.wall) as (exchange, server):
        signed = exchange.sign(order(), stamp())
        time.seconds += 5.1
        (ack,) = await exchange.send(signed)
        assert (ack.kind, ack.code, server.requests) == (AckKind.NOT_SENT, "fence_passed", [])


async def test_frequent_venue_gets_no_new_orders_but_exits() -> None:
    def script(request: Received) -> Reply:
        return reply({}, status=403) if request.path == "/v5/order/create" else ok(TAKEN)

    time = FrozenTime()
    async with bybit(script, monotonic=time.monotonic, wall=time.wall) as (exchange, server):
        await exchange.send(exchange.sign(order(), stamp()))
        (refused,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (refused.kind, refused.code) == (AckKind.NOT_SENT, "venue_busy")
        with pytest.raises(NotSent):
            await exchange.wait_turn(order())
        time.seconds += 3
        cancel = CancelOrder(instrument=BTC, order_id="o-1")
        (cancelled,) = await exchange.send(exchange.sign(cancel, stamp()))
        assert cancelled.kind is AckKind.ACCEPTED
        assert [request.path for request in server.requests] == ["/v5/order/create", "/v5/order/cancel"]


async def test_turn_that_was_waited_for_is_used_by_the_send() -> None:
    async with bybit(lambda request: ok(TAKEN)) as (exchange, server):
        for _ in range(10):
            await exchange.wait_turn(order())
        for _ in range(10):
            await exchange.send(exchange.sign(order(), stamp()))
        assert len(server.requests) == 10


async def test_stamped_request_does_not_wait_in_a_queue() -> None:
    async with bybit(lambda request: ok(TAKEN)) as (exchange, server):
        exchange._http.transport.gate.pacer.pause(1000.0 + 4)
        (ack,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (ack.kind, ack.code, server.requests) == (AckKind.NOT_SENT, "venue_busy", [])


async def test_used_up_account_limit_holds_only_that_account() -> None:
    headers = {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(NOW_MS + 3000)}

    def script(request: Received) -> Reply:
        return reply({"retCode": 10006, "retMsg": "too many", "time": NOW_MS}, headers=headers)

    async with bybit(script) as (exchange, server):
        (first,) = await exchange.send(exchange.sign(order(), stamp()))
        (second,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (first.kind, second.kind, len(server.requests)) == (AckKind.UNKNOWN, AckKind.NOT_SENT, 1)
        setting = SetLeverage(instrument=BTC, leverage=Decimal(5))
        await exchange.send(exchange.sign(setting, stamp()))
        assert len(server.requests) == 2


async def test_limit_that_bybit_states_is_the_one_that_holds() -> None:
    stated = {"X-Bapi-Limit": "3", "X-Bapi-Limit-Status": "2"}

    def script(request: Received) -> Reply:
        return reply({"retCode": 0, "retMsg": "OK", "result": TAKEN, "time": NOW_MS}, headers=stated)

    async with bybit(script) as (exchange, _):
        await exchange.send(exchange.sign(order(), stamp()))
        cost = exchange._http.cost(exchange._api.place_order(), Purpose.WRITE)
        pacer = exchange._http.transport.gate.pacer
        assert [pacer.bucket_wait_s(cost, 1000.0) > 0 for _ in range(4)] == [False, False, False, True]


async def test_answer_to_a_write_tells_the_venues_time() -> None:
    async with bybit(lambda request: refusal(10002, time_ms=NOW_MS - 60_000)) as (exchange, _):
        await exchange.send(exchange.sign(order(), stamp()))
        assert exchange.venue_time_ms() == NOW_MS - 60_000


async def test_signer_is_a_fingerprint_of_the_key() -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        assert exchange.signer == hashlib.sha256(KEY.encode()).hexdigest()[:16]
        assert (exchange.needs_nonce, exchange.fence_s) == (False, 5.0)


async def test_stamp_of_another_process_is_sent_as_it_is() -> None:
    earlier = Stamp(timestamp_ms=NOW_MS - 700, fence_ms=NOW_MS + 4300)
    async with bybit(lambda request: ok(TAKEN)) as (exchange, server):
        await exchange.send(exchange.sign(order(side=OrderSide.SELL, reduce_only=True), earlier))
        assert server.requests[0].headers["X-BAPI-TIMESTAMP"] == str(NOW_MS - 700)
