"""What a Bybit account did: closed orders, executions, results of positions, funding.

Bybit tells history in windows of a week, two years back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from exchanges.bybit_calls import Call
from exchanges.bybit_market import CONTRACTS, BybitMarket
from exchanges.bybit_orders import market
from exchanges.together import together
from models import wire
from models.enums import AccountType
from models.unified import ClosedPnl, Fill, FundingPayment, Instrument, Order
from models.values import from_millis, to_millis

SCOPES: tuple[Mapping[str, str], ...] = (
    {"category": "linear", "settleCoin": "USDT"},
    {"category": "linear", "settleCoin": "USDC"},
    {"category": "inverse"},
)
"""Everything that positions and orders of an account can be in; Bybit answers for one settlement coin at a time."""

ORDERS_A_PAGE = 50
FILLS_A_PAGE = 100
_LOG_A_PAGE = 50
_WINDOW = timedelta(days=7) - timedelta(milliseconds=1)
_OLDEST = timedelta(days=729)

Model = TypeVar("Model")
Page = tuple[list[wire.Row], datetime]
"""Rows, and when the venue told them."""


class BybitHistory(BybitMarket):
    """The past of one account. Without `since`, all of it is that of the last seven days."""

    _account_type: AccountType

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first.

        https://bybit-exchange.github.io/docs/v5/order/order-list
        """
        scopes = SCOPES if instrument is None else (market(instrument),)
        pages = await self._history(self._api.get_order_history, ORDERS_A_PAGE, scopes, since, limit)
        orders = self._orders(pages)
        closed = {order.order_id: order for order in orders if not order.is_open}
        return _newest(closed.values(), lambda order: order.updated_at or order.created_at, limit)

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first, without funding.

        https://bybit-exchange.github.io/docs/v5/order/execution
        """
        scopes = CONTRACTS if instrument is None else (market(instrument),)
        pages = await self._history(self._api.get_executions, FILLS_A_PAGE, scopes, since, limit)
        fills = {fill.fill_id: fill for fill in self._models(Fill.from_bybit, pages)}
        return _newest(fills.values(), lambda fill: fill.filled_at, limit)

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return the results of closed positions, newest first.

        https://bybit-exchange.github.io/docs/v5/position/close-pnl
        """
        scopes = CONTRACTS if instrument is None else (market(instrument),)
        pages = await self._history(self._api.get_closed_pnl, FILLS_A_PAGE, scopes, since, limit)
        return _newest(self._models(ClosedPnl.from_bybit, pages), lambda closed: closed.closed_at, limit)

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first; the venue's log names no market to ask for.

        https://bybit-exchange.github.io/docs/v5/account/transaction-log
        """
        kinds = CONTRACTS if instrument is None else ({"category": market(instrument)["category"]},)
        scopes = [{"accountType": "UNIFIED", "type": "SETTLEMENT", **kind} for kind in kinds]
        pages = await self._history(self._api.get_transaction_log, _LOG_A_PAGE, scopes, since, limit)
        # the same entry may be told under several categories, and counts once
        payments = {payment.payment_id: payment for payment in self._models(FundingPayment.from_bybit, pages)}
        wanted = [p for p in payments.values() if instrument is None or p.native_symbol == instrument.native_symbol]
        return _newest(wanted, lambda payment: payment.paid_at, limit)

    async def _history(
        self,
        endpoint: Callable[..., Call],
        a_page: int,
        scopes: Sequence[Mapping[str, object]],
        since: datetime | None,
        limit: int,
    ) -> list[Page]:
        """Return the pages of every scope, window by window from the newest, until there are `limit` rows of each."""

        async def of(scope: Mapping[str, object]) -> list[Page]:
            pages: list[Page] = []
            missing = limit
            for window in windows(since, from_millis(self._http.transport.clock.now_ms())):
                pages.append(await self._all(endpoint, {**scope, **window}, a_page=a_page, most=missing))
                missing -= len(pages[-1][0])
                if missing <= 0:
                    break
            return pages

        return [page for pages in await together(of(scope) for scope in scopes) for page in pages]

    def _orders(self, pages: Iterable[Page]) -> list[Order]:
        return [
            Order.from_bybit(row, account_type=self._account_type, as_of=as_of) for rows, as_of in pages for row in rows
        ]

    def _models(self, reader: Callable[..., Model | None], pages: Iterable[Page]) -> list[Model]:
        models = (reader(row, account_type=self._account_type) for rows, _ in pages for row in rows)
        return [model for model in models if model is not None]


def windows(since: datetime | None, now: datetime) -> Iterator[dict[str, int]]:
    """Yield the windows, newest first, in which Bybit tells history since a moment."""
    if since is None:
        yield {}
        return
    since, end = max(since, now - _OLDEST), now
    while end >= since:
        start = max(since, end - _WINDOW)
        yield {"startTime": to_millis(start), "endTime": to_millis(end)}
        end = start - timedelta(milliseconds=1)


def _newest(models: Iterable[Model], moment: Callable[[Model], datetime | None], limit: int) -> list[Model]:
    ordered = sorted(models, key=lambda model: to_millis(found) if (found := moment(model)) else 0, reverse=True)
    return ordered[:limit]
