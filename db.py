"""The database, as the rest of the program sees it: `open_database`, then the functions below or `store()`.

Every function is a coroutine. `store()` gives what has no function of its own here, one attribute per story:
`users settings accounts credentials inbox outbox confirmations refusals journal positions fills processes trading audit
invites alerts sessions targets conditions cache`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import BadOrder
from storage.accounts import AccountRow
from storage.alerts import Direction, PriceAlert
from storage.audit import AuditEntry
from storage.backups import BACKUPS, Contents
from storage.claims import Claim, Claimed, Recorded, Sign
from storage.confirmations import Confirmation, Refusal, discarded_by
from storage.credentials import SealBroken, SealedField, Sealer, WrappedKey
from storage.errors import StaleLease, StorageRefused, StorageUnavailable
from storage.fills import NewFill, Origin
from storage.inbox import Update
from storage.journal import Announce, Decide, Step
from storage.legs import (
    RANKS,
    Effect,
    Leg,
    LegEvent,
    LegKind,
    LegSpec,
    LegState,
    LegUpdate,
    Route,
)
from storage.outbox import Message, StoredMessage
from storage.positions import StoredPosition
from storage.processes import Job, Process
from storage.refusals import StoredRefusal
from storage.repository import NowMs, system_now_ms
from storage.secret import Secret
from storage.store import Store
from storage.targets import PlacedTarget, PlanState, TargetPlan
from storage.trading import EVERYBODY, Restriction, TradingState, user_scope
from storage.users import Role, User

__all__ = [
    "BACKUPS",
    "DEFAULT_EXCHANGE",
    "DEFAULT_TRADING_MODE",
    "EVERYBODY",
    "RANKS",
    "AccountRow",
    "Announce",
    "AuditEntry",
    "Claim",
    "Claimed",
    "Confirmation",
    "Contents",
    "Decide",
    "Direction",
    "Effect",
    "Job",
    "Leg",
    "LegEvent",
    "LegKind",
    "LegSpec",
    "LegState",
    "LegUpdate",
    "Message",
    "NewFill",
    "Origin",
    "PlacedTarget",
    "PlanState",
    "PriceAlert",
    "Process",
    "Recorded",
    "Refusal",
    "Restriction",
    "Role",
    "Route",
    "SealBroken",
    "SealedField",
    "Sealer",
    "Secret",
    "Sign",
    "StaleLease",
    "Step",
    "StorageRefused",
    "StorageUnavailable",
    "Store",
    "StoredMessage",
    "StoredPosition",
    "StoredRefusal",
    "TargetPlan",
    "TradingState",
    "Update",
    "User",
    "WrappedKey",
    "close_database",
    "delete_credentials",
    "discarded_by",
    "get_credentials",
    "get_exchange_type",
    "get_hl_credentials",
    "get_setting",
    "get_settings",
    "get_trading_mode",
    "get_user_credentials",
    "list_accounts",
    "open_database",
    "set_credentials",
    "set_exchange_type",
    "set_hl_credentials",
    "set_setting",
    "set_trading_mode",
    "set_user_credentials",
    "store",
    "user_scope",
]

DEFAULT_EXCHANGE = "bybit"
"""Where somebody who chose nothing looks first. Nothing is sent there before they stored keys for it."""
DEFAULT_TRADING_MODE = TradingMode.DEMO

_BYBIT = "bybit"
_HYPERLIQUID = "hyperliquid"
_open: list[Store] = []


async def open_database(url: str, *, role: str = "tool", now_ms: NowMs = system_now_ms) -> Store:
    """Open the database for this process and return it; see `storage.store.Store.open`.

    Raises:
        StorageRefused: It cannot be used as it is; the sentence says what to do.
    """
    if _open:
        raise StorageRefused("the database is open already; close it first")
    opened = await Store.open(url, role=role, now_ms=now_ms)
    _open.append(opened)
    return opened


async def close_database() -> None:
    """Finish every write and close the database, if it is open."""
    while _open:
        await _open.pop().close()


def store() -> Store:
    """Return the open database.

    Raises:
        StorageRefused: It is not open.
    """
    if not _open:
        raise StorageRefused("the database is not open; call open_database first")
    return _open[0]


async def get_exchange_type(user_id: int) -> str:
    """Return the venue a person trades on: `bybit`, `hyperliquid` …"""
    return str(await store().settings.get(user_id, "exchange", DEFAULT_EXCHANGE))


async def set_exchange_type(user_id: int, exchange: str) -> None:
    """Choose the venue a person trades on.

    Raises:
        BadOrder: Not a venue's name.
    """
    name = exchange.strip().lower()
    if not (name.isascii() and name.isalnum()):
        raise BadOrder("exchange: expected a venue's name such as bybit", code="unknown_exchange")
    await store().settings.put(user_id, "exchange", name)
    await set_picked_accounts(user_id, [])


async def get_trading_mode(user_id: int) -> TradingMode:
    """Return whether a person trades on demo accounts, real ones, or both."""
    return TradingMode(await store().settings.get(user_id, "trading_mode", DEFAULT_TRADING_MODE))


async def set_trading_mode(user_id: int, mode: str) -> None:
    """Choose demo, real or both.

    Raises:
        BadOrder: Another word.
    """
    name = mode.strip().lower()
    if name not in set(TradingMode):
        raise BadOrder("trading mode: expected demo, real or both", code="unknown_trading_mode")
    await store().settings.put(user_id, "trading_mode", TradingMode(name).value)
    await set_picked_accounts(user_id, [])


async def get_picked_accounts(user_id: int) -> list[str]:
    """Return the accounts that a person picked one by one, as `bybit:demo`; empty: venue and mode decide."""
    return list(await store().settings.get(user_id, "picked_accounts", []))


async def set_picked_accounts(user_id: int, names: Sequence[str]) -> None:
    """Remember the accounts that a person picked one by one; none of them: venue and mode decide again."""
    await store().settings.put(user_id, "picked_accounts", list(names) or None)


async def get_setting(user_id: int, key: str, default: Any = None) -> Any:
    """Return one of a person's settings: any JSON value."""
    return await store().settings.get(user_id, key, default)


async def get_settings(user_id: int) -> dict[str, Any]:
    """Return everything a person chose."""
    return await store().settings.get_all(user_id)


async def set_setting(user_id: int, key: str, value: Any) -> None:
    """Set one of a person's settings to a JSON value; None removes it."""
    await store().settings.put(user_id, key, value)


async def list_accounts(user_id: int) -> list[AccountRow]:
    """Return a person's accounts, in the order they were added."""
    return await store().accounts.of_user(user_id)


async def set_credentials(account: Account, values: Mapping[str, str]) -> None:
    """Seal and store an account's keys in place of what was there; empty values are left out."""
    await store().credentials.put(account, {name: value for name, value in values.items() if value})


async def get_credentials(account: Account) -> dict[str, str] | None:
    """Return an account's keys, or None when none are stored. Keep them no longer than they are used.

    Raises:
        NoCredentials: They do not open; the account is disabled (`credentials_damaged`).
    """
    values = await store().credentials.find(account)
    return None if values is None else {name: value.reveal() for name, value in values.items()}


async def delete_credentials(account: Account) -> bool:
    """Forget an account's keys; return whether there were any."""
    return await store().credentials.remove(account)


async def set_user_credentials(user_id: int, api_key: str, api_secret: str, account_type: str) -> None:
    """Store a Bybit key. `account_type` is demo, testnet, real or paper."""
    await set_credentials(_account(user_id, _BYBIT, account_type), {"api_key": api_key, "api_secret": api_secret})


async def get_user_credentials(user_id: int, account_type: str) -> tuple[str, str]:
    """Return a Bybit key and its secret.

    Raises:
        NoCredentials: None stored.
    """
    values = await store().credentials.get(_account(user_id, _BYBIT, account_type))
    return values["api_key"].reveal(), values["api_secret"].reveal()


async def set_hl_credentials(
    user_id: int, private_key: str, vault_address: str | None = None, testnet: bool = False
) -> None:
    """Store a HyperLiquid agent key, and the vault or sub-account that it trades for, if any.

    `testnet` chooses the account type `testnet`, else `real`.
    """
    account = _account(user_id, _HYPERLIQUID, AccountType.TESTNET if testnet else AccountType.REAL)
    await set_credentials(account, {"private_key": private_key, "vault_address": vault_address or ""})


async def get_hl_credentials(user_id: int, account_type: str | None = None) -> dict[str, Any]:
    """Return a HyperLiquid key: `private_key`, `vault_address` (or None), `testnet`, `account_type`.

    `account_type` None: of the account whose key was stored last.

    Raises:
        NoCredentials: None stored.
    """
    account = _account(user_id, _HYPERLIQUID, account_type or AccountType.REAL)
    if account_type is None:
        account = await store().credentials.last_written(user_id, _HYPERLIQUID) or account
    values = await store().credentials.get(account)
    vault_address = values.get("vault_address")
    return {
        "private_key": values["private_key"].reveal(),
        "vault_address": None if vault_address is None else vault_address.reveal(),
        "testnet": account.account_type is AccountType.TESTNET,
        "account_type": account.account_type.value,
    }


def _account(user_id: int, exchange: str, account_type: str) -> Account:
    if account_type not in set(AccountType):
        raise BadOrder("account type: expected paper, demo, testnet or real", code="unknown_account_type")
    return Account(user_id=user_id, exchange=exchange, account_type=AccountType(account_type))
