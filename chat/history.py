"""What was earned and lost."""

from collections.abc import Sequence

from chat.call import Call, Reply
from chat.ledger import currency_of, past, period_and_place
from chat.reading import ask_all, page_of, scope_of, scoped
from core.summary import Summary
from models.account import Account
from models.fill import ClosedPnl
from telegram_ui.parts import Part
from telegram_ui.views.history import history_view, pnl_view

_HISTORY = "week"


async def cmd_pnl(call: Call) -> Reply:
    """Add up a day, a week, a month, or everything, of the chosen accounts or of all: `/pnl month all`."""
    period, place = period_and_place(call.arguments or call.text.lower().split(), "week")
    accounts, scope = await scope_of(call, place)

    async def question(account: Account) -> Summary:
        return (await past(call, account, period)).summary

    parts = await ask_all(accounts, question)
    return pnl_view(call.t, period, parts, scope, await _currencies(call, parts))


async def _currencies(call: Call, parts: Sequence[Part[Summary]]) -> list[str | None]:
    """Return the one currency that each account's result is in; None where it is not one, or not known."""
    if len(parts) < 2:
        return [None] * len(parts)
    symbols = [[symbol for symbol, _ in part.value.by_symbol] if part.value else [] for part in parts]
    return [await currency_of(call, part.account, names) for part, names in zip(parts, symbols, strict=True)]


async def cmd_history(call: Call) -> Reply:
    """List the closed trades of a week, of the chosen accounts or of all: `/history all`."""
    accounts, scope = await scoped(call, 1)

    async def question(account: Account) -> list[ClosedPnl]:
        return list((await past(call, account, _HISTORY)).closed)

    return history_view(call.t, await ask_all(accounts, question), page_of(call), scope)
