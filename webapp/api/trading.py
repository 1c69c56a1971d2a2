"""What a trader looks at: money, positions, orders, markets, history."""

from typing import Annotated

from fastapi import APIRouter, Query

from models.balance import Balance
from models.position import Position
from webapp import services_integration as services
from webapp.answers import Json, reply
from webapp.login import Looker
from webapp.wire import Envelope, StrictRoute, Symbol, Where

router = APIRouter(prefix="/api/trading", tags=["trading"], route_class=StrictRoute)


class OneMarket(Where):
    """An account, and one of its markets or all."""

    symbol: Symbol | None = None


@router.get("/balance", responses={200: {"model": Envelope[Balance]}})
async def balance(person: Looker, where: Annotated[Where, Query()]) -> Json:
    """Return an account's money."""
    return reply(await services.get_balance_service(person.user_id, where.exchange, where.account_type))


@router.get("/positions", responses={200: {"model": Envelope[list[Position]]}})
async def positions(person: Looker, where: Annotated[OneMarket, Query()]) -> Json:
    """Return open positions; empty only when the venue said so."""
    return reply(await services.get_positions_service(person.user_id, where.exchange, where.account_type, where.symbol))
