"""How the bot is doing, and who somebody is to it."""

from chat.call import Call, Need, Reply
from chat.reading import every_account
from db import TradingState
from models.account import Account
from telegram_ui.views.access import PersonRow, whoami_view
from telegram_ui.views.status import AccountHealth, status_view

_SYNCED = "positions"


async def cmd_status(call: Call) -> Reply:
    """Show path, versions, accounts and what is waiting."""
    health = await call.services.health()
    accounts = [await _health_of(call, account) for account in await every_account(call)]
    return status_view(call.t, health, accounts, is_owner=call.person.may(Need.OWNER))


async def _health_of(call: Call, account: Account) -> AccountHealth:
    state = await call.store.trading.state_of(account)
    synced_at = await call.store.fills.mark(account, _SYNCED)
    return AccountHealth(account=account, synced_at=synced_at, is_paused=state is not TradingState.ACTIVE)


async def cmd_whoami(call: Call) -> Reply:
    """Tell somebody their id and their role."""
    person = call.person
    return whoami_view(call.t, PersonRow(user_id=person.user_id, name=person.name, role=person.role.value))
