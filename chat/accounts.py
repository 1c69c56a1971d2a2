"""Accounts and keys. A message that holds keys is deleted before anything else is done with it."""

import re
from dataclasses import replace

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, plan, thawed_account
from chat.questions import ask_for, close_question
from core.account_names import LONGEST, call_account, read_name
from core.accounts import spec_of
from core.frozen_orders import frozen_account
from core.key_intake import asked_fields, connect, disconnect, kinds_of, look_at_stored, read_key_text
from exchanges.registry import EXCHANGES
from models.account import Account
from models.errors import BadOrder
from telegram_ui.screen import Screen
from telegram_ui.views.accounts import (
    AccountLine,
    ConnectedKey,
    accounts_view,
    ask_keys_view,
    ask_name_view,
    connect_type_view,
    connect_venue_view,
    connected_view,
    key_works_view,
    leaked_view,
)
from telegram_ui.views.plans import Plan

_KEY_LIKE = re.compile(
    r"(0x)?[0-9a-fA-F]{64}|[0-9A-F]{32}|(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{17,}"
)
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
        return connect_venue_view(call.t, list(EXCHANGES), has_web=bool(call.services.web_page_url))
    spec = spec_of(call.argument(0))
    kinds = kinds_of(spec, is_sandbox=call.services.is_sandbox)
    if len(call.arguments) == 1:
        return connect_type_view(call.t, spec.key, kinds)
    account = thawed_account(call, {"exchange": spec.key, "account_type": call.argument(1)})
    if account.account_type not in kinds:
        raise BadOrder("no such kind of account", code="unknown_account_type")
    await ask_for(call, "keys", [account.exchange, account.account_type.value])
    return ask_keys_view(call.t, account, [field.name for field in asked_fields(spec)])


async def on_keys(call: Call) -> Reply:
    """Take keys: delete the message, ask the venue what they may do, and store them sealed if that is right."""
    was_deleted = await call.forget()
    await close_question(call)
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    spec = spec_of(account.exchange)
    key = await connect(account, read_key_text(spec, call.text), call.backend.check_key)
    call.services.keys_changed(account)
    shown = ConnectedKey(account=account, tail=key.tail, expires_at=key.expires_at, is_bound=key.is_bound)
    return connected_view(call.t, shown, was_deleted=was_deleted)


async def on_test_key(call: Call) -> Reply:
    """Ask the venue what a stored key may do now."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    key = await look_at_stored(account, call.backend.check_key)
    return key_works_view(
        call.t, ConnectedKey(account=account, tail=key.tail, expires_at=key.expires_at, is_bound=key.is_bound)
    )


async def on_name(call: Call) -> Reply:
    """Ask what an account shall be called; `-` takes its name away."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    if call.arguments[2:]:
        return await _called(call, account, None)
    await ask_for(call, "name", [account.exchange, account.account_type.value])
    return ask_name_view(call.t, account, LONGEST)


async def on_name_answer(call: Call) -> Reply:
    """Take an account's name."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    return await _called(call, account, read_name(call.text))


async def _called(call: Call, account: Account, name: str | None) -> Screen:
    await close_question(call)
    names = await call_account(account, name)
    return await accounts_screen(call.in_words(replace(call.t, names=names)))


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
    await disconnect(account)
    call.services.keys_changed(account)
    return await accounts_screen(call)


def looks_like_key(text: str) -> bool:
    """Whether a text that nobody asked for holds something like a key."""
    return any(len(word) >= _SHORTEST_KEY and _KEY_LIKE.fullmatch(word) for word in text.split())


FORGET = Deed(kind="forget", run=_forget)
