"""HyperLiquid: one account, read, traded and streamed.

The key is an agent's: it signs, while everything is read by the master's (or the vault's) address. Requests are signed
with the nonce and the fence of their stamp, sent once, and classified by `hyperliquid_answers`.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
"""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from exchanges.base import AccountEvent
from exchanges.hyperliquid_actions import to_wire
from exchanges.hyperliquid_answers import acks_of, same_for_all, unknown
from exchanges.hyperliquid_history import HLHistory
from exchanges.hyperliquid_info import MAIN_DEX, PAUSE_S, TOO_MANY
from exchanges.hyperliquid_keys import Wallet
from exchanges.hyperliquid_market import MANY_DEXES, HLMarket, shared_market, transport_of
from exchanges.hyperliquid_signing import signed_body
from exchanges.hyperliquid_stream import account_events, slots_of
from exchanges.hyperliquid_wires import legs_of
from exchanges.pacing import Cost, Limit, Purpose
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType
from models.errors import BadOrder, NotSent, OutcomeUnknown
from models.requests import (
    Ack,
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    OrderRequest,
    SetProtection,
    SignedRequest,
    Stamp,
)
from models.unified import Instrument
from models.venue import Credentials

FENCE_S: Final = 10.0
"""How long a request may execute after its stamp: long enough for a slow block, short enough to be waited for."""

_LEGS_PER_WEIGHT: Final = 40
_DAY_MS: Final = 86_400_000
_OLDEST_NONCE_MS: Final = 2 * _DAY_MS
_NEWEST_NONCE_MS: Final = _DAY_MS
_THROTTLED_S: Final = 10.0
_JSON: Final = {"Content-Type": "application/json"}
# never reached: it exists so that an account whose requests are used up can be held back alone
_ACCOUNT_LIMIT: Final = Limit(weight=1000, window_s=10)


class HLExchange(HLHistory):
    """One HyperLiquid account.

    Args:
        credentials: `private_key` of an agent; `account_address` of its master, asked from the venue where it is
            missing; `vault_address` to trade a vault or a sub-account.
        endpoints: Of the environment.
        network: The process's.

    Raises:
        NoCredentials: A field is missing or malformed.
    """

    def __init__(self, credentials: Credentials, endpoints: Endpoints, network: Network) -> None:
        transport = transport_of(endpoints, network)
        market = shared_market(endpoints, transport)
        super().__init__(Wallet(credentials.values), market, credentials.account_type)
        self._transport = transport
        self._endpoints = endpoints
        self._url = f"{endpoints.rest}/exchange"

    @property
    def signer(self) -> str:
        """The agent's address: nonces are counted per agent."""
        return self.wallet.key.address

    @property
    def needs_nonce(self) -> bool:
        """Every action carries a nonce."""
        return True

    @property
    def fence_s(self) -> float:
        """How long after its stamp a request may still execute."""
        return FENCE_S

    def venue_time_ms(self) -> int:
        """Return the venue's clock, as far as its answers tell."""
        return self._transport.clock.now_ms()

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""
        return self._transport.clock.error_ms()

    async def wait_turn(self, action: Action) -> None:
        """Wait until the address's and the account's limits let this action out.

        Raises:
            NotSent: It would take too long (`venue_busy`).
        """
        await self._transport.gate.enter(self._cost(action))

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        """Build the exact bytes, with the stamp's nonce and its fence as `expiresAfter`.

        Raises:
            BadOrder: HyperLiquid has no such action, or a value that it needs is missing.
            NotSent: The nonce is so far from the venue's clock that it would be refused (`clock_skew`).

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
        """
        if stamp.nonce is None:
            raise BadOrder("HyperLiquid's requests need a nonce.", code="nonce_missing")
        if not isinstance(action, Noop):  # that one takes the nonce of what it kills, however old
            self._check_nonce(stamp.nonce)
        body = signed_body(
            self.wallet.key,
            to_wire(action),
            nonce=stamp.nonce,
            vault_address=self.wallet.vault,
            expires_after=stamp.fence_ms,
            is_mainnet=self.account_type is AccountType.REAL,
        )
        return SignedRequest(
            exchange="hyperliquid", action=action, stamp=stamp, url=self._url, body=body, headers=_JSON
        )

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        """Send once, never retry, and classify. Never raises for what the network or the venue did.

        Returns:
            One ack per leg; an entry comes first, then its take-profit, then its stop-loss.
        """
        for instrument in _instruments_of(request.action):
            self._order_dexes.touch(instrument.dex or MAIN_DEX)
            self._position_dexes.touch(instrument.dex or MAIN_DEX)
        self._forget_looks(request.action)
        try:
            response = await self._transport.request("POST", request.url, body=request.body, headers=request.headers)
        except NotSent as e:
            return same_for_all(request, Ack(kind=AckKind.NOT_SENT, code=e.code, message=e.message))
        except OutcomeUnknown as e:
            return same_for_all(request, unknown(e.code, message=e.message))
        finally:
            self._forget_looks(request.action)
        acks = acks_of(request, response)
        self._slow_down(response.status, acks)
        return acks

    async def stream(self, instruments: Sequence[Instrument]) -> AsyncGenerator[AccountEvent]:
        """Yield what the private stream says, for ever, reconnecting.

        Raises:
            Unavailable: Ten accounts stream already, which is all that one internet address may (`no_stream_slot`):
                poll this one.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions
        """
        user = await self._user()
        dexes = sorted({instrument.dex or MAIN_DEX for instrument in instruments} | {MAIN_DEX})
        if len(dexes) > MANY_DEXES:
            dexes = self._position_dexes.known(dexes)
        events = account_events(
            self._transport.session, self._endpoints.stream, user, dexes=dexes, account_type=self.account_type
        )
        with slots_of(self._transport).take(user):
            async with contextlib.aclosing(events):
                async for event in events:
                    self._forget_looks()
                    yield event

    def _cost(self, action: Action) -> Cost:
        purpose = _purpose_of(action)
        return Cost(
            purpose=purpose,
            weight=1 + legs_of(to_wire(action)) // _LEGS_PER_WEIGHT,
            bucket=self.signer if purpose is Purpose.WRITE else None,
            bucket_limit=_ACCOUNT_LIMIT,
        )

    def _check_nonce(self, nonce: int) -> None:
        clock = self._transport.clock
        if not clock.is_known:
            return
        if not clock.now_ms() - _OLDEST_NONCE_MS < nonce < clock.now_ms() + _NEWEST_NONCE_MS:
            raise NotSent("This machine's clock is days away from HyperLiquid's: set it right.", code="clock_skew")

    def _slow_down(self, status: int, acks: Sequence[Ack]) -> None:
        gate = self._transport.gate
        if status == TOO_MANY:
            gate.pacer.pause(gate.monotonic() + PAUSE_S)
        elif any(ack.code == "venue_busy" for ack in acks):
            # out of requests: one in ten seconds is left, and exits may use it
            gate.pacer.pause(gate.monotonic() + _THROTTLED_S, bucket=self.signer)


def _purpose_of(action: Action) -> Purpose:
    match action:
        case Noop():
            return Purpose.LOOKUP
        case CancelOrder() | CancelAll() | SetProtection():
            return Purpose.EXIT
        case OrderRequest():
            return Purpose.EXIT if action.reduce_only or action.closes_position else Purpose.WRITE
        case _:
            return Purpose.WRITE


def _instruments_of(action: Action) -> list[Instrument]:
    match action:
        case OrderRequest() | SetProtection() | AmendOrder():
            return [action.instrument]
        case BatchOrders():
            return [order.instrument for order in action.orders]
        case _:
            return []


def make_market(endpoints: Endpoints, network: Network) -> HLMarket:
    """Return the public side of an environment, for the registry."""
    return shared_market(endpoints, transport_of(endpoints, network))
