"""Price alerts: added by a line of text, listed, removed."""

from decimal import Decimal

from chat.call import Call, Reply, whole_number
from chat.money import find_market
from chat.reading import chosen_accounts
from core.alert_phrases import line_of, parse_alert
from db import Direction, PriceAlert
from models.account import Account
from models.errors import BadOrder, LimitExceeded, Unavailable
from telegram_ui.screen import Screen, Toast
from telegram_ui.views.alerts import AlertRow, alert_added_view, alerts_view

MOST = 20
"""How many alerts one person may have waiting."""


async def cmd_alert(call: Call) -> Reply:
    """Watch a line; without one, list what is watched."""
    if not call.text.strip():
        return await cmd_alerts(call)
    wish = parse_alert(call.text)
    account, instrument = await find_market(call, await chosen_accounts(call), wish.symbol)
    ticker = await call.backend.get_ticker(call.user_id, instrument.symbol, account.exchange, account.account_type)
    now = ticker.last_price or ticker.mark_price
    if now is None:
        raise Unavailable("the venue gives no price", code="no_price")
    direction, price = line_of(wish, instrument, now)
    waiting = await call.store.alerts.waiting(call.user_id)
    line = (account.place, instrument.symbol, direction, price, wish.note)
    known = next((alert for alert in waiting if _line(alert) == line), None)
    if known is not None:  # the same line is told once, however often it is asked for
        return alert_added_view(call.t, _row(known), now)
    if len(waiting) >= MOST:
        raise LimitExceeded("too many alerts", code="too_many_alerts", limit=MOST)
    number = await call.store.alerts.add(
        call.user_id,
        exchange=account.exchange,
        account_type=account.account_type,
        symbol=instrument.symbol,
        direction=direction,
        price=price,
        note=wish.note,
    )
    row = AlertRow(
        id=number,
        account=account,
        symbol=instrument.symbol,
        is_above=direction is Direction.ABOVE,
        price=price,
        note=wish.note,
    )
    return alert_added_view(call.t, row, now)


async def cmd_alerts(call: Call) -> Reply:
    """List what is watched."""
    return await _alerts_screen(call)


async def _alerts_screen(call: Call) -> Screen:
    return alerts_view(call.t, [_row(alert) for alert in await call.store.alerts.waiting(call.user_id)])


async def on_alert_removed(call: Call) -> Reply:
    """Stop watching a line."""
    number = whole_number(call.argument(0))
    if number is None:
        raise BadOrder("the button names no alert", code="bad_button")
    if not await call.store.alerts.remove(number, call.user_id):
        return Toast(text=call.t("This alert is gone already."))
    return await _alerts_screen(call)


def _account_of(alert: PriceAlert) -> Account:
    return Account(user_id=alert.user_id, exchange=alert.exchange, account_type=alert.account_type)


def _line(alert: PriceAlert) -> tuple[str, str, Direction, Decimal, str]:
    """Return what makes an alert the same as another."""
    return _account_of(alert).place, alert.symbol, alert.direction, alert.price, alert.note


def _row(alert: PriceAlert) -> AlertRow:
    return AlertRow(
        id=alert.id,
        account=_account_of(alert),
        symbol=alert.symbol,
        is_above=alert.direction is Direction.ABOVE,
        price=alert.price,
        note=alert.note,
    )
