"""HyperLiquid's words for sides, states and kinds.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

from decimal import Decimal

from models import wire
from models.enums import FillKind, MarginMode, OrderSide, OrderStatus, OrderType, TimeInForce

EXCHANGE = "hyperliquid"
COLLATERAL = "USDC"

ORDER_SIDES = {"B": OrderSide.BUY, "A": OrderSide.SELL}

ORDER_STATUSES = {
    "open": OrderStatus.OPEN,
    "filled": OrderStatus.FILLED,
    "triggered": OrderStatus.TRIGGERED,
    "canceled": OrderStatus.CANCELLED,
    "rejected": OrderStatus.REJECTED,
    "waitingForFill": OrderStatus.UNTRIGGERED,
    "waitingForTrigger": OrderStatus.UNTRIGGERED,
}
# Every other state says why: marginCanceled, siblingFilledCanceled, scheduledCancel, tickRejected, iocCancelRejected …
ORDER_STATUS_ENDINGS = {
    "Canceled": OrderStatus.CANCELLED,
    "Cancel": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
}

OPEN = "open"
FOUND_ORDER = "order"
UNKNOWN_ORDER = "unknownOid"
"""How `orderStatus` says that it has, or has not, found the order."""

ORDER_TYPES = {
    "Market": OrderType.MARKET,
    "Twap Slice": OrderType.MARKET,
    "Vault Close": OrderType.MARKET,
    "Limit": OrderType.LIMIT,
    "Stop Market": OrderType.STOP_MARKET,
    "Stop Limit": OrderType.STOP_LIMIT,
    "Take Profit Market": OrderType.TAKE_PROFIT_MARKET,
    "Take Profit Limit": OrderType.TAKE_PROFIT_LIMIT,
}
TIMES_IN_FORCE = {
    "Gtc": TimeInForce.GTC,
    "Ioc": TimeInForce.IOC,
    "Alo": TimeInForce.POST_ONLY,
    "FrontendMarket": TimeInForce.IOC,
    "LiquidationMarket": TimeInForce.IOC,
}

MARGIN_MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
NO_PRICE = ("NaN",)
"""Besides null, how the venue writes that there is no liquidation price."""

MONEY_IN_SPOT = frozenset({"unifiedAccount", "portfolioMargin"})
"""Account abstractions whose collateral is in the spot balances."""
PORTFOLIO_MARGIN = "portfolioMargin"
SHARED_BETWEEN_DEXES = frozenset({"dexAbstraction"})
MONEY_IN_PERPS = frozenset({"disabled", "default"}) | SHARED_BETWEEN_DEXES

LIQUIDATED = "Liquidated"
OPENING = "Open"
FILL_KINDS_BY_DIRECTION = {
    "Auto-Deleveraging": FillKind.AUTO_DELEVERAGE,
    "Settlement": FillKind.SETTLEMENT,
    "Net Child Vaults": FillKind.OTHER,
}
FUNDING = "funding"

SIGNIFICANT_FIGURES = 5
PERP_MAX_DECIMALS = 6
MIN_NOTIONAL = Decimal(10)
FUNDING_INTERVAL_S = 3600
ISOLATED_MARGIN_MODES = frozenset({"strictIsolated", "noCross"})


_FIRST_DEX_ASSET = 110_000
_ASSETS_PER_DEX = 10_000


def dex_asset_id(dex_index: int, index: int) -> int:
    """Return the number of a HIP-3 market; `dex_index` counts from 0 after the leading null of `perpDexs`."""
    return _FIRST_DEX_ASSET + _ASSETS_PER_DEX * dex_index + index


def order_status(word: str) -> OrderStatus:
    """Return the state a word stands for; a word of an unknown kind is no state to guess."""
    status = ORDER_STATUSES.get(word)
    for ending, meaning in ORDER_STATUS_ENDINGS.items():
        if status is None and word.endswith(ending):
            status = meaning
    if status is None:
        raise wire.bad_field("status", f"{', '.join(ORDER_STATUSES)}, …Canceled, …Cancel or …Rejected", word)
    return status
