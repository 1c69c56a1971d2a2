"""While the database takes no writes: nothing can be confirmed, but whoever holds a position must get out of it.

A whole close can be asked for twice without harm, so one tap does it, and this is said before.
"""

from chat.call import Call, Reply
from chat.positions import send_close
from chat.reading import ask, every_account, positions
from core.exits import shows_exit
from models.account import Account
from models.requests import OrderResult
from telegram_ui.buttons import PositionKey
from telegram_ui.views.safety import unwritten_view
from telegram_ui.views.trade import results_view


@shows_exit
async def on_unwritten(call: Call) -> Reply:
    """Say that nothing else works now, and offer to close what is held."""
    held = await positions(call, accounts=await every_account(call)) if call.person.can_trade else []
    return unwritten_view(call.t, held)


async def close_unwritten(call: Call) -> Reply:
    """Close a whole position at once."""
    key = PositionKey.read(call.arguments)

    async def question(account: Account) -> OrderResult:
        return await send_close(call, account, key, call.cause)

    return results_view(call.t, [await ask(key.account_of(call.user_id), question)])
