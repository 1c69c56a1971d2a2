"""Our requests beside those that another library's recordings hold: the same words for the same wish.

The recordings are not part of the project; `RECORDED_PAYLOADS` names their directory.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchanges.bybit_http import BybitHTTP
from exchanges.bybit_market import BUDGET
from exchanges.bybit_orders import build
from exchanges.transport import Network
from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce
from models.requests import (
    Action,
    CancelAll,
    CancelOrder,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)
from models.unified import Instrument
from tests.exchanges.bybit_kit import BTC, order

D = Decimal


def market(base: str) -> Instrument:
    """Return a USDT contract of another coin."""
    fields = {name: getattr(BTC, name) for name in BTC.__dataclass_fields__}
    return Instrument(**{**fields, "symbol": f"{base}USDT", "native_symbol": f"{base}USDT", "base": base})


ADA, ETH, LTC, TRX = (market(base) for base in ("ADA", "ETH", "LTC", "TRX"))
WISHES: dict[str, Action] = {
    "Swap limit order": order(instrument=ADA, size=D(50), order_type=OrderType.LIMIT, price=D("0.1")),
    "swap limit buy with triggerPrice and triggerDirection above": order(
        size=D("0.001"),
        order_type=OrderType.STOP_LIMIT,
        price=D(37000),
        trigger_price=D(37000),
        trigger_rises=True,
    ),
    "Swap limit sell with reduceOnly and postOnly": order(
        instrument=LTC,
        side=OrderSide.SELL,
        size=D("0.1"),
        order_type=OrderType.LIMIT,
        price=D(100),
        time_in_force=TimeInForce.POST_ONLY,
        reduce_only=True,
    ),
    "takeProfit limit order": order(
        instrument=ETH,
        side=OrderSide.SELL,
        size=D("0.1"),
        order_type=OrderType.TAKE_PROFIT_LIMIT,
        price=D(10000),
        trigger_price=D(10000),
        reduce_only=True,
    ),
    "sl market order": order(
        instrument=ETH,
        side=OrderSide.SELL,
        size=D("0.1"),
        order_type=OrderType.STOP_MARKET,
        trigger_price=D(4000),
        reduce_only=True,
    ),
    "Opening position with sl + tp attached (type 3)": order(
        instrument=TRX, size=D(1), protection=Protection(take_profit=D(1), stop_loss=D("0.04"))
    ),
    "swap market sell reduceOnly order": order(instrument=ADA, side=OrderSide.SELL, size=D(81), reduce_only=True),
    "swap market buy hedged order": order(instrument=ADA, size=D(10), position_side=PositionSide.LONG),
    "swap market sell hedged order": order(
        instrument=ADA, side=OrderSide.SELL, size=D(10), position_side=PositionSide.SHORT
    ),
    "protective oco order - market without amount": SetProtection(
        instrument=BTC,
        position_side=PositionSide.SHORT,
        position_size=D(1),
        protection=Protection(take_profit=D(80123), stop_loss=D(100000)),
    ),
    "Swap cancelOrder": CancelOrder(instrument=LTC, order_id="8caeea8c-cf80-4b06-83e8-bb7df45fc122"),
    "Swap cancel all open orders": CancelAll(instrument=BTC),
    "Set leverage swap linear": SetLeverage(instrument=LTC, leverage=D(6)),
    "Set position Mode to hedge mode": SetPositionMode(position_mode=PositionMode.HEDGE, instrument=BTC),
    "set margin mode to isolated margin": SetMarginMode(margin_mode=MarginMode.ISOLATED),
}


def recorded() -> dict[str, dict[str, Any]]:
    folder = os.environ.get("RECORDED_PAYLOADS")
    if not folder:
        pytest.skip("RECORDED_PAYLOADS is not set: no recorded payloads to compare with")
    rows = json.loads((Path(folder) / "ccxt/bybit_request.json").read_text())["data"]
    return {row["description"]: row for row in rows}


@pytest.mark.parametrize("wish", WISHES)
async def test_request_says_what_the_recorded_one_says(wish: str) -> None:
    row = recorded()[wish]
    async with Network() as network:
        client = BybitHTTP("", network.transport("", BUDGET), api_key="k", api_secret="s")
        call = build(WISHES[wish], client.endpoints)
    body = json.loads(call.payload)
    assert call.path == row["path"]
    assert {name: body.get(name) for name in row["body"]} == row["body"]
