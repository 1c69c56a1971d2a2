"""Confirmations: what a button stands for is frozen when it is shown, and done once.

A deed names its kind; its payload is what was shown. The token is used up by one compare-and-set, and whatever is
sent carries a cause made from it, so neither a second tap nor a second delivery of the same tap sends twice.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chat.call import Call, Handler, Need, Reply
from core import confirming
from core.frozen_orders import thawed_account as account_from
from models.account import Account
from models.errors import NotSent, TradingError, Unavailable
from telegram_ui.parts import Part
from telegram_ui.screen import Screen, Toast
from telegram_ui.views.plans import Plan, plan_view
from telegram_ui.views.trade import Confirm, cancelled_view, expired_view, results_view, sending_view

LIFETIME = timedelta(seconds=60)

Payload = Mapping[str, Any]
LookAgain = Callable[[Call, Payload], Awaitable[Screen | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A row of the table of what can be confirmed.

    Attributes:
        run: Does it. Called with the request, the payload and the token.
        needs: Who may do it, looked at again when it is confirmed.
        look_again: Asks whether it should be shown anew first, e.g. because the price moved; None where it never is.
    """

    kind: str
    run: Callable[[Call, Payload, str], Awaitable[Screen]]
    needs: Need = Need.TRADER
    look_again: LookAgain | None = None


async def freeze(call: Call, kind: str, payload: Payload) -> Confirm:
    """Store what is about to be confirmed and return the token for its button."""
    token = await call.store.confirmations.create(call.user_id, kind, payload, lifetime_s=LIFETIME.total_seconds())
    return Confirm(token=token, expires_at=call.services.now() + LIFETIME)


async def plan(call: Call, kind: str, payload: Payload, plan: Plan, account: Account | None) -> Screen:
    """Show a small change with its confirm button."""
    return plan_view(call.t, plan, account, await freeze(call, kind, payload))


def confirm_handler(deeds: Sequence[Deed]) -> Handler:
    """Return the handler of every confirm button."""
    by_kind = {deed.kind: deed for deed in deeds}

    async def on_confirm(call: Call) -> Reply:
        token = call.arguments[0] if call.arguments else ""
        shown = await call.store.confirmations.peek(token, call.user_id)
        deed = by_kind.get(shown.kind) if shown else None
        if shown is None or deed is None or not call.person.may(deed.needs):
            return Toast(text=call.t("This button is too old. Nothing was sent."), is_alert=True)
        was_put_away = shown.used_by == confirming.discarded_by(call.cause)  # before a crash, and nobody was told
        if deed.look_again is not None and (shown.used_by is None or was_put_away):
            again = await _shown_anew(call, token, deed.look_again, shown.payload)
            if again is not None:
                return again
        taken = await confirming.take(call.user_id, token, cause=call.cause)
        if taken is confirming.Refusal.USED and not was_put_away:
            return Toast(text=call.t("Already done."))
        if isinstance(taken, confirming.Refusal):
            return await _too_late(call, token)
        await call.show(sending_view(call.t))
        return await deed.run(call, taken, token)

    return on_confirm


async def _shown_anew(call: Call, token: str, look_again: LookAgain, payload: Payload) -> Screen | None:
    """Return what has to be shown anew, its token put away; None where it is as it was shown, or was done meanwhile.

    Raises:
        TradingError: It could not be looked at, or cannot be done any more. The token is put away too: what is said to
            be undone stays undone, however many taps are still on their way.
    """
    discard = call.store.confirmations.discard
    try:
        again = await look_again(call, payload)
    except TradingError as e:
        if not await discard(token, call.user_id, by=call.cause):
            return None
        if isinstance(e, Unavailable):
            raise NotSent(e.message, code=e.code, **e.fields) from e
        raise
    return again if again is not None and await discard(token, call.user_id, by=call.cause) else None


async def on_given_up(call: Call) -> Reply:
    """Say what became of a confirmation during which the process ended again and again."""
    return await _too_late(call, call.argument(0))


async def _too_late(call: Call, token: str) -> Screen:
    """Say that a confirmation has expired; if it was carried out before a crash, what became of it."""
    results = await confirming.results_of_request(call.user_id, _request_of(token))
    parts = [
        Part(account=Account(user_id=call.user_id, exchange=r.exchange, account_type=r.account_type), value=r)
        for r in results
    ]
    return results_view(call.t, parts) if parts else expired_view(call.t)


async def on_dismiss(call: Call) -> Reply:
    """Put a preview away."""
    token = call.arguments[0] if call.arguments else ""
    if await call.store.confirmations.discard(token, call.user_id, by=call.cause):
        return cancelled_view(call.t)
    shown = await call.store.confirmations.peek(token, call.user_id)
    if shown is None or shown.expires_ms < call.services.now().timestamp() * 1000:
        return cancelled_view(call.t)
    return Toast(text=call.t("Already done."))


def thawed_account(call: Call, payload: Payload) -> Account:
    """Read an account of this person from a payload.

    Raises:
        BadOrder: There is no such kind of account.
    """
    return account_from(call.user_id, payload)


def cause_of(token: str, part: int | str = 0) -> str:
    """Return the cause of one part of what a token confirms."""
    return f"{_request_of(token)}:{part}"


def _request_of(token: str) -> str:
    return f"confirm:{token}"
