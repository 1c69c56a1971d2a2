"""What became of an order of an OKX account, and readings of its rows with the sizes of their contracts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from exchanges import okx_errors as errors
from exchanges.okx_history import ORDERS, OkxHistory, scope
from exchanges.okx_http import Answer
from exchanges.okx_order_rows import AlgoId, as_fired, order_from_okx, orders_from_okx_algo
from exchanges.pacing import Purpose
from exchanges.together import together
from models import wire
from models.enums import OrderStatus
from models.errors import BadPayload, Unavailable
from models.unified import Instrument, Order

_ORDER: Final = "/api/v5/trade/order"
_ALGO_ORDER: Final = "/api/v5/trade/order-algo"


class OkxLookup(OkxHistory):
    """The orders of one account."""

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Look where OKX keeps orders, then algo orders, then in the history.

        OKX forgets an order that was cancelled without a fill after two hours; of older ones a miss proves only that
        nothing was executed.

        Returns:
            None only if all places answered and none had it.
        """
        if not order_id and not client_order_id:
            raise ValueError("an order is looked up by the venue's id or by ours")
        named = AlgoId.read(order_id or "")
        if named.level is not None:  # only algo orders have levels
            return await self._find_algo(instrument, {"algoId": named.algo_id}, named.level)
        found = await together(
            [
                self._find_plain(instrument, {"ordId": order_id} if order_id else {"clOrdId": client_order_id}),
                self._find_algo(instrument, {"algoId": order_id} if order_id else {"algoClOrdId": client_order_id}),
            ]
        )
        known = next((order for order in found if order is not None), None)
        if known is not None:
            return known
        rows, as_of = await self._rows(ORDERS, scope(instrument), "ordId", purpose=Purpose.LOOKUP)
        past = [self._order(row, contract, as_of) for row, contract in await self._sized(rows)]
        is_it = (lambda o: o.order_id == order_id) if order_id else (lambda o: o.client_order_id == client_order_id)
        return next(filter(is_it, past), None)

    async def _find_plain(self, instrument: Instrument, name: Mapping[str, object]) -> Order | None:
        """https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details"""
        answer = await self._one(_ORDER, {"instId": instrument.native_symbol}, name)
        if answer is None:
            return None
        ((row, contract),) = await self._sized(answer.records)
        return self._order(row, contract, answer.as_of)

    async def _find_algo(
        self, instrument: Instrument, name: Mapping[str, object], level: str | None = None
    ) -> Order | None:
        """Return an algo order, one level of it, or what it became when it fired.

        https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-details
        """
        answer = await self._one(_ALGO_ORDER, {}, name)
        if answer is None:
            return None
        ((row, contract),) = await self._sized(answer.records)
        orders = self._algo_orders(row, contract, answer.as_of)
        own = f"{wire.text(row, 'algoId')}-{level}"
        order = next((o for o in orders if o.order_id == own), None) if level else None
        order = order or next((o for o in orders if o.status is OrderStatus.TRIGGERED), orders[0])
        child = _child(row) if order.status is OrderStatus.TRIGGERED else None
        if child is None:
            return order
        became = await self._find_plain(instrument, {"ordId": child})
        if became is None:
            return order
        return as_fired(became, order)

    async def _one(self, path: str, query: Mapping[str, object], name: Mapping[str, object]) -> Answer | None:
        """Return the answer about one order, None if OKX has none of that name."""
        try:
            answer = await self._http.read(path, {**query, **name}, is_signed=True, purpose=Purpose.LOOKUP)
        except Unavailable as e:
            if e.fields.get("venue_code") == errors.UNKNOWN_ORDER:
                return None
            raise
        if not answer.rows:
            return None
        asked = {**query, **name}
        if len(answer.rows) > 1 or any(answer.records[0].get(field) != value for field, value in asked.items()):
            raise BadPayload("The venue answered about another order than the one asked for.")
        return answer

    async def _sized(self, rows: Iterable[wire.Row]) -> list[tuple[wire.Row, Decimal]]:
        """Return the rows with what a contract of their market is.

        Raises:
            BadPayload: OKX does not list the market; a position or an order must not go missing.
        """
        rows = list(rows)
        sizes = await self._sizes_for(rows)
        for row in rows:
            if row["instId"] not in sizes:
                raise BadPayload(f"{str(row['instId'])[:40]}: the venue does not list this market")
        return [(row, sizes[row["instId"]]) for row in rows]

    def _order(self, row: wire.Row, contract: Decimal, as_of: datetime) -> Order:
        return order_from_okx(row, contract=contract, account_type=self._account_type, as_of=as_of)

    def _algo_orders(self, row: wire.Row, contract: Decimal, as_of: datetime) -> list[Order]:
        return orders_from_okx_algo(row, contract=contract, account_type=self._account_type, as_of=as_of)


def _child(row: wire.Row) -> str | None:
    """Return the order that an algo order became."""
    listed = row.get("ordIdList")
    return str(listed[0]) if isinstance(listed, list) and listed else wire.optional_text(row, "ordId")
