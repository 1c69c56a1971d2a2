"""Open orders, a page at a time, with a cancel button each."""

from collections.abc import Sequence

from models.account import Account
from models.order import Order
from models.requests import OrderResult
from telegram_ui.buttons import action, danger, home_button, pager, refresh_button, short_id
from telegram_ui.parts import Part, as_of_line, blocks, part_text
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines, words
from telegram_ui.texts import Texts
from telegram_ui.views.trade import result_text
from telegram_ui.words import ORDER_TYPES, account_line, verb

PER_PAGE = 5


def orders_view(t: Texts, parts: Sequence[Part[list[Order]]], page: int = 0) -> Screen:
    """List the open orders of one or more accounts."""
    owned = [(part.account, order) for part in parts for order in part.value or []]
    pages = max(1, -(-len(owned) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    first = page * PER_PAGE
    shown = owned[first : first + PER_PAGE]
    failed = [part for part in parts if part.error is not None]
    empty = [part for part in parts if part.error is None and not part.value]
    count = t.plural("{count} order", "{count} orders", len(owned))
    return Screen(
        text=blocks(
            dotted(bold(t("Open orders")), count if owned or not failed else None),
            *(_order_text(t, first + n, account, order) for n, (account, order) in enumerate(shown, 1)),
            *(lines(account_line(part.account), t("No open orders.")) for part in empty),
            *(part_text(t, part, lambda _: Html("")) for part in failed),
            as_of_line(t, [*(order.as_of for _, order in shown), *(part.asked_at for part in empty)]),
        ),
        keyboard=_keyboard(t, shown, first, page, pages),
    )


def order_title(t: Texts, order: Order) -> Html:
    """Name an order: Sell 0.5 BTCUSDT · stop."""
    size = t.size(order.size) if order.size is not None else t("the whole position")
    return dotted(bold(words(verb(t, order.side), size, order.symbol)), t(ORDER_TYPES[order.order_type]))


def _order_text(t: Texts, number: int, account: Account, order: Order) -> Html:
    return lines(
        f"{number}. " + order_title(t, order),
        account_line(account),
        dotted(
            t("Price {price}", price=t.price(order.price)) if order.price is not None else None,
            t("Trigger {price}", price=t.price(order.trigger_price)) if order.trigger_price is not None else None,
            t("reduces only") if order.reduce_only or order.closes_position else None,
            t("Filled {filled} of {size}", filled=t.size(order.filled_size), size=t.size(order.size))
            if order.filled_size
            else None,
        )
        or None,
    )


def _keyboard(t: Texts, shown: Sequence[tuple[Account, Order]], first: int, page: int, pages: int) -> Keyboard:
    cancels = tuple(
        danger(f"✖ {number}", action("oc", account.exchange, account.account_type.value, short_id(order.order_id)))
        for number, (account, order) in enumerate(shown, first + 1)
    )
    return (
        *((cancels,) if cancels else ()),
        *(((danger(t("Cancel all orders"), "oca"),),) if cancels else ()),
        *((pager("ords", page, pages),) if pages > 1 else ()),
        (refresh_button(t, action("ords", page)), home_button(t)),
    )


def cancelled_all_view(t: Texts, parts: Sequence[Part[list[OrderResult]]]) -> Screen:
    """Report what became of cancelling everything: what went well as a count, the rest one by one."""
    return Screen(
        text=blocks(*(part_text(t, part, lambda results: _cancelled_text(t, results)) for part in parts)),
        keyboard=((Button(text=t("Orders"), action="ords"), home_button(t)),),
        must_arrive=True,
    )


def _cancelled_text(t: Texts, results: Sequence[OrderResult]) -> Html:
    done = [result for result in results if result.success]
    others = [result for result in results if not result.success]
    return lines(
        t.plural("{count} order cancelled.", "{count} orders cancelled.", len(done))
        if results
        else t("No open orders."),
        *(result_text(t, result) for result in others[:PER_PAGE]),
    )
