"""Keys at rest: bound to their place, gone with their user, and never in clear."""

import base64
import copy
import os
import pickle
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

import db
from core.vault import KEY_FILE, Vault, kek_id, open_vault, read_key_file, rotate_key
from db import SealBroken, SealedField, Secret, StorageRefused, Store
from models.account import Account
from models.enums import AccountType
from models.errors import NoCredentials

CANARY = "canary-secret-9f3b"
ALICE = Account(user_id=1, exchange="bybit", account_type=AccountType.DEMO)
MALLORY = Account(user_id=2, exchange="bybit", account_type=AccountType.DEMO)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await db.open_database(f"sqlite+aiosqlite:///{tmp_path / 'elcaro.db'}")
    yield opened
    await db.close_database()


def files_of(directory: Path) -> dict[str, bytes]:
    return {leaf.name: leaf.read_bytes() for leaf in directory.iterdir() if leaf.is_file()}


@pytest.fixture
async def vault(store: Store, tmp_path: Path) -> Vault:
    return await open_vault(store, tmp_path)


@pytest.mark.usefixtures("vault")
async def test_keys_come_back_as_they_were_stored(store: Store) -> None:
    await store.credentials.put(ALICE, {"api_key": "k", "api_secret": CANARY})
    values = await store.credentials.get(ALICE)
    assert {name: value.reveal() for name, value in values.items()} == {"api_key": "k", "api_secret": CANARY}
    assert await store.credentials.find(MALLORY) is None
    with pytest.raises(NoCredentials):
        await store.credentials.get(MALLORY)


@pytest.mark.usefixtures("vault")
async def test_new_keys_replace_old_ones_whole_and_enable_the_account(store: Store) -> None:
    await store.credentials.put(ALICE, {"a": "1", "b": "2"})
    await store.accounts.disable(ALICE, "key_invalid")
    await store.credentials.put(ALICE, {"a": "3"})
    assert {name: value.reveal() for name, value in (await store.credentials.get(ALICE)).items()} == {"a": "3"}
    row = await store.accounts.find(ALICE)
    assert row is not None
    assert (row.is_enabled, row.has_credentials) == (True, True)
    assert await store.credentials.remove(ALICE)
    assert not await store.credentials.remove(ALICE)
    assert await store.credentials.find(ALICE) is None


@pytest.mark.usefixtures("vault")
async def test_no_secret_is_anywhere_in_the_files(store: Store, tmp_path: Path) -> None:
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    await store.credentials.get(ALICE)
    key = base64.b64decode((tmp_path / KEY_FILE).read_text())
    for name, content in files_of(tmp_path).items():
        assert CANARY.encode() not in content
        assert name == KEY_FILE or key not in content


SWAPS = {
    "another user": "UPDATE credentials SET sealed=(SELECT sealed FROM credentials WHERE account_id=1) "
    "WHERE account_id=2",
    "another user with the data key": "UPDATE data_keys SET wrapped=(SELECT wrapped FROM data_keys WHERE user_id=1) "
    "WHERE user_id=2",
    "another key version": "UPDATE data_keys SET kek_id='000000000000' WHERE user_id=2",
    "a changed byte": "UPDATE credentials SET sealed=CAST(substr(sealed,1,20)||x'00'||substr(sealed,22) AS BLOB) "
    "WHERE account_id=2",
    "cut off": "UPDATE credentials SET sealed=x'00' WHERE account_id=2",
}


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("swap", SWAPS)
async def test_row_that_was_moved_or_changed_does_not_open_and_disables_its_account(store: Store, swap: str) -> None:
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    await store.credentials.put(MALLORY, {"api_secret": "mine"})
    await store.writer.run(lambda tx: tx.sql.execute(SWAPS[swap]).rowcount)
    with pytest.raises(NoCredentials) as refusal:
        await store.credentials.get(MALLORY)
    assert refusal.value.code == "credentials_damaged"
    row = await store.accounts.find(MALLORY)
    assert row is not None
    assert (row.is_enabled, row.disabled_reason) == (False, "credentials_damaged")


PLACES = [
    SealedField(account=Account(user_id=user, exchange=exchange, account_type=kind), name=name)
    for user in (1, 2)
    for exchange in ("bybit", "hyperliquid")
    for kind in (AccountType.DEMO, AccountType.REAL)
    for name in ("api_key", "api_secret")
]


def test_value_opens_in_its_own_place_and_in_no_other() -> None:
    vault = Vault([os.urandom(32)])
    key = vault.new_key(1)
    sealed = vault.seal(key, PLACES[0], Secret(CANARY))
    assert vault.open(key, PLACES[0], sealed).reveal() == CANARY
    for place in PLACES[1:]:
        with pytest.raises(SealBroken):
            vault.open(key, place, sealed)


@given(text=st.text(), flip=st.integers(min_value=0))
def test_any_text_survives_and_any_changed_byte_is_noticed(text: str, flip: int) -> None:
    vault = Vault([b"k" * 32])
    key = vault.new_key(1)
    sealed = bytearray(vault.seal(key, PLACES[0], Secret(text)))
    assert vault.open(key, PLACES[0], bytes(sealed)).reveal() == text
    sealed[flip % len(sealed)] ^= 1
    with pytest.raises(SealBroken):
        vault.open(key, PLACES[0], bytes(sealed))


def test_same_value_never_looks_the_same_twice() -> None:
    vault = Vault([os.urandom(32)])
    key = vault.new_key(1)
    assert vault.seal(key, PLACES[0], Secret("x")) != vault.seal(key, PLACES[0], Secret("x"))


async def test_key_file_is_made_once_for_its_owner_only(store: Store, tmp_path: Path) -> None:
    first = await open_vault(store, tmp_path)
    second = await open_vault(store, tmp_path)
    assert first.kek_id == second.kek_id
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [name for name in files_of(tmp_path) if name.endswith(".tmp")] == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
async def test_key_file_that_others_can_read_is_refused(store: Store, tmp_path: Path, mode: int) -> None:
    await open_vault(store, tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(StorageRefused, match="chmod 600"):
        await open_vault(store, tmp_path)


async def test_lost_key_file_is_never_replaced_silently(store: Store, tmp_path: Path) -> None:
    await open_vault(store, tmp_path)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(StorageRefused, match="bring the copy back"):
        await open_vault(store, tmp_path)
    assert not (tmp_path / KEY_FILE).exists()


async def test_wrong_key_is_recognised_at_the_start_and_loses_nothing(store: Store, tmp_path: Path) -> None:
    vault = await open_vault(store, tmp_path)
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    right = (tmp_path / KEY_FILE).read_text()
    (tmp_path / KEY_FILE).write_text(base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(StorageRefused, match="not the key"):
        await open_vault(store, tmp_path)
    (tmp_path / KEY_FILE).write_text(right)
    assert (await open_vault(store, tmp_path)).kek_id == vault.kek_id
    assert (await store.credentials.get(ALICE))["api_secret"].reveal() == CANARY


@pytest.mark.parametrize("content", ["", "not base64 !", base64.b64encode(b"short").decode(), "ключ"])
async def test_key_file_with_something_else_is_refused(store: Store, tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content, encoding="utf-8")
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(StorageRefused, match="expected base64"):
        await open_vault(store, tmp_path)


async def test_credential_of_the_service_is_used_and_makes_no_file(store: Store, tmp_path: Path) -> None:
    service = tmp_path / "credentials"
    service.mkdir()
    key = os.urandom(32)
    (service / "kek").write_text(base64.b64encode(key).decode())
    vault = await open_vault(store, tmp_path, service)
    assert vault.kek_id == kek_id(key)
    assert not (tmp_path / KEY_FILE).exists()


async def test_credential_and_key_file_that_differ_are_refused(store: Store, tmp_path: Path) -> None:
    await open_vault(store, tmp_path)
    service = tmp_path / "credentials"
    service.mkdir()
    (service / "kek").write_text(base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(StorageRefused, match="differs"):
        await open_vault(store, tmp_path, service)


@pytest.mark.usefixtures("vault")
async def test_rotated_key_opens_everything_and_the_old_one_is_gone(store: Store, tmp_path: Path) -> None:
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    (old,) = read_key_file(tmp_path / KEY_FILE)
    await rotate_key(store, tmp_path)
    (new,) = read_key_file(tmp_path / KEY_FILE)
    assert new != old
    assert (await store.credentials.get(ALICE))["api_secret"].reveal() == CANARY
    await open_vault(store, tmp_path)
    assert (await store.credentials.get(ALICE))["api_secret"].reveal() == CANARY


@pytest.mark.usefixtures("vault")
async def test_key_file_from_before_a_rotation_is_refused(store: Store, tmp_path: Path) -> None:
    old = (tmp_path / KEY_FILE).read_bytes()
    await rotate_key(store, tmp_path)
    (tmp_path / KEY_FILE).write_bytes(old)
    with pytest.raises(StorageRefused, match="not the key that this database was sealed under"):
        await open_vault(store, tmp_path)


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("killed_at", ["before rewrap", "after rewrap"])
async def test_rotation_that_was_killed_leaves_everything_readable(
    store: Store, tmp_path: Path, killed_at: str
) -> None:
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    keys = read_key_file(tmp_path / KEY_FILE)
    both = [AESGCM.generate_key(bit_length=256), *keys]
    (tmp_path / KEY_FILE).write_text("\n".join(base64.b64encode(key).decode() for key in both))
    await open_vault(store, tmp_path)
    if killed_at == "after rewrap":
        assert await store.credentials.rewrap_all() == 1
    await open_vault(store, tmp_path)
    assert (await store.credentials.get(ALICE))["api_secret"].reveal() == CANARY
    await rotate_key(store, tmp_path)
    assert (await store.credentials.get(ALICE))["api_secret"].reveal() == CANARY
    assert len(read_key_file(tmp_path / KEY_FILE)) == 1


@pytest.mark.usefixtures("vault")
async def test_deleted_user_cannot_be_read_from_an_old_copy_of_the_sealed_value(store: Store) -> None:
    await store.credentials.put(ALICE, {"api_secret": CANARY})
    sealed = store.writer._sql.execute("SELECT sealed FROM credentials").fetchone()[0]
    assert await store.users.request_deletion(ALICE.user_id)
    await store.credentials.put(ALICE, {"api_secret": "new"})
    await store.writer.run(lambda tx: tx.sql.execute("UPDATE credentials SET sealed=?", (sealed,)).rowcount)
    with pytest.raises(NoCredentials):
        await store.credentials.get(ALICE)


async def test_nothing_is_sealed_before_the_vault_is_open(store: Store) -> None:
    with pytest.raises(StorageRefused, match="vault"):
        await store.credentials.put(ALICE, {"api_secret": CANARY})


@pytest.mark.usefixtures("vault")
async def test_bybit_and_hyperliquid_keys_by_their_names() -> None:
    await db.set_user_credentials(1, "key", CANARY, "demo")
    assert await db.get_user_credentials(1, "demo") == ("key", CANARY)
    with pytest.raises(NoCredentials):
        await db.get_user_credentials(1, "real")

    await db.set_hl_credentials(1, "0xkey", None, True)
    await db.set_hl_credentials(1, "0xreal", "0xvault", False)
    assert await db.get_hl_credentials(1) == {
        "private_key": "0xreal",
        "vault_address": "0xvault",
        "testnet": False,
        "account_type": "real",
    }
    assert (await db.get_hl_credentials(1, "testnet"))["private_key"] == "0xkey"
    with pytest.raises(NoCredentials):
        await db.get_hl_credentials(2)


@pytest.mark.usefixtures("vault")
async def test_stored_keys_are_listed_without_their_values() -> None:
    await db.set_credentials(ALICE, {"api_key": "k", "api_secret": CANARY, "empty": ""})
    (row,) = await db.list_accounts(1)
    assert row.has_credentials
    assert CANARY not in repr(row)
    assert await db.get_credentials(ALICE) == {"api_key": "k", "api_secret": CANARY}
    assert await db.get_credentials(MALLORY) is None
    assert await db.delete_credentials(ALICE)


def test_secret_shows_nothing_of_itself() -> None:
    secret = Secret(CANARY)
    shown = f"{secret} {secret!r} {secret!s:>20} {[secret]} {{}}".format(secret)
    assert CANARY not in shown
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    assert secret != CANARY
    for escape in (hash, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            escape(secret)


def test_vault_shows_nothing_of_its_keys() -> None:
    key = os.urandom(32)
    vault = Vault([key])
    assert repr(vault) == f"Vault({kek_id(key)})"
