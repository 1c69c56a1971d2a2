"""Unmodified pybit against a sandbox in the same process: its blocking calls run in a thread."""

import asyncio
from typing import Any, Protocol

from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.admin import BybitAccount


class HasBybit(Protocol):
    """A sandbox in this process or another."""

    @property
    def bybit_url(self) -> str:
        """Base URL of the simulated Bybit."""
        ...


class PybitClient:
    """One account of the sandbox behind stock pybit."""

    def __init__(self, sandbox: HasBybit, account: BybitAccount | None = None, **options: Any) -> None:
        keys = {} if account is None else {"api_key": account.api_key, "api_secret": account.secret}
        # stock pybit sleeps on some codes; {-1} switches that off
        self.http = HTTP(**{"timeout": 5, "retry_codes": {-1}, **keys, **options})
        self.http.endpoint = sandbox.bybit_url
        self.http.client.trust_env = False
        self.account = account

    def close(self) -> None:
        """Close the connections."""
        self.http.client.close()

    async def call(self, method: str, **params: Any) -> Any:
        """The ``result`` of one call."""
        answer = await asyncio.to_thread(getattr(self.http, method), **params)
        assert answer["retCode"] == 0, answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> tuple[int, str]:
        """Code and text of a call that the venue refuses."""
        try:
            answer = await asyncio.to_thread(getattr(self.http, method), **params)
        except InvalidRequestError as error:
            return error.status_code, error.message
        raise AssertionError(f"{method} was accepted: {answer}")

    async def order(self, **params: Any) -> Any:
        """Place a linear order; BTCUSDT, Buy, Market, 0.01 unless said otherwise."""
        base = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
        return await self.call("place_order", **{**base, **params})

    async def refused_order(self, **params: Any) -> tuple[int, str]:
        """Place an order that the venue refuses."""
        base = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
        return await self.refused("place_order", **{**base, **params})

    async def position(self, symbol: str = "BTCUSDT") -> Any:
        """The first position row of a symbol."""
        return (await self.call("get_positions", category="linear", symbol=symbol))["list"][0]

    async def find(self, **ids: str) -> Any:
        """An order by id, from order/realtime."""
        rows = await self.call("get_open_orders", category="linear", symbol="BTCUSDT", **ids)
        return rows["list"][0]
