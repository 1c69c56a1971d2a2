"""Open orders, and cancelling one or all of them."""

import asyncio

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan, thawed_account
from chat.questions import close_question
from chat.reading import ask, ask_all, orders, page_of, scoped
from chat.trade import results_screen
from core.confirming import answer_once_for
from core.exits import shows_exit
from core.frozen_orders import frozen_account
from models.account import Account
from models.errors import BadOrder
from models.order import Order
from models.requests import OrderResult
from telegram_ui.buttons import short_id
from telegram_ui.parts import Part
from telegram_ui.screen import Screen
from telegram_ui.views.home import question_closed_view
from telegram_ui.views.orders import cancelled_all_view, cancelled_entries_view, order_lines, orders_view
from telegram_ui.views.plans import Plan
from telegram_ui.words import account_line

MOST_ENTRIES = 50
"""How many entries one confirmation cancels; the rest is asked about again."""


async def cmd_orders(call: Call) -> Reply:
    """List the open orders of the chosen accounts, of all, or of a venue: `/orders all`."""
    accounts, scope = await scoped(call, 1)
    return orders_view(call.t, await orders(call, accounts=accounts), page_of(call), scope)


@shows_exit
async def on_cancel_one(call: Call) -> Reply:
    """Ask before cancelling the order of a button."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    order = await _find_order(call, account, call.argument(2))
    if order is None:
        raise BadOrder("no such order", code="order_not_found")
    details = order_lines(call.t, order)
    payload = {**frozen_account(account), "symbol": order.symbol, "order_id": order.order_id}
    offer = Plan(title=call.t("Cancel this order?"), label=call.t("Cancel the order"), details=details)
    return await plan(call, "cancel", payload, offer, account)


async def _find_order(call: Call, account: Account, short: str) -> Order | None:
    found = await call.backend.get_orders(call.user_id, None, account.exchange, account.account_type)
    return next((order for order in found if short_id(order.order_id) == short), None)


async def _cancel(call: Call, payload: Payload, token: str) -> Screen:
    return await results_screen(
        call, [await _cancel_one(call, payload, cause_of(token))], done=call.t("The order is cancelled.")
    )


async def _cancel_one(call: Call, payload: Payload, cause: str) -> Part[OrderResult]:
    async def question(account: Account) -> OrderResult:
        return await answer_once_for(
            cause,
            lambda: call.backend.cancel_order(
                call.user_id,
                payload["symbol"],
                payload["order_id"],
                exchange=account.exchange,
                account_type=account.account_type,
                cause=cause,
            ),
        )

    return await ask(thawed_account(call, payload), question)


@shows_exit
async def on_cancel_all(call: Call) -> Reply:
    """Ask before cancelling every order of the chosen accounts."""
    accounts, _ = await scoped(call, 0)
    open_orders = [order for part in await orders(call, accounts=accounts) for order in part.value or []]
    if not open_orders:
        raise BadOrder("no open orders", code="nothing_to_cancel")
    title = call.t.plural("Cancel {count} open order?", "Cancel all {count} open orders?", len(open_orders))
    names = [account_line(call.t, account) for account in accounts] if len(accounts) > 1 else []
    warning = call.t("Stops and targets of open positions are among them: the positions stay, unprotected.")
    details = (*names, warning)
    payload = {"accounts": [frozen_account(account) for account in accounts]}
    offer = Plan(title=title, label=call.t("Cancel all orders"), details=details)
    return await plan(call, "cancel_all", payload, offer, accounts[0] if len(accounts) == 1 else None)


async def _cancel_all(call: Call, payload: Payload, token: str) -> Screen:
    async def question(account: Account) -> list[OrderResult]:
        return await call.backend.cancel_all_orders(
            call.user_id,
            exchange=account.exchange,
            account_type=account.account_type,
            cause=cause_of(token, account.exchange + account.account_type),
        )

    accounts = [thawed_account(call, frozen) for frozen in payload["accounts"]]
    cancelled = await ask_all(accounts, question)
    return cancelled_all_view(call.t, cancelled, await orders(call, accounts=accounts))


@shows_exit
async def on_cancel_entries(call: Call) -> Reply:
    """Ask before cancelling every order that would open something; stops and targets stay."""
    accounts, _ = await scoped(call, 0)
    found = await orders(call, accounts=accounts)
    entries = [(part.account, order) for part in found for order in part.value or [] if _is_entry(order)]
    if not entries:
        raise BadOrder("no open orders", code="nothing_to_cancel")
    shown = entries[:MOST_ENTRIES]
    title = call.t.plural("Cancel {count} entry order?", "Cancel {count} entry orders?", len(shown))
    details = (call.t("Stops and targets of open positions stay."),)
    rows = [{**frozen_account(account), "symbol": o.symbol, "order_id": o.order_id} for account, o in shown]
    offer = Plan(title=title, label=call.t("Cancel the entries"), details=details)
    only = shown[0][0] if len({account for account, _ in shown}) == 1 else None
    return await plan(call, "cancel_entries", {"orders": rows}, offer, only)


def _is_entry(order: Order) -> bool:
    return not (order.reduce_only or order.closes_position)


async def _cancel_entries(call: Call, payload: Payload, token: str) -> Screen:
    parts = await asyncio.gather(
        *(_cancel_one(call, row, cause_of(token, n)) for n, row in enumerate(payload["orders"]))
    )
    return cancelled_entries_view(call.t, parts)


async def cmd_cancel(call: Call) -> Reply:
    """Stop asking what is being asked; else list the orders with a cancel button each."""
    if await close_question(call):
        return question_closed_view(call.t)
    return await cmd_orders(call)


CANCEL = Deed(kind="cancel", run=_cancel)
CANCEL_ALL = Deed(kind="cancel_all", run=_cancel_all)
CANCEL_ENTRIES = Deed(kind="cancel_entries", run=_cancel_entries)
