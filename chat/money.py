"""Balances and prices."""

from chat.call import Call, Reply
from chat.reading import ask, balances, chosen_accounts
from core.phrases import parse_symbol
from models.account import Account
from models.errors import BadOrder
from models.market import Instrument, Ticker
from telegram_ui.views.money import balance_view, price_view


async def cmd_balance(call: Call) -> Reply:
    """Show the money of every chosen account."""
    return balance_view(call.t, await balances(call))


async def cmd_price(call: Call) -> Reply:
    """Show a market's prices where the person trades."""
    symbol = call.arguments[0] if call.arguments else parse_symbol(call.text)
    account = (await chosen_accounts(call))[0]
    instrument = await find_instrument(call, account, symbol)

    async def question(account: Account) -> Ticker:
        return await call.backend.get_ticker(call.user_id, instrument.symbol, account.exchange, account.account_type)

    return price_view(call.t, await ask(account, question), instrument)


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
