"""The door: greeting, letting people in, the menu, help, and texts that are nothing."""

import re
from difflib import get_close_matches

from chat.accounts import looks_like_key
from chat.call import Call, Need, Reply
from chat.reading import positions
from db import Role
from telegram_ui.screen import Screen
from telegram_ui.views.access import invite_refused_view, refused_view
from telegram_ui.views.accounts import leaked_view
from telegram_ui.views.home import (
    HelpRow,
    edited_view,
    greeting_view,
    help_view,
    home_view,
    not_understood_view,
    unknown_command_view,
)
from telegram_ui.views.positions import positions_view

_POSITION_LINK = re.compile(r"pos_([A-Za-z0-9]{1,30})", re.ASCII)
"""`t.me/<bot>?start=pos_BTCUSDT` opens what is held in a market."""
_CODE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


async def cmd_start(call: Call) -> Reply:
    """Let somebody in who brings a code, then greet; show strangers the closed door."""
    code = call.text.strip()
    if _CODE.fullmatch(code) and await call.services.claim_ownership(call.user_id, code):
        return await greeting(call, Role.ADMIN)
    if not call.person.may(Need.TRADER) and _CODE.fullmatch(code):
        role = await call.store.invites.redeem(code, call.user_id)
        if role is not None:
            await call.store.audit.add("let_in", str(call.user_id), actor_id=call.user_id, role=role.value)
            return await greeting(call, role)
        if not call.person.may(Need.VIEWER):
            return invite_refused_view(call.t)
    if not call.person.may(Need.VIEWER):
        return refused_view(call.t)
    if link := _POSITION_LINK.fullmatch(code):
        return positions_view(call.t, await positions(call, link[1]))
    return await greeting(call, call.person.role)


async def greeting(call: Call, role: Role) -> tuple[Screen, Screen]:
    """Return the greeting, which brings the small keyboard, and the menu."""
    services = call.services
    can_trade = role in {Role.ADMIN, Role.TRADER}
    accounts = await call.store.accounts.of_user(call.user_id)
    has_account = any(row.has_credentials for row in accounts)
    hello = greeting_view(call.t, is_sandbox=services.is_sandbox, has_account=has_account)
    return hello, home_view(
        call.t, can_trade=can_trade and (services.is_sandbox or has_account), web_app_url=services.web_app_url
    )


async def on_home(call: Call) -> Reply:
    """Show the menu."""
    return home_view(call.t, can_trade=call.person.can_trade, web_app_url=call.services.web_app_url)


async def cmd_help(call: Call) -> Reply:
    """List the commands that this person may use."""
    groups: dict[str, list[HelpRow]] = {}
    for command in call.services.commands:
        if call.person.may(command.needs):
            row = HelpRow(name=command.name, example=command.example, help=command.help)
            groups.setdefault(command.group, []).append(row)
    return help_view(call.t, list(groups.items()))


async def on_other_text(call: Call) -> Reply:
    """Answer a text that is neither a command nor an order; one that looks like a key is deleted."""
    if looks_like_key(call.text):
        return leaked_view(call.t, was_deleted=await call.forget())
    if call.text.startswith("/"):
        return unknown_command_view(call.t, _nearest(call))
    return not_understood_view(call.t)


def _nearest(call: Call) -> str | None:
    """Return the command that is written most like a word that is none; None where none is."""
    names = {name: row.name for row in call.services.commands for name in (row.name, *row.aliases)}
    found = (
        get_close_matches(call.text[1:].split(maxsplit=1)[0].lower(), names, n=1, cutoff=0.75)
        if call.text[1:].split()
        else []
    )
    return names[found[0]] if found else None


async def on_edited_text(call: Call) -> Reply:
    """Answer an edit of what was answered already: it is not carried out, and deleted if it looks like a key."""
    if looks_like_key(call.text):
        return leaked_view(call.t, was_deleted=await call.forget())
    return edited_view(call.t)
