"""Sending, for venues that know an account by its API key and an order by its client order id."""

from typing import Protocol

from exchanges.pacing import Cost
from exchanges.transport import Response, Transport
from exchanges.turns import Turns
from models.errors import NotSent
from models.requests import SignedRequest


class KeyedClient(Protocol):
    """The HTTP client of one account."""

    transport: Transport
    account: str
    """The API key's fingerprint."""


class KeySender:
    """What the write sides of such venues share.

    Args:
        client: The account's client.
    """

    def __init__(self, client: KeyedClient) -> None:
        self._account = client.account
        self._transport = client.transport
        self._clock = client.transport.clock
        self._turns = Turns(client.transport.gate)

    @property
    def signer(self) -> str:
        """The API key's fingerprint."""
        return self._account

    @property
    def needs_nonce(self) -> bool:
        """Repetitions are told by the client order id, not by a nonce."""
        return False

    def venue_time_ms(self) -> int:
        """Return the venue's clock, as far as its answers tell."""
        return self._clock.now_ms()

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""
        return self._clock.error_ms()

    async def _post(self, request: SignedRequest, cost: Cost) -> Response:
        """Send the bytes once, in the turn that was waited for.

        Raises:
            NotSent: It did not leave: too many at once, past its fence, or no connection.
            OutcomeUnknown: The venue may have seen it.
        """
        await self._turns.take(cost)
        if self._clock.now_ms() > request.stamp.fence_ms:
            raise NotSent("The request waited past its fence.", code="fence_passed")
        return await self._transport.request("POST", request.url, body=request.body, headers=request.headers)
