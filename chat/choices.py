"""The three choices everything follows: venue, mode, language."""

import db
from chat.call import Call, Reply
from exchanges.registry import EXCHANGES
from models.enums import TradingMode
from models.errors import BadOrder
from telegram_ui.texts import LANGUAGES, Texts
from telegram_ui.views.home import menu_view
from telegram_ui.views.settings import exchange_view, language_view, mode_view


async def cmd_exchange(call: Call) -> Reply:
    """Show the venues, or choose the one that was named."""
    wanted = (call.arguments[0] if call.arguments else call.text).strip().lower()
    if wanted:
        if wanted not in EXCHANGES:
            raise BadOrder("no such venue", code="unknown_exchange", known=list(EXCHANGES))
        await db.set_exchange_type(call.user_id, wanted)
    return exchange_view(call.t, list(EXCHANGES), await db.get_exchange_type(call.user_id))


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
    )


async def cmd_language(call: Call) -> Reply:
    """Show the languages, or choose the one that was named; the answer, and the phone's keyboard, are in it already."""
    wanted = (call.arguments[0] if call.arguments else call.text).strip().lower()
    if wanted not in LANGUAGES:
        return language_view(call.t)
    await call.store.users.set_language(call.user_id, wanted)
    chosen = Texts(wanted, call.t.zone)
    return language_view(chosen), menu_view(chosen)
