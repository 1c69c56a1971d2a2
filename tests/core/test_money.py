"""Orders are made in one place, on the grid, or refused with the numbers of the sentence."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.money import build_order, check_order, notional_of, round_protection
from models.enums import InstrumentStatus, OrderSide, OrderType, PositionSide, TimeInForce
from models.errors import BadOrder
from models.instrument import Instrument
from models.requests import OrderRequest, Protection
from tests.core.markets import ALL, market
from tests.core.test_money_grid import is_on_grid

BUY, SELL = OrderSide.BUY, OrderSide.SELL
MARKET, LIMIT = OrderType.MARKET, OrderType.LIMIT
PRICE = Decimal(65000)


def order(native: str = "BTCUSDT", **arguments: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "side": BUY,
        "size": "0.01",
        "order_type": MARKET,
        "client_order_id": "ec-1",
        "reference_price": PRICE,
    }
    return build_order(market(native), **usual | arguments)


def refusal(native: str = "BTCUSDT", **arguments: Any) -> BadOrder:
    with pytest.raises(BadOrder) as caught:
        order(native, **arguments)
    return caught.value


def test_a_market_order_is_made_as_it_was_asked() -> None:
    assert order() == OrderRequest(
        instrument=market("BTCUSDT"),
        side=BUY,
        size=Decimal("0.01"),
        order_type=MARKET,
        client_order_id="ec-1",
        time_in_force=TimeInForce.IOC,
    )


def test_sizes_are_cut_to_the_step_and_never_raised() -> None:
    assert order(size="0.0129999").size == Decimal("0.012")
    assert order("BTC", size="0.0129999").size == Decimal("0.01299")


def test_limits_never_get_worse_for_who_set_them() -> None:
    assert order(order_type=LIMIT, price="64999.97").price == Decimal("64999.9")
    assert order(order_type=LIMIT, price="65000.01", side=SELL).price == Decimal("65000.1")
    assert order("BTC", order_type=LIMIT, price="64999.97").price == 64999


@pytest.mark.parametrize(("side", "worst"), [(BUY, "66300"), (SELL, "63700")])
def test_slippage_makes_the_worst_price_to_accept(side: OrderSide, worst: str) -> None:
    assert order("BTC", side=side, slippage_fraction=Decimal("0.02")).price == Decimal(worst)
    assert order("BTC", side=side).price is None


def test_a_worst_price_that_was_given_is_kept() -> None:
    assert order("BTC", price="66000.5", slippage_fraction=Decimal("0.02")).price == 66000


@pytest.mark.parametrize("slippage", ["-0.01", "1", "5"])
def test_slippage_is_a_fraction(slippage: str) -> None:
    assert refusal("BTC", slippage_fraction=Decimal(slippage)).code == "bad_slippage"


def test_a_trigger_order_with_slippage_counts_from_its_trigger() -> None:
    stop = order(
        "BTC", side=SELL, order_type=OrderType.STOP_MARKET, trigger_price="60000", slippage_fraction=Decimal("0.1")
    )
    assert (stop.trigger_price, stop.price, stop.trigger_rises) == (Decimal(60000), Decimal(54000), False)
    assert stop.time_in_force is TimeInForce.GTC


REFUSED: list[tuple[str, dict[str, Any], str, dict[str, str]]] = [
    ("BTCUSDT", {"size": "0.0009"}, "rounds_to_zero", {"minimum": "0.001", "step": "0.001"}),
    ("BTCUSDT", {"size": "0.001", "reference_price": Decimal(4000)}, "below_min_notional", {"minimum": "5"}),
    ("BTC", {"size": "0.0001"}, "below_min_notional", {"minimum": "10", "notional": "6.5", "minimum_size": "0.00016"}),
    ("BTCUSDT", {"size": "119.001"}, "above_max_market_size", {"maximum": "119"}),
    ("BTCUSDT", {"size": "1190.001", "order_type": LIMIT, "price": "1"}, "above_max_size", {"maximum": "1190"}),
    ("BTCUSDT", {"order_type": LIMIT}, "price_missing", {}),
    ("BTCUSDT", {"order_type": LIMIT, "price": "0.09"}, "price_off_grid", {"step": "0.1"}),
    ("BTCUSDT", {"order_type": LIMIT, "price": "2000000"}, "price_out_of_band", {"maximum": "1999999.8"}),
    ("BTCUSDT", {"order_type": OrderType.STOP_MARKET}, "trigger_price_missing", {}),
    ("BTCUSDT", {"trigger_price": "60000"}, "bad_trigger_price", {}),
    (
        "BTCUSDT",
        {"order_type": OrderType.STOP_MARKET, "trigger_price": "60000"},
        "bad_trigger_price",
        {"price": "60000"},
    ),
    (
        "BTCUSDT",
        {"order_type": OrderType.TAKE_PROFIT_MARKET, "trigger_price": "70000"},
        "bad_trigger_price",
        {"reference": "65000"},
    ),
    ("BTCUSDT", {"reference_price": None}, "reference_price_missing", {}),
    ("BTCUSDT", {"time_in_force": TimeInForce.GTC}, "bad_time_in_force", {}),
    ("BTCUSDT", {"client_order_id": ""}, "bad_client_order_id", {}),
    ("BTCUSDT", {"closes_position": True}, "close_must_reduce", {}),
    ("GONEUSDT", {}, "market_closed", {}),
    ("NEWUSDT", {}, "market_closed", {}),
    ("BADGER", {"size": "100", "reference_price": Decimal(4)}, "market_closed", {}),
    ("BTCUSDT", {"protection": Protection(stop_loss=Decimal(65000))}, "stop_wrong_side", {"entry": "65000"}),
    ("BTCUSDT", {"protection": Protection(take_profit=Decimal(64000))}, "target_wrong_side", {"level": "64000"}),
    ("BTCUSDT", {"side": SELL, "protection": Protection(stop_loss=Decimal(64000))}, "stop_wrong_side", {}),
    ("BTCUSDT", {"side": SELL, "protection": Protection(take_profit=Decimal(66000))}, "target_wrong_side", {}),
    ("BTCUSDT", {"reduce_only": True, "protection": Protection(stop_loss=Decimal(1))}, "protection_on_close", {}),
]


@pytest.mark.parametrize(("native", "arguments", "code", "fields"), REFUSED)
def test_an_order_the_market_cannot_take_is_refused_with_its_numbers(
    native: str, arguments: dict[str, Any], code: str, fields: dict[str, str]
) -> None:
    error = refusal(native, **arguments)
    assert error.code == code
    assert error.fields["symbol"] == market(native).symbol
    assert {name: error.fields[name] for name in fields} == {name: Decimal(text) for name, text in fields.items()}


@pytest.mark.parametrize("size", ["0", "-1", "NaN", "inf", "", "1e50", "٣", "1_0", True, "abc"], ids=repr)
def test_a_size_that_is_no_number_above_zero_is_refused(size: Any) -> None:
    assert refusal(size=size).code == "bad_number"


def test_a_minimum_size_above_the_step_is_kept() -> None:
    instrument = replace(market("BTCUSDT"), min_size=Decimal("0.01"))
    with pytest.raises(BadOrder) as caught:
        build_order(
            instrument, side=BUY, size="0.009", order_type=MARKET, client_order_id="ec-1", reference_price=PRICE
        )
    assert (caught.value.code, caught.value.fields["minimum"]) == ("below_min_size", Decimal("0.01"))


def test_closing_a_part_obeys_the_venues_minimum_for_that() -> None:
    assert order("BTCUSDT", size="0.001", reduce_only=True, reference_price=Decimal(4000)).reduce_only
    assert refusal("BTC", size="0.0001", reduce_only=True, side=SELL).code == "below_min_notional"


@pytest.mark.parametrize(("native", "size"), [("BTC", "0.00001"), ("BTCUSDT", "0.0004"), ("BTCUSDT", "500")])
def test_closing_everything_is_never_too_small_or_too_large(native: str, size: str) -> None:
    close = order(native, size=size, side=SELL, reduce_only=True, closes_position=True, reference_price=None)
    assert (close.size, close.closes_position) == (Decimal(size), True)


@pytest.mark.parametrize("status", [InstrumentStatus.REDUCE_ONLY, InstrumentStatus.CLOSED])
def test_a_market_that_takes_no_new_positions_still_takes_exits(status: InstrumentStatus) -> None:
    instrument = replace(market("BTCUSDT"), status=status)
    exit_order = build_order(
        instrument, side=SELL, size="0.01", order_type=MARKET, client_order_id="ec-1", reduce_only=True
    )
    assert exit_order.reduce_only


def test_protection_moves_towards_the_entry() -> None:
    asked = Protection(take_profit=Decimal("70000.07"), stop_loss=Decimal("60000.03"))
    long = order(protection=asked).protection
    assert long == Protection(take_profit=Decimal("70000"), stop_loss=Decimal("60000.1"))
    asked = Protection(take_profit=Decimal("60000.03"), stop_loss=Decimal("70000.07"))
    short = order(side=SELL, protection=asked).protection
    assert short == Protection(take_profit=Decimal("60000.1"), stop_loss=Decimal("70000"))


def test_protection_of_a_limit_lies_around_the_limit_and_of_a_marketable_one_around_the_market() -> None:
    below_market = Protection(stop_loss=Decimal(62000))
    assert order(order_type=LIMIT, price="63000", protection=below_market).protection == below_market
    assert refusal(order_type=LIMIT, price="61000", protection=below_market).code == "stop_wrong_side"
    above_market = Protection(stop_loss=Decimal(65500))
    assert refusal(order_type=LIMIT, price="66000", protection=above_market).code == "stop_wrong_side"


def test_limits_of_protection_are_limits_of_the_closing_side() -> None:
    asked = Protection(take_profit=Decimal(70000), take_profit_limit=Decimal("69999.91"))
    protection = order(protection=asked).protection
    assert protection is not None
    assert protection.take_profit_limit == Decimal("70000.0")


def test_removing_protection_stays_removing() -> None:
    asked = Protection(take_profit=Decimal(0), stop_loss=None)
    rounded = round_protection(market("BTC"), asked, position_side=PositionSide.LONG, entry_price=PRICE)
    assert (rounded.take_profit, rounded.stop_loss) == (Decimal(0), None)


def test_protection_without_a_known_entry_is_only_rounded() -> None:
    asked = Protection(stop_loss=Decimal("70000.07"))
    rounded = round_protection(market("BTCUSDT"), asked, position_side=PositionSide.LONG, entry_price=None)
    assert rounded.stop_loss == Decimal("70000.1")


def test_an_order_made_elsewhere_is_checked_as_strictly() -> None:
    good = order(order_type=LIMIT, price="64000")
    for changes, code in (
        ({"price": Decimal("64000.05")}, "price_off_grid"),
        ({"size": Decimal("0.0105")}, "size_off_grid"),
        ({"size": Decimal("-0.01")}, "size_off_grid"),
        ({"protection": Protection(stop_loss=Decimal("60000.01"))}, "price_off_grid"),
    ):
        with pytest.raises(BadOrder) as caught:
            check_order(replace(good, **changes), reference_price=PRICE)
        assert caught.value.code == code


def test_an_inverse_contract_is_worth_its_size() -> None:
    inverse = market("BTCUSD")
    assert notional_of(inverse, Decimal(300), PRICE) == 300
    assert order("BTCUSD", size="300.7").size == 300


REFUSALS_OF_A_LIMIT = {"rounds_to_zero", "below_min_size", "below_min_notional", "above_max_size"}
REFUSALS_OF_A_LIMIT |= {"price_off_grid", "price_out_of_band", "stop_wrong_side"}


def made_or_refused(instrument: Instrument, **arguments: Any) -> OrderRequest | str:
    try:
        return build_order(instrument, order_type=LIMIT, **arguments)
    except BadOrder as e:
        return e.code


@settings(max_examples=300)
@given(
    instrument=st.sampled_from([i for i in ALL if i.is_tradable]),
    size=st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(10_000_000), places=7, allow_nan=False),
    price=st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(1_000_000), places=7, allow_nan=False),
    side=st.sampled_from(OrderSide),
    stop=st.decimals(min_value=Decimal("0.01"), max_value=Decimal("0.5"), places=3, allow_nan=False),
)
def test_whatever_is_made_is_on_the_grid_and_no_more_than_was_asked(
    instrument: Instrument, size: Decimal, price: Decimal, side: OrderSide, stop: Decimal
) -> None:
    level = price * (1 - stop if side is BUY else 1 + stop)
    made = made_or_refused(
        instrument, side=side, size=size, price=price, protection=Protection(stop_loss=level), client_order_id="ec-1"
    )
    if isinstance(made, str):
        assert made in REFUSALS_OF_A_LIMIT
        return
    assert made.price is not None
    assert made.protection is not None
    assert made.protection.stop_loss is not None
    assert 0 < made.size <= size
    assert is_on_grid(instrument, made.price)
    assert is_on_grid(instrument, made.protection.stop_loss)
    assert made.price <= price if side is BUY else made.price >= price
    assert abs(made.protection.stop_loss - made.price) <= abs(level - made.price)
    check_order(made)
