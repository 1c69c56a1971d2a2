"""What became of one HyperLiquid account's orders: single orders, fills, results, funding.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from exchanges.hyperliquid_account import HLAccount
from exchanges.hyperliquid_orders import cloid_of, oid_of
from models import wire
from models.errors import BadOrder, BadPayload, Unavailable
from models.order import orders_from_hyperliquid
from models.unified import ClosedPnl, Fill, FundingPayment, Instrument, Order
from models.values import to_millis

logger = logging.getLogger(__name__)

_PAGE: Final = 500
"""The venue cuts lists by time at 500 rows or more; a shorter one is the last."""
_MOST_PAGES: Final = 20
_FUNDING_SPAN: Final = timedelta(days=7)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class HLHistory(HLAccount):
    """The read side of one account, past included."""

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look an order up, first by its ids, then among what is open and what was.

        Returns:
            None only if all three places answered and none had it.

        Raises:
            Unavailable: Some place did not answer, which proves nothing.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#query-order-status-by-oid-or-cloid
        """
        found = await self._order_by_id(client_order_id=client_order_id, order_id=order_id)
        if found is None:
            listed = await asyncio.gather(self.get_open_orders(instrument), self._past_orders())
            rows = (order for part in listed for order in part)
            found = next((o for o in rows if _is_asked(o, client_order_id, order_id)), None)
        if found is None:
            return None
        if found.native_symbol != instrument.native_symbol or not _is_asked(found, client_order_id, order_id):
            raise BadPayload("orderStatus: the venue answered with another order", code="bad_payload")
        return await self._with_average_price(found)

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        """Return closed orders among the account's last 2000, newest first."""
        orders = [
            order
            for order in await self._past_orders()
            if not order.is_open and _is_of(order, instrument) and _is_since(_closed_at(order), since)
        ]
        return sorted(orders, key=_closed_at, reverse=True)[:limit]

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        """Return executions, newest first: the venue keeps the last 10,000, and without `since` gives the last 2000.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#retrieve-a-users-fills
        """
        return (await self._fills(instrument, since))[:limit]

    async def get_closed_pnl(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[ClosedPnl]:
        """Return what closed, one result per order, newest first, counted from the fills."""
        return ClosedPnl.from_fills(await self._fills(instrument, since))[:limit]

    async def get_funding(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[FundingPayment]:
        """Return funding, newest first; without `since` that of the last seven days."""
        start = since if since is not None else self._now() - _FUNDING_SPAN
        rows = await self._pages("userFunding", start)
        read = (FundingPayment.from_hyperliquid(row, account_type=self.account_type) for row in rows)
        payments = [payment for payment in read if payment is not None and _is_of(payment, instrument)]
        return sorted(payments, key=lambda payment: payment.paid_at, reverse=True)[:limit]

    async def _order_by_id(self, *, client_order_id: str | None, order_id: str | None) -> Order | None:
        if client_order_id is None and order_id is None:
            raise BadOrder("An order is looked up by its id or by ours: both are missing.", code="order_id_missing")
        keys: list[int | str] = []
        if order_id is not None:
            keys.append(oid_of(order_id))
        if client_order_id is not None:  # an amended order has a new id of the venue's, and keeps ours
            keys.append(cloid_of(client_order_id))
        user = await self._user()
        for key in keys:
            answer = wire.as_record(await self._info.ask_about(user, "orderStatus", oid=key), "orderStatus")
            found = Order.from_hyperliquid_status(answer, account_type=self.account_type, as_of=self._now())
            if found is not None:
                return found
        return None

    async def _past_orders(self) -> list[Order]:
        """Return the last 2000 orders, each in its last state."""
        answer = await self._info.ask_about(await self._user(), "historicalOrders")
        rows = wire.as_records(answer, "historicalOrders")
        newest_last = sorted(rows, key=lambda row: wire.optional_integer(row, "statusTimestamp") or 0)
        return orders_from_hyperliquid(newest_last, account_type=self.account_type, as_of=self._now())

    async def _with_average_price(self, order: Order) -> Order:
        """Add what an order's fills cost on average; an order is found even if its fills are not."""
        if not order.filled_size or order.created_at is None:
            return order
        try:
            rows = await self._pages("userFillsByTime", order.created_at)
        except Unavailable as e:
            logger.info("fills not read", extra={"order_id": order.order_id, "reason": e.code})
            return order
        fills = [fill for fill in await self._read_fills(rows) if fill.order_id == order.order_id]
        size = sum((fill.size for fill in fills), Decimal(0))
        if not size:
            return order
        return replace(order, average_price=sum((fill.price * fill.size for fill in fills), Decimal(0)) / size)

    async def _fills(self, instrument: Instrument | None, since: datetime | None) -> list[Fill]:
        if since is None:
            rows = wire.as_records(await self._info.ask_about(await self._user(), "userFills"), "userFills")
        else:
            rows = await self._pages("userFillsByTime", since)
        fills = {fill.fill_id: fill for fill in await self._read_fills(rows) if _is_of(fill, instrument)}
        return sorted(fills.values(), key=lambda fill: fill.filled_at, reverse=True)

    async def _read_fills(self, rows: Iterable[wire.Row]) -> list[Fill]:
        user = await self._user()
        read = (Fill.from_hyperliquid(row, user=user, account_type=self.account_type) for row in rows)
        return [fill for fill in read if fill is not None]

    async def _pages(self, kind: str, since: datetime) -> list[wire.Row]:
        """Return all rows from a moment on: a full page is followed from the time of its last row, each row once."""
        user, start = await self._user(), to_millis(since)
        seen: dict[bytes, wire.Row] = {}
        for _ in range(_MOST_PAGES):
            page = wire.as_records(await self._info.ask_about(user, kind, startTime=start), kind)
            known = len(seen)
            seen.update((msgspec.json.encode(row), row) for row in page)
            if len(page) < _PAGE or len(seen) == known:
                break
            start = max(wire.integer(row, "time") for row in page)
        return list(seen.values())


def _is_asked(order: Order, client_order_id: str | None, order_id: str | None) -> bool:
    """Whether an order is the one looked for; either id is enough, as an amended order changes the venue's."""
    return (order_id is not None and order.order_id == order_id) or (
        client_order_id is not None and order.client_order_id == client_order_id
    )


def _is_of(row: Any, instrument: Instrument | None) -> bool:
    return instrument is None or row.native_symbol == instrument.native_symbol


def _is_since(moment: datetime, since: datetime | None) -> bool:
    return since is None or moment >= since


def _closed_at(order: Order) -> datetime:
    return order.updated_at or order.created_at or _EARLIEST
