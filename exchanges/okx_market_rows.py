"""Readers of what OKX tells anybody: markets, prices, bars, fees. Pure.

OKX counts in contracts; a contract is so much of the base, and models count in base.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from exchanges import okx_words as okx
from models import wire
from models.enums import ContractKind
from models.errors import BadPayload
from models.symbols import base_multiplier
from models.unified import Candle, FeeRates, Instrument, Ticker

logger = logging.getLogger(__name__)

_KINDS = {"linear": ContractKind.LINEAR_PERPETUAL, "inverse": ContractKind.INVERSE_PERPETUAL}
_BAR = ("ts", "open", "high", "low", "close", "vol", "volCcy")


def instrument_from_okx(row: wire.Row) -> Instrument:
    """Read a perpetual of the instruments list.

    A contract of a linear one is so much of the base coin, of an inverse one so many dollars, in which its sizes are
    counted then.

    https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
    """
    native = wire.text(row, "instId")
    base, _, quote = wire.text(row, "uly").partition("-")
    contract = contract_size(row)
    return Instrument(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        base=base,
        quote=quote,
        settle=wire.text(row, "settleCcy"),
        kind=wire.choice(row, "ctType", _KINDS),
        status=wire.choice(row, "state", okx.INSTRUMENT_STATUSES),
        size_step=wire.positive(row, "lotSz") * contract,
        min_size=wire.positive(row, "minSz") * contract,
        max_size=_in_base(row, "maxLmtSz", contract),
        max_market_size=_in_base(row, "maxMktSz", contract),
        price_tick=wire.positive(row, "tickSz"),
        max_leverage=wire.positive(row, "lever"),
        leverage_step=Decimal("0.01"),
        base_multiplier=base_multiplier(base),
        contract_size=contract,
    )


def instruments_from_okx(rows: Sequence[wire.Row]) -> list[Instrument]:
    """Return the readable perpetuals of a list; a row that cannot be read must not take every market away."""
    instruments = []
    for row in rows:
        try:
            instruments.append(instrument_from_okx(row))
        except BadPayload as e:
            logger.warning("market left out", extra={"symbol": str(row.get("instId"))[:40], "reason": e.message})
    return instruments


def contract_size(row: wire.Row) -> Decimal:
    """Return what one contract of a market is."""
    return wire.positive(row, "ctVal") * (wire.optional_price(row, "ctMult") or Decimal(1))


def ticker_from_okx(
    row: wire.Row, *, mark: wire.Row | None = None, funding: wire.Row | None = None, as_of: datetime
) -> Ticker:
    """Read an element of the tickers.

    Args:
        row: Of `/api/v5/market/tickers`, which knows no mark price.
        mark: Of `/api/v5/public/mark-price`.
        funding: Of `/api/v5/public/funding-rate`.

    https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-tickers
    """
    last, day_ago = wire.optional_price(row, "last"), wire.optional_price(row, "open24h")
    volume = wire.optional_decimal(row, "volCcy24h")
    return Ticker(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(wire.text(row, "instId")),
        last_price=last,
        mark_price=wire.optional_price(mark or {}, "markPx"),
        bid_price=wire.optional_price(row, "bidPx"),
        ask_price=wire.optional_price(row, "askPx"),
        change_24h_fraction=None if last is None or day_ago is None else last / day_ago - 1,
        high_24h=wire.optional_price(row, "high24h"),
        low_24h=wire.optional_price(row, "low24h"),
        volume_24h=volume,
        turnover_24h=None if volume is None or last is None else volume * last,  # OKX tells contracts and base
        funding_rate=wire.optional_decimal(funding or {}, "fundingRate"),
        next_funding_at=wire.optional_moment(funding or {}, "fundingTime"),
        as_of=as_of,
    )


def candle_from_okx(row: object) -> Candle:
    """Read a bar: start, open, high, low, close, volume in contracts, volume in base …

    https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks
    """
    if not isinstance(row, list) or len(row) < len(_BAR):
        raise wire.bad_field("candles", f"a list of {', '.join(_BAR)}", row)
    bar = dict(zip(_BAR, row, strict=False))
    return Candle(
        opened_at=wire.moment(bar, "ts"),
        open=wire.positive(bar, "open"),
        high=wire.positive(bar, "high"),
        low=wire.positive(bar, "low"),
        close=wire.positive(bar, "close"),
        volume=wire.unsigned(bar, "volCcy"),
    )


def fee_rates_from_okx(row: wire.Row, *, settle: str, symbol: str | None) -> FeeRates:
    """Read the account's fees for contracts of a settlement coin; OKX writes what is paid as negative.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-fee-rates
    """
    suffix = {"USDT": "U", "USDC": "USDC"}.get(settle, "")
    rates = row
    if wire.optional_decimal(row, f"taker{suffix}") is None:  # these fields are to go; the groups are to stay
        groups = wire.records(row, "feeGroup")
        wanted = {"USDT": "2", "USDC": "3"}.get(settle, "1")
        rates = next((group for group in groups if group.get("groupId") == wanted), groups[0] if groups else row)
        suffix = ""
    return FeeRates(
        maker=-wire.decimal(rates, f"maker{suffix}"), taker=-wire.decimal(rates, f"taker{suffix}"), symbol=symbol
    )


def _in_base(row: wire.Row, name: str, contract: Decimal) -> Decimal | None:
    contracts = wire.optional_price(row, name)
    return None if contracts is None else contracts * contract
