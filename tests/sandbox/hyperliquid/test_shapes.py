"""Every answer has the shape that the venue documents and, where they are at hand, fits the recorded schemas."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from sandbox.hyperliquid import people
from tests.sandbox.hyperliquid.conftest import Running, Signer, limit_order, only_status

CLOID = "0x" + "0d" * 16
USER_QUESTIONS = (
    "clearinghouseState",
    "spotClearinghouseState",
    "openOrders",
    "frontendOpenOrders",
    "historicalOrders",
    "userFills",
    "userFees",
    "userRateLimit",
    "userRole",
    "extraAgents",
    "userAbstraction",
    "portfolio",
    "subAccounts",
)
MARKET_QUESTIONS: Mapping[str, Mapping[str, Any]] = {
    "meta": {},
    "metaAndAssetCtxs": {},
    "allPerpMetas": {},
    "perpDexs": {},
    "spotMeta": {},
    "allMids": {},
    "l2Book": {"coin": "BTC"},
    "fundingHistory": {"coin": "BTC", "startTime": 0},
    "predictedFundings": {},
    "exchangeStatus": {},
    "marginTable": {"id": 40},
}

ORDER = {"coin", "side", "limitPx", "sz", "oid", "timestamp", "origSz"}
FULL_ORDER = ORDER | {
    "triggerCondition",
    "isTrigger",
    "triggerPx",
    "children",
    "isPositionTpsl",
    "reduceOnly",
    "orderType",
    "tif",
    "cloid",
}
FILL = {
    "coin",
    "px",
    "sz",
    "side",
    "time",
    "startPosition",
    "dir",
    "closedPnl",
    "hash",
    "oid",
    "crossed",
    "fee",
    "tid",
    "feeToken",
    "twapId",
}
# https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
DOCUMENTED_KEYS: Mapping[str, set[str]] = {
    "clearinghouseState": {
        "marginSummary",
        "crossMarginSummary",
        "crossMaintenanceMarginUsed",
        "withdrawable",
        "assetPositions",
        "time",
    },
    "openOrders": ORDER,
    "frontendOpenOrders": FULL_ORDER,
    "historicalOrders": {"order", "status", "statusTimestamp"},
    "userFills": FILL,
    "userRateLimit": {"cumVlm", "nRequestsUsed", "nRequestsCap", "nRequestsSurplus"},
    "extraAgents": {"name", "address", "validUntil"},
    "meta": {"universe", "marginTables", "collateralToken"},
    "l2Book": {"coin", "time", "levels"},
    "fundingHistory": {"coin", "fundingRate", "premium", "time"},
}


@pytest.fixture
def busy(hyperliquid: Running, signer: Signer) -> Running:
    """A venue on which the trader has done a bit of everything."""
    stop = {"trigger": {"isMarket": True, "triggerPx": "55000", "tpsl": "sl"}}
    take = {"trigger": {"isMarket": False, "triggerPx": "66000", "tpsl": "tp"}}
    rows = [
        limit_order(price="63000", tif="Ioc", c=CLOID)["orders"][0],
        limit_order(c="0x" + "0e" * 16)["orders"][0],
        limit_order(buy=False, r=True, t=stop)["orders"][0],
        limit_order(buy=False, r=True, price="65000", t=take)["orders"][0],
        limit_order(asset=110_000, price="260", size="1", tif="Ioc")["orders"][0],
        limit_order(size="100")["orders"][0],
        limit_order(price="57000", buy=False, size="0.005", tif="FrontendMarket", r=True)["orders"][0],
    ]
    signer.send({"type": "order", "orders": rows, "grouping": "na"})
    signer.send({"type": "updateLeverage", "asset": 1, "isCross": False, "leverage": 3})
    signer.send(limit_order(asset=1, price="3100", size="0.1", tif="Ioc"))
    hyperliquid.set_price("BTC", "61000")
    return hyperliquid


@pytest.fixture
def schemas() -> Mapping[str, Any]:
    """The recorded schemas of the venue's answers."""
    directory = os.environ.get("RECORDED_PAYLOADS")
    if not directory:
        pytest.skip("RECORDED_PAYLOADS is not set: the recorded schemas are not at hand")
    path = Path(directory) / "schemas" / "hyperliquid_responses.schema.json"
    recorded: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return recorded


def problems(schema: Any, answer: Any) -> list[str]:
    """Return what is wrong with an answer, in words."""
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(answer)]


def schema_name(kind: str) -> str:
    return f"info_{kind[0].upper()}{kind[1:]}Response"


@pytest.mark.parametrize("kind", USER_QUESTIONS)
def test_answer_about_an_account_fits_its_schema(
    busy: Running, schemas: Mapping[str, Any], trader: str, kind: str
) -> None:
    assert problems(schemas[schema_name(kind)], busy.info(kind, user=trader)) == []


@pytest.mark.parametrize("kind", USER_QUESTIONS)
def test_answer_about_a_stranger_fits_its_schema(busy: Running, schemas: Mapping[str, Any], kind: str) -> None:
    stranger = people.address_of(people.UNKNOWN_KEY)
    assert problems(schemas[schema_name(kind)], busy.info(kind, user=stranger)) == []


@pytest.mark.parametrize("kind", MARKET_QUESTIONS)
def test_answer_about_markets_fits_its_schema(busy: Running, schemas: Mapping[str, Any], kind: str) -> None:
    assert problems(schemas[schema_name(kind)], busy.info(kind, **MARKET_QUESTIONS[kind])) == []


def test_order_states_by_oid_and_cloid_fit_their_schema(busy: Running, schemas: Mapping[str, Any], trader: str) -> None:
    oids = [row["order"]["oid"] for row in busy.info("historicalOrders", user=trader)]
    for key in (*oids, CLOID, 1):
        answer = busy.info("orderStatus", user=trader, oid=key)
        assert problems(schemas["info_OrderStatusResponse"], answer) == []
    assert len(oids) == 8


def test_ranges_of_time_fit_their_schemas(busy: Running, schemas: Mapping[str, Any], trader: str) -> None:
    busy.call(lambda: busy.world.clock.advance_ms(3_600_000))
    busy.call(busy.engine.step)
    since = {"user": trader, "startTime": 0}
    for kind in ("userFillsByTime", "userFunding", "userNonFundingLedgerUpdates"):
        answer = busy.info(kind, **since)
        assert answer, kind
        assert problems(schemas[schema_name(kind)], answer) == []
    asked = {"coin": "BTC", "interval": "15m", "startTime": 0, "endTime": busy.venue.now_ms()}
    bars = busy.info("candleSnapshot", req=asked)
    assert 5000 <= len(bars) <= 5001
    assert problems(schemas["info_CandleSnapshotResponse"], bars[:50]) == []


def test_answers_to_actions_fit_their_schemas(hyperliquid: Running, schemas: Mapping[str, Any], signer: Signer) -> None:
    change = {"oid": CLOID, "order": limit_order(price="49000")["orders"][0]}
    actions: Mapping[str, Any] = {
        "Order": limit_order(c=CLOID),
        "BatchModify": {"type": "batchModify", "modifies": [change]},
        "Modify": {"type": "modify", **change},
        "CancelByCloid": {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": CLOID}]},
        "Cancel": {"type": "cancel", "cancels": [{"a": 0, "o": 1}]},
        "UpdateLeverage": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 7},
        "ScheduleCancel": {"type": "scheduleCancel"},
    }
    answers = {name: signer.send(action) for name, action in actions.items()}
    for name, answer in answers.items():
        assert problems(schemas[f"ex_{name}Response"], answer) == []
    assert only_status(answers["CancelByCloid"]) == "success"
    assert "error" in only_status(answers["Cancel"])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("webData2", "ws_WebData2Event"),
        ("clearinghouseState", "ws_ClearinghouseStateEvent"),
        ("openOrders", "ws_OpenOrdersEvent"),
        ("userFills", "ws_UserFillsEvent"),
        ("userFundings", "ws_UserFundingsEvent"),
    ],
)
def test_frames_about_an_account_fit_their_schema(
    busy: Running, schemas: Mapping[str, Any], trader: str, kind: str, name: str
) -> None:
    for frame in busy.frames({"type": kind, "user": trader}):
        assert problems(schemas[name], frame) == []


@pytest.mark.parametrize(
    ("subscription", "name"),
    [
        ({"type": "allMids"}, "ws_AllMidsEvent"),
        ({"type": "l2Book", "coin": "BTC"}, "ws_L2BookEvent"),
        ({"type": "bbo", "coin": "kPEPE"}, "ws_BboEvent"),
        ({"type": "trades", "coin": "ETH"}, "ws_TradesEvent"),
        ({"type": "candle", "coin": "BTC", "interval": "1h"}, "ws_CandleEvent"),
        ({"type": "activeAssetCtx", "coin": "xyz:TSLA"}, "ws_ActiveAssetCtxEvent"),
        ({"type": "activeAssetData", "coin": "ETH", "user": people.VAULT}, "ws_ActiveAssetDataEvent"),
    ],
)
def test_frames_about_markets_fit_their_schema(
    busy: Running, schemas: Mapping[str, Any], subscription: Any, name: str
) -> None:
    frames = busy.frames(subscription)
    assert frames
    for frame in frames:
        assert problems(schemas[name], frame) == []


@pytest.mark.parametrize("kind", DOCUMENTED_KEYS)
def test_answer_has_the_documented_keys(busy: Running, trader: str, kind: str) -> None:
    fields = MARKET_QUESTIONS.get(kind, {"user": trader})
    answer = busy.info(kind, **fields)
    for row in answer if isinstance(answer, list) else [answer]:
        assert set(row) - {"cloid", "reduceOnly", "liquidation"} == DOCUMENTED_KEYS[kind] - {"cloid", "reduceOnly"}
