"""Where tickets go: one venue, or several accounts that are picked one by one, each getting an order of its own."""

from collections.abc import Sequence

import db
from chat.call import Call, Reply
from chat.reading import every_account
from core.frozen_orders import thawed_account
from models.account import Account
from models.enums import AccountType
from telegram_ui.screen import Screen, Toast
from telegram_ui.views.settings import where_view


async def cmd_where(call: Call) -> Reply:
    """Show a person's accounts with a tick each; a button ticks or unticks one."""
    ticked = await call.services.accounts.chosen(call.user_id)
    if call.arguments:
        account = thawed_account(call.user_id, {"exchange": call.argument(0), "account_type": call.argument(1)})
        if ticked == [account]:
            return Toast(text=call.t("At least one account stays ticked."))
        ticked = [a for a in ticked if a != account] if account in ticked else [*ticked, account]
        await call.services.accounts.pick(call.user_id, ticked)
    return await where_screen(call, ticked)


async def where_screen(call: Call, ticked: Sequence[Account]) -> Screen:
    """Return the list of a person's accounts with the ticked ones marked."""
    every = list(dict.fromkeys([*await every_account(call), *ticked]))
    has_real = any(account.account_type is AccountType.REAL for account in ticked)
    is_real_allowed = not has_real or bool(await db.get_setting(call.user_id, "real_trading", False))
    return where_view(call.t, [(account, account in ticked) for account in every], is_real_allowed=is_real_allowed)
