"""Balances and prices."""

from collections.abc import Sequence

from chat.call import Call, Reply
from chat.reading import ask, ask_all, balances, chosen_accounts, scoped
from core.phrases import parse_symbol
from models.account import Account
from models.errors import BadOrder
from models.market import Instrument, Ticker
from telegram_ui.views.money import balance_view, price_view


async def cmd_balance(call: Call) -> Reply:
    """Show the money of the chosen accounts, of all, or of a venue: `/balance all`."""
    accounts, scope = await scoped(call, 1)
    return balance_view(call.t, await balances(call, accounts), scope)


async def cmd_price(call: Call) -> Reply:
    """Show a market's prices where the person trades."""
    symbol = call.arguments[0] if call.arguments else parse_symbol(call.text)
    account, instrument = await find_market(call, await chosen_accounts(call), symbol)

    async def question(account: Account) -> Ticker:
        return await call.backend.get_ticker(call.user_id, instrument.symbol, account.exchange, account.account_type)

    return price_view(call.t, await ask(account, question), instrument)


async def find_market(call: Call, accounts: Sequence[Account], text: str) -> tuple[Account, Instrument]:
    """Return the first of some accounts whose venue has the market, and the market there.

    Raises:
        BadOrder: None of them has it; what the first one said of it.
    """
    looked = await ask_all(accounts, lambda account: find_instrument(call, account, text))
    for part in looked:
        if part.value is not None:
            return part.account, part.value
    raise looked[0].error or BadOrder("expected one market", code="unknown_symbol", symbol=text[:32])


async def find_instrument(call: Call, account: Account, text: str) -> Instrument:
    """Return the one market that a typed name means.

    Raises:
        BadOrder: None is called so (`unknown_symbol`), or several may be meant (`ambiguous_symbol`).
    """
    found = await call.backend.find_instruments(call.user_id, text, account.exchange, account.account_type)
    if len(found) == 1:
        return found[0]
    names = [instrument.symbol for instrument in found[:8]]
    code = "ambiguous_symbol" if found else "unknown_symbol"
    raise BadOrder("expected one market", code=code, symbol=text[:32], suggestions=names)
