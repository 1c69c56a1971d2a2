"""A fresh Bybit account behind stock pybit, BTC held at 60,000."""

from collections.abc import AsyncIterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.bybit.kit import PybitClient


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[PybitClient]:
    """An account with 10,000 USDT and no past."""
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account())
    yield client
    client.close()
