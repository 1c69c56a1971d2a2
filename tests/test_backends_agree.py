"""Both paths do the same: every operation, on both venues, in two worlds that are alike to the last digit."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.ports import TradingBackend
from core.ticket import parse_ticket
from models.errors import TradingError
from models.values import jsonable
from sandbox.clock import Clock
from sandbox.server import Sandbox
from tests.world import USER, elcaro

VENUES = ("bybit", "hyperliquid")

# What two runs may differ in: ids that a venue makes up, and moments.
_OF_THE_RUN = {"order_id", "fill_id", "payment_id", "reference", "as_of", "created_at", "updated_at", "opened_at"}
_OF_THE_RUN |= {"filled_at", "closed_at", "paid_at", "parent_order_id"}


def comparable(value: Any) -> Any:
    """Return the JSON form without what belongs to the run."""
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items() if name not in _OF_THE_RUN}
    return value


async def said(call: Awaitable[Any]) -> Any:
    """Return what an operation answered, or the error that it raised."""
    try:
        return comparable(jsonable(await call))
    except TradingError as e:
        return {"error": type(e).__name__, "code": e.code}


def _days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


Step = tuple[str, Callable[[TradingBackend, str], Awaitable[Any]]]

SCRIPT: tuple[Step, ...] = (
    ("balance", lambda b, e: b.get_balance(USER, e)),
    ("positions", lambda b, e: b.get_positions(USER, None, e)),
    ("orders", lambda b, e: b.get_orders(USER, None, e)),
    ("price", lambda b, e: b.get_ticker(USER, "btc", e)),
    ("candles", lambda b, e: b.get_candles(USER, "ETH", "1h", limit=30, exchange=e)),
    ("markets", lambda b, e: b.find_instruments(USER, "pepe", e)),
    ("fees", lambda b, e: b.get_fee_rates(USER, "BTC", e)),
    ("preview", lambda b, e: b.preview_order(USER, parse_ticket("long eth 200$ 5x sl 2% tp 4%"), e)),
    ("set leverage", lambda b, e: b.set_leverage(USER, "ETH", 5, e, cause="c:lev")),
    (
        "buy with protection",
        lambda b, e: b.place_order(
            USER, "ETH", "buy", "market", "0.5", stop_loss="2000", take_profit="9000", exchange=e, cause="c:buy"
        ),
    ),
    ("positions after buy", lambda b, e: b.get_positions(USER, "ETH", e)),
    ("orders after buy", lambda b, e: b.get_orders(USER, "ETH", e)),
    ("limit", lambda b, e: b.place_order(USER, "BTC", "buy", "limit", "0.01", "30000", exchange=e, cause="c:limit")),
    (
        "same cause again",
        lambda b, e: b.place_order(USER, "BTC", "buy", "limit", "0.01", "30000", exchange=e, cause="c:limit"),
    ),
    ("amend", lambda b, e: _amend(b, e)),
    ("orders after amend", lambda b, e: b.get_orders(USER, "BTC", e)),
    ("move stop", lambda b, e: b.set_protection(USER, "ETH", stop_loss=Decimal(2100), exchange=e, cause="c:stop")),
    ("orders after stop", lambda b, e: b.get_orders(USER, "ETH", e)),
    ("remove stop", lambda b, e: b.set_protection(USER, "ETH", stop_loss=Decimal(0), exchange=e, cause="c:nostop")),
    ("close half", lambda b, e: b.close_position(USER, "ETH", "0.25", e, cause="c:half")),
    ("close rest", lambda b, e: b.close_position(USER, "ETH", None, e, cause="c:rest")),
    ("close nothing", lambda b, e: b.close_position(USER, "ETH", None, e, cause="c:none")),
    ("cancel all", lambda b, e: b.cancel_all_orders(USER, exchange=e, cause="c:all")),
    ("orders at the end", lambda b, e: b.get_orders(USER, None, e)),
    ("positions at the end", lambda b, e: b.get_positions(USER, None, e)),
    ("fills", lambda b, e: b.get_fills(USER, exchange=e, since=_days_ago(2))),
    ("closed", lambda b, e: b.get_closed_pnl(USER, exchange=e, since=_days_ago(2))),
    ("funding", lambda b, e: b.get_funding(USER, exchange=e, since=_days_ago(5))),
    ("history", lambda b, e: b.get_order_history(USER, exchange=e, since=_days_ago(2))),
    ("unknown market", lambda b, e: b.get_ticker(USER, "NOSUCHCOIN", e)),
    ("too small", lambda b, e: b.place_order(USER, "BTC", "buy", "market", "0.00000001", exchange=e, cause="c:dust")),
    ("too large", lambda b, e: b.place_order(USER, "BTC", "buy", "market", "50", exchange=e, cause="c:huge")),
    ("balance at the end", lambda b, e: b.get_balance(USER, e)),
)


async def _amend(backend: TradingBackend, exchange: str) -> Any:
    orders = await backend.get_orders(USER, "BTC", exchange)
    return await backend.amend_order(USER, "BTC", orders[0].order_id, price="31000", exchange=exchange, cause="c:amend")


async def run_script(use_unified: str, exchange: str, folder: Path, moment: datetime) -> dict[str, Any]:
    """Play the script in a fresh world that stands still at `moment`, and return every answer."""
    async with (
        Sandbox(clock=Clock(frozen_at=moment)) as sandbox,
        elcaro(sandbox, folder, use_unified=use_unified) as runtime,
    ):
        return {name: await said(step(runtime.backend, exchange)) for name, step in SCRIPT}


@pytest.mark.parametrize("exchange", VENUES)
async def test_both_paths_give_the_same_answers(exchange: str, tmp_path: Path) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    unified = await run_script("true", exchange, tmp_path / "unified", moment)
    legacy = await run_script("false", exchange, tmp_path / "legacy", moment)
    assert [name for name in unified if unified[name] != legacy[name]] == []


async def test_direct_path_keeps_nothing_of_who_served_an_address_before(tmp_path: Path) -> None:
    found = []
    ports: dict[str, int] = {}
    for life in ("first", "second"):
        async with (
            Sandbox(clock=Clock(frozen_at=datetime.now(UTC)), ports=ports) as sandbox,
            elcaro(sandbox, tmp_path / life, use_unified="false") as runtime,
        ):
            found.append([await said(runtime.backend.get_ticker(USER, "BTC", venue)) for venue in VENUES])
            urls = [sandbox.url(venue).rsplit(":", 1)[1] for venue in VENUES]
            ports = dict(zip(VENUES, map(int, reversed(urls)), strict=True))
    assert [error for answers in found for error in answers if "error" in error] == []
