"""Balances and prices."""

from collections.abc import Sequence
from decimal import Decimal

from models.balance import Balance
from models.market import Instrument, Ticker
from telegram_ui.buttons import CHOSEN, Scope, action, home_button, refresh_button, scope_rows
from telegram_ui.parts import Part, as_of_line, blocks, part_text, totals_text
from telegram_ui.screen import Button, ButtonStyle, Html, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.words import account_line

_MAX_COINS = 6


def balance_view(t: Texts, parts: Sequence[Part[Balance]], scope: Scope = CHOSEN) -> Screen:
    """Show the money of one or more accounts, and together where they count in one currency."""
    money = [(part.account, part.value.currency, part.value) for part in parts if part.value]
    return Screen(
        text=blocks(
            bold(t("Balance")),
            *(part_text(t, part, lambda balance: _balance_text(t, balance)) for part in parts),
            totals_text(
                t,
                [(account, currency, balance.equity) for account, currency, balance in money],
                t.money,
                missing=len(parts) - len(money),
            ),
            as_of_line(t, [part.value.as_of for part in parts if part.value]),
        ),
        keyboard=(
            *scope_rows(t, "bal", scope),
            (Button(text=t("Positions"), action="poss"), refresh_button(t, action("bal", 0, *scope.arguments))),
            (home_button(t),),
        ),
    )


def _balance_text(t: Texts, balance: Balance) -> Html:
    currency = balance.currency
    return lines(
        t("Equity: {amount}", amount=bold(t.money(balance.equity, currency))),
        t("Available: {amount}", amount=t.money(balance.available, currency)),
        t("Margin used: {amount}", amount=t.money(balance.margin_used, currency)),
        t("Open profit: {amount}", amount=t.signed_money(balance.unrealized_pnl, currency)),
        _coins_text(t, balance),
    )


def _coins_text(t: Texts, balance: Balance) -> Html | None:
    """Name the coins beside the settlement currency, where there are any."""
    others = [coin for coin in balance.coins if coin.coin != balance.currency and coin.total]
    if not others:
        return None
    shown = [f"{t.size(coin.total)} {coin.coin}" for coin in others[:_MAX_COINS]]
    more = "…" if len(others) > _MAX_COINS else None
    return t("Coins: {coins}", coins=dotted(*shown, more))


def price_view(t: Texts, part: Part[Ticker], instrument: Instrument) -> Screen:
    """Show a market's prices, with buttons to trade it."""
    ticker = part.value
    if ticker is None:
        return Screen(text=part_text(t, part, lambda _: Html("")), keyboard=((home_button(t),),))
    tick = instrument.price_tick
    return Screen(
        text=lines(
            dotted(bold(ticker.symbol), bold(t.price(ticker.reference_price, tick))),
            account_line(t, part.account),
            t("24 h: {change}", change=t.percent(ticker.change_24h_fraction)),
            _pair(t, N_("Low {low} · high {high}"), tick, low=ticker.low_24h, high=ticker.high_24h),
            _pair(t, N_("Bid {bid} · ask {ask}"), tick, bid=ticker.bid_price, ask=ticker.ask_price),
            t(
                "Funding {rate}, next at {time}",
                rate=_rate(t, ticker),
                time=t.time(ticker.next_funding_at),
            ),
            t("as of {time}", time=t.time(ticker.as_of)),
        ),
        keyboard=_price_keyboard(t, ticker.symbol),
    )


def _pair(t: Texts, sentence: str, tick: Decimal | None, **prices: Decimal | None) -> Html | None:
    """Return a line of two prices; none where the venue says neither."""
    if not any(price is not None for price in prices.values()):
        return None
    return t(sentence, **{name: t.price(price, tick) for name, price in prices.items()})


def _rate(t: Texts, ticker: Ticker) -> str:
    rate = ticker.funding_rate
    return t.percent(None) if rate is None else f"{t.signed_number(rate * 100, decimals=4)}\N{NO-BREAK SPACE}%"


def _price_keyboard(t: Texts, symbol: str) -> tuple[tuple[Button, ...], ...]:
    return (
        (
            Button(text=t("Long"), action=action("panel", symbol, "buy"), style=ButtonStyle.SUCCESS),
            Button(text=t("Short"), action=action("panel", symbol, "sell"), style=ButtonStyle.DANGER),
        ),
        (Button(text="📈 " + t("Chart"), action=action("ch", symbol, "1h")), refresh_button(t, action("px", symbol))),
        (home_button(t),),
    )
