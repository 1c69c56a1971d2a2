"""`./start.sh --import FILE`: people and keys of an older bot, whose database kept them in clear in one `users` table.

Every key passes the same door as one that is entered in the chat: the venue is asked what it may do, and it is sealed
or refused. The old file is read only.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import db
from core.config import Settings
from core.key_intake import CheckKey, connect
from core.runtime import Runtime, open_runtime
from db import Role, StorageRefused
from exchanges.registry import EXCHANGES
from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import TradingError
from ops.backup import copy_of, refuse_while_running
from storage.location import database_path
from telegram_ui.errors import error_line
from telegram_ui.screen import plain_text
from telegram_ui.texts import LANGUAGES, Texts

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """Where the old table kept one key: the venue, the kind of account, and a column per field.

    Several columns for a field are names of different ages; the first that holds something counts.
    """

    exchange: str
    account_type: AccountType
    columns: Mapping[str, Sequence[str]]
    is_for: Mapping[str, Sequence[object]] = field(default_factory=dict)
    """Columns that must hold one of these values for the row to be about this kind of account."""


_BYBIT, _HYPERLIQUID = "bybit", "hyperliquid"
_TESTNET: tuple[object, ...] = (1, "1", "true", "True")
_MAINNET: tuple[object, ...] = (0, "0", "false", "False", None, "")
_HL_FIELDS = {
    "account_address": ("hl_wallet_address", "hl_account_address", "hl_address"),
    "vault_address": ("hl_vault_address", "vault_address"),
}
KEYS: tuple[KeyColumns, ...] = (
    KeyColumns(_BYBIT, AccountType.DEMO, {"api_key": ("demo_api_key",), "api_secret": ("demo_api_secret",)}),
    KeyColumns(_BYBIT, AccountType.REAL, {"api_key": ("real_api_key",), "api_secret": ("real_api_secret",)}),
    KeyColumns(
        _BYBIT,
        AccountType.DEMO,
        {"api_key": ("api_key",), "api_secret": ("api_secret",)},
        {"trading_mode": ("demo", None, "")},
    ),
    KeyColumns(
        _BYBIT,
        AccountType.REAL,
        {"api_key": ("api_key",), "api_secret": ("api_secret",)},
        {"trading_mode": ("real", "both")},
    ),
    KeyColumns(
        _HYPERLIQUID,
        AccountType.TESTNET,
        {"private_key": ("hl_testnet_private_key",), "account_address": ("hl_testnet_wallet_address",)},
    ),
    KeyColumns(
        _HYPERLIQUID,
        AccountType.REAL,
        {"private_key": ("hl_mainnet_private_key",), "account_address": ("hl_mainnet_wallet_address",)},
    ),
    KeyColumns(
        _HYPERLIQUID, AccountType.TESTNET, {"private_key": ("hl_private_key",), **_HL_FIELDS}, {"hl_testnet": _TESTNET}
    ),
    KeyColumns(
        _HYPERLIQUID, AccountType.REAL, {"private_key": ("hl_private_key",), **_HL_FIELDS}, {"hl_testnet": _MAINNET}
    ),
)
_ENGLISH = Texts("en")
_REFUSED = "refused"
_SETTINGS = frozenset({"exchange_type", "trading_mode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OldKey:
    """A key as the old file holds it; its values are secret."""

    account: Account
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldPerson:
    """Somebody in the old file."""

    user_id: int
    role: Role
    language: str | None
    exchange: str | None
    trading_mode: TradingMode | None
    keys: tuple[OldKey, ...]


def read_old(path: Path) -> list[OldPerson]:
    """Read everybody from the old file, which is not changed.

    Raises:
        StorageRefused: It is not such a file.
    """
    if not path.is_file():
        raise StorageRefused(f"{path}: there is no such file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute("SELECT * FROM users ORDER BY user_id")]
    except sqlite3.Error as e:
        raise StorageRefused(f"{path}: expected an older bot's database with a table `users` ({e})") from e
    if rows and not rows[0].keys() & _SETTINGS:
        raise StorageRefused(f"{path}: its `users` has neither exchange_type nor trading_mode; not an older bot's")
    return [_person(row) for row in rows if isinstance(row.get("user_id"), int) and row["user_id"] > 0]


def _person(row: Row) -> OldPerson:
    exchange, mode = _text(row, "exchange_type"), _text(row, "trading_mode")
    language = _text(row, "lang") or _text(row, "language")
    return OldPerson(
        user_id=row["user_id"],
        role=Role.BANNED if row.get("is_banned") else Role.TRADER if row.get("is_allowed") else Role.PENDING,
        language=language if language in LANGUAGES else None,
        exchange=exchange if exchange in EXCHANGES else None,
        trading_mode=TradingMode(mode) if mode in set(TradingMode) else None,
        keys=tuple(_keys(row)),
    )


def _keys(row: Row) -> Iterator[OldKey]:
    seen: set[tuple[str, AccountType]] = set()
    for known in KEYS:
        if any(row.get(name) not in wanted for name, wanted in known.is_for.items()):
            continue
        values = {name: _first(row, columns) for name, columns in known.columns.items()}
        values = {name: value for name, value in values.items() if value}
        place = (known.exchange, known.account_type)
        if len(values) < _required(known.exchange) or place in seen:
            continue
        seen.add(place)
        account = Account(user_id=row["user_id"], exchange=known.exchange, account_type=known.account_type)
        yield OldKey(account=account, values=values)


def _required(exchange: str) -> int:
    return sum(field.is_required for field in EXCHANGES[exchange].credential_fields)


def _first(row: Row, columns: Sequence[str]) -> str:
    return next((text for name in columns if (text := _text(row, name))), "")


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the old file's people and keys: lines to print, without a secret in them."""

    people: int
    lines: tuple[str, ...]


async def import_from(settings: Settings, name: str) -> str:
    """Take over an older bot's people and keys; return what to tell.

    Raises:
        StorageRefused: The file is none of an older bot's, or ElCaro is running; nothing was changed.
    """
    people = read_old(Path(name))
    refuse_while_running(settings)
    path = database_path(settings.database)
    kept = f"Backup: {copy_of(path)[0]}\n" if path.exists() else ""
    async with open_runtime(settings, role="tool") as runtime:
        taken = await take_over(runtime, people, runtime.backend.check_key)
    told = "".join(f"  {line}\n" for line in taken.lines) or "  no keys\n"
    if any(_REFUSED in line for line in taken.lines):
        told += "Whose key was refused makes a new one at that venue and adds it in the chat with /connect.\n"
    return (
        f"{kept}People taken over: {taken.people}. Keys:\n{told}"
        f"{name} still holds keys in clear: delete it when you are done, and better make new keys at the venues.\n"
    )


async def take_over(runtime: Runtime, people: Sequence[OldPerson], check: CheckKey) -> Taken:
    """Store people who are new here, and every key that its venue and our rules accept."""
    lines: list[str] = []
    count = 0
    for person in people:
        if await runtime.store.users.add(person.user_id, person.role):
            count += 1
            await _choices(runtime, person)
        lines += [f"{old.account}: {await _take_key(runtime, old, check)}" for old in person.keys]
    return Taken(people=count, lines=tuple(lines))


async def _choices(runtime: Runtime, person: OldPerson) -> None:
    if person.language is not None:
        await runtime.store.users.set_language(person.user_id, person.language)
    if person.exchange is not None:
        await db.set_exchange_type(person.user_id, person.exchange)
    if person.trading_mode is not None:
        await db.set_trading_mode(person.user_id, person.trading_mode)
    await runtime.store.audit.add("imported", str(person.user_id), role=person.role.value)


async def _take_key(runtime: Runtime, old: OldKey, check: CheckKey) -> str:
    account = old.account
    if runtime.settings.is_sandbox:
        if account.account_type is AccountType.REAL:
            return "left out: this is a sandbox; real keys are imported in live mode"
        account = Account(user_id=account.user_id, exchange=account.exchange, account_type=AccountType.PAPER)
    row = await runtime.store.accounts.find(account)
    if row is not None and row.has_credentials:
        return "left out: connected here already"
    try:
        await connect(account, old.values, check)
    except TradingError as e:
        return f"{_REFUSED} ({e.code}): {plain_text(error_line(_ENGLISH, e))}"
    return "sealed"
