"""Price alerts: looks at the markets that somebody watches and tells each alert once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal

from core.clock import Clock, SystemClock
from core.forever import every, for_ever, holding
from core.instruments import InstrumentTables
from db import Direction, Job, Message, PriceAlert, Store
from exchanges.base import PublicMarket
from exchanges.pacing import Purpose, reading_for
from models.enums import AccountType
from models.errors import TradingError

logger = logging.getLogger(__name__)

Markets = Callable[[str, AccountType], PublicMarket]
"""Gives what is public at a venue."""

_EVERY_S = 10.0
KIND = "price_alert"
_FEW = 10


class PriceWatch:
    """The background job. One process at a time holds it.

    Args:
        store: The open database.
        markets: Gives the venues' prices.
        instruments: Knows the venues' markets.
        clock: Tests bring their own.
    """

    def __init__(
        self, store: Store, markets: Markets, instruments: InstrumentTables, *, clock: Clock | None = None
    ) -> None:
        self._store = store
        self._markets = markets
        self._instruments = instruments
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Watch for ever."""
        await for_ever(
            "price alerts", holding(self._store, Job.RECONCILER, self.look_once), wait=every(self._clock, _EVERY_S)
        )

    async def look_once(self) -> int:
        """Compare every waiting alert with its market; return how many fired."""
        places: dict[tuple[str, AccountType], list[PriceAlert]] = {}
        for alert in await self._store.alerts.waiting():
            places.setdefault((alert.exchange, alert.account_type), []).append(alert)
        fired = await asyncio.gather(*(self._look(*place, alerts) for place, alerts in places.items()))
        return sum(fired)

    async def _look(self, exchange: str, account_type: AccountType, alerts: Sequence[PriceAlert]) -> int:
        try:
            with reading_for(Purpose.SYNC):
                prices = await self._prices(exchange, account_type, {alert.symbol for alert in alerts})
        except TradingError as e:
            logger.info("prices not read", extra={"exchange": exchange, "code": e.code})
            return 0
        return sum([await self._try(alert, prices.get(alert.symbol)) for alert in alerts])

    async def _prices(self, exchange: str, account_type: AccountType, symbols: set[str]) -> dict[str, Decimal | None]:
        """Ask for a few markets one by one, for many all at once."""
        market = self._markets(exchange, account_type)
        if len(symbols) > _FEW:
            tickers = await market.get_tickers()
        else:
            listed = await self._instruments.of(exchange, account_type)
            wanted = [instrument for instrument in listed if instrument.symbol in symbols]
            tickers = await asyncio.gather(*(market.get_ticker(instrument) for instrument in wanted))
        return {ticker.symbol: ticker.last_price or ticker.mark_price for ticker in tickers}

    async def _try(self, alert: PriceAlert, price: Decimal | None) -> bool:
        if price is None or (price < alert.price if alert.direction is Direction.ABOVE else price > alert.price):
            return False
        body = {"kind": KIND, "alert": alert, "price": price}
        message = Message(chat_id=alert.user_id, key=f"{KIND}:{alert.id}", body=body)
        return await self._store.alerts.fire(alert.id, message)
