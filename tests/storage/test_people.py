"""People, what they chose, their accounts, and who invited them."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

import db
from db import Direction, Role, Store
from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import BadOrder, LimitExceeded
from storage.sessions import IDLE_MS, LIFETIME_MS
from tests.storage.claims_kit import sign, wish
from tests.storage.conftest import NOW_MS, Hands


async def test_stranger_is_nobody_and_a_known_person_keeps_their_role(store: Store) -> None:
    assert await store.users.get(1) is None
    assert await store.users.add(1, Role.TRADER)
    assert not await store.users.add(1, Role.ADMIN)
    user = await store.users.get(1)
    assert user is not None
    assert user.role is Role.TRADER


async def test_people_are_listed_by_role(store: Store) -> None:
    await store.users.set_role(1, Role.ADMIN)
    await store.users.set_role(2, Role.TRADER)
    await store.users.set_role(2, Role.BANNED)
    assert [user.user_id for user in await store.users.list_all()] == [1, 2]
    assert [user.user_id for user in await store.users.list_all(Role.BANNED)] == [2]


async def test_names_and_language_are_kept(store: Store) -> None:
    await store.users.add(1)
    await store.users.set_language(1, "uk")
    await store.users.saw(1, username="alice", first_name="Alice")
    user = await store.users.get(1)
    assert user is not None
    assert (user.language, user.username, user.first_name, user.seen_ms) == ("uk", "alice", "Alice", NOW_MS)


@pytest.mark.parametrize("value", [1, "text", True, [1, 2], {"a": None}, 0, ""])
async def test_setting_comes_back_as_it_was_put(store: Store, value: object) -> None:
    await store.settings.put(1, "key", value)
    assert await store.settings.get(1, "key") == value
    assert await store.settings.get_all(1) == {"key": value}


async def test_settings_are_everybodys_own(store: Store) -> None:
    await store.settings.put_many(1, {"a": 1, "b": 2})
    await store.settings.put(2, "a", 3)
    await store.settings.put(1, "b", None)
    assert await store.settings.get_all(1) == {"a": 1}
    assert await store.settings.get(1, "b", "default") == "default"
    assert await store.settings.everyone_with("a") == {1: 1, 2: 3}


async def test_setting_that_is_no_json_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        await store.settings.put(1, "a", float("nan"))


async def test_account_is_added_once_and_can_be_disabled(store: Store, account: Account) -> None:
    assert await store.accounts.id_of(account) == await store.accounts.id_of(account) == 1
    await store.accounts.disable(account, "key_invalid")
    row = await store.accounts.find(account)
    assert row is not None
    assert (row.is_enabled, row.disabled_reason, row.has_credentials) == (False, "key_invalid", False)
    await store.accounts.enable(account)
    await store.accounts.rename(account, "main")
    row = await store.accounts.find(account)
    assert row is not None
    assert (row.is_enabled, row.name, row.account) == (True, "main", account)
    assert await store.accounts.usable() == []


async def test_venue_account_is_linked_to_one_person_only(store: Store, account: Account) -> None:
    other = Account(user_id=8, exchange="bybit", account_type=AccountType.PAPER)
    await store.accounts.link(account, "uid-1")
    await store.accounts.link(account, "uid-1")
    with pytest.raises(LimitExceeded) as refusal:
        await store.accounts.link(other, "uid-1")
    assert refusal.value.code == "already_linked"
    await store.accounts.link(other, "uid-2")


async def test_deletion_waits_for_an_unresolved_order(store: Store, account: Account) -> None:
    await store.settings.put(account.user_id, "a", 1)
    await store.journal.claim(wish(account, "c"), sign)
    assert not await store.users.request_deletion(account.user_id)
    assert await store.users.finish_deletions() == []
    assert await store.settings.get(account.user_id, "a") == 1

    await store.writer.run(lambda tx: tx.sql.execute("UPDATE legs SET state='FILLED'").rowcount)
    assert await store.users.finish_deletions() == [account.user_id]
    user = await store.users.get(account.user_id)
    assert user is not None
    assert (user.role, user.is_leaving) == (Role.DELETED, False)
    assert await store.settings.get_all(account.user_id) == {}
    assert len(await store.journal.of_cause("c")) == 1


async def test_invitation_lets_one_person_in_once(store: Store) -> None:
    code = await store.invites.create(1, Role.TRADER)
    assert await store.invites.redeem(code, 2) is Role.TRADER
    assert await store.invites.redeem(code, 3) is None
    assert await store.invites.redeem("guess", 3) is None
    user = await store.users.get(2)
    assert user is not None
    assert user.role is Role.TRADER


async def test_invitation_ends_and_does_not_help_the_banned(store: Store, hands: Hands) -> None:
    await store.users.set_role(2, Role.BANNED)
    code = await store.invites.create(1, lifetime_s=60)
    assert await store.invites.redeem(code, 2) is None
    hands.now_ms += 60_000
    assert await store.invites.redeem(code, 3) is None


async def test_invitation_never_takes_a_role_away(store: Store) -> None:
    await store.users.set_role(1, Role.ADMIN)
    code = await store.invites.create(1, Role.VIEWER)
    assert await store.invites.redeem(code, 1) is None


async def test_alert_fires_once(store: Store) -> None:
    add: dict[str, Any] = {
        "exchange": "bybit",
        "account_type": AccountType.REAL,
        "symbol": "BTCUSDT",
        "direction": Direction.ABOVE,
    }
    first = await store.alerts.add(1, price=Decimal("70000.50"), **add)
    second = await store.alerts.add(2, price=Decimal(1), note="moon", **add)
    assert [str(alert.price) for alert in await store.alerts.waiting()] == ["70000.5", "1"]
    assert await store.alerts.fire(first)
    assert not await store.alerts.fire(first)
    assert not await store.alerts.remove(second, user_id=1)
    assert await store.alerts.remove(second, user_id=2)
    assert await store.alerts.waiting() == []


async def test_session_ends_without_use_by_age_and_on_demand(store: Store, hands: Hands) -> None:
    await store.users.add(1)
    token = await store.sessions.open(1)
    assert await store.sessions.user_of(token) == 1
    assert await store.sessions.user_of(token + "x") is None
    for _ in range(LIFETIME_MS // IDLE_MS):
        hands.now_ms += IDLE_MS - 1
        assert await store.sessions.user_of(token) == 1
    hands.now_ms += IDLE_MS
    assert await store.sessions.user_of(token) is None

    idle = await store.sessions.open(1)
    hands.now_ms += IDLE_MS
    assert await store.sessions.user_of(idle) is None
    revoked = [await store.sessions.open(1) for _ in range(2)]
    await store.sessions.revoke(revoked[0])
    assert [await store.sessions.user_of(token) for token in revoked] == [None, 1]
    assert await store.sessions.revoke_all(1) > 0
    assert await store.sessions.user_of(revoked[1]) is None


async def test_session_tokens_are_not_in_the_database(store: Store) -> None:
    await store.users.add(1)
    token = await store.sessions.open(1)
    rows = store.writer._sql.execute("SELECT * FROM web_sessions").fetchall()
    assert token not in str(rows)


async def test_key_is_used_once_within_its_lifetime(store: Store, hands: Hands) -> None:
    assert await store.sessions.use_once("hash", lifetime_s=300)
    assert not await store.sessions.use_once("hash", lifetime_s=300)
    hands.now_ms += 300_000
    assert await store.sessions.use_once("hash", lifetime_s=300)


async def test_audit_keeps_who_did_what(store: Store) -> None:
    await store.audit.add("role", "user:2", actor_id=1, role="trader")
    await store.audit.add("start")
    newest, oldest = await store.audit.latest()
    assert (newest.action, newest.actor_id) == ("start", None)
    assert (oldest.subject, oldest.actor_id, oldest.data) == ("user:2", 1, {"role": "trader"})
    assert [entry.action for entry in await store.audit.latest(actor_id=1)] == ["role"]


async def test_cache_gives_bytes_with_their_age(store: Store, hands: Hands) -> None:
    assert await store.cache.get("markets") is None
    await store.cache.put("markets", b"old")
    hands.now_ms += 5
    await store.cache.put("markets", b"new")
    assert await store.cache.get("markets") == (b"new", NOW_MS + 5)


@pytest.fixture
async def opened(url: str) -> AsyncIterator[None]:
    await db.open_database(url)
    yield
    await db.close_database()


@pytest.mark.usefixtures("opened")
async def test_choices_have_defaults_and_refuse_other_words() -> None:
    assert await db.get_exchange_type(1) == "bybit"
    assert await db.get_trading_mode(1) is TradingMode.DEMO
    await db.set_exchange_type(1, " HyperLiquid ")
    await db.set_trading_mode(1, "BOTH")
    assert await db.get_exchange_type(1) == "hyperliquid"
    assert await db.get_trading_mode(1) == "both"
    for word in ("", "by bit", "'; DROP TABLE users--", "біржа"):
        with pytest.raises(BadOrder):
            await db.set_exchange_type(1, word)
    with pytest.raises(BadOrder):
        await db.set_trading_mode(1, "live")


@pytest.mark.usefixtures("opened")
async def test_database_is_opened_once(url: str) -> None:
    with pytest.raises(db.StorageRefused, match="open already"):
        await db.open_database(url)


def test_closed_database_says_what_to_do() -> None:
    with pytest.raises(db.StorageRefused, match="open_database"):
        db.store()
