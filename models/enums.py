"""Closed sets of words. Values are what `to_dict()` writes and what the database stores."""

from enum import StrEnum


class AccountType(StrEnum):
    """Where an account's money lives; every message that shows or moves money names it."""

    PAPER = "paper"
    DEMO = "demo"
    TESTNET = "testnet"
    REAL = "real"


class TradingMode(StrEnum):
    """What a user chose to trade on. Expanded to a list of accounts at once, never passed below routing."""

    DEMO = "demo"
    REAL = "real"
    BOTH = "both"


class OrderSide(StrEnum):
    """The direction of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "OrderSide":
        """The side that undoes this one."""
        return OrderSide.SELL if self is OrderSide.BUY else OrderSide.BUY


class PositionSide(StrEnum):
    """The direction of a position."""

    LONG = "long"
    SHORT = "short"

    @property
    def opening_side(self) -> OrderSide:
        """The order side that opens or grows such a position."""
        return OrderSide.BUY if self is PositionSide.LONG else OrderSide.SELL

    @property
    def closing_side(self) -> OrderSide:
        """The order side that closes such a position."""
        return self.opening_side.opposite


class OrderType(StrEnum):
    """What an order waits for and how it executes. `UNKNOWN` keeps a venue's new kind readable."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    STOP_LIMIT = "stop_limit"
    TAKE_PROFIT_MARKET = "take_profit_market"
    TAKE_PROFIT_LIMIT = "take_profit_limit"
    TRAILING_STOP = "trailing_stop"
    UNKNOWN = "unknown"

    @property
    def is_trigger(self) -> bool:
        """Whether the order waits for a trigger price."""
        return self not in {OrderType.MARKET, OrderType.LIMIT, OrderType.UNKNOWN}

    @property
    def is_market(self) -> bool:
        """Whether the order takes the market's price once it is active."""
        return self in {OrderType.MARKET, OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET, OrderType.TRAILING_STOP}

    @property
    def is_take_profit(self) -> bool:
        """Whether the order closes at a gain."""
        return self in {OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT}


class TimeInForce(StrEnum):
    """How long an order may rest."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class OrderStatus(StrEnum):
    """The state of an order as its venue reports it."""

    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    UNTRIGGERED = "untriggered"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        """Whether the order can still execute."""
        return self in {
            OrderStatus.OPEN,
            OrderStatus.PARTIALLY_FILLED,
            OrderStatus.UNTRIGGERED,
            OrderStatus.TRIGGERED,
        }


class TriggerBy(StrEnum):
    """The price that fires a trigger."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class MarginMode(StrEnum):
    """How a position, or a whole account, is margined."""

    CROSS = "cross"
    ISOLATED = "isolated"
    PORTFOLIO = "portfolio"


class PositionMode(StrEnum):
    """Whether a symbol holds one net position or a long and a short beside each other."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class ContractKind(StrEnum):
    """What a contract is settled in and when."""

    LINEAR_PERPETUAL = "linear_perpetual"
    INVERSE_PERPETUAL = "inverse_perpetual"
    LINEAR_FUTURE = "linear_future"
    INVERSE_FUTURE = "inverse_future"


class InstrumentStatus(StrEnum):
    """Whether a market takes orders."""

    TRADING = "trading"
    PRE_LAUNCH = "pre_launch"
    REDUCE_ONLY = "reduce_only"
    CLOSED = "closed"


class FillKind(StrEnum):
    """Why a fill happened. Funding is never a fill; it is a `FundingPayment`."""

    TRADE = "trade"
    LIQUIDATION = "liquidation"
    AUTO_DELEVERAGE = "auto_deleverage"
    SETTLEMENT = "settlement"
    OTHER = "other"


class Outcome(StrEnum):
    """What is known about a write. `UNKNOWN` is looked up by client order id, never sent again."""

    ACCEPTED = "accepted"
    FILLED = "filled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Freshness(StrEnum):
    """Where a number comes from: a live stream, a venue's answer just now, or an older one."""

    LIVE = "live"
    SNAPSHOT = "snapshot"
    STALE = "stale"
