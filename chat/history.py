"""What was earned and lost."""

from chat.call import Call, Reply
from chat.ledger import past, period_of
from chat.reading import ask_all, chosen_accounts, page_of
from core.summary import Summary
from models.account import Account
from models.fill import ClosedPnl
from telegram_ui.views.history import history_view, pnl_view

_HISTORY = "week"


async def cmd_pnl(call: Call) -> Reply:
    """Add up a day, a week, a month, or everything."""
    period = period_of(call.arguments[0] if call.arguments else call.text, "week")

    async def question(account: Account) -> Summary:
        return (await past(call, account, period)).summary

    return pnl_view(call.t, period, await ask_all(await chosen_accounts(call), question))


async def cmd_history(call: Call) -> Reply:
    """List the closed trades of a week."""

    async def question(account: Account) -> list[ClosedPnl]:
        return list((await past(call, account, _HISTORY)).closed)

    return history_view(call.t, await ask_all(await chosen_accounts(call), question), page_of(call))
