"""Sending to Bybit: once, with the stamp of the journal row, and an honest account of what came of it."""

from exchanges import bybit_acks, bybit_orders
from exchanges.acks import undelivered
from exchanges.bybit_calls import Call
from exchanges.bybit_http import RECV_WINDOW_MS, BybitHTTP
from exchanges.key_sender import KeySender
from exchanges.pacing import Cost, Purpose
from exchanges.turns import lowers_risk
from models.errors import NotSent, OutcomeUnknown
from models.requests import Ack, AckKind, Action, SignedRequest, Stamp, stay_at

EXCHANGE = "bybit"


class BybitSender(KeySender):
    """The write side of one account; a `Sender`.

    Args:
        http: The account's client.
    """

    def __init__(self, http: BybitHTTP) -> None:
        super().__init__(http)
        self._http = http

    @property
    def fence_s(self) -> float:
        """How long after its timestamp Bybit takes a request."""
        return RECV_WINDOW_MS / 1000

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
            NotSent: The stamp's fence is no receive window of Bybit's (`bad_stamp`), or the request is made out to
                somebody else (`sender_failed`).
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
            url=stay_at(self._http.rest, call.url),
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
            response = await self._post(request, self._cost(action, call))
        except NotSent as e:
            return undelivered(bybit_acks.legs_of(action), AckKind.NOT_SENT, e.code, e.message)
        except OutcomeUnknown as e:
            return undelivered(bybit_acks.legs_of(action), AckKind.UNKNOWN, e.code, e.message)
        envelope = self._http.take_in(call, response)
        return bybit_acks.classify(action, envelope, response.status)

    def _cost(self, action: Action, call: Call) -> Cost:
        purpose = Purpose.EXIT if lowers_risk(action) else Purpose.WRITE
        return self._http.cost(call, purpose, orders=len(bybit_acks.legs_of(action)))
