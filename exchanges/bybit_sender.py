"""Sending to Bybit: once, with the stamp of the journal row, and an honest account of what came of it."""

from exchanges import bybit_acks, bybit_orders
from exchanges.bybit_calls import Call
from exchanges.bybit_http import RECV_WINDOW_MS, BybitHTTP
from exchanges.pacing import Cost, Purpose
from exchanges.turns import Turns, lowers_risk
from models.errors import NotSent, OutcomeUnknown
from models.requests import Ack, AckKind, Action, BatchOrders, SignedRequest, Stamp

EXCHANGE = "bybit"


class BybitSender:
    """The write side of one account; a `Sender`.

    Args:
        http: The account's client.
    """

    def __init__(self, http: BybitHTTP) -> None:
        self._http = http
        self._clock = http.transport.clock
        self._gate = http.transport.gate
        self._turns = Turns(self._gate)

    @property
    def signer(self) -> str:
        """The API key's fingerprint."""
        return self._http.account

    @property
    def needs_nonce(self) -> bool:
        """Bybit tells repetitions by the client order id, not by a nonce."""
        return False

    @property
    def fence_s(self) -> float:
        """How long after its timestamp Bybit takes a request."""
        return RECV_WINDOW_MS / 1000

    def venue_time_ms(self) -> int:
        """Return Bybit's clock, as far as its answers tell."""
        return self._clock.now_ms()

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""
        return self._clock.error_ms()

    async def wait_turn(self, action: Action) -> None:
        """Wait until Bybit's limits let this action out; the turn is kept for the send that follows.

        Raises:
            NotSent: It would take too long (`venue_busy`).
        """
        await self._turns.wait(self._cost(action, bybit_orders.build(action, self._http.endpoints)))

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Build the exact bytes with the stamp's time; the receive window ends at the fence and is never widened.

        Raises:
            BadOrder: Bybit has no such action.
            NotSent: The stamp's fence is no receive window of Bybit's (`bad_stamp`).
        """
        window_ms = stamp.fence_ms - stamp.timestamp_ms
        if not 0 < window_ms <= RECV_WINDOW_MS:
            raise NotSent(f"fence: expected up to {RECV_WINDOW_MS} ms, was {window_ms} ms", code="bad_stamp")
        call = bybit_orders.build(action, self._http.endpoints)
        headers = self._http.sign(call, timestamp_ms=stamp.timestamp_ms, recv_window_ms=window_ms)
        return SignedRequest(
            exchange=EXCHANGE,
            action=action,
            stamp=stamp,
            url=call.url,
            body=call.payload.encode(),
            headers=headers,
        )

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Post the bytes once and classify the answer. Never raises for what the network or the venue did.

        https://bybit-exchange.github.io/docs/v5/order/create-order
        """
        action = request.action
        call = Call(self._http, "POST", request.url, "", True)
        try:
            await self._turns.take(self._cost(action, call))
            if self._clock.now_ms() > request.stamp.fence_ms:
                raise NotSent("The request waited past its fence.", code="fence_passed")
            response = await self._http.transport.request(
                "POST", request.url, body=request.body, headers=request.headers
            )
        except NotSent as e:
            return bybit_acks.undelivered(action, AckKind.NOT_SENT, e.code, e.message)
        except OutcomeUnknown as e:
            return bybit_acks.undelivered(action, AckKind.UNKNOWN, e.code, e.message)
        envelope = self._http.take_in(call, response)
        return bybit_acks.classify(action, envelope, response.status)

    def _cost(self, action: Action, call: Call) -> Cost:
        orders = len(action.orders) if isinstance(action, BatchOrders) else 1
        return self._http.cost(call, Purpose.EXIT if lowers_risk(action) else Purpose.WRITE, orders=orders)
