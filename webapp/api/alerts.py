"""Price alerts: a line on a market, told of once in the chat when the price crosses it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from core import web_accounts
from core.alert_phrases import AlertWish, line_of
from core.reading import one_market
from core.web_accounts import Direction
from models.errors import Unavailable
from webapp.answers import Json, Refused, found, reply
from webapp.login import Looker, Trader
from webapp.parts import Running
from webapp.services_integration import path_of_user
from webapp.wire import Number, StrictRoute, Symbol, Where, as_decimal

router = APIRouter(prefix="/api/alerts", tags=["alerts"], route_class=StrictRoute)


class NewAlert(Where):
    """A line on a market."""

    symbol: Annotated[Symbol, Field(examples=["BTCUSDT"])]
    direction: Annotated[Direction, Field(strict=False, examples=["above"])]
    price: Annotated[Number, Field(examples=["70000"])]
    note: Annotated[str, Field(max_length=100)] = ""


@router.get("")
async def alerts(person: Looker) -> Json:
    """List the alerts that wait."""
    return reply(found(await web_accounts.alerts_of(person.user_id)))


@router.post("")
async def add(parts: Running, person: Trader, body: NewAlert) -> Json:
    """Add an alert."""
    account = await parts.runtime.accounts.resolve(person.user_id, body.exchange, body.account_type)
    path = path_of_user(person.user_id)
    rows = await path.find_instruments(person.user_id, body.symbol, account.exchange, account.account_type)
    market = one_market(rows, body.symbol)
    ticker = await path.get_ticker(person.user_id, market.symbol, account.exchange, account.account_type)
    now = ticker.last_price or ticker.mark_price
    if now is None:
        raise Unavailable("the venue gives no price", code="no_price")
    wish = AlertWish(symbol=market.symbol, direction=body.direction, price=as_decimal(body.price))
    direction, price = line_of(wish, market, now)
    number = await web_accounts.add_alert(account, market.symbol, direction, price, body.note)
    if number is None:
        raise Refused(HTTPStatus.CONFLICT, "too_many_alerts", "too many alerts wait already; remove one first")
    return reply(found({"id": number}))


@router.delete("/{number}")
async def remove(person: Trader, number: Annotated[int, Path(ge=1, lt=2**53, examples=[7])]) -> Json:
    """Remove an alert."""
    if not await web_accounts.remove_alert(person.user_id, number):
        raise Refused(HTTPStatus.NOT_FOUND, "alert_not_found", "there is no such alert")
    return reply(found(None))
