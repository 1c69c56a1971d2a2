"""The services: one shape, reads that may fall back, writes that never do."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import bot_legacy
import bot_unified
from models.errors import NoCredentials, OutcomeUnknown, Unavailable
from tests.webapp.rig import OWNER, Rig
from webapp import services_integration as services
from webapp.answers import builtins

READS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_balance_service", {}),
    ("get_positions_service", {}),
    ("get_orders_service", {}),
    ("get_ticker_service", {"symbol": "BTCUSDT"}),
    ("get_candles_service", {"symbol": "BTCUSDT", "limit": 5}),
    ("get_instruments_service", {"text": "BTC"}),
    ("get_history_service", {"kind": "closed_pnl"}),
    ("get_history_service", {"kind": "fills"}),
    ("get_history_service", {"kind": "funding"}),
    ("get_history_service", {"kind": "orders"}),
)


def broken(error: Exception) -> Any:
    async def operation(*_: Any, **__: Any) -> Any:
        raise error

    return operation


def break_unified(monkeypatch: pytest.MonkeyPatch, error: Exception, *names: str) -> None:
    """Make operations of the unified path fail."""
    changed = replace(bot_unified.BACKEND, **{name: broken(error) for name in names})
    monkeypatch.setattr("core.backend.bot_unified.BACKEND", changed)


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
async def test_every_read_answers_in_the_one_shape(rig: Rig, venue: str) -> None:
    for name, more in READS:
        answer = await getattr(services, name)(OWNER, venue, "paper", **more)
        assert (answer["success"], answer["error"], answer["source"]) == (True, None, "unified"), (name, more)
        assert answer["data"] is not None, (name, more)


async def test_positions_service_takes_the_symbol_last(rig: Rig) -> None:
    answer = await services.get_positions_service(OWNER, "bybit", "paper", "BTCUSDT")
    assert {row["symbol"] for row in answer["data"]} == {"BTCUSDT"}


async def test_read_falls_back_to_the_other_path_and_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    break_unified(monkeypatch, Unavailable("broken adapter"), "get_positions")
    answer = await services.get_positions_service(OWNER, "bybit", "paper")
    assert (answer["success"], answer["source"], answer["is_fallback"]) == (True, "legacy", True)
    assert answer["data"] != []


async def test_read_that_neither_path_can_give_tells_the_first_reason(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_unified(monkeypatch, Unavailable("first reason", code="no_answer"), "get_balance")
    legacy = replace(bot_legacy.BACKEND, get_balance=broken(Unavailable("second")))
    monkeypatch.setattr("core.backend.bot_legacy.BACKEND", legacy)
    answer = await services.get_balance_service(OWNER, "bybit", "paper")
    assert (answer["success"], answer["data"], answer["error"]["code"]) == (False, None, "no_answer")


async def test_error_that_is_no_outage_is_not_asked_elsewhere(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    break_unified(monkeypatch, NoCredentials("no keys"), "get_balance")
    answer = await services.get_balance_service(OWNER, "bybit", "paper")
    assert answer["error"]["kind"] == "no_credentials"


async def test_outage_of_a_venue_is_never_shown_as_nothing(rig: Rig) -> None:
    rig.sandbox.fault("error_before", venue="bybit", match="GET *", count=None)
    positions, balance = await asyncio.gather(
        services.get_positions_service(OWNER, "bybit", "paper"), services.get_balance_service(OWNER, "bybit", "paper")
    )
    for answer in (positions, balance):
        assert (answer["success"], answer["data"]) == (False, None)
        assert answer["error"]["kind"] in {"unavailable", "bad_payload"}


@pytest.mark.parametrize("error", [Unavailable("x"), OutcomeUnknown("x"), NoCredentials("x")])
async def test_write_never_changes_its_path(rig: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    break_unified(monkeypatch, error, "place_order", "close_position", "set_leverage")
    answers = [
        await services.place_order_service(OWNER, "BTCUSDT", "buy", "market", "0.001", exchange="bybit"),
        await services.close_position_service(OWNER, "BTCUSDT", None, "bybit"),
        await services.set_leverage_service(OWNER, "BTCUSDT", 5, "bybit"),
    ]
    assert [answer["success"] for answer in answers] == [False] * 3
    assert rig.sent("POST /v5/order/create") + rig.sent("POST /v5/position/set-leverage") == 0


async def test_write_answers_with_the_result(rig: Rig) -> None:
    answer = await services.place_order_service(
        OWNER, "BTCUSDT", "buy", "market", "0.002", exchange="bybit", account_type="paper", cause="test:service:1"
    )
    assert (answer["success"], answer["data"]["outcome"], answer["data"]["filled_size"]) == (True, "filled", "0.002")
    again = await services.place_order_service(
        OWNER, "BTCUSDT", "buy", "market", "0.002", exchange="bybit", account_type="paper", cause="test:service:1"
    )
    assert again["data"]["order_id"] == answer["data"]["order_id"]
    closed = await services.close_position_service(OWNER, "BTCUSDT", "0.002", "bybit", "paper")
    assert closed["success"] is True
    assert (await services.set_leverage_service(OWNER, "BTCUSDT", 7, "bybit", "paper"))["success"] is True


async def test_models_are_served_as_their_own_dicts(rig: Rig) -> None:
    backend = rig.runtime.backend
    for venue in ("bybit", "hyperliquid"):
        values = [
            await backend.get_balance(OWNER, venue),
            *(await backend.get_positions(OWNER, None, venue)),
            *(await backend.get_orders(OWNER, None, venue)),
            *(await backend.get_fills(OWNER, exchange=venue)),
            *(await backend.find_instruments(OWNER, "BTC", venue)),
            await backend.get_ticker(OWNER, "BTCUSDT", venue),
        ]
        for value in values:
            served, told = builtins(value), value.to_dict()
            assert served.keys() == told.keys()
            assert {name: _plain(served[name]) for name in served} == {name: _plain(told[name]) for name in told}


def _plain(value: Any) -> Any:
    """Times may be written with more or fewer digits of a second."""
    return value.replace("000Z", "Z").replace(".000Z", "Z") if isinstance(value, str) else value
