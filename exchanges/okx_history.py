"""What an OKX account did: closed orders, executions, results of positions, funding.

OKX keeps recent history in one place and older history, three months of it, in another that is asked less often.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from exchanges.okx_account_rows import closed_pnl_from_okx, funding_from_okx
from exchanges.okx_market import SWAPS, OkxMarket
from exchanges.okx_order_rows import (
    STOP_AND_TARGET,
    TRAILING,
    TRIGGER,
    as_fired,
    fill_from_okx,
    order_from_okx,
    orders_from_okx_algo,
)
from exchanges.pacing import Purpose
from models import wire
from models.enums import AccountType, OrderStatus
from models.errors import BadPayload
from models.unified import ClosedPnl, Fill, FundingPayment, Instrument, Order
from models.values import from_millis, to_millis

logger = logging.getLogger(__name__)

ORDERS: Final = "/api/v5/trade/orders-history"
_OLD_ORDERS: Final = "/api/v5/trade/orders-history-archive"
_FILLS: Final = "/api/v5/trade/fills"
_FIRED: Final = "/api/v5/trade/orders-algo-history"
_OLD_FILLS: Final = "/api/v5/trade/fills-history"
_RESULTS: Final = "/api/v5/account/positions-history"
_BILLS: Final = "/api/v5/account/bills"
_OLD_BILLS: Final = "/api/v5/account/bills-archive"
_FUNDING: Final = "8"
_MADE_BY: Final[Mapping[str | None, str]] = {"6": TRIGGER, "25": TRAILING}
"""The kind of algo order that made an order, by the order's `source`; any other was a stop or a target."""

_ORDERS_KEPT: Final = timedelta(days=7)
_FILLS_KEPT: Final = timedelta(days=3)
_BILLS_KEPT: Final = timedelta(days=7)
_A_PAGE: Final = 100
_MAX_PAGES: Final = 200

Model = TypeVar("Model")


class OkxHistory(OkxMarket):
    """The past of one account. Without `since`, it is what OKX keeps at hand: seven days, of executions three."""

    _account_type: AccountType

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders, newest first. OKX forgets those that were cancelled without a fill after two hours.

        An order that a stop or a target became is told as one; those that never fired are not in the list.

        https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-history-last-7-days
        """
        path = self._by_age(ORDERS, _OLD_ORDERS, _ORDERS_KEPT, since)
        rows, as_of = await self._rows(path, scope(instrument) | _from(since), "ordId", most=limit)
        fired = await self._fired(rows, instrument)
        orders = []
        for row, contract in await self._known(rows):
            order = order_from_okx(row, contract=contract, account_type=self._account_type, as_of=as_of)
            level = fired.get(order.parent_order_id)
            orders.append(order if level is None else as_fired(order, level))
        return _newest((o for o in orders if not o.is_open), lambda o: o.updated_at or o.created_at, limit)

    async def _fired(self, rows: Iterable[wire.Row], instrument: Instrument | None) -> Mapping[str | None, Order]:
        """Return the levels that made orders, by the algo order's number.

        https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-history
        """
        wanted: dict[str, set[str]] = {}
        for row in rows:
            algo_id = wire.optional_text(row, "algoId")
            if algo_id is not None:
                kind = _MADE_BY.get(wire.optional_text(row, "source"), STOP_AND_TARGET)
                wanted.setdefault(kind, set()).add(algo_id)
        fired: dict[str | None, Order] = {}
        for kind, algo_ids in wanted.items():
            query = {**scope(instrument), "ordType": kind, "state": "effective"}
            found, as_of = await self._rows(_FIRED, query, "algoId", until=algo_ids)
            for row, contract in await self._known(row for row in found if row.get("algoId") in algo_ids):
                levels = orders_from_okx_algo(row, contract=contract, account_type=self._account_type, as_of=as_of)
                level = next((level for level in levels if level.status is OrderStatus.TRIGGERED), levels[0])
                fired[wire.text(row, "algoId")] = level
        return fired

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first, without funding.

        https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-transaction-details-last-3-days
        """
        path = self._by_age(_FILLS, _OLD_FILLS, _FILLS_KEPT, since)
        rows, _ = await self._rows(path, scope(instrument) | _from(since), "billId", most=limit)
        return _newest(await self._models(fill_from_okx, rows), lambda fill: fill.filled_at, limit)

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return the results of closed positions, newest first; of one that is partly open OKX has no result yet.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions-history
        """
        rows, _ = await self._rows(_RESULTS, scope(instrument), "uTime", most=limit, since=since)
        return _newest(await self._models(closed_pnl_from_okx, rows), lambda closed: closed.closed_at, limit)

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first.

        https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-bills-details-last-7-days
        """
        path = self._by_age(_BILLS, _OLD_BILLS, _BILLS_KEPT, since)
        query = {**scope(instrument), "type": _FUNDING, **_from(since)}
        rows, _ = await self._rows(path, query, "billId", most=limit)
        return _newest(await self._models(funding_from_okx, rows), lambda payment: payment.paid_at, limit)

    async def _rows(
        self,
        path: str,
        query: Mapping[str, object],
        cursor: str,
        *,
        most: int | None = None,
        since: datetime | None = None,
        until: Set[str] | None = None,
        purpose: Purpose | None = None,
    ) -> tuple[list[wire.Row], datetime]:
        """Return the rows of all pages, newest first, and the time of the first page.

        Args:
            cursor: The field by which OKX pages; what comes after a page is older than its last row.
            most: Stop when there are as many.
            since: Stop at rows older than this, where the cursor is a time.
            until: Stop when the cursors of all these rows were seen.
        """
        rows: list[wire.Row] = []
        as_of: datetime | None = None
        after: str | None = None
        for _ in range(_MAX_PAGES):
            asked = {**query, "limit": _A_PAGE, "after": after}
            answer = await self._http.read(path, asked, is_signed=True, purpose=purpose)
            page = answer.records
            as_of = as_of or answer.as_of
            rows += page
            if len(page) < _A_PAGE or (most is not None and len(rows) >= most):
                break
            if until is not None and until <= {row.get(cursor) for row in rows}:
                break
            if since is not None and wire.moment(page[-1], cursor) < since:
                break
            before, after = after, wire.text(page[-1], cursor)
            if after == before:
                raise BadPayload(f"{cursor}: the venue's list does not end")
        else:
            raise BadPayload(f"{cursor}: the venue's list does not end")
        if since is not None:
            rows = [row for row in rows if wire.moment(row, cursor) >= since]
        return rows, as_of

    async def _known(self, rows: Iterable[wire.Row]) -> list[tuple[wire.Row, Decimal]]:
        """Return the rows with what a contract of their market is; what OKX does not list any more is left out."""
        rows = list(rows)
        sizes = await self._sizes_for(rows)
        for name in sorted({str(row.get("instId")) for row in rows} - sizes.keys()):
            logger.warning("history left out: market not listed", extra={"symbol": name[:40]})
        return [(row, sizes[row["instId"]]) for row in rows if row.get("instId") in sizes]

    async def _sizes_for(self, rows: Iterable[wire.Row]) -> Mapping[str, Decimal]:
        return await self._contracts.sizes(self._http, (wire.text(row, "instId") for row in rows))

    async def _models(self, reader: Callable[..., Model | None], rows: Iterable[wire.Row]) -> list[Model]:
        known = await self._known(rows)
        models = (reader(row, contract=contract, account_type=self._account_type) for row, contract in known)
        return [model for model in models if model is not None]

    def _by_age(self, recent: str, older: str, kept: timedelta, since: datetime | None) -> str:
        now = from_millis(self._http.transport.clock.now_ms())
        return recent if since is None or now - since < kept else older


def scope(instrument: Instrument | None) -> dict[str, object]:
    """Return the query for one perpetual, or for all."""
    return dict(SWAPS) if instrument is None else {**SWAPS, "instId": instrument.native_symbol}


def _from(since: datetime | None) -> dict[str, object]:
    return {} if since is None else {"begin": to_millis(since)}


def _newest(models: Iterable[Model], moment: Callable[[Model], datetime | None], limit: int) -> list[Model]:
    ordered = sorted(models, key=lambda model: to_millis(found) if (found := moment(model)) else 0, reverse=True)
    return ordered[:limit]
