"""Compares the accounts with their venues now and reports what differs."""

from chat.call import Call, Reply
from chat.reading import ask_all, every_account
from models.account import Account
from models.errors import NoCredentials
from telegram_ui.views.drift import Look, drift_view


async def cmd_sync(call: Call) -> Reply:
    """Look at every account of this person."""

    async def question(account: Account) -> Look:
        report = await call.services.sync(account)
        return Look(
            positions=len(report.positions),
            changes=len(report.events),
            new_fills=len(report.new_fills),
            drift=tuple((found.kind.value, found.subject) for found in report.drift),
            as_of=report.as_of,
        )

    accounts = await every_account(call)
    if not accounts:
        raise NoCredentials("no account is connected")
    return drift_view(call.t, await ask_all(accounts, question))
