"""A market as its venue lists it: the grid and the limits of its orders."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.enums import ContractKind, InstrumentStatus
from models.errors import BadPayload
from models.symbols import base_multiplier, canonical_base, canonical_symbol
from models.values import Value

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTier(Value):
    """What a position of at least `lower_bound` notional may borrow."""

    lower_bound: Decimal
    max_leverage: Decimal
    maintenance_fraction: Decimal | None = None
    """Margin below which the position is liquidated, as a fraction of notional."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Value):
    """The grid and limits of one market, as plain data; everything two venues may differ in stands here.

    Prices lie on the grid of `price_tick`, or, where that is None, on at most `price_significant_figures` figures and
    `price_max_decimals` decimals, whole numbers always allowed. None means the venue sets no such limit.
    """

    exchange: str
    symbol: str
    native_symbol: str
    base: str
    quote: str
    settle: str
    kind: ContractKind
    status: InstrumentStatus
    size_step: Decimal
    min_size: Decimal
    max_size: Decimal | None = None
    max_market_size: Decimal | None = None
    price_tick: Decimal | None = None
    price_significant_figures: int | None = None
    price_max_decimals: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    min_notional: Decimal | None = None
    """What an order must be worth, in quote currency."""
    min_notional_reducing: Decimal | None = None
    """The same for an order that closes a part; closing all of a position is always allowed."""
    min_leverage: Decimal = Decimal(1)
    max_leverage: Decimal | None = None
    leverage_step: Decimal = Decimal(1)
    funding_interval_s: int | None = None
    isolated_only: bool = False
    base_multiplier: int = 1
    """How many coins one unit of `base` stands for: 1000 for 1000PEPE and kPEPE."""
    contract_size: Decimal | None = None
    """How much of `base` one contract is, at venues that count orders in contracts; None: they count in `base`."""
    asset_id: int | None = None
    """HyperLiquid's number of the asset."""
    dex: str | None = None
    """HyperLiquid HIP-3 dex that lists the market; None for the main one."""
    margin_tiers: tuple[MarginTier, ...] = ()
    """From the smallest position up; empty where the venue tells them elsewhere."""

    @property
    def is_tradable(self) -> bool:
        """Whether new positions can be opened."""
        return self.status is InstrumentStatus.TRADING

    @property
    def is_linear(self) -> bool:
        """Whether profit is counted in the quote currency."""
        return self.kind in {ContractKind.LINEAR_PERPETUAL, ContractKind.LINEAR_FUTURE}

    @classmethod
    def from_bybit(cls, row: wire.Row) -> "Instrument":
        """Read a derivative of the instruments list.

        https://bybit-exchange.github.io/docs/v5/market/instrument
        """
        native = wire.text(row, "symbol")
        base, quote = canonical_base(bybit.EXCHANGE, wire.text(row, "baseCoin")), wire.text(row, "quoteCoin")
        sizes, prices = wire.record(row, "lotSizeFilter"), wire.record(row, "priceFilter")
        leverage = wire.record(row, "leverageFilter")
        funding_minutes = wire.optional_integer(row, "fundingInterval")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            base=base,
            quote=quote,
            settle=wire.optional_text(row, "settleCoin") or quote,
            kind=wire.choice(row, "contractType", bybit.CONTRACT_KINDS),
            status=_bybit_status(row),
            size_step=wire.positive(sizes, "qtyStep"),
            min_size=wire.positive(sizes, "minOrderQty"),
            max_size=wire.optional_price(sizes, "maxOrderQty"),
            max_market_size=wire.optional_price(sizes, "maxMktOrderQty"),
            price_tick=wire.positive(prices, "tickSize"),
            min_price=wire.optional_price(prices, "minPrice"),
            max_price=wire.optional_price(prices, "maxPrice"),
            min_notional=wire.optional_price(sizes, "minNotionalValue"),
            min_leverage=wire.positive(leverage, "minLeverage"),
            max_leverage=wire.positive(leverage, "maxLeverage"),
            leverage_step=wire.positive(leverage, "leverageStep"),
            funding_interval_s=funding_minutes * 60 if funding_minutes else None,
            base_multiplier=base_multiplier(base),
        )

    @classmethod
    def from_hyperliquid(
        cls,
        row: wire.Row,
        *,
        index: int,
        dex: str | None = None,
        dex_index: int | None = None,
        collateral: str = hyperliquid.COLLATERAL,
        margin_tiers: tuple[MarginTier, ...] = (),
    ) -> "Instrument":
        """Read an element of a dex's `universe`.

        Args:
            index: Its place in the universe, delisted markets counted, from 0.
            dex: The HIP-3 dex; None for the main one.
            dex_index: The place of that dex in `perpDexs`, from 0 after the leading null.
            collateral: The coin the dex settles in.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/asset-ids
        """
        native = wire.text(row, "name")
        dex = dex or native.partition(":")[0] if ":" in native else dex
        decimals = wire.integer(row, "szDecimals")
        step = Decimal(1).scaleb(-decimals)
        base = canonical_base(hyperliquid.EXCHANGE, native.rpartition(":")[2])
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, native),
            native_symbol=native,
            base=base,
            quote=collateral,
            settle=collateral,
            kind=ContractKind.LINEAR_PERPETUAL,
            status=InstrumentStatus.CLOSED if wire.flag(row, "isDelisted") else InstrumentStatus.TRADING,
            size_step=step,
            min_size=step,
            price_significant_figures=hyperliquid.SIGNIFICANT_FIGURES,
            price_max_decimals=hyperliquid.PERP_MAX_DECIMALS - decimals,
            min_notional=hyperliquid.MIN_NOTIONAL,
            min_notional_reducing=hyperliquid.MIN_NOTIONAL,
            max_leverage=wire.positive(row, "maxLeverage"),
            funding_interval_s=hyperliquid.FUNDING_INTERVAL_S,
            isolated_only=_is_isolated_only(row),
            base_multiplier=base_multiplier(base),
            asset_id=_asset_id(index, dex, dex_index),
            dex=dex,
            margin_tiers=margin_tiers,
        )


def instruments_from_bybit(rows: object) -> list[Instrument]:
    """Return the readable derivatives of an instruments list.

    A row of a kind we do not know is left out and logged: one new contract type must not take every market away.
    """
    instruments = []
    for row in wire.as_records(rows, "list"):
        try:
            instruments.append(Instrument.from_bybit(row))
        except BadPayload as e:
            logger.warning("market left out", extra={"symbol": str(row.get("symbol"))[:40], "reason": e.message})
    return instruments


def instruments_from_hyperliquid(
    meta: wire.Row,
    *,
    dex: str | None = None,
    dex_index: int | None = None,
    collateral: str = hyperliquid.COLLATERAL,
) -> list[Instrument]:
    """Return every market of one dex's `meta`, delisted ones included.

    Args:
        meta: The answer to `meta` for that dex.
        dex: As in `Instrument.from_hyperliquid`, like the two that follow.
        dex_index: Its place in `perpDexs`.
        collateral: The coin it settles in.
    """
    tables = _margin_tables(meta)
    return [
        Instrument.from_hyperliquid(
            row,
            index=index,
            dex=dex,
            dex_index=dex_index,
            collateral=collateral,
            margin_tiers=_tiers_of(row, tables),
        )
        for index, row in enumerate(wire.records(meta, "universe"))
    ]


def _bybit_status(row: wire.Row) -> InstrumentStatus:
    status = wire.choice(row, "status", bybit.INSTRUMENT_STATUSES)
    auction = wire.optional_record(row, "preListingInfo") or {}
    if status is InstrumentStatus.PRE_LAUNCH and auction.get("curAuctionPhase") == bybit.CONTINUOUS_PRE_MARKET:
        return InstrumentStatus.TRADING
    return status


def _is_isolated_only(row: wire.Row) -> bool:
    return wire.flag(row, "onlyIsolated") or wire.optional_text(row, "marginMode") in hyperliquid.ISOLATED_MARGIN_MODES


def _asset_id(index: int, dex: str | None, dex_index: int | None) -> int | None:
    if dex is None:
        return index
    return None if dex_index is None else hyperliquid.dex_asset_id(dex_index, index)


def _margin_tables(meta: wire.Row) -> Mapping[int, tuple[MarginTier, ...]]:
    tables: dict[int, tuple[MarginTier, ...]] = {}
    pairs = meta.get("marginTables") or []
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise wire.bad_field("marginTables", "pairs of an id and a table", pairs)
    for pair in pairs:
        tiers = wire.records(wire.as_record(pair[1], "marginTable"), "marginTiers")
        tables[wire.integer({"id": pair[0]}, "id")] = tuple(
            _tier(wire.decimal(tier, "lowerBound"), wire.positive(tier, "maxLeverage")) for tier in tiers
        )
    return tables


def _tiers_of(row: wire.Row, tables: Mapping[int, tuple[MarginTier, ...]]) -> tuple[MarginTier, ...]:
    table_id = wire.optional_integer(row, "marginTableId")
    # Ids without a table are the leverage itself, with one tier.
    known = tables.get(table_id) if table_id is not None else None
    return known or (_tier(Decimal(0), wire.positive(row, "maxLeverage")),)


def _tier(lower_bound: Decimal, max_leverage: Decimal) -> MarginTier:
    # Maintenance is half of the initial margin at the highest leverage (margining page).
    return MarginTier(lower_bound=lower_bound, max_leverage=max_leverage, maintenance_fraction=1 / (2 * max_leverage))
