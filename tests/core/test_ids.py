"""Client ids: the same cause, the same id; nobody chooses one; each venue takes its form."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import FORMATS, client_order_id, is_ours, use_id_key
from models.account import Account
from models.enums import AccountType

PATTERNS = {"bybit": r"eb1-[a-z2-7]{32}", "hyperliquid": r"0xeb01[0-9a-f]{28}", "okx": r"eb1[a-z2-7]{29}"}


@pytest.fixture(autouse=True)
def key() -> None:
    use_id_key("123456:token")


def account(exchange: str = "bybit", user_id: int = 1, kind: AccountType = AccountType.PAPER) -> Account:
    return Account(user_id=user_id, exchange=exchange, account_type=kind)


@pytest.mark.parametrize("exchange", list(FORMATS))
def test_id_has_the_form_of_its_venue_and_is_recognised(exchange: str) -> None:
    id = client_order_id(exchange, account(exchange), "tg:1:2:buy")
    assert re.fullmatch(PATTERNS[exchange], id)
    assert len(id) <= 36
    assert is_ours(exchange, id)


@given(cause=st.text(max_size=200), leg=st.integers(0, 20))
def test_same_cause_gives_the_same_id_and_another_cause_another(cause: str, leg: int) -> None:
    use_id_key("123456:token")
    id = client_order_id("bybit", account(), cause, leg)
    assert client_order_id("bybit", account(), cause, leg) == id
    assert client_order_id("bybit", account(), cause + "x", leg) != id
    assert client_order_id("bybit", account(), cause, leg + 1) != id


def test_accounts_and_keys_have_ids_of_their_own() -> None:
    ids = {
        client_order_id(row.exchange, row, "c")
        for row in (account(), account(user_id=2), account(kind=AccountType.REAL), account("hyperliquid"))
    }
    use_id_key("123456:another")
    ids.add(client_order_id("bybit", account(), "c"))
    assert len(ids) == 5


@pytest.mark.parametrize("id", [None, "", "by-hand", "EB1-x", "0xEB01", "xeb1-"])
def test_ids_of_others_are_not_ours(id: str | None) -> None:
    assert not is_ours("bybit", id)
    assert not is_ours("unheard-of", id)
