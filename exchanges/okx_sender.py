"""Sending to OKX: once, with the stamp of the journal row, and an honest account of what came of it."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from exchanges import okx_acks, okx_orders
from exchanges.acks import undelivered
from exchanges.key_sender import KeySender
from exchanges.okx_http import WINDOW_MS, OkxHttp
from exchanges.okx_orders import Request
from exchanges.okx_protection import Guard, protection_request
from exchanges.okx_words import EXCHANGE
from exchanges.pacing import Cost, Purpose
from exchanges.turns import lowers_risk
from models.enums import PositionSide
from models.errors import NotSent, OutcomeUnknown, Unavailable
from models.instrument import Instrument
from models.requests import Ack, AckKind, Action, SetProtection, SignedRequest, Stamp

FENCE_MS = 10_000
"""How long after its stamp a request may execute."""

ReadGuards = Callable[[Instrument], Awaitable[Sequence[Guard]]]


class OkxSender(KeySender):
    """The write side of one account; a `Sender`.

    OKX itself refuses what comes after the fence: orders carry it as their `expTime`, and every request is signed with
    a time so far back that its window ends there. It tells repetitions only among orders that are open.

    Args:
        http: The account's client.
        read_guards: Tells what protects a market now.
    """

    def __init__(self, http: OkxHttp, read_guards: ReadGuards) -> None:
        super().__init__(http)
        self._http = http
        self._read_guards = read_guards
        self._seen: dict[tuple[str, PositionSide], Sequence[Guard]] = {}

    @property
    def fence_s(self) -> float:
        """How long after its stamp OKX takes a request."""
        return FENCE_MS / 1000

    async def wait_turn(self, action: Action) -> None:
        """Wait until OKX's limits let this action out, and look at what it depends on.

        Raises:
            NotSent: It would take too long (`venue_busy`), or that could not be read.
        """
        if not self._clock.is_known:
            with contextlib.suppress(Unavailable):  # a stamp by this machine's clock is refused at worst
                await self._http.measure_clock()
        if isinstance(action, SetProtection):
            await self._look(action)
        await self._turns.wait(self._cost(action, self._build(action)))

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Build the exact bytes with the stamp's fence.

        Raises:
            BadOrder: OKX has no such action.
            NotSent: The fence is further off than OKX's window (`bad_stamp`), or it was not looked at what protects
                the position (`not_looked_at`).
        """
        if not 0 < stamp.fence_ms - stamp.timestamp_ms <= FENCE_MS:
            raise NotSent(f"fence: expected up to {FENCE_MS} ms after the stamp", code="bad_stamp")
        request = self._build(action)
        text = request.text
        headers = self._http.signed_headers("POST", request.path, text, time_ms=stamp.fence_ms - WINDOW_MS)
        if request.path in okx_orders.EXPIRING:
            headers["expTime"] = str(stamp.fence_ms)
        return SignedRequest(
            exchange=EXCHANGE,
            action=action,
            stamp=stamp,
            url=self._http.rest + request.path,
            body=text.encode(),
            headers=headers,
        )

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Post the bytes once and classify the answer. Never raises for what the network or the venue did.

        https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-order
        """
        action, path = request.action, request.url.removeprefix(self._http.rest)
        try:
            response = await self._post(request, self._cost(action, Request(path, None)))
        except NotSent as e:
            return undelivered(okx_acks.legs_of(action), AckKind.NOT_SENT, e.code, e.message)
        except OutcomeUnknown as e:
            return undelivered(okx_acks.legs_of(action), AckKind.UNKNOWN, e.code, e.message)
        envelope = self._http.take_in(response, bucket=self._http.bucket(path))
        return okx_acks.classify(action, envelope, response.status)

    async def _look(self, action: SetProtection) -> None:
        try:
            guards = await self._read_guards(action.instrument)
        except Unavailable as e:
            raise NotSent(e.message, code=e.code, **e.fields) from e
        self._seen[action.instrument.native_symbol, action.position_side] = guards

    def _build(self, action: Action) -> Request:
        if not isinstance(action, SetProtection):
            return okx_orders.build(action)
        guards = self._seen.get((action.instrument.native_symbol, action.position_side))
        if guards is None:
            raise NotSent("What protects the position has to be read first.", code="not_looked_at")
        return protection_request(action, guards)

    def _cost(self, action: Action, request: Request) -> Cost:
        purpose = Purpose.EXIT if lowers_risk(action) else Purpose.WRITE
        return self._http.cost(request.path, purpose, orders=len(okx_acks.legs_of(action)))
