"""Money moves between wallets and accounts only as far as it is there."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info

from sandbox.hyperliquid import people
from tests.sandbox.hyperliquid.conftest import Running, only_status, sdk_exchange

OK = {"status": "ok", "response": {"type": "default"}}
STRANGER = "0x" + "99" * 20
SHORT = {"status": "err", "response": "Insufficient balance for token transfer"}


@pytest.fixture
def master(hyperliquid: Running) -> Iterator[Exchange]:
    """The official SDK with the trader's master key."""
    client = sdk_exchange(hyperliquid, people.TRADER_KEY)
    yield client
    client.session.close()
    client.info.session.close()


def perps(info: Info, user: str) -> Decimal:
    return Decimal(info.user_state(user)["marginSummary"]["accountValue"])


def spot(info: Info, user: str) -> Decimal:
    return sum((Decimal(row["total"]) for row in info.spot_user_state(user)["balances"]), Decimal(0))


def test_sent_dollars_make_a_stranger_an_account(master: Exchange, info: Info, trader: str) -> None:
    assert info.user_role(STRANGER) == {"role": "missing"}
    assert master.usd_transfer(100.0, STRANGER) == OK
    assert (perps(info, trader), perps(info, STRANGER)) == (Decimal(9900), Decimal(100))
    assert info.user_role(STRANGER) == {"role": "user"}
    assert master.usd_transfer(1_000_000.0, STRANGER) == SHORT


def test_asset_moves_from_spot_to_another_accounts_perps(master: Exchange, info: Info, trader: str) -> None:
    assert master.send_asset(STRANGER, "spot", "", "USDC:0x6d1e7cde53ba9467b783cb7c530ce054", 40.0) == OK
    assert (spot(info, trader), perps(info, STRANGER)) == (Decimal(460), Decimal(40))
    assert master.send_asset(STRANGER, "", "spot", "USDC", 60.0) == OK
    assert (perps(info, trader), spot(info, STRANGER)) == (Decimal(9940), Decimal(60))


@pytest.mark.parametrize(
    ("source", "token", "amount", "text"),
    [
        ("spot", "USDC", 501.0, "Insufficient balance for token transfer"),
        ("spot", "PURR", 1.0, "Unknown token PURR"),
        ("nowhere", "USDC", 1.0, "Invalid perp DEX nowhere"),
    ],
)
def test_asset_that_is_not_there_is_not_sent(
    master: Exchange, info: Info, trader: str, source: str, token: str, amount: float, text: str
) -> None:
    assert master.send_asset(trader, source, "", token, amount) == {"status": "err", "response": text}
    assert spot(info, trader) == 500


def test_money_behind_a_position_cannot_leave(master: Exchange, info: Info, trader: str) -> None:
    master.update_leverage(1, "BTC")
    assert "filled" in only_status(master.market_open("BTC", True, 0.15))
    assert master.withdraw_from_bridge(5000.0, trader)["status"] == "err"
    assert master.withdraw_from_bridge(100.0, trader) == OK


def test_sub_account_is_opened_funded_and_emptied(master: Exchange, info: Info, trader: str) -> None:
    answer = master.create_sub_account("second")
    assert answer["response"]["type"] == "createSubAccount"
    address = answer["response"]["data"]
    assert master.sub_account_transfer(address, True, 250_000_000) == OK
    listed = {row["name"]: row["subAccountUser"] for row in info.query_sub_accounts(trader)}
    assert listed["second"] == address
    assert perps(info, address) == 250
    assert master.sub_account_transfer(address, False, 300_000_000) == SHORT
    assert master.sub_account_transfer(address, False, 250_000_000) == OK
    assert perps(info, address) == 0


def test_account_that_becomes_unified_shows_all_its_money_in_spot(master: Exchange, info: Info, trader: str) -> None:
    assert master.user_set_abstraction(trader, "unifiedAccount") == OK
    assert info.query_user_abstraction_state(trader) == "unifiedAccount"
    assert (perps(info, trader), spot(info, trader)) == (Decimal(0), Decimal(10_500))
    refused = master.usd_class_transfer(1.0, True)
    assert refused == {"status": "err", "response": "Action disabled when unified account is active"}


def test_dex_abstraction_is_noted(master: Exchange, info: Info, trader: str) -> None:
    assert master.user_dex_abstraction(trader, True) == OK
    assert info.query_user_dex_abstraction_state(trader) is True
    assert master.user_dex_abstraction(trader, False) == OK
    assert info.query_user_abstraction_state(trader) == "disabled"


def test_builder_fee_and_referrer_are_accepted_once(master: Exchange, info: Info, trader: str) -> None:
    assert master.approve_builder_fee("0x" + "77" * 20, "0.01%") == OK
    assert master.set_referrer("SANDBOX") == OK
    assert info.query_referral_state(trader)["referredBy"]["code"] == "SANDBOX"
    assert master.set_referrer("OTHER")["status"] == "err"


def test_agents_are_limited_in_number_and_name(master: Exchange) -> None:
    assert all(master.approve_agent(name)[0] == OK for name in ("one", "two", "three", "four", None))
    refused, _ = master.approve_agent("five")
    assert refused == {"status": "err", "response": "Too many extra agents."}
    too_long, _ = master.approve_agent("a name of more than sixteen")
    assert too_long["response"].startswith("Extra agent name must be between 1 and 16")
