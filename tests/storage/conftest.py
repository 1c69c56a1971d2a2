"""A store in a directory of its own, on a clock that tests move."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import Store
from models.account import Account
from models.enums import AccountType

NOW_MS = 1_700_000_000_000


class Hands:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'elcaro.db'}"


@pytest.fixture
async def store(url: str, hands: Hands) -> AsyncIterator[Store]:
    opened = await Store.open(url, now_ms=hands)
    yield opened
    await opened.close()


@pytest.fixture
def account() -> Account:
    return Account(user_id=7, exchange="bybit", account_type=AccountType.PAPER)
