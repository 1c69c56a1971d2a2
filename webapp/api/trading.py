"""What a trader looks at: money, positions, orders, markets, history. Reads never show an error as nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from core.past import recent_past
from core.ports import TradingBackend
from core.summary import Summary
from models.account import Account
from models.balance import Balance
from models.market import Candle, Instrument, Ticker
from models.order import Order
from models.position import Position
from webapp import services_integration as services
from webapp.answers import Answer, Json, found, reply
from webapp.login import Looker
from webapp.parts import Running
from webapp.wire import Envelope, Query, QuickRoute, Symbol, Where, asks

router = APIRouter(prefix="/api/trading", tags=["trading"], route_class=QuickRoute)

_PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
Period = Literal["day", "week", "month"]
Kind = Literal["closed_pnl", "fills", "funding", "orders"]


class OneOrAll(Where):
    """An account, and one of its markets or all."""

    symbol: Symbol | None = None


class OneMarket(Where):
    """One market of an account's venue."""

    symbol: Annotated[Symbol, Field(examples=["BTCUSDT"])]


class CandlesOf(OneMarket):
    """Bars of a market."""

    interval: Interval = "15m"
    limit: Annotated[int, Field(ge=1, le=1000, strict=False)] = 300


class InstrumentsLike(Where):
    """Markets by the beginning of their name, or what a typed name means."""

    text: Annotated[str, Field(max_length=30)] = ""
    limit: Annotated[int, Field(ge=1, le=1000, strict=False)] = 50


class HistoryOf(OneOrAll):
    """What happened, of one kind."""

    kind: Kind = "closed_pnl"
    days: Annotated[int, Field(ge=1, le=365, strict=False)] = 30
    limit: Annotated[int, Field(ge=1, le=1000, strict=False)] = 200


class StatsOf(Where):
    """A stretch of time."""

    period: Period = "week"


AskedCandlesOf = Annotated[CandlesOf, Depends(Query(CandlesOf))]
AskedHistoryOf = Annotated[HistoryOf, Depends(Query(HistoryOf))]
AskedInstrumentsLike = Annotated[InstrumentsLike, Depends(Query(InstrumentsLike))]
AskedOneMarket = Annotated[OneMarket, Depends(Query(OneMarket))]
AskedOneOrAll = Annotated[OneOrAll, Depends(Query(OneOrAll))]
AskedStatsOf = Annotated[StatsOf, Depends(Query(StatsOf))]
WhereAsked = Annotated[Where, Depends(Query(Where))]


@router.get("/balance", responses={200: {"model": Envelope[Balance]}}, openapi_extra=asks(Where))
async def balance(person: Looker, where: WhereAsked) -> Json:
    """Return an account's money."""
    return reply(await services.get_balance_service(person.user_id, where.exchange, where.account_type))


@router.get("/positions", responses={200: {"model": Envelope[list[Position]]}}, openapi_extra=asks(OneOrAll))
async def positions(person: Looker, where: AskedOneOrAll) -> Json:
    """Return open positions; empty only when the venue said so."""
    return reply(await services.get_positions_service(person.user_id, where.exchange, where.account_type, where.symbol))


@router.get("/orders", responses={200: {"model": Envelope[list[Order]]}}, openapi_extra=asks(OneOrAll))
async def orders(person: Looker, where: AskedOneOrAll) -> Json:
    """Return open orders: resting, conditional and protection."""
    return reply(await services.get_orders_service(person.user_id, where.exchange, where.account_type, where.symbol))


@router.get("/portfolio")
async def portfolio(parts: Running, person: Looker) -> Json:
    """Return money, positions and orders of every chosen account; each answers, or fails, for itself."""
    accounts = await parts.runtime.accounts.chosen(person.user_id)
    return reply(found({"accounts": await asyncio.gather(*(account_view(account) for account in accounts))}))


@router.get("/ticker", responses={200: {"model": Envelope[Ticker]}}, openapi_extra=asks(OneMarket))
async def ticker(person: Looker, where: AskedOneMarket) -> Json:
    """Return a market's prices."""
    return reply(
        await services.get_ticker_service(person.user_id, where.exchange, where.account_type, symbol=where.symbol)
    )


@router.get("/candles", responses={200: {"model": Envelope[list[Candle]]}}, openapi_extra=asks(CandlesOf))
async def candles(person: Looker, where: AskedCandlesOf) -> Json:
    """Return bars of a market, oldest first."""
    return reply(
        await services.get_candles_service(
            person.user_id,
            where.exchange,
            where.account_type,
            symbol=where.symbol,
            interval=where.interval,
            limit=where.limit,
        )
    )


@router.get("/instruments", responses={200: {"model": Envelope[list[Instrument]]}}, openapi_extra=asks(InstrumentsLike))
async def instruments(parts: Running, person: Looker, where: AskedInstrumentsLike) -> Json:
    """Return markets of an account's venue; `text` narrows them to names that begin with it, or hold it."""
    account = await parts.runtime.accounts.resolve(person.user_id, where.exchange, where.account_type)
    rows = await parts.runtime.instruments.of(account.exchange, account.account_type)
    wanted = where.text.strip().upper()
    ranked = sorted((_rank(row, wanted), n) for n, row in enumerate(rows) if wanted in row.symbol.upper())
    return reply(found([rows[n] for _, n in ranked[: where.limit]], source="unified"))


@router.get("/history", openapi_extra=asks(HistoryOf))
async def history(person: Looker, where: AskedHistoryOf) -> Json:
    """Return what happened, newest first: closed trades, fills, funding or orders."""
    return reply(
        await services.get_history_service(
            person.user_id,
            where.exchange,
            where.account_type,
            kind=where.kind,
            since=datetime.now(UTC) - timedelta(days=where.days),
            limit=where.limit,
            symbol=where.symbol,
        )
    )


@router.get("/stats", openapi_extra=asks(StatsOf))
async def stats(parts: Running, person: Looker, where: AskedStatsOf) -> Json:
    """Add up a day, a week or a month: trades, fees, funding, the best and the worst, and the curve of the result."""
    account = await parts.runtime.accounts.resolve(person.user_id, where.exchange, where.account_type)
    since = datetime.now(UTC) - _PERIODS[where.period]

    async def ask(path: TradingBackend) -> dict[str, Any]:
        past, money = await asyncio.gather(
            recent_past(path, account, since),
            path.get_balance(account.user_id, account.exchange, account.account_type),
        )
        return {**_summary(past.summary), "curve": past.curve, "since": since, "balance": money}

    return reply(await services.read(account.user_id, ask))


async def account_view(account: Account) -> Answer:
    """Return one account's money, positions and orders, each as an answer of its own."""
    who, where = account.user_id, (account.exchange, account.account_type.value)
    money, held, waiting = await asyncio.gather(
        services.get_balance_service(who, *where),
        services.get_positions_service(who, *where),
        services.get_orders_service(who, *where),
    )
    return {
        "exchange": account.exchange,
        "account_type": account.account_type.value,
        "balance": money,
        "positions": held,
        "orders": waiting,
    }


def _rank(row: Instrument, wanted: str) -> int:
    """Put what is traded most readily first: open markets, then names that begin as typed."""
    return (0 if row.is_tradable else 4) + (0 if row.symbol.upper().startswith(wanted) else 2) + (not row.is_linear)


def _summary(summary: Summary) -> dict[str, Any]:
    return {**summary.to_dict(), "total": summary.total, "win_fraction": summary.win_fraction}
