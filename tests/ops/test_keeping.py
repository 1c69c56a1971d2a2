"""The operator's own tools: a new key over the keys, and the last word on an order."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.vault import open_vault
from db import Role, StorageRefused, Store
from models.account import Account
from models.enums import AccountType
from ops.keeping import executed_size, rotate_keys, settle

OWNER = 100_000_001
ACCOUNT = Account(user_id=OWNER, exchange="bybit", account_type=AccountType.DEMO)
KEYS = {"api_key": "FakeKey0000000000", "api_secret": "FakeSecret0000000000000"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, elcaro_mode="sandbox", elcaro_data_dir=tmp_path / "data")


async def opened(settings: Settings) -> Store:
    store = await Store.open(settings.database)
    await open_vault(store, store.path.parent)
    return store


async def test_keys_open_under_a_new_key_and_not_under_the_old_one(settings: Settings) -> None:
    store = await opened(settings)
    await store.credentials.put(ACCOUNT, KEYS)
    key_file = store.path.parent / "kek.key"
    before = key_file.read_bytes()
    await store.close()
    assert "new key" in await rotate_keys(settings)
    after = key_file.read_bytes()
    assert after != before
    store = await opened(settings)
    assert {name: value.reveal() for name, value in (await store.credentials.get(ACCOUNT)).items()} == KEYS
    await store.close()
    key_file.write_bytes(before)
    store = await Store.open(settings.database)
    with pytest.raises(StorageRefused, match="not the key"):
        await open_vault(store, store.path.parent)
    await store.close()


async def test_order_that_is_not_there_is_not_settled(settings: Settings) -> None:
    store = await opened(settings)
    await store.users.set_role(OWNER, Role.ADMIN)
    await store.close()
    with pytest.raises(StorageRefused, match="no such order"):
        await settle(settings, "A17", "0", "looked in the venue's app, it is not there")


async def test_nothing_is_settled_before_there_is_an_owner(settings: Settings) -> None:
    await (await opened(settings)).close()
    with pytest.raises(StorageRefused, match="no owner"):
        await settle(settings, "A17", "0", "looked in the venue's app, it is not there")


@pytest.mark.parametrize(("text", "size"), [("0", Decimal(0)), ("0.25", Decimal("0.25"))])
def test_executed_size_may_be_nothing(text: str, size: Decimal) -> None:
    assert executed_size(text) == size
