"""The parts that keep orders from being doubled or lost, taken away one at a time, inside the process that is tested.

Each function is called in the lab's bot before its first life. The product has no switch for any of this.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import chat.confirm
import core.fences
import core.jobs
import core.orders
import core.outcomes
import core.resolver
from core.orders import OrderDesk
from db import Claim, Confirmation, Leg, LegState, LegUpdate, Recorded, Refusal
from models.account import Account
from models.errors import TradingError
from models.requests import AckKind, Action, OrderRequest, OrderResult, Sender, SignedRequest
from storage.confirmations import Confirmations
from storage.inbox import Inbox
from storage.journal import Journal


def fence() -> None:
    """Believe the first look that finds nothing, although the order may still be on its way."""
    vars(core.resolver)["settled_in_s"] = lambda *_args, **_kwargs: 0.0
    vars(core.fences)["MISSES_NEEDED"] = 1
    vars(core.fences)["NOOPS_AT_MOST"] = 0


def journal_before_sending() -> None:
    """Send first and write it down afterwards, as an SDK's user would."""

    async def carry(self: Any, wish: Claim, action: Action, sender: Sender) -> list[Leg] | OrderResult:
        await sender.wait_turn(action)
        request = self._sign(action, sender, self._clock.now_ms() if sender.needs_nonce else None)
        acks = await vars(core.orders)["send_once"](sender, request, self._clock)
        claimed = await self._store.journal.claim(wish, lambda _: request)
        if isinstance(claimed, Recorded):
            return list(claimed.legs)
        await self._write(claimed, wish, acks)
        return [await self._leg(f"A{leg_id}") for leg_id in claimed.leg_ids]

    OrderDesk._claim_and_carry = carry  # type: ignore[method-assign]


def stable_ids() -> None:
    """Send under an id that nobody wrote down."""
    sign = OrderDesk._sign

    def sign_anew(self: OrderDesk, action: Action, sender: Sender, nonce: int | None) -> SignedRequest:
        if isinstance(action, OrderRequest):
            known = action.client_order_id
            fresh = known[:8] + secrets.token_hex(20)[: len(known) - 8]
            action = replace(action, client_order_id=fresh)
        return sign(self, action, sender, nonce)

    OrderDesk._sign = sign_anew  # type: ignore[method-assign]


class _Careless:
    """A client whose failed look-ups find nothing."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def find_order(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._client.find_order(*args, **kwargs)
        except TradingError:
            return None


def failed_look_ups() -> None:
    """Take a look-up that failed for one that found nothing."""
    make = vars(core.jobs)["account_clients"]

    def careless(*args: Any, **kwargs: Any) -> Callable[[Account], Awaitable[Any]]:
        clients = make(*args, **kwargs)

        async def client(account: Account) -> Any:
            return _Careless(await clients(account))

        return client

    vars(core.jobs)["account_clients"] = careless
    vars(core.fences)["NOOPS_AT_MOST"] = 0


def acknowledgement_is_no_fill() -> None:
    """Take an acknowledgement for a fill."""
    core.outcomes._STATE_OF_ACK[AckKind.ACCEPTED] = LegState.FILLED


def unknown_is_no_refusal() -> None:
    """Take every answer that is not understood, and none at all, for a refusal."""
    core.outcomes._STATE_OF_ACK[AckKind.UNKNOWN] = LegState.REJECTED


def no_resending_after_a_restart() -> None:
    """Let a start prepare anew what a dead process was sending, for whoever asks again."""

    async def forgive(self: Any, epochs: Iterable[int], *, older_than_ms: int) -> list[int]:
        dead, prepared = set(epochs), LegUpdate(state=LegState.PREPARED, evidence="the process is gone")
        lost = [leg for leg in await self.unresolved() if leg.state is LegState.SENDING and leg.epoch in dead]
        for leg in lost:
            await self.update(leg.id, lambda _: prepared)
        return [leg.id for leg in lost]

    Journal.orphan = forgive  # type: ignore[method-assign]


def one_use_of_a_token() -> None:
    """Let every press of a button count, each as a cause of its own."""

    async def consume(self: Any, token: str, user_id: int, *, by: str) -> Confirmation | Refusal:
        return await self.peek(token, user_id) or Refusal.UNKNOWN

    Confirmations.consume = consume  # type: ignore[method-assign]
    vars(chat.confirm)["_request_of"] = lambda _token: f"confirm:{secrets.token_hex(8)}"


def stored_updates() -> None:
    """Answer updates without keeping them."""

    async def add(self: Any, updates: Sequence[Any]) -> list[Any]:
        await asyncio.sleep(0)
        return list(updates)

    Inbox.add = add  # type: ignore[method-assign]
