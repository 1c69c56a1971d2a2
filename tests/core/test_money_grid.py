"""Whatever comes out of rounding is on the venue's grid, and never worse than what was asked."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.money import effective_tick, floor_size, limit_rounding, round_price, trigger_rises, trigger_rounding
from models.enums import OrderSide, OrderType
from models.instrument import Instrument
from models.values import plain
from tests.core.markets import ALL, HYPERLIQUID, market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
PRICES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(5_000_000), places=9, allow_nan=False)
SIZES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(100_000_000), places=9, allow_nan=False)
ROUNDINGS = st.sampled_from([ROUND_FLOOR, ROUND_CEILING])


def is_on_hyperliquids_grid(price: Decimal, size_decimals: int) -> bool:
    """Say the venue's rule once more, on the text of the price.

    At most five significant figures and at most six decimals less those of the size; whole numbers always.
    """
    whole, _, decimals = plain(price).partition(".")
    if not decimals:
        return True
    figures = (whole + decimals).lstrip("0")
    return len(figures) <= 5 and len(decimals) <= 6 - size_decimals


def is_on_grid(instrument: Instrument, price: Decimal) -> bool:
    if instrument.price_tick is not None:
        return (price / instrument.price_tick) % 1 == 0
    return is_on_hyperliquids_grid(price, len(plain(instrument.size_step).partition(".")[2]))


@settings(max_examples=400)
@given(instrument=st.sampled_from(ALL), price=PRICES, rounding=ROUNDINGS)
def test_a_rounded_price_is_on_the_venues_grid(instrument: Instrument, price: Decimal, rounding: str) -> None:
    rounded = round_price(instrument, price, rounding)
    assert is_on_grid(instrument, rounded)
    assert rounded <= price if rounding == ROUND_FLOOR else rounded >= price
    assert abs(rounded - price) < effective_tick(instrument, price)
    assert round_price(instrument, rounded, rounding) == rounded


@settings(max_examples=400)
@given(instrument=st.sampled_from(ALL), price=PRICES)
def test_no_price_of_the_grid_lies_between_the_two_roundings(instrument: Instrument, price: Decimal) -> None:
    low, high = round_price(instrument, price, ROUND_FLOOR), round_price(instrument, price, ROUND_CEILING)
    if is_on_grid(instrument, price):
        assert low == high == price
    else:
        assert high - low == effective_tick(instrument, price)


@settings(max_examples=400)
@given(instrument=st.sampled_from(ALL), size=SIZES)
def test_a_rounded_size_is_never_above_the_one_asked(instrument: Instrument, size: Decimal) -> None:
    rounded = floor_size(instrument, size)
    assert 0 <= rounded <= size
    assert size - rounded < instrument.size_step
    assert (rounded / instrument.size_step) % 1 == 0


@given(instrument=st.sampled_from(HYPERLIQUID), price=st.integers(min_value=1, max_value=10**9))
def test_whole_prices_are_always_allowed(instrument: Instrument, price: int) -> None:
    assert round_price(instrument, Decimal(price), ROUND_FLOOR) == price


@given(
    instrument=st.sampled_from(ALL),
    price=st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999.99"), places=2, allow_nan=False),
    zeros=st.integers(min_value=0, max_value=20),
)
def test_trailing_zeros_change_nothing(instrument: Instrument, price: Decimal, zeros: int) -> None:
    longer = Decimal(f"{price}{'0' * zeros}")
    for rounding in (ROUND_FLOOR, ROUND_CEILING):
        assert round_price(instrument, longer, rounding) == round_price(instrument, price, rounding)
    assert floor_size(instrument, longer) == floor_size(instrument, price)


HYPERLIQUID_PRICES = [
    # the venue's own examples: 1234.5 is valid and 1234.56 is not; at szDecimals 0, 0.001234 is and 0.0012345 is not
    ("DOGE", "1234.5", "1234.5", "1234.5"),
    ("DOGE", "1234.56", "1234.5", "1234.6"),
    ("DOGE", "0.001234", "0.001234", "0.001234"),
    ("DOGE", "0.0012345", "0.001234", "0.001235"),
    ("HYPE", "0.01234", "0.0123", "0.0124"),
    ("BTC", "65432.1", "65432", "65433"),
    ("BTC", "123456.7", "123456", "123457"),
    ("BTC", "9999.96", "9999.9", "10000"),
    ("ETH", "226.8505", "226.85", "226.86"),
    ("ETH", "2986.35", "2986.3", "2986.4"),
    ("kPEPE", "0.0071035", "0.007103", "0.007104"),
]


@pytest.mark.parametrize(("coin", "price", "low", "high"), HYPERLIQUID_PRICES)
def test_hyperliquid_prices_are_rounded_once(coin: str, price: str, low: str, high: str) -> None:
    instrument = market(coin)
    assert round_price(instrument, Decimal(price), ROUND_FLOOR) == Decimal(low)
    assert round_price(instrument, Decimal(price), ROUND_CEILING) == Decimal(high)


def test_the_step_of_a_price_follows_from_its_magnitude() -> None:
    bitcoin = market("BTC")
    steps = [effective_tick(bitcoin, Decimal(p)) for p in ("999999", "65432", "6543", "654", "0.5")]
    assert steps == [Decimal(1), Decimal(1), Decimal("0.1"), Decimal("0.1"), Decimal("0.1")]
    assert effective_tick(market("BTCUSDT"), Decimal(5)) == Decimal("0.10")


def test_a_number_too_long_for_the_default_context_is_still_rounded_once() -> None:
    almost = Decimal("65000." + "9" * 33)
    assert round_price(market("BTC"), almost, ROUND_FLOOR) == 65000
    assert floor_size(market("BTCUSDT"), Decimal("0.000" + "9" * 33)) == 0


def test_limits_never_get_worse_and_triggers_move_towards_the_market() -> None:
    assert (limit_rounding(BUY), limit_rounding(SELL)) == (ROUND_FLOOR, ROUND_CEILING)
    assert (trigger_rounding(rises=True), trigger_rounding(rises=False)) == (ROUND_FLOOR, ROUND_CEILING)


@pytest.mark.parametrize(
    ("order_type", "side", "rises"),
    [
        (OrderType.STOP_MARKET, BUY, True),
        (OrderType.STOP_LIMIT, SELL, False),
        (OrderType.TAKE_PROFIT_MARKET, BUY, False),
        (OrderType.TAKE_PROFIT_LIMIT, SELL, True),
    ],
)
def test_stops_wait_for_a_worse_price_and_targets_for_a_better_one(
    order_type: OrderType, side: OrderSide, rises: bool
) -> None:
    assert trigger_rises(order_type, side) is rises
