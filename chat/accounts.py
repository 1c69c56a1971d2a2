"""Accounts and keys. A message that holds keys is deleted before anything else is done with it."""

import hashlib
import re
from collections.abc import Mapping

import db
from chat.call import Call, Reply
from chat.confirm import Deed, Payload, frozen_account, plan, thawed_account
from chat.questions import ask_for, close_question
from core.accounts import spec_of
from exchanges.registry import EXCHANGES
from exchanges.spec import CredentialField, ExchangeSpec
from models.account import Account
from models.enums import AccountType
from models.errors import BadOrder, NoCredentials
from models.venue import Credentials, KeyInfo
from telegram_ui.screen import Screen
from telegram_ui.views.accounts import (
    AccountLine,
    ConnectedKey,
    accounts_view,
    ask_keys_view,
    connect_type_view,
    connect_venue_view,
    connected_view,
    leaked_view,
)
from telegram_ui.views.plans import Plan

_KEY_LIKE = re.compile(r"(0x)?[0-9a-fA-F]{64}|(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{17,}")
_SHORTEST_KEY = 17


async def cmd_accounts(call: Call) -> Reply:
    """List a person's accounts."""
    return await accounts_screen(call)


async def accounts_screen(call: Call) -> Screen:
    """Return the list of a person's accounts."""
    rows = await call.store.accounts.of_user(call.user_id)
    shown = [
        AccountLine(account=row.account, has_keys=row.has_credentials, problem=row.disabled_reason or "")
        for row in rows
    ]
    return accounts_view(call.t, shown, is_sandbox=call.services.is_sandbox)


async def cmd_connect(call: Call) -> Reply:
    """Ask for the venue, then for the kind of account, then for the keys."""
    if call.text.strip():
        return leaked_view(call.t, was_deleted=await call.forget())
    if not call.arguments:
        return connect_venue_view(call.t, list(EXCHANGES))
    spec = spec_of(call.argument(0))
    kinds = [AccountType.PAPER] if call.services.is_sandbox else [k for k in spec.account_types if k in spec.endpoints]
    if len(call.arguments) == 1:
        return connect_type_view(call.t, spec.key, kinds)
    account = thawed_account(call, {"exchange": spec.key, "account_type": call.argument(1)})
    if account.account_type not in kinds:
        raise BadOrder("no such kind of account", code="unknown_account_type")
    await ask_for(call, "keys", [account.exchange, account.account_type.value])
    return ask_keys_view(call.t, account, [field.name for field in _asked_fields(spec)])


def _asked_fields(spec: ExchangeSpec) -> list[CredentialField]:
    return [field for field in spec.credential_fields if field.name != "vault_address"]


async def on_keys(call: Call) -> Reply:
    """Take keys: delete the message, ask the venue what they may do, and store them sealed if that is right."""
    was_deleted = await call.forget()
    await close_question(call)
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    spec = spec_of(account.exchange)
    values = read_keys(spec, call.text)
    credentials = Credentials(exchange=account.exchange, account_type=account.account_type, values=values)
    info = await call.backend.check_key(credentials)
    refuse_dangerous(info)
    await call.store.accounts.link(account, _fingerprint(account, values))
    await db.set_credentials(account, values)
    await call.store.accounts.enable(account)
    call.services.keys_changed(account)
    await call.store.audit.add("connected", str(account), actor_id=call.user_id)
    shown = ConnectedKey(
        account=account,
        tail=_public_part(spec, values)[-4:],
        expires_at=info.expires_at,
        is_bound=None if info.bound_ips is None else bool(info.bound_ips),
    )
    return connected_view(call.t, shown, was_deleted=was_deleted)


def read_keys(spec: ExchangeSpec, text: str) -> dict[str, str]:
    """Read the fields of a key from one message, in the order in which they were asked for.

    Raises:
        NoCredentials: They are not there, or do not look like keys. Nothing of the text is in the error.
    """
    parts = text.split()
    values: dict[str, str] = {}
    for field in _asked_fields(spec):
        if parts and re.fullmatch(field.pattern, parts[0], re.ASCII):
            values[field.name] = parts.pop(0)
        elif field.is_required:
            raise NoCredentials(f"{field.name}: not given", code="key_malformed", field=field.name)
    if parts:
        raise NoCredentials("more was given than asked for", code="key_malformed", field="")
    return values


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


def _fingerprint(account: Account, values: Mapping[str, str]) -> str:
    """Return what tells a venue account from every other, without telling the key."""
    owner = values.get("account_address") or values.get("api_key") or values.get("private_key", "")
    return hashlib.sha256(f"{account.exchange}:{account.account_type}:{owner.lower()}".encode()).hexdigest()


def _public_part(spec: ExchangeSpec, values: Mapping[str, str]) -> str:
    """Return the part of a key that is no secret, for its last characters; the first field where all are."""
    public = [values[field.name] for field in spec.credential_fields if not field.is_secret and field.name in values]
    return public[0] if public else next(iter(values.values()))


async def on_forget(call: Call) -> Reply:
    """Ask before an account's keys are deleted."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    offer = Plan(
        title=call.t("Delete the stored keys?"),
        label=call.t("Delete the keys"),
        details=(call.t("Open positions stay at the venue; I can no longer see or close them."),),
    )
    return await plan(call, "forget", frozen_account(account), offer, account)


async def _forget(call: Call, payload: Payload, token: str) -> Screen:
    account = thawed_account(call, payload)
    await db.delete_credentials(account)
    call.services.keys_changed(account)
    await call.store.audit.add("disconnected", str(account), actor_id=call.user_id)
    return await accounts_screen(call)


def looks_like_key(text: str) -> bool:
    """Whether a text that nobody asked for holds something like a key."""
    return any(len(word) >= _SHORTEST_KEY and _KEY_LIKE.fullmatch(word) for word in text.split())


FORGET = Deed(kind="forget", run=_forget)
