"""Leverage of a market, and the margin mode."""

from dataclasses import replace
from decimal import Decimal

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, plan, thawed_account
from chat.money import find_instrument
from chat.reading import accounts_named, ask_all
from chat.trade import results_screen
from core.confirming import answer_once_for
from core.frozen_orders import frozen_account
from core.phrases import parse_leverage
from core.places import split_places
from models.account import Account
from models.errors import BadOrder
from models.market import Instrument
from models.requests import OrderResult
from models.values import plain
from telegram_ui.parts import refused_text
from telegram_ui.screen import Screen
from telegram_ui.views.plans import leverage_plan


async def cmd_leverage(call: Call) -> Reply:
    """Preview other leverage for a market."""
    text, places = split_places(call.text)
    symbol, leverage = parse_leverage(text)
    looked = await ask_all(await accounts_named(call, places), lambda account: _market(call, account, symbol, leverage))
    taken = [(part.account, part.value) for part in looked if part.value is not None]
    refused = [part for part in looked if part.error is not None]
    if not taken and refused[0].error is not None:
        raise refused[0].error
    accounts = [account for account, _ in taken]
    payload = {
        "accounts": [{**frozen_account(account), "symbol": market.symbol} for account, market in taken],
        "leverage": plain(leverage),
    }
    offer = leverage_plan(call.t, taken[0][1].symbol, leverage, accounts)
    offer = replace(offer, details=(*offer.details, *(refused_text(call.t, part) for part in refused)))
    return await plan(call, "leverage", payload, offer, accounts[0] if len(accounts) == 1 else None)


async def _market(call: Call, account: Account, symbol: str, leverage: Decimal) -> Instrument:
    """Return the market at an account's venue, if it takes the leverage."""
    instrument = await find_instrument(call, account, symbol)
    lowest, highest = instrument.min_leverage, instrument.max_leverage
    if leverage < lowest or (highest is not None and leverage > highest):
        raise BadOrder("no such leverage here", code="bad_leverage", minimum=lowest, maximum=highest)
    return instrument


async def _set_leverage(call: Call, payload: Payload, token: str) -> Screen:
    symbols = {thawed_account(call, frozen): frozen["symbol"] for frozen in payload["accounts"]}

    async def question(account: Account) -> OrderResult:
        cause = cause_of(token, account.place)
        return await answer_once_for(
            cause,
            lambda: call.backend.set_leverage(
                call.user_id,
                symbols[account],
                payload["leverage"],
                account.exchange,
                account.account_type,
                cause=cause,
            ),
        )

    done = call.t("Leverage {leverage}", leverage=call.t.leverage(Decimal(payload["leverage"])))
    return await results_screen(call, await ask_all(list(symbols), question), done=done)


LEVERAGE = Deed(kind="leverage", run=_set_leverage)
