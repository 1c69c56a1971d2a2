"""What several HyperLiquid tests build on: demo keys that are visibly fake, and a few markets."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from models.enums import ContractKind, InstrumentStatus, OrderSide, OrderType, TimeInForce
from models.market import Instrument
from models.requests import OrderRequest

AGENT_KEY = "0x" + "0123456789" * 6 + "0123"
MASTER = "0x" + "a1" * 20
VAULT = "0x" + "b2" * 20
CLOID = "0xeb010000000000000000000000000007"
TAKE_PROFIT_CLOID = "0xeb010000000000000000000000000008"
STOP_CLOID = "0xeb010000000000000000000000000009"


def instrument(coin: str = "BTC", *, asset_id: int = 0, size_decimals: int = 5, **changes: Any) -> Instrument:
    """Return a main-dex market on HyperLiquid's grid."""
    fields: dict[str, Any] = {
        "exchange": "hyperliquid",
        "symbol": f"{coin}USDT",
        "native_symbol": coin,
        "base": coin,
        "quote": "USDC",
        "settle": "USDC",
        "kind": ContractKind.LINEAR_PERPETUAL,
        "status": InstrumentStatus.TRADING,
        "size_step": Decimal(1).scaleb(-size_decimals),
        "min_size": Decimal(1).scaleb(-size_decimals),
        "price_significant_figures": 5,
        "price_max_decimals": 6 - size_decimals,
        "min_notional": Decimal(10),
        "max_leverage": Decimal(40),
        "asset_id": asset_id,
    }
    return Instrument(**{**fields, **changes})


BTC = instrument()
SOL = instrument("SOL", asset_id=5, size_decimals=2)


def order(market: Instrument = BTC, **changes: Any) -> OrderRequest:
    """Return a limit order to buy 0.01 at 60000."""
    fields: dict[str, Any] = {
        "instrument": market,
        "side": OrderSide.BUY,
        "size": Decimal("0.01"),
        "order_type": OrderType.LIMIT,
        "client_order_id": CLOID,
        "price": Decimal(60000),
        "time_in_force": TimeInForce.GTC,
    }
    return OrderRequest(**{**fields, **changes})


def recorded(name: str) -> Any:
    """Return the data of a recorded payload file, or skip the test where there are none."""
    folder = os.environ.get("RECORDED_PAYLOADS")
    if not folder:
        pytest.skip("RECORDED_PAYLOADS is not set: no recorded payloads to compare with")
    return json.loads((Path(folder) / name).read_text())["data"]
