"""Readings of Bybit that are more than one row: a key, and an order that only its executions prove."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from exchanges.base import KeyInfo
from models import wire
from models.enums import AccountType, FillKind, OrderStatus, OrderType
from models.errors import BadPayload
from models.unified import Fill, Order

_MOVES_MONEY_OUT = frozenset({"Wallet:Withdraw", "Wallet:AccountTransfer"})
_TRADES = (frozenset({"ContractTrade:Order", "ContractTrade:Position"}), frozenset({"Derivatives:DerivativesTrade"}))
_ANYWHERE = "*"
_BEFORE_BYBIT = datetime(2018, 1, 1, tzinfo=UTC)  # what a key that does not expire carries as its end


def key_info(result: wire.Row, *, account_type: AccountType) -> KeyInfo:
    """Read what a key may do. An empty `result` is that of demo, which answers but says nothing about keys.

    `can_withdraw` is also true for keys that may transfer to another account, from where money can leave.

    https://bybit-exchange.github.io/docs/v5/user/apikey-info
    """
    if not result and account_type is not AccountType.REAL:
        return KeyInfo(
            is_valid=True, can_trade=True, can_withdraw=False, is_read_only=False, bound_ips=None, expires_at=None
        )
    granted = permissions(result)
    is_read_only = wire.integer(result, "readOnly") == 1
    ips = result.get("ips")
    return KeyInfo(
        is_valid=True,
        can_trade=not is_read_only and any(needed <= set(granted) for needed in _TRADES),
        can_withdraw=bool(_MOVES_MONEY_OUT & set(granted)),
        is_read_only=is_read_only,
        bound_ips=tuple(str(ip) for ip in ips if ip != _ANYWHERE) if isinstance(ips, list) else None,
        expires_at=_expiry(result),
        permissions=granted,
        label=wire.optional_text(result, "note"),
    )


def permissions(result: wire.Row) -> tuple[str, ...]:
    """Return the granted permissions as `Group:Right`."""
    return tuple(
        f"{group}:{right}"
        for group, rights in wire.record(result, "permissions").items()
        if isinstance(rights, list)
        for right in rights
    )


def order_from_fills(fills: Sequence[Fill], *, as_of: datetime) -> Order | None:
    """Return what executions prove of an order that no order list has any more; None without any.

    Its size is what was executed: how much more was asked for is not told.
    """
    trades = [fill for fill in fills if fill.kind is not FillKind.SETTLEMENT]
    if not trades:
        return None
    newest = max(trades, key=lambda fill: fill.filled_at)
    size = sum((fill.size for fill in trades), Decimal(0))
    fees = [fill.fee for fill in trades if fill.fee is not None]
    return Order(
        exchange=newest.exchange,
        symbol=newest.symbol,
        native_symbol=newest.native_symbol,
        order_id=newest.order_id,
        client_order_id=newest.client_order_id,
        side=newest.side,
        order_type=OrderType.UNKNOWN,
        status=OrderStatus.FILLED,
        size=size,
        filled_size=size,
        average_price=sum((fill.size * fill.price for fill in trades), Decimal(0)) / size,
        fee=sum(fees, Decimal(0)) if fees else None,
        fee_currency=newest.fee_currency,
        updated_at=newest.filled_at,
        account_type=newest.account_type,
        as_of=as_of,
    )


def _expiry(result: wire.Row) -> datetime | None:
    text = wire.optional_text(result, "expiredAt")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise BadPayload("expiredAt: expected an ISO time") from e
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment > _BEFORE_BYBIT else None
