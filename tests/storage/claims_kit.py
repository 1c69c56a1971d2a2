"""Claims for tests: one market buy, signed by nobody."""

import dataclasses
from decimal import Decimal
from typing import Any

from db import Claim, Effect, LegKind, LegSpec, Route
from models.account import Account
from models.enums import OrderSide
from models.requests import Noop, SignedRequest, Stamp


def sign(nonce: int | None) -> SignedRequest:
    """Return a request that carries the nonce."""
    stamp = Stamp(timestamp_ms=1000, fence_ms=6000, nonce=nonce)
    return SignedRequest(exchange="bybit", action=Noop(), stamp=stamp, url="/", body=f"{nonce}".encode())


def wish(account: Account, cause: str, **changes: Any) -> Claim:
    """Return a claim of one order whose id is its cause."""
    leg = LegSpec(
        symbol=changes.pop("symbol", "BTCUSDT"),
        kind=LegKind.ORDER,
        part="entry",
        client_order_id=f"id-{cause}",
        side=OrderSide.BUY,
        size=Decimal("0.5"),
    )
    claim = Claim(
        account=account,
        cause=cause,
        request_hash="hash",
        action_kind="Noop",
        action="{}",
        legs=(leg,),
        effect=Effect.OPENS,
        route=Route.UNIFIED,
        signer="signer",
        needs_nonce=True,
    )
    return dataclasses.replace(claim, **changes)
