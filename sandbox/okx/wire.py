"""Reading OKX's parameters and writing its values: contracts for sizes, strings for numbers, "" for what is absent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from sandbox.engine import Engine, Instrument, Reason, RefusedError
from sandbox.okx.keys import OkxKey
from sandbox.world import World

SWAP: Final = "SWAP"
PAGE: Final = 100
_MONEY_GRID: Final = Decimal("0.0000000001")

Json = dict[str, Any]
Row = TypeVar("Row")


class ApiError(Exception):
    """The venue refuses a request: its code and sentence, and the HTTP status when it is not 200."""

    def __init__(self, code: str, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


REFUSALS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
    Reason.NOT_TRADING: ("51027", "Contract expired."),
    Reason.DUPLICATE_CLIENT_ID: ("51016", "Client order ID already exists."),
    Reason.ORDER_NOT_FOUND: ("51603", "Order does not exist"),
    Reason.SIZE_OFF_GRID: ("51121", "Order quantity must be a multiple of the lot size."),
    Reason.SIZE_TOO_SMALL: ("51020", "Your order should meet or exceed the minimum order amount."),
    Reason.SIZE_TOO_LARGE: ("51101", "Entered amount exceeds the max pending order amount (Cont) per transaction."),
    Reason.PRICE_OUT_OF_BAND: ("51006", "Order price is not within the price limit."),
    Reason.TRIGGER_MUST_RISE: ("51279", "TP trigger price can not be lower than the last price"),
    Reason.TRIGGER_MUST_FALL: ("51280", "SL trigger price can not be higher than the last price"),
    Reason.BAD_TAKE_PROFIT: ("51046", "The take profit trigger price should be higher than the order price"),
    Reason.BAD_STOP_LOSS: ("51047", "The stop loss trigger price should be lower than the order price"),
    Reason.INSUFFICIENT_MARGIN: ("51008", "Order failed. Insufficient USDT margin in account"),
    Reason.LEVERAGE_TOO_HIGH: ("59102", "Leverage exceeds the maximum limit. Please lower the leverage."),
    Reason.RISK_LIMIT: ("51004", "Order failed. Your position would exceed the limit at the current leverage."),
    Reason.REDUCE_ONLY_NO_POSITION: ("51169", "Order failed because you don't have any positions to reduce."),
    Reason.REDUCE_ONLY_SAME_SIDE: ("51170", "A reduce-only order can't be the same trading direction as a position."),
    Reason.NO_POSITION: ("51023", "Position does not exist."),
    Reason.HAS_POSITION: ("59000", "Setting failed. Close open positions and cancel pending orders before."),
    Reason.HAS_ORDERS: ("59000", "Setting failed. Close open positions and cancel pending orders before."),
    Reason.TOO_MANY_ORDERS: ("51025", "Order count exceeds the limit."),
    Reason.TOO_MANY_STOPS: ("51174", "The number of pending orders exceeds the limit."),
    Reason.TOO_MANY_TPSL: ("51079", "The number of TP orders attached to an order exceeds the limit."),
}


def refusal(error: RefusedError) -> ApiError:
    """How the venue words a refusal of the engine."""
    code, message = REFUSALS.get(error.reason, ("51000", f"Parameter {error.reason.value} error"))
    return ApiError(code, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request after authentication.

    Attributes:
        params: Query of a GET or an object of a POST's body.
        key: Whose request it is; None on public endpoints.
        now_ms: The venue's time.
    """

    world: World
    params: Mapping[str, Any]
    key: OkxKey | None
    now_ms: int

    @property
    def engine(self) -> Engine:
        """The books."""
        return self.world.okx

    @property
    def account_id(self) -> str:
        """The authenticated account."""
        if self.key is None:
            raise ApiError("50103", 'Request header "OK-ACCESS-KEY" cannot be empty.', status=401)
        return self.key.account_id

    def text(self, name: str) -> str:
        """A text parameter; "" when absent."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def needed(self, name: str) -> str:
        """A text parameter that must be there."""
        value = self.text(name)
        if not value:
            raise ApiError("50014", f"Parameter {name} can not be empty.", status=400)
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A number sent as text; None when absent."""
        value = self.text(name)
        if not value:
            return None
        try:
            number = Decimal(value) if value.isascii() and "_" not in value else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise ApiError("51000", f"Parameter {name} error")
        return number

    def positive(self, name: str) -> Decimal:
        """A number above zero that must be there."""
        value = self.decimal(name)
        if value is None or value <= 0:
            raise ApiError("51000", f"Parameter {name} error")
        return value

    def flag(self, name: str) -> bool:
        """A boolean."""
        return self.params.get(name) in {True, "true"}

    def instrument(self) -> Instrument:
        """The market of the request."""
        found = self.engine.instruments.get(self.needed("instId"))
        if found is None:
            raise refusal(RefusedError(Reason.UNKNOWN_SYMBOL))
        return found

    def wants(self, symbol: str) -> bool:
        """Whether a list is asked of this market."""
        return self.text("instId") in {"", symbol} and self.text("instType") in {"", SWAP}


def text(value: Decimal | None) -> str:
    """A number as the venue writes it; "" for None."""
    if value is None:
        return ""
    return format(value.quantize(_MONEY_GRID, rounding=ROUND_HALF_EVEN).normalize() + 0, "f")


def price(instrument: Instrument, value: Decimal | None) -> str:
    """A price on the market's grid; "" for None."""
    return "" if value is None else text(instrument.round_price(value, ROUND_HALF_EVEN))


def contract_of(instrument: Instrument) -> Decimal:
    """How much of the base one contract is."""
    return instrument.contract_size or Decimal(1)


def contracts(instrument: Instrument, size: Decimal) -> str:
    """A size in contracts."""
    return text(size / contract_of(instrument))


def page(call: Call, rows: Sequence[Row], *, cursor: Callable[[Row], str], moment: Callable[[Row], int]) -> list[Row]:
    """The rows, newest first, that are older than the row named by `after` and not older than `begin`."""
    begin, after = int(call.text("begin") or 0), call.text("after")
    names = [cursor(row) for row in rows]
    start = names.index(after) + 1 if after in names else 0
    limit = min(max(int(call.text("limit") or PAGE), 1), PAGE)
    return [row for row in rows[start:] if moment(row) >= begin][:limit]
