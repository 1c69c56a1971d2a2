"""The three choices everything follows: venue, mode, language."""

from dataclasses import replace

import db
from chat.call import Call, Reply
from chat.reading import accounts_named
from chat.where import where_screen
from core.places import split_places
from exchanges.registry import EXCHANGES
from models.enums import TradingMode
from telegram_ui.screen import Screen
from telegram_ui.texts import LANGUAGES
from telegram_ui.views.home import menu_view
from telegram_ui.views.settings import exchange_view, language_view, mode_view


async def cmd_exchange(call: Call) -> Reply:
    """Show the venues, or choose what was named: a venue, or several accounts at once ("all")."""
    wanted = (call.arguments[0] if call.arguments else call.text).strip().lower()
    if wanted in EXCHANGES:
        await db.set_exchange_type(call.user_id, wanted)
    elif wanted:
        return await _pick(call, wanted)
    return exchange_view(
        call.t,
        list(EXCHANGES),
        await db.get_exchange_type(call.user_id),
        await call.services.accounts.picked(call.user_id),
    )


async def _pick(call: Call, wanted: str) -> Screen:
    _, places = split_places(f"on {wanted}")
    accounts = await accounts_named(call, places)
    await call.services.accounts.pick(call.user_id, accounts)
    return await where_screen(call, accounts)


async def cmd_mode(call: Call) -> Reply:
    """Show the modes, or choose the one that was named."""
    wanted = (call.arguments[0] if call.arguments else call.text).strip().lower()
    if wanted:
        await db.set_trading_mode(call.user_id, wanted)
    return mode_view(
        call.t,
        TradingMode(await db.get_trading_mode(call.user_id)),
        is_sandbox=call.services.is_sandbox,
        is_real_allowed=bool(await db.get_setting(call.user_id, "real_trading", False)),
        picked=await call.services.accounts.picked(call.user_id),
    )


async def cmd_language(call: Call) -> Reply:
    """Show the languages, or choose the one that was named; the answer, and the phone's keyboard, are in it already."""
    wanted = (call.arguments[0] if call.arguments else call.text).strip().lower()
    if wanted not in LANGUAGES:
        return language_view(call.t)
    await call.store.users.set_language(call.user_id, wanted)
    chosen = replace(call.t, language=wanted)
    return language_view(chosen), menu_view(chosen)
