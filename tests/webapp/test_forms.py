"""What forms may carry: a number that is none is refused by every route that takes one, and nothing is kept or sent."""

from typing import Any

from tests.webapp.rig import Person, Rig, error_code

BAD_NUMBERS = ("NaN", "Infinity", "1e999", "-1", "0", "0.0", "1,000", "1 000", "١٢٣", "0x10", "5.", ".5", "9" * 10_000)
POSITION = {"symbol": "BTCUSDT", "side": "long"}
ALERT = {"symbol": "BTCUSDT", "direction": "above", "price": "99999"}
BAD_ALERTS: tuple[dict[str, Any], ...] = (
    {**ALERT, "symbol": "B" * 31},
    {**ALERT, "symbol": "ВТС"},
    {**ALERT, "direction": "sideways"},
    {**ALERT, "note": "n" * 101},
    {**ALERT, "price": 99999},
    {**ALERT, "price": None},
)
NUMERIC = (
    "slippage_fraction",
    "price_tolerance",
    "max_leverage",
    "max_order_notional",
    "max_positions",
    "max_daily_loss",
)


async def test_number_that_is_none_makes_no_alert_no_level_and_no_close(owner: Person, rig: Rig) -> None:
    for text in BAD_NUMBERS:
        for path, body in (
            ("/api/alerts", {**ALERT, "price": text}),
            ("/api/trading/close/preview", {**POSITION, "percent": text}),
            ("/api/trading/leverage/preview", {"symbol": "BTCUSDT", "leverage": text}),
        ):
            answer = await owner.post(path, body)
            assert (answer.status_code, error_code(answer)) == (422, "malformed"), (path, text)
    assert await owner.data("/api/alerts") == []
    assert rig.sent("POST /v5/") == 0


async def test_level_takes_zero_for_none_and_nothing_else_that_is_no_price(owner: Person) -> None:
    for text in set(BAD_NUMBERS) - {"0", "0.0"}:
        answer = await owner.post("/api/trading/tpsl/preview", {**POSITION, "stop_loss": text})
        assert (answer.status_code, error_code(answer)) == (422, "malformed"), text


async def test_setting_refuses_a_number_that_is_none_and_keeps_what_held(owner: Person) -> None:
    held = await owner.data("/api/settings")
    for key in NUMERIC:
        for text in set(BAD_NUMBERS) - {"5.", ".5"}:
            answer = await owner.send("PUT", f"/api/settings/{key}", {"value": text})
            assert answer.status_code == 422, (key, text)
            assert error_code(answer) in {"bad_number", "zero_number", "ambiguous_number", "malformed"}, (key, text)
    assert await owner.data("/api/settings") == held


async def test_alert_that_makes_no_sense_is_refused(owner: Person) -> None:
    for body in BAD_ALERTS:
        answer = await owner.post("/api/alerts", body)
        assert (answer.status_code, error_code(answer)) == (422, "malformed"), body
    assert await owner.data("/api/alerts") == []


async def test_key_that_is_none_is_refused_before_the_venue_is_asked(owner: Person, rig: Rig) -> None:
    asked = rig.sent("/v5/user/query-api")
    for values in ({"api_key": "k" * 10_000, "api_secret": "s" * 32}, {"api_key": "ключ" * 5, "api_secret": "s" * 32}):
        answer = await owner.post("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": values})
        assert error_code(answer) in {"malformed", "key_malformed"}
    assert rig.sent("/v5/user/query-api") == asked
