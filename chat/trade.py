"""Opening a position: a ticket becomes the exact order, is shown, confirmed and sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chat.call import Call, Reply
from chat.confirm import Deed, Payload, cause_of, freeze, frozen_account, thawed_account
from chat.reading import ask, chosen_accounts
from chat.watch import watch_unknown
from core.ticket import SIDES, parse_ticket
from models.account import Account
from models.enums import OrderSide, OrderType, Outcome, TimeInForce
from models.requests import OrderResult
from models.ticket import Level, LevelUnit, OrderPreview, SizeUnit, Ticket, TicketSize
from models.values import plain
from telegram_ui.parts import Part
from telegram_ui.screen import Html, Screen
from telegram_ui.views.trade import preview_view, results_view

DEFAULT_PRICE_TOLERANCE = Decimal("0.005")
"""How far the price may move between preview and confirmation before it is shown again, as a fraction."""

STALE_AFTER_S = 30

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
    return await preview(call, parse_ticket(call.text, OrderSide.BUY))


async def cmd_short(call: Call) -> Reply:
    """Preview a sell."""
    return await preview(call, parse_ticket(call.text, OrderSide.SELL))


def is_ticket(text: str) -> bool:
    """Whether a text without a command starts like an order: `long btc 100$`."""
    first = text.split(maxsplit=1)[:1]
    return bool(first) and first[0].lower() in SIDES


async def on_ticket(call: Call) -> Reply:
    """Preview an order written without a command."""
    return await preview(call, parse_ticket(call.text))


async def on_test_trade(call: Call) -> Reply:
    """Preview a small protected trade, for a first try."""
    return await preview(call, _TEST_TICKET)


async def preview(call: Call, ticket: Ticket, *, note: Html | None = None) -> Screen:
    """Show the exact order of every chosen account behind one confirm button."""
    accounts = await chosen_accounts(call)
    previews = await asyncio.gather(*(_preview_of(call, ticket, account) for account in accounts))
    confirm = await freeze(
        call, "open", {"orders": [_frozen(preview) for preview in previews], "ticket": _said(ticket)}
    )
    return preview_view(call.t, previews, confirm, note=note or _stale_note(call))


async def _preview_of(call: Call, ticket: Ticket, account: Account) -> OrderPreview:
    return await call.backend.preview_order(call.user_id, ticket, account.exchange, account.account_type)


def _stale_note(call: Call) -> Html | None:
    """Say that a message waited, because the bot or the network was away."""
    if call.asked_at is None or (call.services.now() - call.asked_at).total_seconds() <= STALE_AFTER_S:
        return None
    return call.t("You wrote this at {time}; the prices below are of now.", time=call.t.time(call.asked_at))


def _frozen(preview: OrderPreview) -> dict[str, Any]:
    """Return what the confirm button stands for: exactly what the preview showed."""
    return {
        **frozen_account(preview.account),
        "symbol": preview.instrument.symbol,
        "side": preview.side.value,
        "order_type": preview.order_type.value,
        "size": plain(preview.size),
        "price": _text(preview.price),
        "reference": plain(preview.reference_price),
        "leverage": _text(preview.leverage_change),
        "stop_loss": _text(preview.stop_loss),
        "targets": [[plain(target.price), plain(target.size)] for target in preview.targets],
        "time_in_force": preview.time_in_force.value,
        "reduce_only": preview.reduce_only,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _said(ticket: Ticket) -> dict[str, Any]:
    return ticket.to_dict()


async def _moved_away(call: Call, payload: Payload) -> Screen | None:
    """Show the preview again where a market moved further than the person tolerates."""
    tolerance = Decimal(await call.store.settings.get(call.user_id, "price_tolerance", str(DEFAULT_PRICE_TOLERANCE)))
    market_orders = [order for order in payload["orders"] if order["price"] is None]
    moves = await asyncio.gather(*(_move_of(call, order) for order in market_orders))
    furthest = max(moves, key=abs, default=Decimal(0))
    if abs(furthest) <= tolerance:
        return None
    note = call.t("The price has moved by {share} since; look again.", share=call.t.percent(furthest))
    return await preview(call, thawed_ticket(payload["ticket"]), note="⚠️ " + note)


async def _move_of(call: Call, order: Payload) -> Decimal:
    """Return how far the market is from what the preview showed, as a fraction."""
    ticker = await call.backend.get_ticker(call.user_id, order["symbol"], order["exchange"], order["account_type"])
    then, now = Decimal(order["reference"]), ticker.reference_price
    return Decimal(1) if now is None else now / then - 1


def thawed_ticket(said: Payload) -> Ticket:
    """Read a ticket from a payload."""
    stop = said["stop_loss"]
    return Ticket(
        symbol=said["symbol"],
        side=OrderSide(said["side"]),
        size=TicketSize(amount=Decimal(said["size"]["amount"]), unit=SizeUnit(said["size"]["unit"])),
        price=_number(said["price"]),
        leverage=_number(said["leverage"]),
        stop_loss=_level(stop) if stop else None,
        take_profits=tuple(_level(level) for level in said["take_profits"]),
        time_in_force=TimeInForce(said["time_in_force"]),
        reduce_only=said["reduce_only"],
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _level(said: Payload) -> Level:
    return Level(amount=Decimal(said["amount"]), unit=LevelUnit(said["unit"]))


async def _open(call: Call, payload: Payload, token: str) -> Screen:
    """Send the orders of a confirmed preview, one per account, at the same time."""
    parts = await asyncio.gather(
        *(_open_one(call, order, cause_of(token, n)) for n, order in enumerate(payload["orders"]))
    )
    return await results_screen(call, parts)


async def _open_one(call: Call, order: Payload, cause: str) -> Part[OrderResult]:
    targets = order["targets"]

    async def question(account: Account) -> OrderResult:
        result = await call.backend.place_order(
            call.user_id,
            order["symbol"],
            order["side"],
            order["order_type"],
            order["size"],
            order["price"],
            leverage=order["leverage"],
            take_profit=targets[0][0] if len(targets) == 1 else None,
            stop_loss=order["stop_loss"],
            time_in_force=order["time_in_force"] if order["price"] is not None else None,
            reduce_only=order["reduce_only"],
            exchange=account.exchange,
            account_type=account.account_type,
            cause=cause,
        )
        if len(targets) < 2 or result.outcome is Outcome.REJECTED:
            return result
        if result.success and await _place_targets(call, account, order, cause):
            return result
        return replace(result, warnings=(*result.warnings, "targets_missing"))

    return await ask(thawed_account(call, order), question)


async def _place_targets(call: Call, account: Account, order: Payload, cause: str) -> bool:
    """Place several targets as orders of their own that can only reduce; return whether every one stands."""
    side = OrderSide(order["side"]).opposite
    placed = []
    for n, (price, size) in enumerate(order["targets"]):
        result = await call.backend.place_order(
            call.user_id,
            order["symbol"],
            side,
            OrderType.TAKE_PROFIT_MARKET,
            size,
            trigger_price=price,
            reduce_only=True,
            exchange=account.exchange,
            account_type=account.account_type,
            cause=f"{cause}:target{n}",
        )
        placed.append(result.success)
    return all(placed)


async def results_screen(call: Call, parts: Sequence[Part[OrderResult]]) -> Screen:
    """Show results, and remember which of them are still being checked."""
    await watch_unknown(call, parts)
    return results_view(call.t, parts)


OPEN = Deed(kind="open", run=_open, look_again=_moved_away)
