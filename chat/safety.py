"""Pause, resume, panic. Pausing stops new risk and nothing else; panic works in every state."""

import asyncio

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan
from chat.positions import send_close
from chat.reading import ask, ask_all, every_account, orders, positions
from chat.watch import watch_unknown
from core.confirming import send_once_for
from core.exits import exits, shows_exit
from core.pausing import pause, resume
from core.tidying import cancel_what_guards_nothing
from models.account import Account
from models.position import Position
from models.requests import OrderResult
from telegram_ui.buttons import PositionKey
from telegram_ui.parts import Part, problems_of
from telegram_ui.screen import Screen
from telegram_ui.views.safety import panic_plan, panic_view, paused_view, resumed_view


async def cmd_pause(call: Call) -> Reply:
    """Take no new risk until resumed."""
    await pause(call.user_id)
    return paused_view(call.t)


async def cmd_resume(call: Call) -> Reply:
    """Take new trades again."""
    return resumed_view(call.t, was_paused=await resume(call.user_id))


@shows_exit
async def cmd_panic(call: Call) -> Reply:
    """Show what closing everything would do, in every account and not only in the chosen ones."""
    accounts = await every_account(call)
    held, open_orders = await asyncio.gather(positions(call, accounts=accounts), orders(call, accounts=accounts))
    return await plan(call, "panic", {}, panic_plan(call.t, held, open_orders), None)


@exits
async def _panic(call: Call, _payload: Payload, token: str) -> Screen:
    """Pause, close every position, then cancel every order, and report item by item.

    Closing comes before cancelling: a stop is given up only when no position is left that it could guard.
    """
    await pause(call.user_id)
    accounts = await every_account(call)
    held = await positions(call, accounts=accounts)
    closed = await asyncio.gather(
        *(_close(call, part.account, position, token) for part in held for position in part.value or [])
    )

    async def tidy(account: Account) -> list[OrderResult]:
        return await cancel_what_guards_nothing(call.backend, account, cause_of(token, f"{account.place}:orders"))

    cancelled = await ask_all(accounts, tidy)
    await watch_unknown(call, closed)
    problems = [*problems_of(held), *problems_of(cancelled)]
    return panic_view(call.t, closed, await orders(call, accounts=accounts), problems)


async def _close(call: Call, account: Account, position: Position, token: str) -> Part[OrderResult]:
    async def question(account: Account) -> OrderResult:
        cause = cause_of(token, f"{account.place}:{position.symbol}:{position.side}")
        key = PositionKey.of(position, account)
        return await send_once_for(cause, lambda: send_close(call, account, key, cause))

    return await ask(account, question)


PANIC = Deed(kind="panic", run=_panic)
