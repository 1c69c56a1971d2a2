"""What moves money. Everything is previewed first; the confirm token of a preview is then sent back, once.

POST /api/trading/close/preview {"symbol": "BTCUSDT", "side": "long", "percent": "50"}  ->  {"confirm": "…", …}
POST /api/trading/close         {"confirm": "…"}   with an Idempotency-Key            ->  {"results": […]}
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import Field, model_validator

from core import confirming
from core.accounts import MOST_TOGETHER
from models.enums import OrderSide, PositionSide, TimeInForce
from models.ticket import Level, LevelUnit, SizeUnit, Ticket, TicketSize
from webapp.answers import Json, found, reply
from webapp.confirmed import Deed, carry_out, cause_of, checked_key
from webapp.deeds import CANCEL, CANCEL_ALL, CLOSE, CLOSE_ALL, LEVERAGE, OPEN, PROTECT
from webapp.login import Looker, Trader
from webapp.parts import Parts, Running
from webapp.plans import Planner
from webapp.wire import ConfirmToken, Number, NumberOrZero, OrderId, Strict, StrictRoute, Symbol, Where, as_decimal

router = APIRouter(prefix="/api/trading", tags=["orders"], route_class=StrictRoute)

_MAX_TARGETS = 5
Accounts = Annotated[tuple[Where, ...], Field(max_length=MOST_TOGETHER, strict=False)]
Side = Annotated[PositionSide, Field(strict=False, examples=["long"])]
KEY_FORM = r"^[A-Za-z0-9_\-]{8,64}$"
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="8 to 64 letters, digits, - or _.")]


class SizeBody(Strict):
    """How much, and what it counts."""

    amount: Annotated[Number, Field(examples=["100"])]
    unit: Annotated[SizeUnit, Field(strict=False, examples=["notional"])]


class LevelBody(Strict):
    """A stop or target: a price, or a distance in per cent."""

    amount: Annotated[Number, Field(examples=["2"])]
    unit: Annotated[LevelUnit, Field(strict=False, examples=["percent"])]


class TicketBody(Strict):
    """An order as a person fills it in. Without `price` it takes the market's."""

    symbol: Annotated[Symbol, Field(examples=["BTC"])]
    side: Annotated[OrderSide, Field(strict=False, examples=["buy"])]
    size: SizeBody
    price: Number | None = None
    leverage: Annotated[Number | None, Field(examples=["5"])] = None
    stop_loss: LevelBody | None = None
    take_profits: Annotated[tuple[LevelBody, ...], Field(max_length=_MAX_TARGETS, strict=False)] = ()
    time_in_force: Annotated[TimeInForce, Field(strict=False)] = TimeInForce.GTC
    reduce_only: bool = False
    accounts: Accounts = ()
    """Where to place it; empty: on every chosen account."""

    def ticket(self) -> Ticket:
        """Return the ticket."""
        return Ticket(
            symbol=self.symbol,
            side=self.side,
            size=TicketSize(amount=as_decimal(self.size.amount), unit=self.size.unit),
            price=_optional(self.price),
            leverage=_optional(self.leverage),
            stop_loss=None if self.stop_loss is None else _level(self.stop_loss),
            take_profits=tuple(_level(level) for level in self.take_profits),
            time_in_force=self.time_in_force,
            reduce_only=self.reduce_only,
        )


class PositionBody(Where):
    """One position."""

    symbol: Annotated[Symbol, Field(examples=["BTCUSDT"])]
    side: Side


class CloseBody(PositionBody):
    """How much of a position to close: per cent of it, a size in base currency, or neither for all of it."""

    percent: Annotated[Number | None, Field(examples=["50"])] = None
    size: Number | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> "CloseBody":
        if self.percent is not None and self.size is not None:
            raise ValueError("give percent or size, not both")
        if self.percent is not None and as_decimal(self.percent) > 100:
            raise ValueError("percent: at most 100")
        return self


class AccountsBody(Strict):
    """Some accounts; empty: every chosen one."""

    accounts: Accounts = ()


class CancelAllBody(AccountsBody):
    """Some accounts, and one market of theirs or all."""

    symbol: Symbol | None = None


class LeverageBody(Where):
    """Another leverage for a market."""

    symbol: Annotated[Symbol, Field(examples=["BTCUSDT"])]
    leverage: Annotated[Number, Field(examples=["5"])]


class ProtectBody(PositionBody):
    """A position's stop and target: a price sets, null leaves, "0" removes."""

    stop_loss: Annotated[NumberOrZero | None, Field(examples=["40000"])] = None
    take_profit: Annotated[NumberOrZero | None, Field(examples=["90000"])] = None


class CancelBody(Where):
    """One open order, by the venue's id."""

    order_id: Annotated[OrderId, Field(examples=["b28fc4dd-2a3a-4954-ac69-f81db4937dee"])]


class Confirmed(Strict):
    """The token of a preview."""

    confirm: Annotated[ConfirmToken, Field(examples=["qgscfxpHGnL9bw0Q74Xprw"])]


def _optional(value: Any) -> Decimal | None:
    return None if value is None else as_decimal(value)


def _level(body: LevelBody) -> Level:
    return Level(amount=as_decimal(body.amount), unit=body.unit)


def _planner(parts: Parts, person: Trader) -> Planner:
    parts.buckets.take("previews", person.user_id, parts.limits.previews)
    return Planner(person.user_id, parts.runtime.accounts)


@router.post("/order/preview")
async def preview_order(parts: Running, person: Trader, body: TicketBody) -> Json:
    """Show the exact order that a confirmation would send, and what it would cost."""
    planner = _planner(parts, person)
    return reply(await planner.open(body.ticket(), await parts.accounts_meant(person.user_id, body.accounts)))


@router.post("/close/preview")
async def preview_close(parts: Running, person: Trader, body: CloseBody) -> Json:
    """Show what closing a position, wholly or in part, would take away."""
    planner = _planner(parts, person)
    account = await parts.runtime.accounts.resolve(person.user_id, body.exchange, body.account_type)
    percent = Decimal(100) if body.percent is None else as_decimal(body.percent)
    return reply(await planner.close(account, body.symbol, body.side, percent=percent, size=_optional(body.size)))


@router.post("/close-all/preview")
async def preview_close_all(parts: Running, person: Trader, body: AccountsBody) -> Json:
    """Show every position that closing all would close."""
    planner = _planner(parts, person)
    return reply(await planner.close_all(await parts.accounts_meant(person.user_id, body.accounts)))


@router.post("/leverage/preview")
async def preview_leverage(parts: Running, person: Trader, body: LeverageBody) -> Json:
    """Show what another leverage would change."""
    planner = _planner(parts, person)
    account = await parts.runtime.accounts.resolve(person.user_id, body.exchange, body.account_type)
    return reply(await planner.leverage(account, body.symbol, as_decimal(body.leverage)))


@router.post("/tpsl/preview")
async def preview_protection(parts: Running, person: Trader, body: ProtectBody) -> Json:
    """Show how a position's stop and target would change."""
    planner = _planner(parts, person)
    account = await parts.runtime.accounts.resolve(person.user_id, body.exchange, body.account_type)
    stop, target = _optional(body.stop_loss), _optional(body.take_profit)
    return reply(await planner.protect(account, body.symbol, body.side, stop_loss=stop, take_profit=target))


@router.post("/cancel/preview")
async def preview_cancel(parts: Running, person: Trader, body: CancelBody) -> Json:
    """Show the order that would be cancelled."""
    planner = _planner(parts, person)
    account = await parts.runtime.accounts.resolve(person.user_id, body.exchange, body.account_type)
    return reply(await planner.cancel(account, body.order_id))


@router.post("/cancel-all/preview")
async def preview_cancel_all(parts: Running, person: Trader, body: CancelAllBody) -> Json:
    """Show the orders that would be cancelled."""
    planner = _planner(parts, person)
    accounts = await parts.accounts_meant(person.user_id, body.accounts)
    return reply(await planner.cancel_all(accounts, body.symbol))


def _confirming(path: str, deed: Deed, summary: str) -> None:
    """Add the route that carries out what one kind of preview showed."""

    async def confirm(parts: Running, person: Trader, body: Confirmed, idempotency_key: Key = None) -> Json:
        key = checked_key(idempotency_key)
        what = "orders" if deed.adds_risk else "reductions"
        rates = parts.limits.orders if deed.adds_risk else parts.limits.reductions
        parts.buckets.take(what, person.user_id, rates)
        try:
            answer = await carry_out(deed, person, body.confirm, key, parts.once)
        finally:
            parts.feeds.hurry(person.user_id)
        parts.meter.deed(deed.kind, answer["success"], (answer["error"] or {}).get("code"))
        return reply(answer)

    confirm.__doc__ = f"{summary}, as its preview showed. 202: not known yet; ask `/requests/<key>`, never send again."
    route: Callable[..., Awaitable[Json]] = confirm
    router.add_api_route(path, route, methods=["POST"], name=deed.kind, summary=summary)


for _path, _deed, _summary in (
    ("/order", OPEN, "Place the order"),
    ("/close", CLOSE, "Close the position"),
    ("/close-all", CLOSE_ALL, "Close every position"),
    ("/leverage", LEVERAGE, "Set the leverage"),
    ("/tpsl", PROTECT, "Set stop and target"),
    ("/cancel", CANCEL, "Cancel the order"),
    ("/cancel-all", CANCEL_ALL, "Cancel every order"),
):
    _confirming(_path, _deed, _summary)


@router.get("/requests/{key}")
async def request_state(
    person: Looker, key: Annotated[str, Path(pattern=KEY_FORM, examples=["a-key-of-mine-1"])]
) -> Json:
    """Tell what is known of a confirmed request by its Idempotency-Key, also after the connection was lost."""
    results = await confirming.results_of_request(person.user_id, cause_of(person.user_id, key))
    return reply(found({"results": results}))
