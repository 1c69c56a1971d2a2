"""Actions that move USDC: between spot and perps, between accounts, to sub-accounts, out of the venue.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.hyperliquid.accounts import Holder, RefusedAction
from sandbox.hyperliquid.settings import MICRO_USD
from sandbox.hyperliquid.venue import Venue

SPOT: Final = "spot"
WITHDRAWAL_FEE: Final = Decimal(1)
_AMOUNT = re.compile(r"(?P<usd>[0-9]+(\.[0-9]+)?)( subaccount:(?P<sub>0x[0-9a-fA-F]{40}))?")
_SHORT: Final = "Insufficient balance for token transfer"
_UNIFIED: Final = "Action disabled when unified account is active"


def class_transfer(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Move USDC between the spot and the perps wallet of one account, or of its sub-account."""
    amount, sub_account = _amount(action["amount"])
    if sub_account is not None:
        holder = venue.registry.acts_as(holder.address, sub_account)
    if holder.is_unified:
        raise RefusedAction(_UNIFIED)
    if action["toPerp"]:
        _take_spot(holder, amount)
        venue.move_collateral(holder.address, amount)
    else:
        _take_perps(venue, holder, amount)
        holder.spot_usdc += amount


def send_asset(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Move USDC between wallets and accounts; builder-deployed dexes share the perps wallet here."""
    if action["fromSubAccount"]:
        holder = venue.registry.acts_as(holder.address, action["fromSubAccount"].lower())
    if action["token"].split(":")[0] != "USDC":
        raise RefusedAction(f"Unknown token {action['token']}")
    amount, _ = _amount(action["amount"])
    receiver = _receiver(venue, action["destination"])
    for side in ("sourceDex", "destinationDex"):
        if action[side] not in (SPOT, *venue.assets.dexes):
            raise RefusedAction(f"Invalid perp DEX {action[side]}")
    if action["sourceDex"] == SPOT and not holder.is_unified:
        _take_spot(holder, amount)
    else:
        _take_perps(venue, holder, amount)
    _give(venue, receiver, amount, spot=action["destinationDex"] == SPOT)


def usd_send(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Send USDC from one perps wallet to another account's."""
    amount, _ = _amount(action["amount"])
    receiver = _receiver(venue, action["destination"])
    _take_perps(venue, holder, amount)
    _give(venue, receiver, amount, spot=False)


def withdraw(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Take USDC out of the venue, at a fee of one dollar."""
    amount, _ = _amount(action["amount"])
    if amount <= WITHDRAWAL_FEE:
        raise RefusedAction("Insufficient balance for withdrawal")
    _take_perps(venue, holder, amount, text="Insufficient balance for withdrawal")


def create_sub_account(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> str:
    """Open a sub-account and return its address."""
    mark = f"{holder.address}/{action['name']}/{len(venue.registry.sub_accounts(holder.address))}"
    address = "0x" + hashlib.sha256(mark.encode()).hexdigest()[:40]
    venue.registry.register(address, name=action["name"], master=holder.address)
    venue.engine.open_account(address, deposits={})
    return address


def sub_account_transfer(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Move USDC between the perps wallets of a master and its sub-account; `usd` is in millionths."""
    sub_account = venue.registry.acts_as(holder.address, action["subAccountUser"])
    amount = Decimal(action["usd"]) / MICRO_USD
    giver, taker = (holder, sub_account) if action["isDeposit"] else (sub_account, holder)
    _take_perps(venue, giver, amount)
    _give(venue, taker, amount, spot=False)


def _amount(written: str) -> tuple[Decimal, str | None]:
    """Read "12.5" or "12.5 subaccount:0x…"."""
    match = _AMOUNT.fullmatch(written)
    if match is None or not Decimal(match["usd"]):
        raise RefusedAction("Invalid amount")
    return Decimal(match["usd"]), None if match["sub"] is None else match["sub"].lower()


def _receiver(venue: Venue, address: str) -> Holder:
    holder = venue.registry.holder(address)
    if holder is None:
        venue.engine.open_account(address, deposits={})
        holder = venue.registry.register(address)
    return holder


def _take_spot(holder: Holder, amount: Decimal) -> None:
    if holder.spot_usdc < amount:
        raise RefusedAction(_SHORT)
    holder.spot_usdc -= amount


def _take_perps(venue: Venue, holder: Holder, amount: Decimal, *, text: str = _SHORT) -> None:
    if venue.engine.account_view(holder.address).available < amount:
        raise RefusedAction(text)
    venue.move_collateral(holder.address, -amount)


def _give(venue: Venue, holder: Holder, amount: Decimal, *, spot: bool) -> None:
    if spot and not holder.is_unified:
        holder.spot_usdc += amount
    else:
        venue.move_collateral(holder.address, amount)
