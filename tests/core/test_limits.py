"""Limits bind what adds risk, and nothing else."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.limits import Exposure, Limits, check_limits
from core.money import build_order
from models.enums import OrderSide, OrderType
from models.errors import LimitExceeded
from models.requests import OrderRequest, Protection
from tests.core.markets import market

D = Decimal
PRICE = D(65000)
CALM = Exposure(total_notional=D(0), positions=0, profit_today=D(0), leverage=D(5))
STRICT = Limits(
    max_leverage=D(10),
    max_order_notional=D(1000),
    max_total_notional=D(2000),
    max_positions=3,
    max_daily_loss=D(100),
    requires_stop=True,
)


def order(**arguments: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "side": OrderSide.BUY,
        "size": "0.01",
        "order_type": OrderType.MARKET,
        "client_order_id": "ec-1",
        "reference_price": PRICE,
        "protection": Protection(stop_loss=D(64000)),
    }
    return build_order(market("BTCUSDT"), **usual | arguments)


def check(limits: Limits = STRICT, exposure: Exposure = CALM, **arguments: Any) -> None:
    check_limits(order(**arguments), limits, exposure, reference_price=PRICE)


def test_an_order_within_every_limit_passes() -> None:
    check()
    check(Limits(), Exposure())


EXCEEDED: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("halted", {"is_halted": True}, {}, {}),
    ("paused", {"is_paused": True}, {}, {}),
    ("stop_required", {}, {}, {"protection": None}),
    ("max_leverage", {}, {"leverage": D(11)}, {}),
    ("max_order_notional", {}, {}, {"size": "0.016"}),
    ("max_total_notional", {}, {"total_notional": D(1400)}, {}),
    ("max_positions", {}, {"positions": 3}, {}),
    ("max_daily_loss", {}, {"profit_today": D(-100)}, {}),
]


@pytest.mark.parametrize(("code", "limits", "exposure", "arguments"), EXCEEDED)
def test_an_order_beyond_a_limit_is_refused(
    code: str, limits: dict[str, Any], exposure: dict[str, Any], arguments: dict[str, Any]
) -> None:
    with pytest.raises(LimitExceeded) as caught:
        check(replace(STRICT, **limits), replace(CALM, **exposure), **arguments)
    assert caught.value.code == code


@pytest.mark.parametrize(("code", "limits", "exposure", "arguments"), EXCEEDED)
def test_an_exit_passes_every_limit(
    code: str, limits: dict[str, Any], exposure: dict[str, Any], arguments: dict[str, Any]
) -> None:
    exit_order = {**arguments, "reduce_only": True, "protection": None, "side": OrderSide.SELL}
    check(replace(STRICT, **limits), replace(CALM, **exposure), **exit_order)


UNKNOWN = [
    ("max_leverage", {"leverage": None}),
    ("max_total_notional", {"total_notional": None}),
    ("max_positions", {"positions": None}),
    ("max_daily_loss", {"profit_today": None}),
]


@pytest.mark.parametrize(("code", "exposure"), UNKNOWN)
def test_a_limit_that_cannot_be_checked_is_not_kept(code: str, exposure: dict[str, Any]) -> None:
    with pytest.raises(LimitExceeded) as caught:
        check(STRICT, replace(CALM, **exposure))
    assert caught.value.code == code


def test_adding_to_a_position_opens_no_further_one() -> None:
    check(STRICT, replace(CALM, positions=3, has_position=True))


def test_what_is_exactly_at_a_limit_still_fits() -> None:
    check(replace(STRICT, max_order_notional=D(650), max_leverage=D(5), max_total_notional=D(650)))
    check(STRICT, replace(CALM, profit_today=D("-99.99")))


def test_a_limit_order_counts_at_its_own_price() -> None:
    cheap = {"order_type": OrderType.LIMIT, "price": "1000", "protection": Protection(stop_loss=D(900))}
    check(STRICT, CALM, size="0.9", **cheap)


def test_the_refusal_carries_the_limit_and_what_was_found() -> None:
    with pytest.raises(LimitExceeded) as caught:
        check(STRICT, replace(CALM, leverage=D(20)))
    assert (caught.value.fields["limit"], caught.value.fields["found"]) == (D(10), D(20))
    assert caught.value.message == "BTCUSDT: max leverage is 10, was 20"
