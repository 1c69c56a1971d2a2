"""A venue whose rate budget is used up: what only looks is told so, and whoever wants out gets out."""

from decimal import Decimal
from typing import Any

import pytest

from tests.webapp.rig import OWNER, Person, Rig, error_code
from tests.webapp.test_orders import confirmed, held, opened
from tests.webapp.test_stream import listening, symbols
from tests.world import spent, use_up_what_reads_may
from webapp import services_integration as services

WHERE = {"exchange": "hyperliquid", "account_type": "paper"}


FIRST_MINUTE = 300
"""Of 384: what reads may use of the web app's two fifths of the venue's 1200 a minute."""


@pytest.fixture
async def resting(owner: Person) -> str:
    """An order of the owner's that rests, beside a position in the same market."""
    await opened(owner, "hyperliquid")
    entry = Decimal((await held(owner, "hyperliquid"))["entry_price"])
    _, part = await opened(owner, "hyperliquid", price=f"{entry * Decimal('0.8'):.0f}", stop_loss=None, take_profits=[])
    return str(part["result"]["order_id"])


async def test_busy_venue_is_told_and_not_asked_by_the_other_path(rig: Rig, owner: Person) -> None:
    await owner.data("/api/trading/positions", **WHERE)
    use_up_what_reads_may(rig.runtime)
    before = rig.sent("POST /info")
    assert before > 0
    answers = [
        await services.get_balance_service(OWNER, "hyperliquid", "paper"),
        await services.get_history_service(OWNER, "hyperliquid", "paper"),
    ]
    assert [(answer["success"], answer["error"]["code"]) for answer in answers] == [(False, "venue_busy")] * 2
    assert answers[0]["error"]["fields"]["retry_after_s"] > 0
    assert rig.sent("POST /info") == before


async def test_getting_out_is_never_refused_because_others_look(rig: Rig, owner: Person, resting: str) -> None:
    use_up_what_reads_may(rig.runtime)
    more = {"symbol": "SOL", "side": "buy", "size": {"amount": "100", "unit": "notional"}, "accounts": [WHERE]}
    answer = await owner.post("/api/trading/order/preview", more)
    assert (answer.status_code, error_code(answer)) == (503, "venue_busy")
    _, done = await confirmed(owner, "cancel", {**WHERE, "order_id": resting})
    assert done["results"][0]["success"] is True
    position = {**WHERE, "symbol": "ETHUSDT", "side": "long"}
    _, done = await confirmed(owner, "close", {**position, "percent": "50"})
    assert done["results"][0]["result"]["outcome"] == "filled"
    size = {"amount": "100", "unit": "notional"}
    reducing = {"symbol": "ETH", "side": "sell", "size": size, "reduce_only": True, "accounts": [WHERE]}
    _, done = await confirmed(owner, "order", reducing)
    assert done["results"][0]["result"]["outcome"] == "filled"


async def test_page_with_three_orders_and_what_follows_them_fits_into_its_first_minute(
    rig: Rig, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchanges.hyperliquid_pushes._PATIENCE_S", 10.0)  # also where the machine is busy
    await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid"})
    async with listening(owner, "?exchange=hyperliquid&account_type=paper&symbol=ETHUSDT") as page:
        await page.until(lambda parts: len(parts) == 4)
        await owner.data("/api/trading/candles", **WHERE, symbol="ETHUSDT", interval="15m", limit=300)
        plain: dict[str, Any] = {"stop_loss": None, "take_profits": [], "leverage": None}
        await opened(owner, "hyperliquid")
        await opened(owner, "hyperliquid", **plain)
        entry = Decimal((await held(owner, "hyperliquid"))["entry_price"])
        _, part = await opened(owner, "hyperliquid", price=f"{entry * Decimal('0.8'):.0f}", **plain)
        await confirmed(owner, "leverage", {**WHERE, "symbol": "ETHUSDT", "leverage": "4"})
        await confirmed(owner, "close", {**WHERE, "symbol": "ETHUSDT", "side": "long", "percent": "50"})
        await confirmed(owner, "cancel", {**WHERE, "order_id": part["result"]["order_id"]})
        await page.until(lambda parts: "ETHUSDT" in symbols(parts, "hyperliquid/paper"))
    assert spent(rig.runtime) <= FIRST_MINUTE
