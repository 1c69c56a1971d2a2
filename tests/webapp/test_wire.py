"""How requests reach a route."""

import pytest
from fastapi import APIRouter

from webapp.answers import Json
from webapp.wire import QuickRoute


def test_quick_route_refuses_what_it_would_not_hand_over() -> None:
    router = APIRouter(route_class=QuickRoute)

    async def wants_a_value(symbol: str) -> Json:
        return Json(symbol)

    with pytest.raises(TypeError, match="take the request"):
        router.add_api_route("/markets", wants_a_value)
