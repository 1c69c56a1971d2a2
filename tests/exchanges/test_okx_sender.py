"""Sending to OKX: the exact bytes, who may still execute them, and what the limits allow."""

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any

import pytest

from exchanges.okx_http import Keys, iso
from exchanges.transport import Network
from models.enums import OrderType, PositionSide
from models.errors import NotSent
from models.requests import AckKind, CancelOrder, Protection, SetProtection, Stamp
from tests.exchanges.okx_kit import (
    BTC,
    CLIENT_ID,
    IMPATIENT,
    KEY,
    NOW_MS,
    PASSPHRASE,
    SECRET,
    FrozenTime,
    adapter,
    answering,
    ok,
    okx,
    okx_rows,
    order,
    refusal,
    row_refusal,
    stamp,
)
from tests.exchanges.wire_server import Fault, Received, Reply, WireServer, reply

ACK = {"ordId": "680", "clOrdId": CLIENT_ID, "tag": "", "ts": str(NOW_MS), "sCode": "0", "sMsg": ""}
TAKEN = ok(ACK, inTime=str(NOW_MS * 1000), outTime=str(NOW_MS * 1000))
STOP = SetProtection(
    instrument=BTC,
    position_side=PositionSide.LONG,
    position_size=Decimal("0.05"),
    protection=Protection(stop_loss=Decimal(59000)),
)


def test_signature_is_the_documented_one() -> None:
    keys = Keys(api_key=KEY, api_secret=SECRET, passphrase=PASSPHRASE)
    text = '2020-12-08T09:08:57.715ZPOST/api/v5/trade/order{"instId":"BTC-USDT-SWAP"}'
    expected = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    assert keys.signature(text) == expected
    assert iso(1607418537715) == "2020-12-08T09:08:57.715Z"


def test_keys_show_nothing_of_themselves() -> None:
    keys = Keys(api_key=KEY, api_secret=SECRET, passphrase=PASSPHRASE)
    assert not any(part in f"{keys!r} {keys.fingerprint}" for part in (KEY, SECRET, PASSPHRASE))


async def test_order_goes_out_once_with_its_fence() -> None:
    async with okx(answering(order=TAKEN)) as (exchange, server):
        await exchange.wait_turn(order())
        request = exchange.sign(order(), stamp())
        (ack,) = await exchange.send(request)
        (sent,) = server.to("/api/v5/trade/order")
    assert (ack.kind, ack.order_id) == (AckKind.ACCEPTED, "680")
    assert (sent.method, sent.body) == ("POST", request.body)
    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert headers["ok-access-key"] == KEY
    assert headers["ok-access-passphrase"] == PASSPHRASE
    assert headers["ok-access-timestamp"] == iso(NOW_MS + 10_000 - 30_000)  # its window ends at the fence
    assert headers["exptime"] == str(NOW_MS + 10_000)
    text = f"{headers['ok-access-timestamp']}POST/api/v5/trade/order{sent.body.decode()}"
    assert headers["ok-access-sign"] == Keys(api_key=KEY, api_secret=SECRET, passphrase=PASSPHRASE).signature(text)


async def test_same_stamp_makes_the_same_bytes() -> None:
    async with okx(answering()) as (exchange, server):
        first, second = (exchange.sign(order(), stamp()) for _ in range(2))
        assert (first.body, first.headers, first.url) == (second.body, second.headers, second.url)
        assert server.requests == []


async def test_what_has_no_fence_of_its_own_still_ends_with_its_window() -> None:
    stop = order(order_type=OrderType.STOP_MARKET, trigger_price=Decimal(65000))
    async with okx(answering()) as (exchange, _):
        headers = exchange.sign(stop, stamp()).headers
    assert "expTime" not in headers
    assert headers["OK-ACCESS-TIMESTAMP"] == iso(NOW_MS - 20_000)


@pytest.mark.parametrize("after_ms", [0, -1, 10_001])
async def test_fence_beyond_the_window_is_refused(after_ms: int) -> None:
    async with okx(answering()) as (exchange, _):
        with pytest.raises(NotSent) as caught:
            exchange.sign(order(), Stamp(timestamp_ms=NOW_MS, fence_ms=NOW_MS + after_ms))
    assert caught.value.code == "bad_stamp"


async def test_request_that_waited_past_its_fence_is_not_sent() -> None:
    async with okx(answering(order=TAKEN)) as (exchange, server):
        request = exchange.sign(order(), stamp(NOW_MS - 20_000))
        (ack,) = await exchange.send(request)
        assert (ack.kind, ack.code) == (AckKind.NOT_SENT, "fence_passed")
        assert server.to("/api/v5/trade/order") == []


async def test_demo_account_says_so_in_every_request() -> None:
    time = FrozenTime()
    async with (
        WireServer(answering(order=TAKEN)) as server,
        Network(monotonic=time.monotonic, wall=time.wall, timeout=IMPATIENT) as network,
    ):
        exchange = adapter(server.url, network, headers=(("x-simulated-trading", "1"),))
        await exchange.get_server_time()
        await exchange.get_positions()
        await exchange.send(exchange.sign(order(), stamp()))
        assert {request.headers.get("x-simulated-trading") for request in server.requests} == {"1"}


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (row_refusal("51008"), AckKind.REJECTED, "insufficient_margin"),
        (refusal("50111", status=401), AckKind.REJECTED, "key_invalid"),
        (refusal("50102", status=401), AckKind.REJECTED, "clock_skew"),
        (refusal("50011", status=429), AckKind.UNKNOWN, "venue_busy"),
        (refusal("50001", status=503), AckKind.UNKNOWN, "venue_error"),
        (Reply(body=b"<html>", status=502), AckKind.UNKNOWN, "venue_error"),
        (Reply(body=b"\xff\xfe"), AckKind.UNKNOWN, "venue_error"),
        (reply([1, 2]), AckKind.UNKNOWN, "venue_error"),
        (Reply(body=b"[" * 100_000), AckKind.UNKNOWN, "venue_error"),
    ],
)
async def test_answers_become_what_they_prove(answer: Reply, kind: AckKind, code: str) -> None:
    async with okx(answering(order=answer)) as (exchange, server):
        (ack,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (ack.kind, ack.code) == (kind, code)
        assert len(server.to("/api/v5/trade/order")) == 1


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CLOSE, Fault.SILENCE, Fault.CUT_BODY, Fault.CUT_CHUNKS])
async def test_lost_answer_is_unknown_and_not_sent_again(fault: Fault) -> None:
    async with okx(answering(order=lambda request: fault)) as (exchange, server):
        (ack,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (ack.kind, ack.client_order_id) == (AckKind.UNKNOWN, CLIENT_ID)
        assert len(server.to("/api/v5/trade/order")) == 1


async def test_clock_is_measured_before_the_first_stamp() -> None:
    async with okx(answering(time=ok({"ts": str(NOW_MS + 90_000)}))) as (exchange, server):
        await exchange.wait_turn(order())
        assert abs(exchange.venue_time_ms() - NOW_MS - 90_000) < 5
        await exchange.wait_turn(order())
        assert len(server.to("/api/v5/public/time")) == 1


async def test_answer_to_a_write_tells_the_venues_time() -> None:
    answer = ok(ACK, outTime=str((NOW_MS - 60_000) * 1000))
    async with okx(answering(order=answer)) as (exchange, _):
        await exchange.send(exchange.sign(order(), stamp()))
        assert abs(exchange.venue_time_ms() - NOW_MS + 60_000) < 5


async def test_what_protects_is_read_before_the_stamp_and_not_after() -> None:
    guarding = ok(okx_rows("http_get_trade_orders_algo_pending")[0])
    amended = ok({"algoId": "1753184812254216192", "algoClOrdId": "", "sCode": "0", "sMsg": ""})
    async with okx(answering(orders_algo_pending=guarding, amend_algos=amended)) as (exchange, server):
        await exchange.wait_turn(STOP)
        (ack,) = await exchange.send(exchange.sign(STOP, stamp()))
        reads = [request.query for request in server.to("/api/v5/trade/orders-algo-pending")]
        (sent,) = server.to("/api/v5/trade/amend-algos")
    assert ack.kind is AckKind.ACCEPTED
    assert [(read["instId"], read["ordType"]) for read in reads] == [("BTC-USDT-SWAP", "conditional,oco")]
    assert sent.json["newSlTriggerPx"] == "59000"


async def test_protection_that_was_not_looked_at_is_not_signed() -> None:
    async with okx(answering()) as (exchange, _):
        with pytest.raises(NotSent) as caught:
            exchange.sign(STOP, stamp())
    assert caught.value.code == "not_looked_at"


async def test_failed_look_sends_nothing() -> None:
    async with okx(answering(orders_algo_pending=refusal("50026", status=500))) as (exchange, server):
        with pytest.raises(NotSent):
            await exchange.wait_turn(STOP)
        assert [request for request in server.requests if request.method == "POST"] == []


async def test_used_up_limit_holds_only_that_account_and_endpoint() -> None:
    async with okx(answering(order=refusal("50011", status=429), cancel_order=TAKEN)) as (exchange, server):
        first, second = [(await exchange.send(exchange.sign(order(), stamp())))[0] for _ in range(2)]
        cancel = CancelOrder(instrument=BTC, order_id="680", client_order_id=CLIENT_ID)
        (cancelled,) = await exchange.send(exchange.sign(cancel, stamp()))
        assert (first.kind, second.kind, second.code) == (AckKind.UNKNOWN, AckKind.NOT_SENT, "venue_busy")
        assert cancelled.kind is AckKind.ACCEPTED
        assert len(server.to("/api/v5/trade/order")) == 1


async def test_address_that_is_refused_is_left_alone() -> None:
    def script(request: Received) -> Any:
        return Reply(body=b"forbidden", status=403)

    async with okx(script) as (exchange, server):
        (first,) = await exchange.send(exchange.sign(order(), stamp()))
        (second,) = await exchange.send(exchange.sign(order(), stamp()))
        assert (first.kind, second.kind) == (AckKind.UNKNOWN, AckKind.NOT_SENT)
        assert len(server.requests) == 1
