"""Leverage of a market, and the margin mode."""

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan, thawed_account
from chat.money import find_instrument
from chat.reading import ask_all, chosen_accounts
from chat.trade import results_screen
from core.confirming import send_once_for
from core.frozen_orders import frozen_account
from core.phrases import parse_leverage
from models.account import Account
from models.errors import BadOrder
from models.requests import OrderResult
from models.values import plain
from telegram_ui.screen import Screen
from telegram_ui.views.plans import leverage_plan


async def cmd_leverage(call: Call) -> Reply:
    """Preview other leverage for a market."""
    symbol, leverage = parse_leverage(call.text)
    accounts = await chosen_accounts(call)
    instrument = await find_instrument(call, accounts[0], symbol)
    lowest, highest = instrument.min_leverage, instrument.max_leverage
    if leverage < lowest or (highest is not None and leverage > highest):
        raise BadOrder("no such leverage here", code="bad_leverage", minimum=lowest, maximum=highest)
    payload = {
        "accounts": [frozen_account(account) for account in accounts],
        "symbol": instrument.symbol,
        "leverage": plain(leverage),
    }
    offer = leverage_plan(call.t, instrument.symbol, leverage, accounts)
    return await plan(call, "leverage", payload, offer, accounts[0] if len(accounts) == 1 else None)


async def _set_leverage(call: Call, payload: Payload, token: str) -> Screen:
    async def question(account: Account) -> OrderResult:
        cause = cause_of(token, f"{account.exchange}:{account.account_type}")
        return await send_once_for(
            cause,
            lambda: call.backend.set_leverage(
                call.user_id,
                payload["symbol"],
                payload["leverage"],
                account.exchange,
                account.account_type,
                cause=cause,
            ),
        )

    accounts = [thawed_account(call, frozen) for frozen in payload["accounts"]]
    return await results_screen(call, await ask_all(accounts, question))


LEVERAGE = Deed(kind="leverage", run=_set_leverage)
