"""Whoever asks too often is slowed down; whoever wants out is not."""

from pathlib import Path

from sandbox.server import Sandbox
from tests.webapp.rig import Person, error_code, running_web_app
from webapp.limits import Limits, Rate


async def test_flood_of_one_address_is_slowed_down(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_web_app(sandbox, tmp_path, limits=Limits(reads=(Rate(5, 3600),))) as rig:
        owner = await rig.login()
        statuses = [(await owner.get("/api/alerts")).status_code for _ in range(6)]
        assert statuses == [200] * 4 + [429] * 2
        assert (await rig.http.get("/healthz")).status_code == 200


async def test_flood_of_orders_is_slowed_down_and_closing_is_not(owner: Person) -> None:
    orders = [await owner.post("/api/trading/order", {"confirm": "x" * 22}) for _ in range(8)]
    assert [answer.status_code for answer in orders].count(429) >= 2
    assert error_code(orders[-1]) == "too_many_requests"
    closes = [await owner.post("/api/trading/close", {"confirm": "x" * 22}) for _ in range(8)]
    assert {answer.status_code for answer in closes} == {404}
