"""The actions HyperLiquid's /exchange takes: their fields, and how each is signed.

A new action is a row in one of two tables. L1 actions are hashed as msgpack and signed through a phantom agent, so a
trading key may sign them; user-signed actions are EIP-712 messages of the master key. Anything else does not decode.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.hyperliquid.wire import (
    Optional,
    Reader,
    UndecodableBody,
    address,
    array,
    cloid,
    either,
    flag,
    integer,
    literal,
    number,
    struct,
    text,
    uint,
    variant,
)

ABSTRACTIONS: Final = ("unifiedAccount", "portfolioMargin", "disabled", "default", "dexAbstraction")

_ORDER_TYPE = variant(
    limit=struct(tif=literal("Alo", "Ioc", "Gtc", "FrontendMarket")),
    trigger=struct(isMarket=flag, triggerPx=number, tpsl=literal("tp", "sl")),
)
_ORDER = struct(a=uint, b=flag, p=number, s=number, r=flag, t=_ORDER_TYPE, c=Optional(cloid))
_GROUPING = either(literal("na", "normalTpsl", "positionTpsl"), struct(p=uint))
_OID = either(uint, cloid)

L1_ACTIONS: Final[Mapping[str, Reader]] = {
    "order": struct(orders=array(_ORDER), grouping=_GROUPING, builder=Optional(struct(b=address, f=uint))),
    "cancel": struct(cancels=array(struct(a=uint, o=uint))),
    "cancelByCloid": struct(cancels=array(struct(asset=uint, cloid=cloid))),
    "modify": struct(oid=_OID, order=_ORDER),
    "batchModify": struct(modifies=array(struct(oid=_OID, order=_ORDER))),
    "updateLeverage": struct(asset=uint, isCross=flag, leverage=uint),
    "updateIsolatedMargin": struct(asset=uint, isBuy=flag, ntli=integer),
    "scheduleCancel": struct(time=Optional(uint)),
    "noop": struct(),
    "setReferrer": struct(code=text),
    "createSubAccount": struct(name=text),
    "subAccountTransfer": struct(subAccountUser=address, isDeposit=flag, usd=uint),
    "agentEnableDexAbstraction": struct(),
    "agentSetAbstraction": struct(abstraction=literal("i", "u", "p")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSigned:
    """How a user-signed action is read and which EIP-712 message its signature covers."""

    fields: Reader
    primary_type: str
    types: list[dict[str, str]]
    nonce_field: str = "nonce"


def _typed(*pairs: str) -> list[dict[str, str]]:
    """Return EIP-712 fields from "name:type" words, after the chain that every message starts with."""
    return [
        {"name": name, "type": kind} for name, kind in (pair.split(":") for pair in ("hyperliquidChain:string", *pairs))
    ]


USER_ACTIONS: Final[Mapping[str, UserSigned]] = {
    "approveAgent": UserSigned(
        fields=struct(agentAddress=address, agentName=Optional(text), nonce=uint),
        primary_type="HyperliquidTransaction:ApproveAgent",
        types=_typed("agentAddress:address", "agentName:string", "nonce:uint64"),
    ),
    "approveBuilderFee": UserSigned(
        fields=struct(maxFeeRate=text, builder=address, nonce=uint),
        primary_type="HyperliquidTransaction:ApproveBuilderFee",
        types=_typed("maxFeeRate:string", "builder:address", "nonce:uint64"),
    ),
    "usdClassTransfer": UserSigned(
        fields=struct(amount=text, toPerp=flag, nonce=uint),
        primary_type="HyperliquidTransaction:UsdClassTransfer",
        types=_typed("amount:string", "toPerp:bool", "nonce:uint64"),
    ),
    "sendAsset": UserSigned(
        fields=struct(
            destination=address,
            sourceDex=text,
            destinationDex=text,
            token=text,
            amount=text,
            fromSubAccount=text,
            nonce=uint,
        ),
        primary_type="HyperliquidTransaction:SendAsset",
        types=_typed(
            "destination:string",
            "sourceDex:string",
            "destinationDex:string",
            "token:string",
            "amount:string",
            "fromSubAccount:string",
            "nonce:uint64",
        ),
    ),
    "usdSend": UserSigned(
        fields=struct(destination=address, amount=text, time=uint),
        primary_type="HyperliquidTransaction:UsdSend",
        types=_typed("destination:string", "amount:string", "time:uint64"),
        nonce_field="time",
    ),
    "withdraw3": UserSigned(
        fields=struct(destination=address, amount=text, time=uint),
        primary_type="HyperliquidTransaction:Withdraw",
        types=_typed("destination:string", "amount:string", "time:uint64"),
        nonce_field="time",
    ),
    "userDexAbstraction": UserSigned(
        fields=struct(user=address, enabled=flag, nonce=uint),
        primary_type="HyperliquidTransaction:UserDexAbstraction",
        types=_typed("user:address", "enabled:bool", "nonce:uint64"),
    ),
    "userSetAbstraction": UserSigned(
        fields=struct(user=address, abstraction=literal(*ABSTRACTIONS), nonce=uint),
        primary_type="HyperliquidTransaction:UserSetAbstraction",
        types=_typed("user:address", "abstraction:string", "nonce:uint64"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """One decoded /exchange body. `action` is canonical: what the venue hashes, key by key."""

    kind: str
    action: dict[str, Any]
    signed_fields: Mapping[str, Any]
    nonce: int
    signature: Mapping[str, Any]
    vault_address: str | None
    expires_after: int | None

    @property
    def is_user_signed(self) -> bool:
        """Whether the master key must have signed it."""
        return self.kind in USER_ACTIONS

    @property
    def signed_nonce(self) -> int:
        """The nonce inside a user-signed action; it must be the request's."""
        return int(self.action[USER_ACTIONS[self.kind].nonce_field])

    @property
    def batch_size(self) -> int:
        """How many orders or cancels it carries, at least one; the rate limits count these."""
        batches = (self.action.get(name) for name in ("orders", "cancels", "modifies"))
        return max([1, *(len(batch) for batch in batches if batch is not None)])


_SIGNATURE = struct(r=text, s=text, v=uint)
_ENVELOPE = struct(
    nonce=uint,
    signature=_SIGNATURE,
    vaultAddress=Optional(address),
    expiresAfter=Optional(uint),
    action=struct(type=text),
)


def read_request(body: object) -> SignedRequest:
    """Decode one /exchange body.

    Raises:
        UndecodableBody: A field is missing or of another type, or the action is unknown.
    """
    envelope = _ENVELOPE(body, "body")
    assert isinstance(body, Mapping)  # the reader above refused everything else
    kind = envelope["action"]["type"]
    raw = body["action"]
    if kind in L1_ACTIONS:
        action = {"type": kind, **L1_ACTIONS[kind](raw, "action")}
        signed_fields: Mapping[str, Any] = action
    elif kind in USER_ACTIONS:
        chain = struct(signatureChainId=text, hyperliquidChain=literal("Mainnet", "Testnet"))(raw, "action")
        action = {"type": kind, **USER_ACTIONS[kind].fields(raw, "action"), **chain}
        # EIP-712 hashes an absent string as the empty one
        signed_fields = {"agentName": "", **action}
    else:
        raise UndecodableBody(f"action: unknown variant {kind!r}")
    return SignedRequest(
        kind=kind,
        action=action,
        signed_fields=signed_fields,
        nonce=envelope["nonce"],
        signature=envelope["signature"],
        vault_address=envelope.get("vaultAddress"),
        expires_after=envelope.get("expiresAfter"),
    )
