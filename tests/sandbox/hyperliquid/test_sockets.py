"""The WebSocket tells what happens, within the venue's limits."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info

from tests.sandbox.hyperliquid.conftest import Running, Signer, limit_order, only_status

GREETING = "Websocket connection established."


class Client:
    """A bare WebSocket client."""

    def __init__(self, running: Running) -> None:
        self._socket: Any = websocket.create_connection(running.url.replace("http", "ws", 1) + "/ws", timeout=5)
        assert self._socket.recv() == GREETING

    def send(self, message: Any) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def subscribe(self, kind: str, **fields: Any) -> Any:
        """Subscribe and return the first frame, the confirmation or the error."""
        self.send({"method": "subscribe", "subscription": {"type": kind, **fields}})
        return self.next("subscriptionResponse", "error")

    def next(self, *channels: str) -> Any:
        """Return the data of the next frame of one of these channels; others are passed over."""
        while True:
            frame = json.loads(self._socket.recv())
            if frame["channel"] in channels:
                return frame.get("data")

    def close(self) -> None:
        self._socket.shutdown()

    def is_closed_by_the_venue(self) -> bool:
        """Read until the connection ends."""
        while self._socket.connected:
            opcode, _ = self._socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return True
        return True


@pytest.fixture
def client(hyperliquid: Running) -> Iterator[Client]:
    """A connection that has read the greeting."""
    connected = Client(hyperliquid)
    yield connected
    connected.close()


def test_ping_is_answered_with_pong(client: Client) -> None:
    client.send({"method": "ping"})
    assert client.next("pong") is None


@pytest.mark.parametrize(
    ("kind", "fields", "channel", "keys"),
    [
        ("allMids", {}, "allMids", {"mids"}),
        ("allMids", {"dex": "xyz"}, "allMids", {"mids", "dex"}),
        ("l2Book", {"coin": "BTC"}, "l2Book", {"coin", "time", "levels"}),
        ("bbo", {"coin": "BTC"}, "bbo", {"coin", "time", "bbo"}),
        ("candle", {"coin": "BTC", "interval": "1m"}, "candle", {"t", "T", "s", "i", "o", "c", "h", "l", "v", "n"}),
        ("activeAssetCtx", {"coin": "BTC"}, "activeAssetCtx", {"coin", "ctx"}),
    ],
)
def test_market_state_is_sent_at_once(client: Client, kind: str, fields: Any, channel: str, keys: set[str]) -> None:
    assert client.subscribe(kind, **fields) == {"method": "subscribe", "subscription": {"type": kind, **fields}}
    assert set(client.next(channel)) == keys


@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        ("webData2", "webData2"),
        ("clearinghouseState", "clearinghouseState"),
        ("openOrders", "openOrders"),
        ("spotState", "spotState"),
        ("allDexsClearinghouseState", "allDexsClearinghouseState"),
        ("userFills", "userFills"),
        ("userFundings", "userFundings"),
    ],
)
def test_account_state_is_sent_at_once_for_its_user(client: Client, trader: str, kind: str, channel: str) -> None:
    client.subscribe(kind, user=trader)
    assert client.next(channel)["user"] == trader


def test_short_web_data_says_who_the_user_is(client: Client, trader: str) -> None:
    client.subscribe("webData3", user=trader)
    assert client.next("webData3")["userState"]["user"] == trader


def test_book_is_sent_again_when_the_market_moves(hyperliquid: Running, client: Client) -> None:
    client.subscribe("bbo", coin="BTC")
    assert client.next("bbo")["bbo"][0]["px"] == "59998.0"
    hyperliquid.set_price("BTC", "61000")
    while client.next("bbo")["bbo"][0]["px"] != "60998.0":
        pass


def test_trades_begin_with_the_last_ones(client: Client) -> None:
    client.subscribe("trades", coin="BTC")
    rows = client.next("trades")
    assert {row["coin"] for row in rows} == {"BTC"}
    assert all(len(row["users"]) == 2 for row in rows)


def test_order_and_fill_are_told_in_order(client: Client, signer: Signer, trader: str) -> None:
    client.subscribe("orderUpdates", user=trader)
    client.subscribe("userFills", user=trader)
    assert client.next("userFills")["isSnapshot"] is True
    oid = only_status(signer.send(limit_order(price="63000", tif="Ioc")))["filled"]["oid"]
    (update,) = client.next("orderUpdates")
    assert (update["order"]["oid"], update["status"], update["order"]["sz"]) == (oid, "filled", "0.0")
    news = client.next("userFills")
    assert "isSnapshot" not in news
    assert news["fills"][0]["oid"] == oid


def test_modified_order_is_canceled_before_its_successor_opens(client: Client, signer: Signer, trader: str) -> None:
    cloid = "0x" + "0c" * 16
    client.subscribe("orderUpdates", user=trader)
    old = only_status(signer.send(limit_order(c=cloid)))["resting"]["oid"]
    assert [(row["order"]["oid"], row["status"]) for row in client.next("orderUpdates")] == [(old, "open")]
    change = {"oid": cloid, "order": limit_order(price="51000", c=cloid)["orders"][0]}
    new = only_status(signer.send({"type": "batchModify", "modifies": [change]}))["resting"]["oid"]
    told = [(row["order"]["oid"], row["status"]) for row in client.next("orderUpdates")]
    assert told == [(old, "canceled"), (new, "open")]


def test_user_events_carry_fills_and_cancels_of_the_venue(
    hyperliquid: Running, client: Client, signer: Signer, trader: str
) -> None:
    client.subscribe("userEvents", user=trader)
    signer.send(limit_order(price="63000", tif="Ioc"))
    assert client.next("user")["fills"][0]["dir"] == "Open Long"
    stop = {"trigger": {"isMarket": True, "triggerPx": "55000", "tpsl": "sl"}}
    oid = only_status(signer.send(limit_order(buy=False, r=True, t=stop)))["resting"]["oid"]
    signer.send(limit_order(buy=False, price="57000", tif="Ioc", r=True))
    assert client.next("user")["fills"][0]["dir"] == "Close Long"
    assert client.next("user") == {"nonUserCancel": [{"coin": "BTC", "oid": oid}]}


def test_liquidation_is_told(hyperliquid: Running, client: Client, signer: Signer, trader: str) -> None:
    client.subscribe("userEvents", user=trader)
    signer.send({"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": 40})
    signer.send(limit_order(price="63000", tif="Ioc"))
    client.next("user")
    hyperliquid.set_price("BTC", "50000")
    seen = [client.next("user"), client.next("user")]
    assert {name for row in seen for name in row} == {"fills", "liquidation"}
    fill = next(row["fills"][0] for row in seen if "fills" in row)
    assert fill["liquidation"]["liquidatedUser"] == trader


def test_ended_subscription_is_silent(client: Client, signer: Signer, trader: str) -> None:
    client.subscribe("orderUpdates", user=trader)
    client.send({"method": "unsubscribe", "subscription": {"type": "orderUpdates", "user": trader}})
    assert client.next("subscriptionResponse")["method"] == "unsubscribe"
    signer.send(limit_order())
    client.send({"method": "ping"})
    assert client.next("pong", "orderUpdates") is None


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("hello", "Error parsing JSON into valid websocket request: hello"),
        ({"method": "dance"}, 'Error parsing JSON into valid websocket request: {"method": "dance"}'),
        (
            {"method": "subscribe", "subscription": {"type": "l2Book", "coin": "NOTACOIN"}},
            'Invalid subscription {"type":"l2Book","coin":"NOTACOIN"}',
        ),
        ({"method": "subscribe", "subscription": {"type": "gossip"}}, 'Invalid subscription {"type":"gossip"}'),
        ({"method": "subscribe"}, "Invalid subscription null"),
        (
            {"method": "unsubscribe", "subscription": {"type": "allMids"}},
            'Already unsubscribed: {"type":"allMids"}',
        ),
    ],
)
def test_message_that_means_nothing_is_an_error_frame(client: Client, message: Any, text: str) -> None:
    client.send(message)
    assert client.next("error") == text


def test_second_identical_subscription_is_refused(client: Client) -> None:
    client.subscribe("l2Book", coin="BTC")
    assert client.subscribe("l2Book", coin="BTC") == 'Already subscribed: {"type":"l2Book","coin":"BTC"}'


def test_one_address_tracks_ten_users_over_all_its_connections(hyperliquid: Running, client: Client) -> None:
    users = [f"0x{number:040x}" for number in range(1, 13)]
    for user in users[:10]:
        assert client.subscribe("orderUpdates", user=user)["method"] == "subscribe"
    assert client.subscribe("userFills", user=users[0])["method"] == "subscribe"
    second = Client(hyperliquid)
    assert second.subscribe("orderUpdates", user=users[10]) == "Cannot track more than 10 total users."
    client.close()
    second.send({"method": "ping"})
    second.next("pong")
    hyperliquid.wait_for(lambda: len(hyperliquid.hub.sockets) == 1)
    assert second.subscribe("orderUpdates", user=users[10])["method"] == "subscribe"
    second.close()


def test_requests_are_posted_over_the_socket(client: Client, signer: Signer, trader: str) -> None:
    client.send({"method": "post", "id": 7, "request": {"type": "action", "payload": signer.body(limit_order())}})
    answer = client.next("post")
    assert (answer["id"], answer["response"]["type"]) == (7, "action")
    assert "resting" in only_status(answer["response"]["payload"])
    question = {"type": "openOrders", "user": trader}
    client.send({"method": "post", "id": 8, "request": {"type": "info", "payload": question}})
    answer = client.next("post")
    assert answer["response"]["payload"]["type"] == "openOrders"
    assert len(answer["response"]["payload"]["data"]) == 1
    client.send({"method": "post", "id": 9, "request": {"type": "info", "payload": {"type": "nothing"}}})
    assert client.next("post")["response"]["type"] == "error"


def test_dropped_sockets_are_closed(hyperliquid: Running, client: Client) -> None:
    client.subscribe("allMids")
    hyperliquid.drop_sockets()
    assert client.is_closed_by_the_venue()


def test_official_sdk_hears_its_fills(hyperliquid: Running, exchange: Exchange, trader: str) -> None:
    told: list[Any] = []
    listener = Info(hyperliquid.url, timeout=5)
    try:
        listener.subscribe({"type": "userFills", "user": trader}, told.append)
        hyperliquid.wait_for(lambda: told)
        exchange.market_open("BTC", True, 0.01)
        hyperliquid.wait_for(lambda: len(told) > 1)
    finally:
        listener.disconnect_websocket()
        listener.session.close()
    assert told[0]["data"]["isSnapshot"] is True
    assert told[1]["data"]["fills"][0]["sz"] == "0.01"
