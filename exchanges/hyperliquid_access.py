"""Who a HyperLiquid key belongs to and what it may do.

A key is taken only if the venue says that it is an agent: an agent trades and cannot withdraw. The wallet's own key can
take everything, and a vault or sub-account must be its master's own.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
"""

from datetime import datetime
from typing import Final

from exchanges.hyperliquid_info import Info
from exchanges.hyperliquid_keys import AccountAddress, AgentAddress, Wallet
from models import wire
from models.errors import Rejected
from models.values import from_millis
from models.venue import KeyInfo

_AGENT: Final = "agent"
_WALLETS: Final = frozenset({"user", "vault", "subAccount"})
_TRADE: Final = "trade"


async def find_master(info: Info, agent: AgentAddress) -> AccountAddress | None:
    """Return whose agent a key is; None: nobody's.

    Raises:
        Unavailable: The venue did not say.
    """
    role, data = await _role(info, agent)
    return AccountAddress(wire.text(data, "user").lower()) if role == _AGENT else None


async def read_key_info(info: Info, wallet: Wallet) -> KeyInfo:
    """Return what a key may do.

    Raises:
        Rejected: It is nobody's agent, somebody else's, or past its time; or the vault is not the master's.
        Unavailable: The venue did not say.
    """
    role, data = await _role(info, wallet.key.address)
    if role in _WALLETS:
        return _info(is_master_key=True)
    if role != _AGENT:
        raise Rejected("HyperLiquid does not know this key: approve it as an API wallet first.", code="key_invalid")
    master = AccountAddress(wire.text(data, "user").lower())
    if wallet.master is not None and wallet.master != master:
        raise Rejected("This API wallet belongs to another account.", code="key_of_another_account")
    if wallet.vault is not None:
        await _check_vault(info, wallet.vault, master)
    return await _agent_info(info, wallet.key.address, master)


async def _role(info: Info, address: str) -> tuple[str, wire.Row]:
    answer = wire.as_record(await info.ask("userRole", user=address), "userRole")
    return wire.text(answer, "role"), wire.optional_record(answer, "data") or {}


async def _agent_info(info: Info, agent: AgentAddress, master: AccountAddress) -> KeyInfo:
    """Describe an agent. The list holds only named ones; an unnamed one lives until it is replaced."""
    rows = wire.as_records(await info.ask_about(master, "extraAgents"), "extraAgents")
    row = next((row for row in rows if wire.text(row, "address").lower() == agent), None)
    if row is None:
        return _info()
    expires_at = wire.optional_moment(row, "validUntil")
    if expires_at is not None and expires_at <= from_millis(info.transport.clock.now_ms()):
        raise Rejected("This API wallet has expired: approve a new one.", code="key_expired")
    return _info(expires_at=expires_at, label=wire.optional_text(row, "name"))


def _info(*, is_master_key: bool = False, expires_at: datetime | None = None, label: str | None = None) -> KeyInfo:
    return KeyInfo(
        is_valid=True,
        can_trade=True,
        can_withdraw=is_master_key,
        is_read_only=False,
        bound_ips=None,
        expires_at=expires_at,
        permissions=(_TRADE,),
        is_master_key=is_master_key,
        label=label,
    )


async def _check_vault(info: Info, vault: AccountAddress, master: AccountAddress) -> None:
    role, data = await _role(info, vault)
    owner: str | None = None
    if role == "subAccount":
        owner = wire.text(data, "master")
    elif role == "vault":
        answer = wire.as_record(await info.ask("vaultDetails", vaultAddress=vault), "vaultDetails")
        owner = wire.text(answer, "leader")
    if owner is None or owner.lower() != master:
        raise Rejected("vault_address: this account may not trade that vault or sub-account.", code="vault_not_yours")
