"""What happened to an account: fills, closed profit, funding."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.enums import AccountType, FillKind, OrderSide, PositionSide
from models.symbols import bybit_settle_coin, canonical_symbol, is_perp_coin
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Value):
    """One execution. `fee` is positive when paid, negative when received."""

    exchange: str
    symbol: str
    native_symbol: str
    fill_id: str
    order_id: str
    client_order_id: str | None
    side: OrderSide
    size: Decimal
    price: Decimal
    fee: Decimal | None
    fee_currency: str | None
    is_maker: bool | None
    kind: FillKind
    realized_pnl: Decimal | None = None
    """Without fees; None where the venue reports it elsewhere."""
    closed_size: Decimal | None = None
    """The part that closed a position; None where the venue does not say."""
    filled_at: datetime
    account_type: AccountType | None = None

    @classmethod
    def from_bybit(cls, row: wire.Row, *, account_type: AccountType | None = None) -> "Fill | None":
        """Read an element of the execution list or stream; None for what is no execution but is listed there too.

        That is funding, and a settlement that names no side because it only moves money.

        https://bybit-exchange.github.io/docs/v5/order/execution
        """
        if wire.text(row, "execType") == bybit.FUNDING:
            return None
        kind = _bybit_kind(row)
        if kind is FillKind.SETTLEMENT and (wire.optional_text(row, "side") or "None") in bybit.FLAT_SIDES:
            return None
        native = wire.text(row, "symbol")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            fill_id=wire.identifier(row, "execId"),
            order_id=wire.optional_text(row, "orderId") or "",  # a settlement belongs to no order
            client_order_id=wire.optional_text(row, "orderLinkId"),
            side=wire.choice(row, "side", bybit.ORDER_SIDES),
            size=wire.unsigned(row, "execQty"),
            price=wire.unsigned(row, "execPrice"),
            fee=wire.optional_decimal(row, "execFee"),
            fee_currency=wire.optional_text(row, "feeCurrency") or bybit_settle_coin(native),
            is_maker=wire.optional_boolean(row, "isMaker"),
            kind=kind,
            realized_pnl=wire.optional_decimal(row, "execPnl"),
            closed_size=wire.optional_unsigned(row, "closedSize"),
            filled_at=wire.moment(row, "execTime"),
            account_type=account_type,
        )

    @classmethod
    def from_hyperliquid(
        cls, row: wire.Row, *, user: str | None = None, account_type: AccountType | None = None
    ) -> "Fill | None":
        """Read an element of `userFills` or `userTwapSliceFills`; None for spot, which the venue lists there too.

        `fee` is what was paid in all: the venue counts the builder's fee into it.

        Args:
            user: The account's address, which tells a liquidation of the user from one they only traded against.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
        """
        if "fill" in row:  # a slice of a TWAP order
            row = wire.record(row, "fill")
        coin = wire.text(row, "coin")
        if not is_perp_coin(coin):
            return None
        side, size = wire.choice(row, "side", hyperliquid.ORDER_SIDES), wire.unsigned(row, "sz")
        closed = _closed_size(side, size, wire.optional_decimal(row, "startPosition"))
        crossed = wire.optional_boolean(row, "crossed")
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, coin),
            native_symbol=coin,
            fill_id=_hyperliquid_fill_id(row),
            order_id=wire.identifier(row, "oid"),
            client_order_id=wire.optional_text(row, "cloid"),
            side=side,
            size=size,
            price=wire.unsigned(row, "px"),
            fee=wire.optional_decimal(row, "fee"),
            fee_currency=wire.optional_text(row, "feeToken") or hyperliquid.COLLATERAL,
            is_maker=None if crossed is None else not crossed,
            kind=_hyperliquid_kind(row, user),
            realized_pnl=wire.optional_decimal(row, "closedPnl"),
            closed_size=closed,
            filled_at=wire.moment(row, "time"),
            account_type=account_type,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPnl(Value):
    """The result of closing a position, wholly or in part; `pnl` is after fees where `fees` says so."""

    exchange: str
    symbol: str
    native_symbol: str
    order_id: str
    side: PositionSide
    """The side of the position that was closed."""
    size: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    pnl: Decimal
    """Net of `fees`."""
    fees: Decimal | None
    leverage: Decimal | None = None
    kind: FillKind = FillKind.TRADE
    closed_at: datetime
    account_type: AccountType | None = None

    @classmethod
    def from_bybit(cls, row: wire.Row, *, account_type: AccountType | None = None) -> "ClosedPnl":
        """Read an element of the closed profit list.

        The row's side is that of the order that closed: a Sell closed a long. `closedPnl` is after both fees.

        https://bybit-exchange.github.io/docs/v5/position/close-pnl
        """
        native = wire.text(row, "symbol")
        closing_side = wire.choice(row, "side", bybit.ORDER_SIDES)
        closed_at = wire.optional_moment(row, "updatedTime") or wire.moment(row, "createdTime")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            order_id=wire.optional_text(row, "orderId") or "",
            side=_closed_side(closing_side),
            size=wire.unsigned(row, "closedSize"),
            entry_price=wire.optional_price(row, "avgEntryPrice"),
            exit_price=wire.optional_price(row, "avgExitPrice"),
            pnl=wire.decimal(row, "closedPnl"),
            fees=_both_fees(row),
            leverage=wire.optional_price(row, "leverage"),
            kind=wire.described(row, "execType", bybit.FILL_KINDS, fallback=FillKind.OTHER) or FillKind.TRADE,
            closed_at=closed_at,
            account_type=account_type,
        )

    @classmethod
    def from_fills(cls, fills: Iterable[Fill]) -> "list[ClosedPnl]":
        """Return what closed, one result per order and market, newest first.

        For venues that have no such list of their own. The profit is the venue's, less the closing fee of the part
        that closed; where a fee is in another coin than the profit, `fees` is None and the profit is before it.
        """
        groups: dict[tuple[str, str, OrderSide], list[Fill]] = {}
        for fill in fills:
            if fill.closed_size and fill.realized_pnl is not None:
                groups.setdefault((fill.native_symbol, fill.order_id, fill.side), []).append(fill)
        results = [_result_of(group) for group in groups.values()]
        return sorted(results, key=lambda result: result.closed_at, reverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment(Value):
    """Funding of one position at one moment: received positive, paid negative."""

    exchange: str
    symbol: str
    native_symbol: str
    payment_id: str
    amount: Decimal
    currency: str
    rate: Decimal | None
    size: Decimal | None
    paid_at: datetime
    account_type: AccountType | None = None

    @classmethod
    def from_bybit(cls, row: wire.Row, *, account_type: AccountType | None = None) -> "FundingPayment | None":
        """Read a funding row of the execution list or of the transaction log; None for any other row.

        The two count with opposite signs: `execFee` is positive when paid, `funding` when received.

        https://bybit-exchange.github.io/docs/v5/account/transaction-log
        """
        is_execution = "execType" in row
        if is_execution and wire.text(row, "execType") != bybit.FUNDING:
            return None
        if not is_execution and not _is_funding_entry(row):
            return None
        native = wire.text(row, "symbol")
        currency = wire.optional_text(row, "feeCurrency" if is_execution else "currency")
        size = wire.optional_decimal(row, "execQty" if is_execution else "qty")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            payment_id=wire.text(row, "execId") if is_execution else _entry_id(row),
            amount=-wire.decimal(row, "execFee") if is_execution else wire.decimal(row, "funding"),
            currency=currency or bybit_settle_coin(native) or "",
            rate=wire.optional_decimal(row, "feeRate"),
            size=None if size is None else abs(size),
            paid_at=wire.moment(row, "execTime" if is_execution else "transactionTime"),
            account_type=account_type,
        )

    @classmethod
    def from_hyperliquid(cls, row: wire.Row, *, account_type: AccountType | None = None) -> "FundingPayment | None":
        """Read an element of `userFunding` or of the `userFundings` stream; None for any other ledger row.

        `usdc` is negative when paid. The venue has no id for it; time and coin are one.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
        """
        delta = wire.record(row, "delta") if "delta" in row else row
        if delta.get("type", hyperliquid.FUNDING) != hyperliquid.FUNDING:
            return None
        coin = wire.text(delta, "coin")
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, coin),
            native_symbol=coin,
            payment_id=f"{wire.integer(row, 'time')}:{coin}",
            amount=wire.decimal(delta, "usdc"),
            currency=hyperliquid.COLLATERAL,
            rate=wire.optional_decimal(delta, "fundingRate"),
            size=abs(wire.decimal(delta, "szi")),
            paid_at=wire.moment(row, "time"),
            account_type=account_type,
        )


def _entry_id(row: wire.Row) -> str:
    return wire.optional_text(row, "id") or wire.text(row, "tradeId")  # older answers have no id of their own


def _is_funding_entry(row: wire.Row) -> bool:
    if "type" not in row and "funding" not in row:
        raise wire.bad_field("type", "the kind of entry", None)
    is_settlement = row.get("type", bybit.FUNDING_SETTLEMENT) == bybit.FUNDING_SETTLEMENT
    return is_settlement and wire.optional_decimal(row, "funding") is not None


def _bybit_kind(row: wire.Row) -> FillKind:
    kind = wire.described(row, "execType", bybit.FILL_KINDS, fallback=FillKind.OTHER) or FillKind.OTHER
    forced = bybit.FORCED_KINDS.get(wire.optional_text(row, "createType") or "")
    return forced if forced is not None and kind is FillKind.TRADE else kind


def _hyperliquid_kind(row: wire.Row, user: str | None) -> FillKind:
    direction = wire.optional_text(row, "dir") or ""
    if direction.startswith(hyperliquid.LIQUIDATED) or _is_liquidation_of(row, user):
        return FillKind.LIQUIDATION
    return hyperliquid.FILL_KINDS_BY_DIRECTION.get(direction, FillKind.TRADE)


def _is_liquidation_of(row: wire.Row, user: str | None) -> bool:
    """Whether the user was liquidated; whoever took the other side may carry the same note."""
    note = wire.optional_record(row, "liquidation")
    if note is None and wire.optional_decimal(row, "liquidationMarkPx") is None:  # as older answers say it
        return False
    liquidated = wire.optional_text(note or {}, "liquidatedUser")
    if user is not None and liquidated is not None:
        return liquidated.lower() == user.lower()
    # Nobody is liquidated into a position, nor by an order of theirs that rested.
    opens = (wire.optional_text(row, "dir") or "").startswith(hyperliquid.OPENING)
    return not opens and row.get("crossed") is not False


def _hyperliquid_fill_id(row: wire.Row) -> str:
    # A trade id of zero, or none in older answers, names nothing; the position before the fill tells fills apart.
    trade_id = wire.optional_text(row, "tid") if isinstance(row.get("tid"), str) else wire.optional_integer(row, "tid")
    if trade_id and trade_id != "0":
        return str(trade_id)
    parts = (wire.text(row, "hash"), wire.identifier(row, "oid"), wire.optional_text(row, "startPosition") or "")
    return ":".join(parts)


def _closed_size(side: OrderSide, size: Decimal, start: Decimal | None) -> Decimal | None:
    if start is None:
        return None
    reduces = start < 0 if side is OrderSide.BUY else start > 0
    return min(abs(start), size) if reduces else Decimal(0)


def _closed_side(closing_side: OrderSide) -> PositionSide:
    return PositionSide.SHORT if closing_side is OrderSide.BUY else PositionSide.LONG


def _both_fees(row: wire.Row) -> Decimal | None:
    fees = [wire.optional_decimal(row, name) for name in ("openFee", "closeFee")]
    return None if None in fees else wire.total(fees)


def _result_of(fills: list[Fill]) -> ClosedPnl:
    last = max(fills, key=lambda fill: fill.filled_at)
    size = sum((fill.closed_size or Decimal(0) for fill in fills), Decimal(0))
    exit_price = sum((fill.price * (fill.closed_size or Decimal(0)) for fill in fills), Decimal(0)) / size
    gross = wire.total(fill.realized_pnl for fill in fills) or Decimal(0)
    fees = _closing_fees(fills)
    side = _closed_side(last.side)
    gain_per_unit = gross / size
    return ClosedPnl(
        exchange=last.exchange,
        symbol=last.symbol,
        native_symbol=last.native_symbol,
        order_id=last.order_id,
        side=side,
        size=size,
        entry_price=exit_price - gain_per_unit if side is PositionSide.LONG else exit_price + gain_per_unit,
        exit_price=exit_price,
        pnl=gross - (fees or Decimal(0)),
        fees=fees,
        kind=last.kind,
        closed_at=last.filled_at,
        account_type=last.account_type,
    )


def _closing_fees(fills: list[Fill]) -> Decimal | None:
    if any(fill.fee is None or fill.fee_currency != hyperliquid.COLLATERAL for fill in fills):
        return None
    shares = (fill.closed_size / fill.size for fill in fills if fill.closed_size is not None)
    return wire.total(fill.fee * share for fill, share in zip(fills, shares, strict=True) if fill.fee is not None)
