"""Who signed a HyperLiquid request, on a chain that is never the main one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from hyperliquid.utils import signing

from sandbox.hyperliquid.actions import USER_ACTIONS, SignedRequest

# The official SDK signs for mainnet only when the base URL is the mainnet host; everything else, this server included,
# is the test chain. A client that signs for the main chain is recovered as somebody else.
CHAIN: Final = "Testnet"

_RECOVERY_IDS: Final = frozenset({0, 1, 27, 28})

# the SDK's functions carry no types of their own
_action_hash: Callable[..., bytes] = signing.action_hash
_phantom_agent: Callable[[bytes, bool], dict[str, Any]] = signing.construct_phantom_agent
_l1_message: Callable[[dict[str, Any]], dict[str, Any]] = signing.l1_payload
_user_message: Callable[..., dict[str, Any]] = signing.user_signed_payload


class UnrecoverableSignature(ValueError):
    """The numbers are not a signature of anything."""


def recover_signer(request: SignedRequest) -> str:
    """Return the lower-case address whose key signed exactly this request.

    A request that was signed with other fields, another vault, nonce, deadline or chain yields another address, not an
    error: that is all a signature can say.

    Raises:
        UnrecoverableSignature: `r`, `s` and `v` are not a point on the curve.
    """
    if request.signature["v"] not in _RECOVERY_IDS:
        raise UnrecoverableSignature("v: expected 27 or 28")
    payload = _user_payload(request) if request.is_user_signed else _l1_payload(request)
    try:
        vrs = (int(request.signature["v"]), int(request.signature["r"], 16), int(request.signature["s"], 16))
        signer = Account.recover_message(encode_typed_data(full_message=payload), vrs=vrs)
    except (BadSignature, ValidationError, ValueError, OverflowError) as error:
        raise UnrecoverableSignature("r, s and v do not recover a key") from error
    return str(signer).lower()


def _l1_payload(request: SignedRequest) -> dict[str, Any]:
    digest = _action_hash(request.action, request.vault_address, request.nonce, request.expires_after)
    return _l1_message(_phantom_agent(digest, False))


def _user_payload(request: SignedRequest) -> dict[str, Any]:
    rule = USER_ACTIONS[request.kind]
    message: Mapping[str, Any] = {**request.signed_fields, "hyperliquidChain": CHAIN}
    return _user_message(rule.primary_type, rule.types, message)
