"""Readers of what OKX says about an account: positions, money, results, funding, its key. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from exchanges import okx_words as okx
from exchanges.base import AccountState, KeyInfo
from models import wire
from models.enums import AccountType, MarginMode, PositionSide
from models.unified import Balance, ClosedPnl, CoinBalance, FundingPayment, Position

_SETTLE = "USDT"
_FUNDING_BILLS = frozenset({"8"})
_NOTHING: Mapping[str, str] = {"eq": "0", "cashBal": "0", "availEq": "0", "upl": "0"}
_INVERSE_QUOTE = "-USD-"


def position_from_okx(
    row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None, as_of: datetime | None = None
) -> Position | None:
    """Read a position of a perpetual; None for a flat one.

    Protection that covers all of it is filled in only where it was made as such; other orders that protect it are
    seen in the list of algo orders.

    Args:
        row: One element of the positions.
        contract: What one contract of the market is.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions
    """
    contracts = wire.decimal(row, "pos")
    if not contracts:
        return None
    native, size = wire.text(row, "instId"), abs(contracts) * contract
    leg = row.get("posSide")
    mark = wire.optional_price(row, "markPx")
    levels = [level for level in _records(row, "closeOrderAlgo") if level.get("closeFraction") == okx.WHOLE]
    return Position(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        side=_side(contracts) if leg == okx.NET else wire.choice(row, "posSide", okx.LEGS),
        size=size,
        entry_price=wire.unsigned(row, "avgPx"),
        mark_price=mark,
        notional=size if _INVERSE_QUOTE in native else None if mark is None else size * mark,
        unrealized_pnl=wire.optional_decimal(row, "upl"),
        realized_pnl=wire.optional_decimal(row, "realizedPnl"),
        leverage=wire.optional_price(row, "lever"),
        margin_mode=wire.described(row, "mgnMode", okx.MARGIN_MODES),
        margin_used=wire.optional_decimal(row, "margin") or wire.optional_decimal(row, "imr"),
        liquidation_price=wire.reachable_price(row, "liqPx"),
        take_profit=_first_price(levels, "tpTriggerPx"),
        stop_loss=_first_price(levels, "slTriggerPx"),
        is_hedge=leg != okx.NET,
        funding_since_open=wire.optional_decimal(row, "fundingFee"),
        opened_at=wire.optional_moment(row, "cTime"),
        updated_at=wire.optional_moment(row, "uTime"),
        account_type=account_type,
        as_of=as_of,
    )


def balance_from_okx(
    row: wire.Row,
    *,
    level: str | None = None,
    account_type: AccountType | None = None,
    as_of: datetime | None = None,
) -> Balance:
    """Read the trading account.

    With several currencies as margin, or portfolio margin, it is one pot, counted in USD. Elsewhere every coin stands
    for itself; then the money is what the account holds of USDT.

    Args:
        row: The only element of the balance.
        level: The account mode, `acctLv` of the configuration.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance
    """
    details = wire.records(row, "details")
    # of a coin whose amount is left out nothing is told; the account's own totals still hold
    coins = tuple(_coin(detail) for detail in details if wire.optional_decimal(detail, "cashBal") is not None)
    mode = MarginMode.PORTFOLIO if level == okx.PORTFOLIO_LEVEL else MarginMode.CROSS
    available = wire.optional_decimal(row, "availEq")
    if available is None:  # OKX leaves out coins of which there is nothing
        usdt = next((detail for detail in details if detail.get("ccy") == _SETTLE), _NOTHING)
        return _of_coin(usdt, coins, mode, account_type, as_of)
    equity, unrealized = wire.decimal(row, "totalEq"), wire.optional_decimal(row, "upl")
    return Balance(
        exchange=okx.EXCHANGE,
        currency="USD",
        equity=equity,
        wallet=None if unrealized is None else equity - unrealized,
        available=available,
        margin_used=wire.optional_decimal(row, "imr"),
        maintenance_margin=wire.optional_decimal(row, "mmr"),
        unrealized_pnl=unrealized,
        margin_mode=mode,
        coins=coins,
        account_type=account_type,
        as_of=as_of,
    )


def closed_pnl_from_okx(
    row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None
) -> ClosedPnl | None:
    """Read an element of the positions' history; None while part of the position is open.

    OKX adds up what a position brought and tells the sum so far with every partial close, so only the last one is a
    result. `pnl` is after fees, funding and liquidation penalty.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions-history
    """
    if wire.text(row, "type") in okx.PARTIAL_CLOSINGS:
        return None
    native = wire.text(row, "instId")
    fee = wire.optional_decimal(row, "fee")
    return ClosedPnl(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        order_id=wire.optional_text(row, "posId") or "",  # the result is of a position, not of one order
        side=wire.choice(row, "direction", okx.LEGS),
        size=wire.unsigned(row, "closeTotalPos") * contract,
        entry_price=wire.optional_price(row, "openAvgPx"),
        exit_price=wire.optional_price(row, "closeAvgPx"),
        pnl=wire.decimal(row, "realizedPnl"),
        fees=None if fee is None else -fee,
        leverage=wire.optional_price(row, "lever"),
        kind=wire.described(row, "type", okx.CLOSINGS) or okx.CLOSINGS["2"],
        closed_at=wire.moment(row, "uTime"),
        account_type=account_type,
    )


def funding_from_okx(
    row: wire.Row, *, contract: Decimal, account_type: AccountType | None = None
) -> FundingPayment | None:
    """Read a bill; None if it is no funding.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-bills-details-last-7-days
    """
    if wire.text(row, "type") not in _FUNDING_BILLS:
        return None
    native = wire.text(row, "instId")
    size = wire.optional_unsigned(row, "sz")
    return FundingPayment(
        exchange=okx.EXCHANGE,
        symbol=okx.symbol_of(native),
        native_symbol=native,
        payment_id=wire.text(row, "billId"),
        amount=wire.decimal(row, "pnl"),
        currency=wire.text(row, "ccy"),
        rate=None,
        size=None if size is None else size * contract,
        paid_at=wire.moment(row, "ts"),
        account_type=account_type,
    )


def key_from_okx(row: wire.Row) -> KeyInfo:
    """Read what a key may do from the account's configuration. OKX's keys do not expire while they are used.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-account-configuration
    """
    granted = tuple(wire.text(row, "perm").split(","))
    ips = wire.optional_text(row, "ip")
    return KeyInfo(
        is_valid=True,
        can_trade="trade" in granted,
        can_withdraw="withdraw" in granted,
        is_read_only=set(granted) == {"read_only"},
        bound_ips=tuple(ips.split(",")) if ips is not None else (),
        expires_at=None,
        permissions=granted,
        label=wire.optional_text(row, "label"),
    )


def state_from_okx(row: wire.Row) -> AccountState:
    """Read how an account is set up. Perpetuals are margined cross, or by portfolio; there is nothing else."""
    level = wire.text(row, "acctLv")
    return AccountState(
        margin_mode=MarginMode.PORTFOLIO if level == okx.PORTFOLIO_LEVEL else MarginMode.CROSS,
        position_mode=wire.choice(row, "posMode", okx.POSITION_MODES),
        is_unified=level != okx.SPOT_LEVEL,
    )


def _coin(row: wire.Row) -> CoinBalance:
    available = wire.optional_decimal(row, "availEq")
    return CoinBalance(
        coin=wire.text(row, "ccy"),
        total=wire.decimal(row, "cashBal"),
        available=wire.optional_decimal(row, "availBal") if available is None else available,
        locked=wire.optional_decimal(row, "frozenBal"),
        unrealized_pnl=wire.optional_decimal(row, "upl"),
        usd_value=wire.optional_decimal(row, "eqUsd"),
        borrowed=wire.optional_decimal(row, "liab"),
        bonus=wire.optional_decimal(row, "rewardBal"),
    )


def _of_coin(
    row: wire.Row,
    coins: tuple[CoinBalance, ...],
    mode: MarginMode,
    account_type: AccountType | None,
    as_of: datetime | None,
) -> Balance:
    available = wire.optional_decimal(row, "availEq")
    return Balance(
        exchange=okx.EXCHANGE,
        currency=_SETTLE,
        equity=wire.decimal(row, "eq"),
        wallet=wire.optional_decimal(row, "cashBal"),
        available=wire.optional_decimal(row, "availBal") if available is None else available,
        margin_used=wire.optional_decimal(row, "imr"),
        maintenance_margin=wire.optional_decimal(row, "mmr"),
        unrealized_pnl=wire.optional_decimal(row, "upl"),
        margin_mode=mode,
        coins=coins,
        account_type=account_type,
        as_of=as_of,
    )


def _side(contracts: Decimal) -> PositionSide:
    return PositionSide.LONG if contracts > 0 else PositionSide.SHORT


def _records(row: wire.Row, name: str) -> list[wire.Row]:
    return wire.records(row, name) if row.get(name) is not None else []


def _first_price(rows: Sequence[wire.Row], name: str) -> Decimal | None:
    found = (wire.optional_price(row, name) for row in rows)
    return next((price for price in found if price is not None), None)
