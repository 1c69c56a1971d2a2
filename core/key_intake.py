"""Taking keys: only those that can trade and cannot steal, checked with the venue before they are kept."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import db
from core.accounts import spec_of
from exchanges.registry import EXCHANGES
from exchanges.spec import CredentialField, ExchangeSpec
from models.account import Account
from models.enums import AccountType
from models.errors import NoCredentials
from models.venue import Credentials, KeyInfo

CheckKey = Callable[[Credentials], Awaitable[KeyInfo]]
_TAIL = 4
_LATER = "vault_address"  # who trades for a vault adds it elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedKey:
    """What may be told of a key that was taken. None: the venue does not say."""

    account: Account
    tail: str
    """The last characters of what is no secret in it."""
    expires_at: datetime | None
    is_bound: bool | None
    """Whether it works from certain addresses only."""


def asked_fields(spec: ExchangeSpec) -> list[CredentialField]:
    """Return what somebody enters to connect an account of a venue."""
    return [field for field in spec.credential_fields if field.name != _LATER]


def connectable(*, is_sandbox: bool) -> list[dict[str, Any]]:
    """Return what can be connected, as plain data: venues, kinds of account, and the fields of their keys."""
    return [
        {
            "exchange": spec.key,
            "title": spec.title,
            "account_types": [kind.value for kind in kinds_of(spec, is_sandbox=is_sandbox)],
            "fields": [
                {"name": f.name, "is_secret": f.is_secret, "is_required": f.is_required, "pattern": f.pattern}
                for f in asked_fields(spec)
            ],
        }
        for spec in EXCHANGES.values()
    ]


def kinds_of(spec: ExchangeSpec, *, is_sandbox: bool) -> list[AccountType]:
    """Return the kinds of account of a venue that can be connected here."""
    return [AccountType.PAPER] if is_sandbox else [kind for kind in spec.account_types if kind in spec.endpoints]


def read_key_text(spec: ExchangeSpec, text: str) -> dict[str, str]:
    """Read the fields of a key from one message, in the order in which they are asked for.

    Raises:
        NoCredentials: They are not there, or do not look like keys. Nothing of the text is in the error.
    """
    parts: Sequence[str] = text.split()
    values: dict[str, str] = {}
    for field in asked_fields(spec):
        if parts and _fits(field, parts[0]):
            values[field.name], *parts = parts
        elif field.is_required:
            raise _malformed(field.name)
    if parts:
        raise _malformed("")
    return values


def read_key_form(spec: ExchangeSpec, form: Mapping[str, str]) -> dict[str, str]:
    """Check the fields of a key that were entered one by one.

    Raises:
        NoCredentials: One is missing, unknown, or does not look like a key. Nothing of the values is in the error.
    """
    fields = {field.name: field for field in asked_fields(spec)}
    values = {name: value.strip() for name, value in form.items() if value.strip()}
    if set(values) - set(fields):
        raise _malformed("")
    for name, field in fields.items():
        if name in values and not _fits(field, values[name]):
            raise _malformed(name)
        if name not in values and field.is_required:
            raise _malformed(name)
    return values


async def connect(account: Account, values: Mapping[str, str], check: CheckKey) -> ConnectedKey:
    """Ask the venue what a key may do, and keep it, sealed, if that is right.

    Raises:
        NoCredentials: The key could do harm, or nothing.
        Rejected: The venue does not take it; `code` says why.
        LimitExceeded: The venue account is linked already.
    """
    info = await check(Credentials(exchange=account.exchange, account_type=account.account_type, values=values))
    refuse_dangerous(info)
    store = db.store()
    await store.accounts.link(account, _fingerprint(account, values))
    await db.set_credentials(account, values)
    await store.accounts.enable(account)
    await store.audit.add("connected", str(account), actor_id=account.user_id)
    return _described(account, values, info)


async def look_at_stored(account: Account, check: CheckKey) -> ConnectedKey:
    """Ask the venue what an account's stored key may do now.

    Raises:
        NoCredentials: None is stored, or it could do harm, or nothing.
        Rejected: The venue does not take it any more; `code` says why.
        Unavailable: The venue does not answer.
    """
    values = await db.get_credentials(account)
    if values is None:
        raise NoCredentials("no keys are stored", exchange=account.exchange, account_type=account.account_type)
    info = await check(Credentials(exchange=account.exchange, account_type=account.account_type, values=values))
    refuse_dangerous(info)
    return _described(account, values, info)


def _described(account: Account, values: Mapping[str, str], info: KeyInfo) -> ConnectedKey:
    return ConnectedKey(
        account=account,
        tail=_public_part(spec_of(account.exchange), values)[-_TAIL:],
        expires_at=info.expires_at,
        is_bound=None if info.bound_ips is None else bool(info.bound_ips),
    )


async def disconnect(account: Account) -> bool:
    """Forget an account's keys; return whether there were any."""
    had_any = await db.delete_credentials(account)
    name = account.place
    left = [picked for picked in await db.get_picked_accounts(account.user_id) if picked != name]
    await db.set_picked_accounts(account.user_id, left)
    await db.store().audit.add("disconnected", str(account), actor_id=account.user_id)
    return had_any


def refuse_dangerous(info: KeyInfo) -> None:
    """Refuse keys that could do harm, or that could do nothing.

    Raises:
        NoCredentials: `key_can_withdraw`, `key_is_master`, `key_read_only` or `key_invalid`.
    """
    problems = {
        "key_is_master": info.is_master_key,
        "key_can_withdraw": info.can_withdraw,
        "key_invalid": not info.is_valid,
        "key_read_only": info.is_read_only or not info.can_trade,
    }
    for code, is_so in problems.items():
        if is_so:
            raise NoCredentials("the key is not taken", code=code)


def _fits(field: CredentialField, value: str) -> bool:
    return re.fullmatch(field.pattern, value, re.ASCII) is not None


def _malformed(name: str) -> NoCredentials:
    return NoCredentials(f"{name or 'the key'}: not what was asked for", code="key_malformed", field=name)


def _fingerprint(account: Account, values: Mapping[str, str]) -> str:
    """Return what tells a venue account from every other, without telling the key."""
    owner = values.get("account_address") or values.get("api_key") or values.get("private_key", "")
    return hashlib.sha256(f"{account.exchange}:{account.account_type}:{owner.lower()}".encode()).hexdigest()


def _public_part(spec: ExchangeSpec, values: Mapping[str, str]) -> str:
    """Return the part of a key that is no secret, for its last characters; the first field where all are."""
    public = [values[field.name] for field in spec.credential_fields if not field.is_secret and field.name in values]
    return public[0] if public else next(iter(values.values()))
