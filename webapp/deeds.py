"""What can be confirmed, and what each makes to be sent. The payloads are what the previews in `webapp.plans` froze."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from core.confirming import answer_once_for
from core.frozen_orders import move_beyond_tolerance, place_frozen
from core.ports import TradingBackend
from models.enums import Outcome
from models.requests import OrderResult
from models.values import plain
from webapp.answers import Refused
from webapp.confirmed import Deed, Part, Payload

_ABOUT = ("exchange", "account_type", "symbol", "side")


def _about(payload: Payload) -> dict[str, Any]:
    return {name: payload[name] for name in _ABOUT if name in payload}


async def _open(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    def part(n: int, order: Mapping[str, Any]) -> Part:
        async def send(cause: str) -> OrderResult:
            return await place_frozen(path, user_id, order, cause)

        return Part(about=_about(order), name=str(n), send=send)

    return [part(n, order) for n, order in enumerate(payload["orders"])]


async def _price_moved(path: TradingBackend, user_id: int, payload: Payload) -> None:
    move = await move_beyond_tolerance(path, user_id, payload["orders"])
    if move is not None:
        raise Refused(
            HTTPStatus.CONFLICT,
            "price_moved",
            "the price moved since the preview; look again. Nothing was sent",
            move_fraction=plain(move),
        )


def _close_part(path: TradingBackend, user_id: int, wish: Payload, name: str) -> Part:
    def close(cause: str) -> Awaitable[OrderResult]:
        return path.close_position(
            user_id,
            wish["symbol"],
            wish["size"],
            wish["exchange"],
            wish["account_type"],
            position_side=wish["side"],
            cause=cause,
        )

    return _part(wish, name, close)


def _part(wish: Payload, name: str, send: Callable[[str], Awaitable[OrderResult]], **about: Any) -> Part:
    """Return a part that sends only where its cause did nothing before."""

    async def once(cause: str) -> OrderResult:
        return await answer_once_for(cause, lambda: send(cause))

    return Part(about={**_about(wish), **about}, name=name, send=once)


async def _close(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    return [_close_part(path, user_id, payload, "0")]


async def _close_all(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    return [_close_part(path, user_id, wish, str(n)) for n, wish in enumerate(payload["positions"])]


async def _leverage(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    def send(cause: str) -> Awaitable[OrderResult]:
        return path.set_leverage(
            user_id,
            payload["symbol"],
            payload["leverage"],
            payload["exchange"],
            payload["account_type"],
            cause=cause,
        )

    return [_part(payload, "0", send)]


async def _protect(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    def send(cause: str) -> Awaitable[OrderResult]:
        return path.set_protection(
            user_id,
            payload["symbol"],
            take_profit=_price(payload["take_profit"]),
            stop_loss=_price(payload["stop_loss"]),
            position_side=payload["side"],
            exchange=payload["exchange"],
            account_type=payload["account_type"],
            cause=cause,
        )

    return [_part(payload, "0", send)]


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


async def _cancel(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    def send(cause: str) -> Awaitable[OrderResult]:
        return path.cancel_order(
            user_id,
            payload["symbol"],
            payload["order_id"],
            exchange=payload["exchange"],
            account_type=payload["account_type"],
            cause=cause,
        )

    return [_part(payload, "0", send, order_id=payload["order_id"])]


async def _cancel_all(path: TradingBackend, user_id: int, payload: Payload) -> list[Part]:
    def part(n: int, wish: Payload) -> Part:
        async def send(cause: str) -> OrderResult:
            results = await path.cancel_all_orders(
                user_id, wish["symbol"], exchange=wish["exchange"], account_type=wish["account_type"], cause=cause
            )
            if not results:
                return _nothing_left(wish)
            # some venues take several requests for a market: what went wrong with any of them is what has to be told
            return next((result for result in results if not result.success), results[0])

        return Part(about=_about(wish), name=str(n), send=send)

    return [part(n, wish) for n, wish in enumerate(payload["markets"])]


def _nothing_left(wish: Payload) -> OrderResult:
    """Return the result of cancelling where nothing is open any more: that is what was wanted."""
    return OrderResult(
        outcome=Outcome.ACCEPTED,
        exchange=wish["exchange"],
        account_type=wish["account_type"],
        symbol=wish["symbol"],
    )


OPEN = Deed(kind="web_open", parts=_open, check=_price_moved, adds_risk=True)
CLOSE = Deed(kind="web_close", parts=_close)
CLOSE_ALL = Deed(kind="web_close_all", parts=_close_all)
LEVERAGE = Deed(kind="web_leverage", parts=_leverage, adds_risk=True)
PROTECT = Deed(kind="web_protect", parts=_protect)
CANCEL = Deed(kind="web_cancel", parts=_cancel)
CANCEL_ALL = Deed(kind="web_cancel_all", parts=_cancel_all)
