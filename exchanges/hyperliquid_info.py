"""Questions to HyperLiquid's /info: what each costs, and what its answers prove.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from exchanges.hyperliquid_keys import AccountAddress
from exchanges.pacing import Cost, read_purpose
from exchanges.transport import MAX_TABLE, NOT_JSON, Response, Transport
from models.errors import BadPayload, Unavailable

MAIN_DEX: Final = ""
"""The venue's own name of the dex that is not a builder's."""

_WEIGHT: Final = 20
_WEIGHTS: Final[Mapping[str, int]] = {
    "allMids": 2,
    "clearinghouseState": 2,
    "exchangeStatus": 2,
    "l2Book": 2,
    "orderStatus": 2,
    "spotClearinghouseState": 2,
    "userRole": 60,
}
# answers that cost one more per so many rows
_ROWS_PER_WEIGHT: Final[Mapping[str, int]] = {
    "candleSnapshot": 60,
    "historicalOrders": 20,
    "userFills": 20,
    "userFillsByTime": 20,
    "userFunding": 20,
}
_OK: Final = 200
TOO_MANY: Final = 429
PAUSE_S: Final = 3.0
"""How long everything waits after the venue said that this address asks too often: some of the budget is back then."""
_JSON: Final = {"Content-Type": "application/json"}

_encoder: Final = msgspec.json.Encoder()


class Info:
    """The read side of one environment.

    Args:
        transport: Of the environment.
        base_url: Without a trailing slash.
    """

    def __init__(self, transport: Transport, base_url: str) -> None:
        self.transport = transport
        self._url = f"{base_url}/info"

    async def ask(self, kind: str, **fields: object) -> Any:
        """Return the decoded answer to one question that is about nobody's account.

        Raises:
            Unavailable: No answer, or one that is no JSON.
        """
        body = _encoder.encode({"type": kind, **fields})
        cost = Cost(purpose=read_purpose(), weight=_WEIGHTS.get(kind, _WEIGHT))
        response = await self.transport.read(
            "POST", self._url, cost=cost, body=body, headers=lambda: _JSON, max_bytes=MAX_TABLE
        )
        answer = self._decode(kind, response)
        if isinstance(answer, list) and kind in _ROWS_PER_WEIGHT:
            gate = self.transport.gate
            gate.pacer.charge(gate.monotonic(), len(answer) // _ROWS_PER_WEIGHT[kind])
        return answer

    async def ask_about(self, user: AccountAddress, kind: str, **fields: object) -> Any:
        """Return the answer to a question about an account; `user` is never an agent, who owns nothing.

        Raises:
            Unavailable: No answer, or one that is no JSON.
        """
        return await self.ask(kind, user=user, **fields)

    def _decode(self, kind: str, response: Response) -> Any:
        if response.status == TOO_MANY:
            gate = self.transport.gate
            gate.pacer.pause(gate.monotonic() + PAUSE_S)
            raise Unavailable("HyperLiquid limits how often we may ask.", code="venue_busy", retry_after_s=PAUSE_S)
        if response.status != _OK:
            raise Unavailable(f"HyperLiquid answered {kind} with HTTP {response.status}.", code="venue_error")
        try:
            return msgspec.json.decode(response.body)
        except NOT_JSON as e:
            raise BadPayload(f"{kind}: expected JSON") from e


def dex_field(dex: str) -> dict[str, str]:
    """Return what names a dex in a question; the main one is named by leaving it out."""
    return {} if dex == MAIN_DEX else {"dex": dex}
