"""What we post is what the official SDK's Exchange posts for the same wish, signature included."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.utils import signing as sdk_signing
from hyperliquid.utils.types import Cloid

from exchanges.transport import Network
from models.enums import AccountType, MarginMode, OrderSide, OrderType, PositionSide, TimeInForce
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    Protection,
    SetLeverage,
    SetMarginMode,
)
from tests.exchanges.hyperliquid_kit import (
    AGENT_KEY,
    BTC,
    CLOID,
    MASTER,
    NOW_MS,
    SOL,
    STOP_CLOID,
    TAKE_PROFIT_CLOID,
    VAULT,
    adapter,
    order,
    stamp,
)

UNIVERSE: Any = {
    "universe": [{"name": name, "szDecimals": 5} for name in ("BTC", "ETH", "ATOM", "MATIC", "DYDX", "SOL")]
}


class ListeningExchange(Exchange):
    """The SDK's trader, with the wire cut: it keeps what it would have sent."""

    def __init__(self, vault: str | None) -> None:
        super().__init__(
            Account.from_key(AGENT_KEY),
            "http://127.0.0.1:1",
            meta=UNIVERSE,
            spot_meta={"universe": [], "tokens": []},
            vault_address=vault,
            account_address=MASTER,
        )
        self.set_expires_after(NOW_MS + 10_000)
        self.posted: list[Any] = []

    def post(self, url_path: str, payload: Any = None) -> Any:
        self.posted.append(payload)
        return {"status": "ok"}


def trigger(price: float, tpsl: str, *, is_market: bool = True) -> Any:
    return {"trigger": {"isMarket": is_market, "triggerPx": price, "tpsl": tpsl}}


def limit(tif: str) -> Any:
    return {"limit": {"tif": tif}}


def wanted(coin: str, is_buy: bool, size: float, price: float, kind: Any, cloid: str, *, reduce: bool = False) -> Any:
    return {
        "coin": coin,
        "is_buy": is_buy,
        "sz": size,
        "limit_px": price,
        "order_type": kind,
        "reduce_only": reduce,
        "cloid": Cloid(cloid),
    }


ENTRY = order(
    protection=Protection(take_profit=Decimal(70000), stop_loss=Decimal(55000)),
    protection_client_ids=(TAKE_PROFIT_CLOID, STOP_CLOID),
)
SAME: dict[str, tuple[Action, Callable[[Any], Any]]] = {
    "limit order": (
        order(),
        lambda sdk: sdk.order("BTC", True, 0.01, 60000, limit("Gtc"), cloid=Cloid(CLOID)),
    ),
    "post-only sale": (
        order(
            SOL, side=OrderSide.SELL, size=Decimal("3.14"), price=Decimal("151.25"), time_in_force=TimeInForce.POST_ONLY
        ),
        lambda sdk: sdk.order("SOL", False, 3.14, 151.25, limit("Alo"), cloid=Cloid(CLOID)),
    ),
    "market order": (
        order(order_type=OrderType.MARKET, price=Decimal("61234.0"), reduce_only=True),
        lambda sdk: sdk.order("BTC", True, 0.01, 61234, limit("Ioc"), reduce_only=True, cloid=Cloid(CLOID)),
    ),
    "stop": (
        order(
            side=OrderSide.SELL, order_type=OrderType.STOP_MARKET, price=Decimal(54000), trigger_price=Decimal(55000)
        ),
        lambda sdk: sdk.order("BTC", False, 0.01, 54000, trigger(55000, "sl"), cloid=Cloid(CLOID)),
    ),
    "limit take-profit": (
        order(
            side=OrderSide.SELL,
            order_type=OrderType.TAKE_PROFIT_LIMIT,
            price=Decimal(69990),
            trigger_price=Decimal("70000.5"),
        ),
        lambda sdk: sdk.order("BTC", False, 0.01, 69990, trigger(70000.5, "tp", is_market=False), cloid=Cloid(CLOID)),
    ),
    "entry with protection": (
        ENTRY,
        lambda sdk: sdk.bulk_orders(
            [
                wanted("BTC", True, 0.01, 60000, limit("Gtc"), CLOID),
                wanted("BTC", False, 0.01, 63000, trigger(70000, "tp"), TAKE_PROFIT_CLOID, reduce=True),
                wanted("BTC", False, 0.01, 49500, trigger(55000, "sl"), STOP_CLOID, reduce=True),
            ],
            grouping="normalTpsl",
        ),
    ),
    "batch": (
        BatchOrders(orders=(order(), order(SOL, client_order_id=STOP_CLOID, price=Decimal(150)))),
        lambda sdk: sdk.bulk_orders(
            [
                wanted("BTC", True, 0.01, 60000, limit("Gtc"), CLOID),
                wanted("SOL", True, 0.01, 150, limit("Gtc"), STOP_CLOID),
            ]
        ),
    ),
    "amend by our id": (
        AmendOrder(instrument=BTC, order_id=None, client_order_id=CLOID, replacement=order(price=Decimal(61000))),
        lambda sdk: sdk.modify_order(Cloid(CLOID), "BTC", True, 0.01, 61000, limit("Gtc"), cloid=Cloid(CLOID)),
    ),
    "amend by the venue's id": (
        AmendOrder(instrument=BTC, order_id="77", client_order_id=CLOID, replacement=order(price=Decimal(61000))),
        lambda sdk: sdk.modify_order(77, "BTC", True, 0.01, 61000, limit("Gtc"), cloid=Cloid(CLOID)),
    ),
    "cancel": (CancelOrder(instrument=SOL, order_id="77"), lambda sdk: sdk.cancel("SOL", 77)),
    "cancel by our id": (
        CancelOrder(instrument=SOL, order_id=None, client_order_id=CLOID),
        lambda sdk: sdk.cancel_by_cloid("SOL", Cloid(CLOID)),
    ),
    "cancel several": (
        CancelAll(orders=(CancelOrder(instrument=SOL, order_id="77"), CancelOrder(instrument=BTC, order_id="78"))),
        lambda sdk: sdk.bulk_cancel([{"coin": "SOL", "oid": 77}, {"coin": "BTC", "oid": 78}]),
    ),
    "leverage": (
        SetLeverage(instrument=SOL, leverage=Decimal(7), margin_mode=MarginMode.CROSS),
        lambda sdk: sdk.update_leverage(7, "SOL"),
    ),
    "isolated margin mode": (
        SetMarginMode(instrument=SOL, leverage=Decimal(7), margin_mode=MarginMode.ISOLATED),
        lambda sdk: sdk.update_leverage(7, "SOL", is_cross=False),
    ),
    "margin of a position": (
        AdjustMargin(instrument=SOL, position_side=PositionSide.LONG, amount=Decimal("12.5")),
        lambda sdk: sdk.update_isolated_margin(12.5, "SOL"),
    ),
    "noop": (Noop(), lambda sdk: sdk.noop(NOW_MS)),
}


@pytest.mark.parametrize("vault", [None, VAULT])
@pytest.mark.parametrize("name", SAME)
async def test_posted_body_is_the_sdks(name: str, vault: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    action, ask = SAME[name]
    monkeypatch.setattr("hyperliquid.exchange.get_timestamp_ms", lambda: NOW_MS)
    sdk = ListeningExchange(vault)
    ask(sdk)
    async with Network() as network:
        values = {} if vault is None else {"vault_address": vault}
        ours = adapter("http://127.0.0.1:1", network, account_type=AccountType.TESTNET, **values)
        body = msgspec.json.decode(ours.sign(action, stamp()).body)
    (theirs,) = sdk.posted
    assert body == theirs
    assert list(body["action"]) == list(theirs["action"])
    assert sdk_signing.action_hash(body["action"], vault, NOW_MS, None) == sdk_signing.action_hash(
        theirs["action"], vault, NOW_MS, None
    )
