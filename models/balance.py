"""Money in an account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.enums import AccountType, MarginMode
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinBalance(Value):
    """One coin of an account, in its own unit; `usd_value` in US dollars."""

    coin: str
    total: Decimal
    """Without unrealised profit."""
    available: Decimal | None = None
    locked: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    usd_value: Decimal | None = None
    borrowed: Decimal | None = None
    bonus: Decimal | None = None
    """Part of the total that can be traded with but not taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Value):
    """An account's money in `currency`. None: the venue does not say."""

    exchange: str
    currency: str
    equity: Decimal
    """Everything, unrealised profit included."""
    wallet: Decimal | None
    """Everything without unrealised profit."""
    available: Decimal | None
    """What new positions can use as margin."""
    margin_used: Decimal | None
    maintenance_margin: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    margin_mode: MarginMode | None = None
    coins: tuple[CoinBalance, ...] = ()
    account_type: AccountType | None = None
    as_of: datetime | None = None

    @classmethod
    def from_bybit(
        cls,
        row: wire.Row,
        *,
        margin_mode: MarginMode | None = None,
        settle: str = "USDT",
        account_type: AccountType | None = None,
        as_of: datetime | None = None,
    ) -> "Balance":
        """Read one account of the wallet balance.

        With cross or portfolio margin the account is one pot, counted in USD. In isolated margin, and in accounts
        that are not unified, the venue's totals do not apply; then the money is what the account holds of `settle`.

        Args:
            row: An element of `result.list`.
            margin_mode: From `/v5/account/info`; the totals are also left aside where they are empty.
            settle: The coin to count in where there is no common pot.

        https://bybit-exchange.github.io/docs/v5/account/wallet-balance
        """
        rows = wire.records(row, "coin")
        # A coin whose wallet is absent is one the venue says nothing about; the account's own totals still hold.
        coins = tuple(_bybit_coin(coin) for coin in rows if wire.optional_decimal(coin, "walletBalance") is not None)
        equity = wire.optional_decimal(row, "totalEquity")
        available = wire.optional_decimal(row, "totalAvailableBalance")
        if margin_mode is MarginMode.ISOLATED or equity is None or available is None:
            return _bybit_coin_account(rows, coins, margin_mode, settle, account_type, as_of)
        return cls(
            exchange=bybit.EXCHANGE,
            currency="USD",
            equity=equity,
            wallet=wire.optional_decimal(row, "totalWalletBalance"),
            available=available,
            margin_used=wire.optional_decimal(row, "totalInitialMargin"),
            maintenance_margin=wire.optional_decimal(row, "totalMaintenanceMargin"),
            unrealized_pnl=wire.optional_decimal(row, "totalPerpUPL"),
            margin_mode=margin_mode,
            coins=coins,
            account_type=account_type,
            as_of=as_of,
        )

    @classmethod
    def from_hyperliquid(
        cls,
        state: wire.Row,
        *,
        spot: wire.Row | None = None,
        abstraction: str | None = None,
        dex_states: Sequence[wire.Row] = (),
        account_type: AccountType | None = None,
        as_of: datetime | None = None,
    ) -> "Balance":
        """Read an account's money, in USDC, from wherever its abstraction keeps it.

        Args:
            state: `clearinghouseState` of the main dex.
            spot: `spotClearinghouseState`; needed where the abstraction keeps the money there.
            abstraction: The venue's answer to `userAbstraction`.
            dex_states: `clearinghouseState` of further dexes with USDC collateral.

        Raises:
            BadPayload: Also where the money is in the spot balances and `spot` is missing: a zero would be a lie.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
        """
        states = [state, *dex_states]
        coins = tuple(_hyperliquid_coin(row) for row in wire.records(spot, "balances")) if spot is not None else ()
        unrealized = _open_profit(states)
        if abstraction in hyperliquid.MONEY_IN_SPOT:
            usdc = _held(coins, has_answer=spot is not None)
            equity, wallet, available, used = usdc.total + unrealized, usdc.total, usdc.available, usdc.locked
            if abstraction == hyperliquid.PORTFOLIO_MARGIN and usdc.total < 0:
                available = None  # other coins stand for what is borrowed; how much more they would, is not said
        else:
            if abstraction is not None and abstraction not in hyperliquid.MONEY_IN_PERPS:
                wire.warn_unknown("userAbstraction", abstraction)
            equity = _sum_of(states, "accountValue")
            if abstraction not in {None, *hyperliquid.MONEY_IN_PERPS} and not equity and any(c.total for c in coins):
                raise wire.bad_field("userAbstraction", "a word that says where the money is", abstraction)
            wallet, used = equity - unrealized, _sum_of(states, "totalMarginUsed")
            is_shared = abstraction in hyperliquid.SHARED_BETWEEN_DEXES
            available = wire.total(wire.decimal(s, "withdrawable") for s in (states if is_shared else [state]))
        return cls(
            exchange=hyperliquid.EXCHANGE,
            currency=hyperliquid.COLLATERAL,
            equity=equity,
            wallet=wallet,
            available=available,
            margin_used=used,
            maintenance_margin=wire.total(wire.optional_decimal(s, "crossMaintenanceMarginUsed") for s in states),
            unrealized_pnl=unrealized,
            margin_mode=MarginMode.PORTFOLIO if abstraction == hyperliquid.PORTFOLIO_MARGIN else None,
            coins=coins,
            account_type=account_type,
            as_of=as_of or wire.optional_moment(state, "time"),
        )


def _bybit_coin(row: wire.Row) -> CoinBalance:
    wallet = wire.decimal(row, "walletBalance")
    return CoinBalance(
        coin=wire.text(row, "coin"),
        total=wallet,
        available=_bybit_available(row, wallet),
        locked=wire.optional_decimal(row, "locked"),
        unrealized_pnl=wire.optional_decimal(row, "unrealisedPnl"),
        usd_value=wire.optional_decimal(row, "usdValue"),
        borrowed=wire.optional_decimal(row, "borrowAmount"),
        bonus=wire.optional_decimal(row, "bonus"),
    )


def _bybit_available(row: wire.Row, wallet: Decimal) -> Decimal | None:
    """Return what is not bound: the formula that the venue documents for isolated margin."""
    bound = [wire.optional_decimal(row, name) for name in ("totalPositionIM", "totalOrderIM")]
    if None in bound:  # portfolio margin has no margin per coin, and a classic spot account none at all
        told = wire.optional_decimal(row, "availableToWithdraw")
        return wire.optional_decimal(row, "free") if told is None else told
    held = [wire.optional_decimal(row, name) for name in ("locked", "bonus")]  # fields of unified accounts only
    return wallet - (wire.total(bound + held) or Decimal(0))


def _bybit_coin_account(
    rows: Sequence[wire.Row],
    coins: tuple[CoinBalance, ...],
    margin_mode: MarginMode | None,
    settle: str,
    account_type: AccountType | None,
    as_of: datetime | None,
) -> Balance:
    # The venue leaves out coins of which the account has nothing.
    row = next((r for r in rows if r.get("coin") == settle), _NOTHING)
    wallet = wire.decimal(row, "walletBalance")
    equity = wire.optional_decimal(row, "equity")  # empty where nothing can be open
    return Balance(
        exchange=bybit.EXCHANGE,
        currency=settle,
        equity=wallet if equity is None else equity,
        wallet=wallet,
        available=_bybit_available(row, wallet),
        margin_used=wire.total(wire.optional_decimal(row, name) for name in ("totalPositionIM", "totalOrderIM")),
        maintenance_margin=wire.optional_decimal(row, "totalPositionMM"),
        unrealized_pnl=wire.optional_decimal(row, "unrealisedPnl"),
        margin_mode=margin_mode,
        coins=coins,
        account_type=account_type,
        as_of=as_of,
    )


_NOTHING = dict.fromkeys(
    ("walletBalance", "equity", "totalPositionIM", "totalOrderIM", "totalPositionMM", "unrealisedPnl"), "0"
)


def _hyperliquid_coin(row: wire.Row) -> CoinBalance:
    total, held = wire.decimal(row, "total"), wire.optional_decimal(row, "hold")
    return CoinBalance(
        coin=wire.text(row, "coin"),
        total=total,
        available=None if held is None else total - held,
        locked=held,
    )


def _held(coins: Iterable[CoinBalance], *, has_answer: bool) -> CoinBalance:
    if not has_answer:
        raise wire.bad_field("balances", "the spot balances, where this account keeps its money", None)
    zero = Decimal(0)
    nothing = CoinBalance(coin=hyperliquid.COLLATERAL, total=zero, available=zero, locked=zero)
    return next((coin for coin in coins if coin.coin == hyperliquid.COLLATERAL), nothing)


def _sum_of(states: Iterable[wire.Row], name: str) -> Decimal:
    return sum((wire.decimal(wire.record(state, "marginSummary"), name) for state in states), Decimal(0))


def _open_profit(states: Iterable[wire.Row]) -> Decimal:
    positions = (wire.record(p, "position") for s in states for p in wire.records(s, "assetPositions"))
    return sum((wire.decimal(position, "unrealizedPnl") for position in positions), Decimal(0))
