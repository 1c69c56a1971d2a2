"""The trade panel: an order put together by taps. Its fields are checked by the grammar of typed orders."""

import db
from chat.call import Call, Reply
from chat.questions import ask_for, close_question
from chat.reading import chosen_accounts
from chat.trade import preview
from core.phrases import parse_symbol
from core.ticket import parse_ticket
from models.enums import OrderSide
from models.errors import BadOrder
from telegram_ui.errors import error_line
from telegram_ui.panel import FIELD_BY_NAME, Draft, Field, field_view, panel_view

_KEY = "panel"


async def cmd_trade(call: Call) -> Reply:
    """Open the panel as it was left; a button may bring a market and a side."""
    draft = await _load(call)
    if call.arguments:
        draft = draft.changed("symbol", parse_symbol(call.argument(0))).changed("side", _side(call.argument(1)))
        await _save(call, draft)
    return panel_view(call.t, draft, tuple(await chosen_accounts(call)))


async def on_field(call: Call) -> Reply:
    """Offer values for a field, and take a written one."""
    field = _named(call)
    await ask_for(call, "panel", [field.name])
    return field_view(call.t, await _load(call), field)


async def on_value(call: Call) -> Reply:
    """Take a chosen value."""
    name = call.argument(0)
    if name != "side":
        _named(call)
    return await _set(call, name, call.argument(1))


async def on_written_value(call: Call) -> Reply:
    """Take a written value; one that cannot be is asked for again."""
    field = _named(call)
    draft = await _load(call)
    try:
        parse_ticket(draft.changed(field.name, call.text.strip()).line, draft.side)
    except BadOrder as e:
        return field_view(call.t, draft, field, problem=error_line(call.t, e))
    return await _set(call, field.name, call.text.strip())


async def _set(call: Call, name: str, value: str) -> Reply:
    draft = (await _load(call)).changed(name, _side(value) if name == "side" else value)
    await _save(call, draft)
    await close_question(call)
    return panel_view(call.t, draft, tuple(await chosen_accounts(call)))


async def on_panel_preview(call: Call) -> Reply:
    """Preview the order; what cannot be is told in the panel."""
    draft = await _load(call)
    try:
        return await preview(call, parse_ticket(draft.line, draft.side))
    except BadOrder as e:
        accounts = tuple(await chosen_accounts(call))
        return panel_view(call.t, draft, accounts, problem=error_line(call.t, e, number=call.number))


def _side(word: str) -> OrderSide:
    try:
        return OrderSide(word)
    except ValueError as e:
        raise BadOrder("no such side", code="bad_button") from e


def _named(call: Call) -> Field:
    field = FIELD_BY_NAME.get(call.argument(0))
    if field is None:
        raise BadOrder("no such field", code="bad_button")
    return field


async def _load(call: Call) -> Draft:
    return Draft.read(await db.get_setting(call.user_id, _KEY))


async def _save(call: Call, draft: Draft) -> None:
    await db.set_setting(call.user_id, _KEY, draft.to_dict())
