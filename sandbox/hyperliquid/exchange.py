"""What /exchange does with one signed request, from its signature to the venue's answer.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from sandbox.hyperliquid import orders, settings, transfers
from sandbox.hyperliquid.accounts import Holder, RefusedAction
from sandbox.hyperliquid.actions import SignedRequest
from sandbox.hyperliquid.blocks import Lane
from sandbox.hyperliquid.nonces import RefusedNonce
from sandbox.hyperliquid.venue import Venue

Answer = dict[str, Any]

_BATCHES: Final[Mapping[str, tuple[str, Callable[[Venue, str, Mapping[str, Any]], list[orders.Status]]]]] = {
    "order": ("order", orders.place),
    "cancel": ("cancel", orders.cancel),
    "cancelByCloid": ("cancel", orders.cancel),
    "batchModify": ("order", orders.modify),
}
_SETTINGS: Final[Mapping[str, Callable[[Venue, Holder, Mapping[str, Any]], None]]] = {
    "updateLeverage": settings.update_leverage,
    "updateIsolatedMargin": settings.update_isolated_margin,
    "scheduleCancel": settings.schedule_cancel,
    "approveAgent": settings.approve_agent,
    "approveBuilderFee": settings.accept,
    "noop": settings.accept,
    "setReferrer": settings.set_referrer,
    "agentEnableDexAbstraction": settings.set_dex_abstraction,
    "userDexAbstraction": settings.set_dex_abstraction,
    "agentSetAbstraction": settings.set_abstraction,
    "userSetAbstraction": settings.set_abstraction,
    "usdClassTransfer": transfers.class_transfer,
    "sendAsset": transfers.send_asset,
    "usdSend": transfers.usd_send,
    "withdraw3": transfers.withdraw,
    "subAccountTransfer": transfers.sub_account_transfer,
}
_CANCELS: Final = frozenset({"cancel", "cancelByCloid", "noop"})


def load_signing() -> ModuleType:
    """Return what knows signatures. The vendor's libraries take as long to load as the whole sandbox without them."""
    from sandbox.hyperliquid import signing  # noqa: PLC0415 - for its time, see above

    return signing


async def answer(venue: Venue, request: SignedRequest) -> Answer:
    """Execute a decoded request in the next block and return what the venue says of it."""
    await venue.blocks.turn(lane_of(request))
    return execute(venue, request)


def lane_of(request: SignedRequest) -> Lane:
    """Return where in its block a request executes."""
    if request.kind in _CANCELS:
        return Lane.CANCEL
    legs = [*request.action.get("orders", ()), *(m["order"] for m in request.action.get("modifies", ()))]
    alo_only = bool(legs) and all(leg["t"].get("limit", {}).get("tif") == "Alo" for leg in legs)
    return Lane.POST_ONLY if alo_only else Lane.OTHER


def execute(venue: Venue, request: SignedRequest) -> Answer:
    """Execute a decoded request now: everything it may be refused for becomes the answer."""
    return answered(lambda: dispatch(venue, admit(venue, request), request))


def answered(run: Callable[[], Answer]) -> Answer:
    """Return the venue's answer around what an action returned or was refused for."""
    try:
        return {"status": "ok", "response": run()}
    except (RefusedAction, RefusedNonce) as refused:
        return {"status": "err", "response": str(refused)}


def admit(venue: Venue, request: SignedRequest) -> Holder:
    """Return the account that the request is for; its nonce is used from then on.

    Raises:
        RefusedAction: Nobody known signed it, it came too late, or the account is out of requests.
        RefusedNonce: The nonce cannot be used.
    """
    signer = _signer(request)
    now = venue.now_ms()
    master = _master(venue, request, signer)
    if request.expires_after is not None and now > request.expires_after:
        venue.address_budget.penalise(master)
        raise RefusedAction("Action already expired")
    venue.nonces.take(signer, request.nonce, now_ms=now)
    holder = venue.registry.holder(master)
    if request.vault_address is not None and not request.is_user_signed:
        holder = venue.registry.acts_as(master, request.vault_address)
    if holder is None or not venue.has_funds(holder):
        raise RefusedAction(f"Must deposit before performing actions. User: {signer}")
    refusal = venue.address_budget.admit(
        master, request.kind, count=request.batch_size, volume=venue.volume(master), now_ms=now
    )
    if refusal is not None:
        raise RefusedAction(refusal)
    venue.run_schedules()
    return holder


def _signer(request: SignedRequest) -> str:
    if request.is_user_signed and request.signed_nonce != request.nonce:
        raise RefusedAction("Nonce mismatch.")
    signing = load_signing()
    try:
        return str(signing.recover_signer(request))
    except signing.UnrecoverableSignature as error:
        raise RefusedAction("Unable to recover signer.") from error


def _master(venue: Venue, request: SignedRequest, signer: str) -> str:
    """Return whom the signer acts for; moving money and naming agents takes the master key itself."""
    if request.is_user_signed:
        if venue.registry.holder(signer) is None:
            raise RefusedAction(f"Must deposit before performing actions. User: {signer}")
        return signer
    master = venue.registry.trades_for(signer, now_ms=venue.now_ms())
    if master is None:
        raise RefusedAction(f"User or API Wallet {signer} does not exist.")
    return master


def dispatch(venue: Venue, holder: Holder, request: SignedRequest) -> Answer:
    """Run the action and return the `response` of its answer."""
    if request.kind in _BATCHES:
        kind, run = _BATCHES[request.kind]
        return {"type": kind, "data": {"statuses": run(venue, holder.address, request.action)}}
    if request.kind == "createSubAccount":
        return {"type": "createSubAccount", "data": transfers.create_sub_account(venue, holder, request.action)}
    if request.kind == "modify":
        orders.modify_single(venue, holder.address, request.action)
    else:
        _SETTINGS[request.kind](venue, holder, request.action)
    return {"type": "default"}
