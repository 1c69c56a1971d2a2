"""The REST endpoints: one row per path, and what happens to every request around its handler.

https://www.okx.com/docs-v5/en/#overview
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from sandbox.engine import RefusedError
from sandbox.okx import account, algos, orders, public
from sandbox.okx.access import authenticate, require_trading
from sandbox.okx.keys import OkxKeys
from sandbox.okx.wire import ApiError, Call, Json, refusal
from sandbox.world import World

Reader = Callable[[Call], Sequence[Any]]
Writer = Callable[[Call], Json]

PUBLIC: Final[Mapping[str, Reader]] = {
    "public/time": public.server_time,
    "public/instruments": public.instruments,
    "public/mark-price": public.mark_prices,
    "public/funding-rate": public.funding_rate,
    "market/ticker": public.tickers,
    "market/tickers": public.tickers,
    "market/candles": public.candles,
}
READS: Final[Mapping[str, Reader]] = {
    "account/config": account.config,
    "account/balance": account.balance,
    "account/positions": account.positions,
    "account/positions-history": account.positions_history,
    "account/leverage-info": account.leverage_info,
    "account/trade-fee": account.trade_fee,
    "account/bills": account.bills,
    "account/bills-archive": account.bills,
    "trade/order": orders.details,
    "trade/orders-pending": orders.pending,
    "trade/orders-history": orders.history,
    "trade/orders-history-archive": orders.history,
    "trade/fills": account.fills,
    "trade/fills-history": account.fills,
    "trade/order-algo": algos.details,
    "trade/orders-algo-pending": algos.pending,
    "trade/orders-algo-history": algos.history,
}
SETTINGS: Final[Mapping[str, Reader]] = {
    "account/set-leverage": account.set_leverage,
    "account/set-position-mode": account.set_position_mode,
    "trade/close-position": orders.close,
}
"""Writes that are answered, or refused, as a whole."""


@dataclass(frozen=True, slots=True)
class Writes:
    """Writes that are answered row by row: what is done to each, and the names that a refused row echoes."""

    each: Writer
    echoes: tuple[str, str]


_ORDER: Final = ("ordId", "clOrdId")
_ALGO: Final = ("algoId", "algoClOrdId")
ROWS: Final[Mapping[str, Writes]] = {
    "trade/order": Writes(orders.place, _ORDER),
    "trade/batch-orders": Writes(orders.place, _ORDER),
    "trade/amend-order": Writes(orders.amend, _ORDER),
    "trade/cancel-order": Writes(orders.cancel, _ORDER),
    "trade/cancel-batch-orders": Writes(orders.cancel, _ORDER),
    "trade/order-algo": Writes(algos.place, _ALGO),
    "trade/amend-algos": Writes(algos.amend, _ALGO),
    "trade/cancel-algos": Writes(algos.cancel, _ALGO),
}


class Rest:
    """Serves the endpoints of one world."""

    def __init__(self, world: World, keys: OkxKeys) -> None:
        self.world = world
        self.keys = keys

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for path, read in {**PUBLIC, **READS}.items():
            app.router.add_get(f"/api/v5/{path}", self._serve(self._asks(read, signed=path in READS)))
        for path, setting in SETTINGS.items():
            app.router.add_post(f"/api/v5/{path}", self._serve(self._sets(setting)))
        for path, writes in ROWS.items():
            app.router.add_post(f"/api/v5/{path}", self._serve(self._writes(writes)))

    def _serve(self, answer: Callable[[web.Request, str], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            body = (await request.read()).decode(errors="replace")
            try:
                return web.json_response(answer(request, body))
            except RefusedError as error:
                return self._refused(refusal(error))
            except ApiError as error:
                return self._refused(error)

        return serve

    def _refused(self, error: ApiError) -> web.Response:
        return web.json_response({"code": error.code, "data": [], "msg": error.message}, status=error.status)

    def _asks(self, read: Reader, *, signed: bool) -> Callable[[web.Request, str], Json]:
        def answer(request: web.Request, body: str) -> Json:
            key = authenticate(self.world, self.keys, request, body) if signed else None
            rows = read(Call(world=self.world, params=dict(request.query), key=key, now_ms=self._now_ms()))
            return {"code": "0", "data": list(rows), "msg": ""}

        return answer

    def _sets(self, setting: Reader) -> Callable[[web.Request, str], Json]:
        def answer(request: web.Request, body: str) -> Json:
            call, (params,) = self._opened(request, body)
            return {"code": "0", "data": list(setting(replace(call, params=params))), "msg": ""}

        return answer

    def _writes(self, writes: Writes) -> Callable[[web.Request, str], Json]:
        def answer(request: web.Request, body: str) -> Json:
            call, items = self._opened(request, body)
            rows = [self._row(replace(call, params=params), writes) for params in items]
            done = sum(row["sCode"] == "0" for row in rows)
            code, message = ("0", "") if done == len(rows) else ("2", "") if done else ("1", "All operations failed")
            now_us = str(self._now_ms() * 1000)
            return {"code": code, "data": rows, "msg": message, "inTime": now_us, "outTime": now_us}

        return answer

    def _row(self, call: Call, writes: Writes) -> Json:
        try:
            return {**writes.each(call), "sCode": "0", "sMsg": ""}
        except RefusedError as error:
            refused = refusal(error)
        except ApiError as error:
            refused = error
        return {**{name: call.text(name) for name in writes.echoes}, "sCode": refused.code, "sMsg": refused.message}

    def _opened(self, request: web.Request, body: str) -> tuple[Call, list[Json]]:
        """The request of a key that may trade, and the objects of its body."""
        key = authenticate(self.world, self.keys, request, body)
        require_trading(key)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        items = data if isinstance(data, list) else [data]
        if not items or not all(isinstance(item, dict) for item in items):
            raise ApiError("50002", "JSON syntax error", status=400)
        return Call(world=self.world, params={}, key=key, now_ms=self._now_ms()), items

    def _now_ms(self) -> int:
        return self.world.clock.wall_ms()
