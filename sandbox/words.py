"""The engine's closed sets of words, and why it refuses."""

from enum import IntEnum, StrEnum


class Side(StrEnum):
    """Direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for buy, -1 for sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How the order trades once it is active (a conditional one: after its trigger)."""

    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    """How long a limit order may rest."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class OrderStatus(StrEnum):
    """Where an order is in its life."""

    PENDING = "pending"  # acknowledged, not yet seen by the matching (Bybit's create is asynchronous)
    WAITING = "waiting"  # child of an entry that has not filled yet
    UNTRIGGERED = "untriggered"  # conditional, armed
    OPEN = "open"  # resting on the book, perhaps partly filled
    FILLED = "filled"
    CANCELLED = "cancelled"  # may have executed quantity
    REJECTED = "rejected"
    DEACTIVATED = "deactivated"  # conditional, cancelled before its trigger

    @property
    def is_open(self) -> bool:
        """Whether the order can still execute."""
        return self in OPEN_STATUSES


OPEN_STATUSES = frozenset({OrderStatus.PENDING, OrderStatus.WAITING, OrderStatus.UNTRIGGERED, OrderStatus.OPEN})


class StopKind(StrEnum):
    """Why a conditional order exists."""

    NONE = "none"  # not conditional
    STOP = "stop"  # plain conditional order
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING = "trailing"


class TriggerBy(StrEnum):
    """Which price a trigger watches."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class TriggerDirection(StrEnum):
    """From which side the watched price reaches the trigger."""

    RISE = "rise"
    FALL = "fall"


class MarginMode(StrEnum):
    """Whether a position shares the account's collateral or has its own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class PositionMode(StrEnum):
    """Whether a symbol has one netted position or one per direction."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class PositionIdx(IntEnum):
    """Which position of a symbol an order is for: 0 one-way, 1 hedge long, 2 hedge short."""

    ONE_WAY = 0
    LONG = 1
    SHORT = 2


class Reason(StrEnum):
    """Why the engine refused a request, or ended an order; each venue has its own code or sentence for it."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    NOT_TRADING = "not_trading"
    BAD_VALUE = "bad_value"
    DUPLICATE_CLIENT_ID = "duplicate_client_id"
    ORDER_NOT_FOUND = "order_not_found"
    ORDER_FILLED = "order_filled"
    ORDER_CANCELLED = "order_cancelled"
    NOT_MODIFIED = "not_modified"
    SIZE_OFF_GRID = "size_off_grid"
    SIZE_ZERO = "size_zero"
    SIZE_TOO_SMALL = "size_too_small"
    SIZE_TOO_LARGE = "size_too_large"
    BELOW_MIN_NOTIONAL = "below_min_notional"
    PRICE_OFF_GRID = "price_off_grid"
    PRICE_OUT_OF_BAND = "price_out_of_band"
    TRIGGER_MUST_RISE = "trigger_must_rise"  # the trigger must be above the current price
    TRIGGER_MUST_FALL = "trigger_must_fall"
    BAD_TAKE_PROFIT = "bad_take_profit"
    BAD_STOP_LOSS = "bad_stop_loss"
    INSUFFICIENT_MARGIN = "insufficient_margin"
    LEVERAGE_TOO_HIGH = "leverage_too_high"
    RISK_LIMIT = "risk_limit"
    REDUCE_ONLY_NO_POSITION = "reduce_only_no_position"
    REDUCE_ONLY_SAME_SIDE = "reduce_only_same_side"
    POSITION_MODE_MISMATCH = "position_mode_mismatch"
    NO_POSITION = "no_position"
    HAS_POSITION = "has_position"
    HAS_ORDERS = "has_orders"
    MARGIN_TOO_LOW = "margin_too_low"  # margin cannot be taken out of a position below its initial need
    WOULD_LIQUIDATE = "would_liquidate"
    TOO_MANY_ORDERS = "too_many_orders"
    TOO_MANY_STOPS = "too_many_stops"
    TOO_MANY_TPSL = "too_many_tpsl"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    NOTHING_TO_FILL = "nothing_to_fill"  # IOC or FOK found no (or not enough) liquidity
    PRICE_LIMIT = "price_limit"  # a market order reached its slippage limit
    BY_USER = "by_user"
    BY_OCO = "by_oco"
    BY_PARENT = "by_parent"
    BY_POSITION_CLOSED = "by_position_closed"
    BY_REDUCE_ONLY = "by_reduce_only"
    BY_LIQUIDATION = "by_liquidation"
    BY_MARGIN = "by_margin"  # insufficient margin when a trigger fired


class RefusedError(Exception):
    """The engine refuses a request: nothing changed.

    Attributes:
        reason: What is wrong, to be translated into the venue's code.
        message: One sentence with the values, used where the venue's text has them.
    """

    def __init__(self, reason: Reason, message: str = "") -> None:
        super().__init__(message or reason.value)
        self.reason = reason
        self.message = message or reason.value


class FillKind(StrEnum):
    """What an execution record stands for."""

    TRADE = "trade"
    LIQUIDATION = "liquidation"


class LedgerKind(StrEnum):
    """What a ledger line records; lines that move money carry an amount."""

    ACCOUNT = "account"
    DEPOSIT = "deposit"
    ORDER = "order"  # accepted, changed, ended: a full picture of the order each time
    FILL = "fill"
    REALISED = "realised"
    FEE = "fee"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"
    INSURANCE = "insurance"
    SETTING = "setting"
    REFUSED = "refused"


class EventKind(StrEnum):
    """What a subscriber hears about."""

    ORDER = "order"  # payload: Order
    FILL = "fill"  # payload: Fill
    POSITION = "position"  # payload: Position
    WALLET = "wallet"  # payload: None; read the account view
    FUNDING = "funding"  # payload: FundingPayment
    LIQUIDATION = "liquidation"  # payload: Position, as it was before
