"""Open orders, a page at a time, with a cancel button each."""

from collections.abc import Sequence

from models.account import Account
from models.order import Order
from models.requests import OrderResult
from telegram_ui.buttons import Scope, action, danger, home_button, pager, refresh_button, scope_rows, short_id
from telegram_ui.errors import error_line
from telegram_ui.parts import Part, as_of_line, blocks, part_text
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines, words
from telegram_ui.texts import Texts
from telegram_ui.views.trade import result_text
from telegram_ui.words import ORDER_TYPES, account_line, verb

PER_PAGE = 5
_CHOSEN = Scope()


def orders_view(t: Texts, parts: Sequence[Part[list[Order]]], page: int = 0, scope: Scope = _CHOSEN) -> Screen:
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
            *(lines(account_line(t, part.account), t("No open orders.")) for part in empty),
            *(part_text(t, part, lambda _: Html("")) for part in failed),
            as_of_line(t, [*(order.as_of for _, order in shown), *(part.asked_at for part in empty)]),
        ),
        keyboard=_keyboard(t, shown, first, page, pages, scope),
    )


def order_lines(t: Texts, order: Order) -> tuple[Html, ...]:
    """Name an order and say where it waits."""
    places = dotted(
        t("Price {price}", price=t.price(order.price)) if order.price is not None else None,
        t("Trigger {price}", price=t.price(order.trigger_price)) if order.trigger_price is not None else None,
    )
    return (order_title(t, order), places) if places else (order_title(t, order),)


def order_title(t: Texts, order: Order) -> Html:
    """Name an order: Sell 0.5 BTCUSDT · stop."""
    size = t.size(order.size) if order.size is not None else t("the whole position")
    return dotted(bold(words(verb(t, order.side), size, order.symbol)), t(ORDER_TYPES[order.order_type]))


def _order_text(t: Texts, number: int, account: Account, order: Order) -> Html:
    return lines(
        f"{number}. " + order_title(t, order),
        account_line(t, account),
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


def _keyboard(
    t: Texts, shown: Sequence[tuple[Account, Order]], first: int, page: int, pages: int, scope: Scope
) -> Keyboard:
    cancels = tuple(
        danger(f"✖ {number}", action("oc", account.exchange, account.account_type.value, short_id(order.order_id)))
        for number, (account, order) in enumerate(shown, first + 1)
    )
    many = (
        Button(text=t("Cancel entries"), action=action("oce", *scope.arguments)),
        danger(t("Cancel all orders"), action("oca", *scope.arguments)),
    )
    return (
        *((cancels,) if cancels else ()),
        *((many,) if cancels else ()),
        *((pager("ords", page, pages, scope),) if pages > 1 else ()),
        *scope_rows(t, "ords", scope),
        (refresh_button(t, action("ords", page, *scope.arguments)), home_button(t)),
    )


def cancelled_all_view(
    t: Texts, cancelled: Sequence[Part[list[OrderResult]]], left: Sequence[Part[list[Order]]]
) -> Screen:
    """Report what became of cancelling everything: what is still open is asked of the venue, not counted."""
    return Screen(
        text=blocks(*(_cancelled_text(t, part, rest) for part, rest in zip(cancelled, left, strict=True))),
        keyboard=((Button(text=t("Orders"), action="ords"), home_button(t)),),
        must_arrive=True,
    )


def cancelled_entries_view(t: Texts, parts: Sequence[Part[OrderResult]]) -> Screen:
    """Report what became of cancelling the entries; what was not cancelled is told one by one."""
    done = [part for part in parts if part.value is not None and part.value.success]
    troubled = [part for part in parts if part not in done]
    return Screen(
        text=blocks(
            t.plural("✅ {count} entry order cancelled.", "✅ {count} entry orders cancelled.", len(done)),
            *(part_text(t, part, lambda result: result_text(t, result)) for part in troubled[:PER_PAGE]),
        ),
        keyboard=((Button(text=t("Orders"), action="ords"), home_button(t)),),
        must_arrive=True,
    )


def _cancelled_text(t: Texts, part: Part[list[OrderResult]], left: Part[list[Order]]) -> Html:
    troubled = [result for result in part.value or [] if not result.success]
    return lines(
        account_line(t, part.account),
        "⚠️ " + error_line(t, part.error) if part.error else None,
        *(result_text(t, result) for result in troubled[:PER_PAGE]),
        left_line(t, left),
    )


def left_line(t: Texts, left: Part[list[Order]]) -> Html:
    """Say how many orders are open after cancelling."""
    if left.value is None:
        return "⚠️ " + t("Whether orders are left could not be read.")
    if not left.value:
        return t("No orders are open any more.")
    return "⚠️ " + t.plural("{count} order is still open.", "{count} orders are still open.", len(left.value))
