"""Opening a position: a ticket becomes the exact order, is shown, confirmed and sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, freeze, thawed_account
from chat.reading import accounts_named, ask, chosen_accounts
from chat.watch import watch_unknown
from core.confirming import as_known_now
from core.fanout import preview_each
from core.frozen_orders import frozen_order, move_beyond_tolerance, place_frozen, thawed_ticket
from core.places import split_places
from core.ticket import SIDES, parse_ticket
from models.account import Account
from models.enums import OrderSide, Outcome
from models.errors import TradingError
from models.requests import OrderResult
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Ticket, TicketSize
from telegram_ui.parts import Part
from telegram_ui.screen import Html, Screen, dotted, lines
from telegram_ui.views.trade import nowhere_view, preview_view, results_view
from telegram_ui.words import account_line

STALE_AFTER_S = 30
_ABOUT_AS_ASKED = Decimal("0.95")

_TEST_TICKET = Ticket(
    symbol="BTCUSDT",
    side=OrderSide.BUY,
    size=TicketSize(amount=Decimal(200), unit=SizeUnit.NOTIONAL),
    leverage=Decimal(5),
    stop_loss=Level(amount=Decimal(2), unit=LevelUnit.PERCENT),
    take_profits=(Level(amount=Decimal(4), unit=LevelUnit.PERCENT),),
)


async def cmd_long(call: Call) -> Reply:
    """Preview a buy."""
    return await _typed(call, OrderSide.BUY)


async def cmd_short(call: Call) -> Reply:
    """Preview a sell."""
    return await _typed(call, OrderSide.SELL)


def is_ticket(text: str) -> bool:
    """Whether a text without a command starts like an order: `long btc 100$`."""
    first = text.split(maxsplit=1)[:1]
    return bool(first) and first[0].lower() in SIDES


async def on_ticket(call: Call) -> Reply:
    """Preview an order written without a command."""
    return await _typed(call, None)


async def _typed(call: Call, side: OrderSide | None) -> Screen:
    """Preview a typed order, where it says or where the person trades."""
    text, places = split_places(call.text)
    ticket = parse_ticket(text, side)
    return await preview(call, ticket, accounts=await accounts_named(call, places))


async def on_test_trade(call: Call) -> Reply:
    """Preview a small protected trade, for a first try."""
    return await preview(call, _TEST_TICKET)


async def preview(
    call: Call, ticket: Ticket, *, note: Html | None = None, accounts: Sequence[Account] | None = None
) -> Screen:
    """Show the exact order of every chosen account, or of these, behind one confirm button.

    An account that cannot take it is told so beside the others, and left out of what the button sends.

    Raises:
        TradingError: There is one account, and it cannot take it.
    """
    accounts = await chosen_accounts(call) if accounts is None else accounts
    looked = await preview_each(call.backend, call.user_id, ticket, accounts)
    previews = [found for _, found in looked if isinstance(found, OrderPreview)]
    refused: list[Part[OrderPreview]] = [Part(account=a, error=e) for a, e in looked if isinstance(e, TradingError)]
    if not previews:
        return _not_previewed(call, refused)
    confirm = await freeze(
        call, "open", {"orders": [frozen_order(preview) for preview in previews], "ticket": ticket.to_dict()}
    )
    note = note or _stale_note(call) or _steps_note(call, ticket, previews)
    return preview_view(call.t, previews, confirm, refused=refused, note=note)


def _not_previewed(call: Call, refused: Sequence[Part[OrderPreview]]) -> Screen:
    """Tell why no account can take a ticket: once, where it is the same for all of them."""
    errors = [part.error for part in refused if part.error is not None]
    if all((error.code, error.fields) == (errors[0].code, errors[0].fields) for error in errors):
        raise errors[0]
    return nowhere_view(call.t, refused)


def _stale_note(call: Call) -> Html | None:
    """Say that a message waited, because the bot or the network was away."""
    if call.asked_at is None or (call.services.now() - call.asked_at).total_seconds() <= STALE_AFTER_S:
        return None
    return call.t("You wrote this at {time}; the prices below are of now.", time=call.t.time(call.asked_at))


def _steps_note(call: Call, ticket: Ticket, previews: Sequence[OrderPreview]) -> Html | None:
    """Say where a market's steps make an order clearly smaller than was asked for."""
    if ticket.size.unit is not SizeUnit.NOTIONAL:
        return None
    asked = ticket.size.amount
    small = [preview for preview in previews if preview.notional <= asked * _ABOUT_AS_ASKED]
    notes = (
        dotted(account_line(call.t, preview.account) if len(previews) > 1 else None, _smaller(call, asked, preview))
        for preview in small
    )
    return lines(*notes) if small else None


def _smaller(call: Call, asked: Decimal, preview: OrderPreview) -> Html:
    return call.t(
        "You asked for {asked}; in steps of {step} {base} it becomes {notional}.",
        asked=call.t.money(asked, preview.instrument.quote),
        step=call.t.size(preview.instrument.size_step),
        base=preview.instrument.base,
        notional=call.t.money(preview.notional, preview.instrument.quote),
    )


async def _moved_away(call: Call, payload: Payload) -> Screen | None:
    """Show the preview again where a market moved further than the person tolerates.

    Raises:
        TradingError: There is one account, and its market's price cannot be read.
    """
    try:
        move = await move_beyond_tolerance(call.backend, call.user_id, payload["orders"])
    except TradingError:
        if len(payload["orders"]) == 1:
            raise
        note = call.t("Not every account answers now; look again.")
    else:
        if move is None:
            return None
        note = call.t("The price has moved by {share} since; look again.", share=call.t.percent(move))
    accounts = [thawed_account(call, order) for order in payload["orders"]]
    return await preview(call, thawed_ticket(payload["ticket"]), note="⚠️ " + note, accounts=accounts)


async def _open(call: Call, payload: Payload, token: str) -> Screen:
    """Send the orders of a confirmed preview, one per account, at the same time."""
    parts = await asyncio.gather(
        *(_open_one(call, order, cause_of(token, n)) for n, order in enumerate(payload["orders"]))
    )
    return await results_screen(call, parts)


async def _open_one(call: Call, order: Payload, cause: str) -> Part[OrderResult]:
    async def question(_: Account) -> OrderResult:
        return await place_frozen(call.backend, call.user_id, order, cause)

    return await ask(thawed_account(call, order), question)


async def results_screen(call: Call, parts: Sequence[Part[OrderResult]], *, done: Html | None = None) -> Screen:
    """Show results, and remember which of them are still being checked; `done` says what all of them together did."""
    awaits = await watch_unknown(call, parts)
    # what became known before anybody was told to wait is shown at once; what becomes known later finds its message
    known = [part if part.value is None else replace(part, value=await as_known_now(part.value)) for part in parts]
    is_open = any(part.value is not None and part.value.outcome is Outcome.UNKNOWN for part in known)
    is_done = all(part.value is not None and part.value.success for part in known)
    return replace(results_view(call.t, known, done=done if is_done else None), awaits=awaits if is_open else ())


OPEN = Deed(kind="open", run=_open, look_again=_moved_away)
