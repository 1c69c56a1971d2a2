"""The words for closed sets: badges, venues, sides, kinds of orders. Emoji are decoration; the word is always there."""

from models.account import Account
from models.enums import AccountType, MarginMode, OrderSide, OrderType, PositionSide
from telegram_ui.screen import Html, dotted
from telegram_ui.texts import N_, Texts

BADGES = {
    AccountType.PAPER: "🟡 PAPER",
    AccountType.DEMO: "🔵 DEMO",
    AccountType.TESTNET: "🟣 TESTNET",
    AccountType.REAL: "🔴 REAL",
}
"""The same words in every language, so that a screenshot is understood everywhere."""

_VENUES = {"bybit": "Bybit", "hyperliquid": "HyperLiquid", "okx": "OKX"}

SIDE_MARKS = {PositionSide.LONG: "🟢 LONG", PositionSide.SHORT: "🔴 SHORT"}
"""A position's direction, in the words that every venue's own app uses."""

SIDE_VERBS = {OrderSide.BUY: N_("Buy"), OrderSide.SELL: N_("Sell")}

MARGIN_MODES = {
    MarginMode.CROSS: N_("cross"),
    MarginMode.ISOLATED: N_("isolated"),
    MarginMode.PORTFOLIO: N_("portfolio"),
}

ORDER_TYPES = {
    OrderType.MARKET: N_("market"),
    OrderType.LIMIT: N_("limit"),
    OrderType.STOP_MARKET: N_("stop"),
    OrderType.STOP_LIMIT: N_("stop, limit"),
    OrderType.TAKE_PROFIT_MARKET: N_("target"),
    OrderType.TAKE_PROFIT_LIMIT: N_("target, limit"),
    OrderType.TRAILING_STOP: N_("trailing stop"),
    OrderType.UNKNOWN: N_("order"),
}


def venue_name(exchange: str) -> str:
    """Return a venue's name for people."""
    return _VENUES.get(exchange, exchange.title())


def badge(account_type: AccountType | str) -> str:
    """Return the word that tells whose money it is, with its colour."""
    return BADGES[AccountType(account_type)]


def badge_word(account_type: AccountType | str) -> str:
    """Return the badge without its colour, for buttons."""
    return AccountType(account_type).value.upper()


def account_line(t: Texts, account: Account) -> Html:
    """Name an account, and what its owner calls it: Bybit · 🟡 PAPER · Savings."""
    return dotted(venue_name(account.exchange), badge(account.account_type), t.name_of(account))


def side_mark(side: PositionSide) -> str:
    """Return LONG or SHORT with its colour."""
    return SIDE_MARKS[side]


def verb(t: Texts, side: OrderSide) -> Html:
    """Return the imperative of a side: Buy."""
    return t(SIDE_VERBS[side])
