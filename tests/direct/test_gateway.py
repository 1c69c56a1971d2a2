"""What the direct path keeps between two questions."""

from collections.abc import Sequence
from typing import cast

import pytest

import bot_legacy
from exchanges.base import AccountVenue
from models.enums import AccountType
from models.errors import Unavailable
from models.instrument import Instrument
from tests.core.venue_fake import instrument

PLACE = "http://venue.test"


class Listing:
    """A venue that lists one market more each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_reachable = True

    async def get_instruments(self) -> Sequence[Instrument]:
        if not self.is_reachable:
            raise Unavailable("no answer")
        self.asked += 1
        return [instrument(symbol=f"M{number}USDT") for number in range(self.asked)]


async def test_markets_are_read_anew_now_and_then_and_kept_while_they_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot_legacy, "_address", lambda *_: PLACE)
    gateway, listing = bot_legacy.LegacyGateway(), Listing()
    gateway._markets[PLACE] = cast(AccountVenue, listing)

    async def known() -> int:
        return len(await gateway.instruments("bybit", AccountType.DEMO))

    listing.is_reachable = False
    with pytest.raises(Unavailable):
        await known()
    listing.is_reachable = True
    assert [await known(), await known()] == [1, 1]
    monkeypatch.setattr(bot_legacy, "_INSTRUMENTS_S", 0.0)
    assert await known() == 2
    listing.is_reachable = False
    assert await known() == 2
