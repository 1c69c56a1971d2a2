"""A position, as either venue reports it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.enums import AccountType, MarginMode, PositionSide
from models.symbols import canonical_symbol, is_bybit_inverse
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Value):
    """An open position. `size` is in base currency and above zero; the direction is `side`.

    None means the venue does not say, e.g. no liquidation price because the account is margined as a whole.
    """

    exchange: str
    symbol: str
    native_symbol: str
    side: PositionSide
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    notional: Decimal | None
    """Size times mark price, in quote currency."""
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None = None
    """Since this position was opened, as far as the venue says."""
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    margin_used: Decimal | None = None
    liquidation_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    trailing_stop: Decimal | None = None
    """Distance in price."""
    is_hedge: bool = False
    """Whether the symbol is in hedge mode, so that a long and a short may stand beside each other."""
    funding_since_open: Decimal | None = None
    """Received positive, paid negative."""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    account_type: AccountType | None = None
    as_of: datetime | None = None

    @property
    def is_long(self) -> bool:
        """Whether the position gains when the price rises."""
        return self.side is PositionSide.LONG

    @property
    def return_on_margin(self) -> Decimal | None:
        """Unrealised profit as a fraction of the margin used; None where either is not known."""
        if self.unrealized_pnl is None or not self.margin_used:
            return None
        return self.unrealized_pnl / self.margin_used

    @classmethod
    def from_bybit(
        cls,
        row: wire.Row,
        *,
        margin_mode: MarginMode | None = None,
        account_type: AccountType | None = None,
        as_of: datetime | None = None,
    ) -> "Position | None":
        """Read a row of the position list; None for a flat one.

        Args:
            row: One element of `result.list`, or of the position stream.
            margin_mode: The account's margin mode, which the row of a unified account does not tell.

        https://bybit-exchange.github.io/docs/v5/position
        """
        side = _bybit_side(row)
        size = wire.optional_unsigned(row, "size") if side is None and "side" in row else wire.unsigned(row, "size")
        if not size:
            return None
        if side is None:
            raise wire.bad_field("side", "'Buy' or 'Sell' beside a size", row.get("side"))
        native = wire.text(row, "symbol")
        mark = wire.optional_price(row, "markPrice")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            side=side,
            size=size,
            entry_price=_bybit_entry(row, native, size),
            mark_price=mark,
            notional=_bybit_notional(row, native, size, mark),
            unrealized_pnl=wire.optional_decimal(row, "unrealisedPnl"),
            realized_pnl=wire.optional_decimal(row, "curRealisedPnl"),
            leverage=wire.optional_price(row, "leverage"),
            margin_mode=_bybit_margin_mode(row, native, margin_mode),
            margin_used=wire.optional_decimal(row, "positionIM"),
            liquidation_price=wire.reachable_price(row, "liqPrice"),
            take_profit=wire.optional_price(row, "takeProfit"),
            stop_loss=wire.optional_price(row, "stopLoss"),
            trailing_stop=wire.optional_price(row, "trailingStop"),
            is_hedge=(wire.optional_integer(row, "positionIdx") or bybit.ONE_WAY) in bybit.HEDGE_LEGS,
            opened_at=wire.optional_moment(row, "openTime"),
            updated_at=wire.optional_moment(row, "updatedTime"),
            account_type=account_type,
            as_of=as_of,
        )

    @classmethod
    def from_hyperliquid(
        cls,
        row: wire.Row,
        *,
        mark_price: Decimal | None = None,
        account_type: AccountType | None = None,
        as_of: datetime | None = None,
    ) -> "Position | None":
        """Read one position of a clearinghouse state; None for a flat one.

        Args:
            row: An element of `assetPositions`, or the `position` inside it.
            mark_price: A fresher mark price than the one the row's own value implies.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
        """
        inner = wire.record(row, "position") if "position" in row else row
        signed_size = wire.decimal(inner, "szi")
        if not signed_size:
            return None
        size, coin = abs(signed_size), wire.text(inner, "coin")
        value = wire.optional_price(inner, "positionValue")
        mark = mark_price if mark_price is not None or value is None else value / size
        leverage = wire.optional_record(inner, "leverage") or {}
        funding = wire.optional_decimal(wire.optional_record(inner, "cumFunding") or {}, "sinceOpen")
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, coin),
            native_symbol=coin,
            side=PositionSide.LONG if signed_size > 0 else PositionSide.SHORT,
            size=size,
            entry_price=_hyperliquid_entry(inner, signed_size, value),
            mark_price=mark,
            notional=value if mark is None or mark_price is None else size * mark,
            unrealized_pnl=wire.optional_decimal(inner, "unrealizedPnl"),
            leverage=wire.optional_price(leverage, "value"),
            margin_mode=wire.described(leverage, "type", hyperliquid.MARGIN_MODES),
            margin_used=wire.optional_decimal(inner, "marginUsed"),
            liquidation_price=wire.reachable_price(inner, "liquidationPx", absent=hyperliquid.NO_PRICE),
            # The venue counts what was paid as positive.
            funding_since_open=None if funding is None else -funding,
            account_type=account_type,
            as_of=as_of,
        )


def _bybit_side(row: wire.Row) -> PositionSide | None:
    word = wire.optional_text(row, "side")
    return None if word is None or word in bybit.FLAT_SIDES else wire.choice(row, "side", bybit.POSITION_SIDES)


def _bybit_entry(row: wire.Row, native: str, size: Decimal) -> Decimal:
    """Return the entry price, by either of its names; where it is left out, the one that the value implies."""
    entry = wire.optional_unsigned(row, "avgPrice")
    if entry is None:
        entry = wire.optional_unsigned(row, "entryPrice")  # the stream's word
    if entry is not None:
        return entry
    value = wire.optional_price(row, "positionValue")
    if value is None:
        raise wire.bad_field("avgPrice", "the price that the position was opened at", row.get("avgPrice"))
    return size / value if is_bybit_inverse(native) else value / size


def _hyperliquid_entry(inner: wire.Row, signed_size: Decimal, value: Decimal | None) -> Decimal:
    """Return the entry price; where the venue leaves it null, the one that value and profit imply."""
    profit = wire.optional_decimal(inner, "unrealizedPnl")
    if inner.get("entryPx") is not None or value is None or profit is None:
        return wire.unsigned(inner, "entryPx")
    size = abs(signed_size)
    cost = value - profit if signed_size > 0 else value + profit
    return max(cost / size, Decimal(0))


def _bybit_notional(row: wire.Row, native: str, size: Decimal, mark: Decimal | None) -> Decimal | None:
    if is_bybit_inverse(native):
        return size  # an inverse contract is one US dollar
    # positionValue counts at the entry price.
    return wire.optional_price(row, "positionValue") if mark is None else size * mark


def _bybit_margin_mode(row: wire.Row, native: str, account_mode: MarginMode | None) -> MarginMode | None:
    # tradeMode is deprecated and always 0 for unified linear positions; 1 is still meant wherever it stands.
    mode = wire.optional_integer(row, "tradeMode")
    if mode == bybit.ISOLATED_TRADE_MODE:
        return MarginMode.ISOLATED
    if account_mode is None and mode is not None and is_bybit_inverse(native):
        return MarginMode.CROSS
    return account_mode
