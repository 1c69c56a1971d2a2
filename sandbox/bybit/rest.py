"""The REST endpoints: one row per path, and what happens to every request around its handler."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.bybit import account, order_lists, orders, positions, public
from sandbox.bybit.access import authenticate, require_trading
from sandbox.bybit.errors import ApiError, bad_parameter
from sandbox.bybit.limits import Limits, TooManyVisitsError
from sandbox.bybit.wire import Call, Json
from sandbox.keys import BybitKey
from sandbox.world import World

READS: Final = 50
WRITES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path.

    Attributes:
        limit: Requests a second and account; 0 on public endpoints.
        trades: Whether a key needs the right to trade.
    """

    method: str
    path: str
    handler: Callable[[Call], Json]
    limit: int = 0
    trades: bool = False


def _public(path: str, handler: Callable[[Call], Json]) -> Endpoint:
    return Endpoint(method="GET", path=f"/v5/{path}", handler=handler)


def _read(path: str, handler: Callable[[Call], Json], limit: int = READS) -> Endpoint:
    return Endpoint(method="GET", path=f"/v5/{path}", handler=handler, limit=limit)


def _write(path: str, handler: Callable[[Call], Json], limit: int = WRITES) -> Endpoint:
    return Endpoint(method="POST", path=f"/v5/{path}", handler=handler, limit=limit, trades=True)


ENDPOINTS: Final = (
    _public("market/time", public.server_time),
    _public("market/instruments-info", public.instruments_info),
    _public("market/tickers", public.tickers),
    _public("market/kline", public.kline),
    _public("market/mark-price-kline", public.mark_price_kline),
    _public("market/index-price-kline", public.mark_price_kline),
    _public("market/orderbook", public.order_book),
    _public("market/recent-trade", public.recent_trades),
    _public("market/funding/history", public.funding_history),
    _public("market/risk-limit", public.risk_limit),
    _read("account/wallet-balance", account.wallet_balance),
    _read("account/info", account.account_info),
    _read("account/fee-rate", account.fee_rate, 5),
    _read("account/transaction-log", order_lists.transaction_log),
    _write("account/set-margin-mode", account.set_margin_mode),
    _read("user/query-api", account.query_api, 10),
    _read("position/list", positions.position_list),
    _read("position/closed-pnl", order_lists.closed_pnl),
    _write("position/set-leverage", positions.set_leverage),
    _write("position/switch-mode", positions.switch_mode),
    _write("position/switch-isolated", positions.switch_isolated),
    _write("position/trading-stop", positions.trading_stop),
    _write("position/set-auto-add-margin", positions.set_auto_add_margin),
    _write("position/add-margin", positions.add_margin),
    _write("order/create", orders.create),
    _write("order/amend", orders.amend),
    _write("order/cancel", orders.cancel),
    _write("order/cancel-all", orders.cancel_all),
    _write("order/create-batch", orders.batch(orders.create, created=True)),
    _write("order/amend-batch", orders.batch(orders.amend)),
    _write("order/cancel-batch", orders.batch(orders.cancel)),
    _read("order/realtime", order_lists.realtime),
    _read("order/history", order_lists.history),
    _read("execution/list", order_lists.executions),
    _read("asset/transfer/query-account-coins-balance", account.coins_balance, 5),
    _read("asset/coin/query-info", account.coin_info, 5),
)


class Rest:
    """Serves the endpoints of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits()

    def add_routes(self, app: web.Application) -> None:
        """Register every endpoint."""
        for endpoint in ENDPOINTS:
            app.router.add_route(endpoint.method, endpoint.path, self._serve(endpoint))

    def now_ms(self) -> int:
        """The venue's clock."""
        return self.world.clock.wall_ms() + self.world.behaviour.clock_skew_ms

    def _serve(self, endpoint: Endpoint) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            if self._enforced() and not self.limits.admit_ip(request.remote or "", self.now_ms()):
                return web.Response(status=403, text="403 Forbidden: access too frequent")
            headers: dict[str, str] = {}
            ext: Json = {}
            try:
                result = await self._answer(endpoint, request, headers, ext)
                return self._envelope(0, "OK", result, headers, ext)
            except TooManyVisitsError as error:
                return self._envelope(error.code, error.message, {}, error.headers, ext)
            except ApiError as error:
                return self._envelope(error.code, error.message, error.result, headers, ext)

        return serve

    async def _answer(self, endpoint: Endpoint, request: web.Request, headers: dict[str, str], ext: Json) -> Json:
        body = (await request.read()).decode(errors="replace")
        key = self._admit(endpoint, request, body, headers) if endpoint.limit else None
        params = read_body(body) if endpoint.method == "POST" else dict(request.query)
        call = Call(world=self.world, params=params, key=key, now_ms=self.now_ms(), ext=ext)
        return endpoint.handler(call)

    def _admit(self, endpoint: Endpoint, request: web.Request, body: str, headers: dict[str, str]) -> BybitKey:
        key = authenticate(self.world, request, body, self.now_ms())
        headers.update(
            self.limits.count(key.account_id, endpoint.path, endpoint.limit, self.now_ms(), enforced=self._enforced())
        )
        if endpoint.trades:
            require_trading(key)
        return key

    def _enforced(self) -> bool:
        """Whether limits refuse; by default on a running clock only, since a frozen second never ends."""
        wanted = self.world.behaviour.rate_limits
        return not self.world.clock.frozen if wanted is None else wanted

    def _envelope(self, code: int, message: str, result: Json, headers: dict[str, str], ext: Json) -> web.Response:
        body = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": ext, "time": self.now_ms()}
        return web.json_response(body, headers=headers)


def read_body(body: str) -> Json:
    """The JSON object of a POST."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_parameter("Request parameter error.") from None
    if not isinstance(data, dict):
        raise bad_parameter("Request parameter error.")
    return data
