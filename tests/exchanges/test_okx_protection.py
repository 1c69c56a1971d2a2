"""Stop and target of a position: one request that fits what already protects it."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges.okx_account_rows import position_from_okx
from exchanges.okx_orders import Request
from exchanges.okx_protection import Guard, guard_from_okx, protected, protection_request
from models.enums import OrderSide, PositionSide, TriggerBy
from models.errors import BadOrder
from models.requests import Protection, SetProtection
from models.unified import Position
from tests.exchanges.okx_kit import BTC, okx_rows

D = Decimal
NATIVE = "BTC-USDT-SWAP"
PLACE, AMEND, CANCEL = (f"/api/v5/trade/{name}" for name in ("order-algo", "amend-algos", "cancel-algos"))
NEW = {
    "instId": NATIVE,
    "tdMode": "cross",
    "side": "sell",
    "ordType": "conditional",
    "reduceOnly": True,
    "cxlOnClosePos": True,
}


def guard(**changes: Any) -> Guard:
    fields: dict[str, Any] = {
        "algo_id": "7",
        "native_symbol": NATIVE,
        "side": OrderSide.SELL,
        "leg": None,
        "size": None,
        "take_profit": None,
        "stop_loss": None,
    }
    return Guard(**{**fields, **changes})


def wish(
    *, stop: Decimal | int | None = None, target: Decimal | int | None = None, size: str | None = None, **more: Any
) -> SetProtection:
    return SetProtection(
        instrument=BTC,
        position_side=PositionSide.LONG,
        position_size=D("0.05"),
        protection=Protection(
            stop_loss=None if stop is None else D(stop),
            take_profit=None if target is None else D(target),
            trigger_by=more.pop("by", None),
            take_profit_limit=more.pop("target_limit", None),
        ),
        size=None if size is None else D(size),
        **more,
    )


STOP = guard(stop_loss=D(60000))
TIGHTER = guard(algo_id="6", stop_loss=D(61000), size=D("0.06"))
TARGET = guard(algo_id="8", take_profit=D(70000), size=D("0.05"))
PAIR = guard(stop_loss=D(60000), take_profit=D(70000))
SMALL = guard(algo_id="9", stop_loss=D(61000), size=D("0.01"))

REQUESTS: dict[str, tuple[SetProtection, list[Guard], Request]] = {
    "first stop": (
        wish(stop=60000, by=TriggerBy.MARK),
        [],
        Request(
            PLACE, {**NEW, "closeFraction": "1", "slTriggerPx": "60000", "slOrdPx": "-1", "slTriggerPxType": "mark"}
        ),
    ),
    "both at once": (
        wish(stop=60000, target=70000),
        [],
        Request(
            PLACE,
            {
                **NEW,
                "ordType": "oco",
                "closeFraction": "1",
                "tpTriggerPx": "70000",
                "tpOrdPx": "-1",
                "slTriggerPx": "60000",
                "slOrdPx": "-1",
            },
        ),
    ),
    "target beside a stop": (
        wish(target=70000),
        [STOP],
        Request(PLACE, {**NEW, "sz": "5", "tpTriggerPx": "70000", "tpOrdPx": "-1"}),
    ),
    "another stop": (
        wish(stop=61000),
        [STOP],
        Request(AMEND, {"instId": NATIVE, "algoId": "7", "newSlTriggerPx": "61000", "newSlOrdPx": "-1"}),
    ),
    "another pair": (
        wish(stop=61000, target=69000),
        [PAIR],
        Request(
            AMEND,
            {
                "instId": NATIVE,
                "algoId": "7",
                "newTpTriggerPx": "69000",
                "newTpOrdPx": "-1",
                "newSlTriggerPx": "61000",
                "newSlOrdPx": "-1",
            },
        ),
    ),
    "no target any more": (
        wish(target=0),
        [PAIR],
        Request(AMEND, {"instId": NATIVE, "algoId": "7", "newTpTriggerPx": "0"}),
    ),
    "no stop any more": (wish(stop=0), [STOP], Request(CANCEL, [{"instId": NATIVE, "algoId": "7"}])),
    "nothing any more": (wish(stop=0, target=0), [PAIR], Request(CANCEL, [{"instId": NATIVE, "algoId": "7"}])),
    "a stop, and no target, which there was not": (
        wish(stop=61000, target=0),
        [STOP],
        Request(AMEND, {"instId": NATIVE, "algoId": "7", "newSlTriggerPx": "61000", "newSlOrdPx": "-1"}),
    ),
    "the nearer of two stops": (
        wish(stop=60500),
        [STOP, TIGHTER],
        Request(AMEND, {"instId": NATIVE, "algoId": "6", "newSlTriggerPx": "60500", "newSlOrdPx": "-1"}),
    ),
    "stop beside a smaller one": (
        wish(stop=60000),
        [SMALL],
        Request(PLACE, {**NEW, "closeFraction": "1", "slTriggerPx": "60000", "slOrdPx": "-1"}),
    ),
    "part of it": (
        wish(target=70000, size="0.02"),
        [PAIR],
        Request(PLACE, {**NEW, "sz": "2", "tpTriggerPx": "70000", "tpOrdPx": "-1"}),
    ),
    "target that rests": (
        wish(target=70000, target_limit=D(69990)),
        [],
        Request(PLACE, {**NEW, "sz": "5", "tpTriggerPx": "70000", "tpOrdPx": "69990"}),
    ),
    "hedge leg": (
        wish(stop=60000, is_hedge=True),
        [guard(leg=PositionSide.SHORT, side=OrderSide.BUY, stop_loss=D(65000))],
        Request(PLACE, {**NEW, "posSide": "long", "closeFraction": "1", "slTriggerPx": "60000", "slOrdPx": "-1"}),
    ),
}


@pytest.mark.parametrize(("action", "guards", "request_"), REQUESTS.values(), ids=REQUESTS)
def test_wish_becomes_one_request(action: SetProtection, guards: list[Guard], request_: Request) -> None:
    assert protection_request(action, guards) == request_


REFUSALS: dict[str, tuple[SetProtection, list[Guard], str]] = {
    "two orders hold them": (wish(stop=61000, target=69000), [STOP, TARGET], "protection_one_by_one"),
    "one is held and one is new": (wish(stop=61000, target=69000), [STOP], "protection_one_by_one"),
    "nothing to remove": (wish(stop=0), [], "nothing_to_change"),
    "nothing asked": (wish(), [STOP], "nothing_to_change"),
    "another would fire first": (wish(stop=59000), [STOP, TIGHTER], "orders_open"),
    "another would be left": (wish(stop=0), [STOP, TIGHTER], "orders_open"),
    "trailing": (wish(trailing_distance=D(100)), [], "trailing_not_supported"),
}


@pytest.mark.parametrize(("action", "guards", "code"), REFUSALS.values(), ids=REFUSALS)
def test_wish_that_takes_more_than_one_request_is_refused(
    action: SetProtection, guards: list[Guard], code: str
) -> None:
    with pytest.raises(BadOrder) as caught:
        protection_request(action, guards)
    assert caught.value.code == code


def test_only_orders_that_close_at_a_level_guard() -> None:
    guards = [guard_from_okx(row, contract=D("0.01")) for row in okx_rows("http_get_trade_orders_algo_pending")]
    assert [found and (found.algo_id[-3:], found.stop_loss, found.take_profit, found.size) for found in guards] == [
        ("192", D(60000), None, D("0.05")),
        ("193", D(60000), D(70000), None),
        *(None, None, None),
        ("197", None, D(68000), D("0.05")),
    ]


def position(**changes: str) -> Position:
    found = position_from_okx({**okx_rows("http_get_account_positions")[0], **changes}, contract=D("0.01"))
    assert found is not None
    return found


def test_position_shows_the_levels_that_fire_first() -> None:
    far = guard(stop_loss=D(50000), take_profit=D(80000), size=D("0.09"))
    shown = protected(position(), [far, STOP, TARGET, SMALL])
    assert (shown.stop_loss, shown.take_profit) == (D(60000), D(70000))


def test_short_position_is_guarded_from_above() -> None:
    guards = [guard(side=OrderSide.BUY, stop_loss=D(price), take_profit=D(price - 9000)) for price in (65000, 66000)]
    shown = protected(position(pos="-5"), guards)
    assert (shown.stop_loss, shown.take_profit) == (D(65000), D(57000))


@pytest.mark.parametrize(
    "other",
    [
        guard(stop_loss=D(60000), size=D("0.04")),
        guard(stop_loss=D(60000), side=OrderSide.BUY),
        guard(stop_loss=D(60000), native_symbol="ETH-USDT-SWAP"),
        guard(stop_loss=D(60000), leg=PositionSide.SHORT),
    ],
)
def test_order_that_does_not_close_all_of_it_is_no_protection_of_it(other: Guard) -> None:
    assert protected(position(), [other]).stop_loss is None
