"""What was earned and lost."""

from datetime import timedelta

from chat.call import Call, Reply
from chat.reading import ask_all, chosen_accounts, page_of
from core.summary import Summary, summarize
from models.account import Account
from models.errors import BadOrder
from models.fill import ClosedPnl
from telegram_ui.views.history import PERIODS, history_view, pnl_view

_LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
_HISTORY = timedelta(days=7)
_LIMIT = 1000


async def cmd_pnl(call: Call) -> Reply:
    """Add up a day, a week or a month."""
    period = (call.arguments[0] if call.arguments else call.text).strip().lower() or "week"
    if period not in PERIODS:
        raise BadOrder("expected day, week or month", code="unknown_period")
    since = call.services.now() - _LENGTHS[period]

    async def question(account: Account) -> Summary:
        where = {"exchange": account.exchange, "account_type": account.account_type}
        closed = await call.backend.get_closed_pnl(call.user_id, since=since, limit=_LIMIT, **where)
        funding = await call.backend.get_funding(call.user_id, since=since, limit=_LIMIT, **where)
        return summarize(closed, funding)

    return pnl_view(call.t, period, await ask_all(await chosen_accounts(call), question))


async def cmd_history(call: Call) -> Reply:
    """List the closed trades of a week."""
    since = call.services.now() - _HISTORY

    async def question(account: Account) -> list[ClosedPnl]:
        found = await call.backend.get_closed_pnl(
            call.user_id, since=since, limit=_LIMIT, exchange=account.exchange, account_type=account.account_type
        )
        return list(found)

    return history_view(call.t, await ask_all(await chosen_accounts(call), question), page_of(call))
