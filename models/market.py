"""What a venue says about a market: its price, its history, its fees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.instrument import Instrument, MarginTier, instruments_from_bybit, instruments_from_hyperliquid
from models.symbols import canonical_symbol, is_bybit_inverse
from models.values import Value

__all__ = [
    "Candle",
    "FeeRates",
    "Instrument",
    "MarginTier",
    "Ticker",
    "instruments_from_bybit",
    "instruments_from_hyperliquid",
    "tickers_from_hyperliquid",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker(Value):
    """A market's prices at one moment. None: the venue does not say."""

    exchange: str
    symbol: str
    last_price: Decimal | None
    mark_price: Decimal | None
    index_price: Decimal | None = None
    bid_price: Decimal | None = None
    ask_price: Decimal | None = None
    change_24h_fraction: Decimal | None = None
    """0.0123 means +1.23 %."""
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    """In base currency."""
    turnover_24h: Decimal | None = None
    """In quote currency."""
    open_interest: Decimal | None = None
    """In base currency."""
    funding_rate: Decimal | None = None
    """As a fraction per funding interval."""
    next_funding_at: datetime | None = None
    as_of: datetime

    @property
    def reference_price(self) -> Decimal | None:
        """The price to size and value by: mark, else last."""
        return self.mark_price if self.mark_price is not None else self.last_price

    @classmethod
    def from_bybit(cls, row: wire.Row, *, as_of: datetime) -> "Ticker":
        """Read an element of the derivatives tickers.

        https://bybit-exchange.github.io/docs/v5/market/tickers
        """
        native = wire.text(row, "symbol")
        # An inverse contract is one US dollar, so its volume counts dollars and its turnover coins.
        base_volume, quote_volume = "volume24h", "turnover24h"
        if is_bybit_inverse(native):
            base_volume, quote_volume = quote_volume, base_volume
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            last_price=wire.optional_price(row, "lastPrice"),
            mark_price=wire.optional_price(row, "markPrice"),
            index_price=wire.optional_price(row, "indexPrice"),
            bid_price=wire.optional_price(row, "bid1Price"),
            ask_price=wire.optional_price(row, "ask1Price"),
            change_24h_fraction=wire.optional_decimal(row, "price24hPcnt"),
            high_24h=wire.optional_price(row, "highPrice24h"),
            low_24h=wire.optional_price(row, "lowPrice24h"),
            volume_24h=wire.optional_decimal(row, base_volume),
            turnover_24h=wire.optional_decimal(row, quote_volume),
            open_interest=wire.optional_decimal(
                row, "openInterestValue" if is_bybit_inverse(native) else "openInterest"
            ),
            funding_rate=wire.optional_decimal(row, "fundingRate"),
            next_funding_at=wire.optional_moment(row, "nextFundingTime"),
            as_of=as_of,
        )

    @classmethod
    def from_hyperliquid(cls, row: wire.Row, *, coin: str, as_of: datetime) -> "Ticker":
        """Read the context of one asset, as `metaAndAssetCtxs` and `activeAssetCtx` tell it.

        The venue gives no last price here; funding is paid every hour.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
        """
        mark, day_ago = wire.optional_price(row, "markPx"), wire.optional_price(row, "prevDayPx")
        this_hour = as_of.replace(minute=0, second=0, microsecond=0)
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, coin),
            last_price=None,
            mark_price=mark,
            index_price=wire.optional_price(row, "oraclePx"),
            change_24h_fraction=None if mark is None or day_ago is None else mark / day_ago - 1,
            volume_24h=wire.optional_decimal(row, "dayBaseVlm"),
            turnover_24h=wire.optional_decimal(row, "dayNtlVlm"),
            open_interest=wire.optional_decimal(row, "openInterest"),
            funding_rate=wire.optional_decimal(row, "funding"),
            next_funding_at=this_hour + timedelta(seconds=hyperliquid.FUNDING_INTERVAL_S),
            as_of=as_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle(Value):
    """One bar; `opened_at` is its start, volume is in base currency."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @classmethod
    def from_bybit(cls, row: Sequence[object]) -> "Candle":
        """Read a bar: start, open, high, low, close, volume, turnover.

        https://bybit-exchange.github.io/docs/v5/market/kline
        """
        if not isinstance(row, list | tuple) or len(row) < len(_BYBIT_BAR):
            raise wire.bad_field("kline", f"a list of {', '.join(_BYBIT_BAR)}", row)
        return _candle(dict(zip(_BYBIT_BAR, row, strict=False)), _BYBIT_BAR)

    @classmethod
    def from_hyperliquid(cls, row: wire.Row) -> "Candle":
        """Read an element of `candleSnapshot`.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
        """
        return _candle(row, _HYPERLIQUID_BAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates(Value):
    """Fees as fractions of notional; negative is a rebate."""

    maker: Decimal
    taker: Decimal
    symbol: str | None = None

    @classmethod
    def from_bybit(cls, row: wire.Row) -> "FeeRates":
        """Read an element of the fee rates.

        https://bybit-exchange.github.io/docs/v5/account/fee-rate
        """
        native = wire.optional_text(row, "symbol")
        return cls(
            maker=wire.decimal(row, "makerFeeRate"),
            taker=wire.decimal(row, "takerFeeRate"),
            symbol=None if native is None else canonical_symbol(bybit.EXCHANGE, native),
        )

    @classmethod
    def from_hyperliquid(cls, row: wire.Row) -> "FeeRates":
        """Read `userFees`: what perpetuals of the main dex cost this user.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
        """
        return cls(maker=wire.decimal(row, "userAddRate"), taker=wire.decimal(row, "userCrossRate"))


def tickers_from_hyperliquid(answer: object, *, as_of: datetime) -> list[Ticker]:
    """Return the tickers of a `metaAndAssetCtxs` answer: a pair of the meta and one context per asset."""
    if not isinstance(answer, list) or len(answer) != 2:
        raise wire.bad_field("metaAndAssetCtxs", "a pair", answer)
    universe = wire.records(wire.as_record(answer[0], "meta"), "universe")
    contexts = wire.as_records(answer[1], "assetCtxs")
    if len(universe) != len(contexts):
        raise wire.bad_field("assetCtxs", f"{len(universe)} of them", len(contexts))
    return [
        Ticker.from_hyperliquid(context, coin=wire.text(asset, "name"), as_of=as_of)
        for asset, context in zip(universe, contexts, strict=True)
    ]


_BYBIT_BAR = ("start", "open", "high", "low", "close", "volume")
_HYPERLIQUID_BAR = ("t", "o", "h", "l", "c", "v")


def _candle(row: wire.Row, names: tuple[str, ...]) -> Candle:
    start, *prices, volume = names
    opened, high, low, close = (wire.positive(row, name) for name in prices)
    return Candle(
        opened_at=wire.moment(row, start),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=wire.unsigned(row, volume),
    )
