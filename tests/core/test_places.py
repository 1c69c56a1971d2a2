"""Where a ticket goes: words in a typed order, accounts that were picked, and what venue and mode mean without them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import db
from core.accounts import MOST_TOGETHER, Accounts
from core.places import accounts_at, split_places
from models.account import Account
from models.enums import AccountType
from models.errors import BadOrder, LimitExceeded

ME = 7
LIVE = Accounts(is_sandbox=False)
SANDBOX = Accounts(is_sandbox=True)


def account(exchange: str, kind: str) -> Account:
    return Account(user_id=ME, exchange=exchange, account_type=AccountType(kind))


DEMO, REAL = account("bybit", "demo"), account("bybit", "real")
TESTNET, HL_REAL = account("hyperliquid", "testnet"), account("hyperliquid", "real")
EVERY = [DEMO, REAL, TESTNET, HL_REAL]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[None]:
    await db.open_database(f"sqlite+aiosqlite:///{tmp_path / 'elcaro.db'}")
    yield
    await db.close_database()


SPLIT = {
    "btc 100$ sl 2%": ("btc 100$ sl 2%", ()),
    "btc 100$ on all": ("btc 100$", ("all",)),
    "btc 100$ ON Bybit, HyperLiquid sl 2%": ("btc 100$  sl 2%", ("bybit", "hyperliquid")),
    "btc on hl+okx 100$": ("btc  100$", ("hyperliquid", "okx")),
    "btc 100$ на все": ("btc 100$", ("все",)),
    "btc 100$ on bybit:real": ("btc 100$", ("bybit:real",)),
    "btc на 100$": ("btc на 100$", ()),
    "btc на росте 100$": ("btc на росте 100$", ()),
    "on 100$": ("on 100$", ()),
}


@pytest.mark.parametrize("text", SPLIT)
def test_places_are_taken_out_of_an_order(text: str) -> None:
    assert split_places(text) == SPLIT[text]


def test_place_that_is_none_is_named() -> None:
    with pytest.raises(BadOrder) as refused:
        split_places("btc 100$ on bybit,binance")
    assert (refused.value.code, refused.value.fields["text"]) == ("unknown_place", "binance")


MEANT = {
    ("all",): EVERY,
    ("bybit",): [DEMO],
    ("hyperliquid", "bybit"): [TESTNET, DEMO],
    ("demo",): [DEMO, TESTNET],
    ("real",): [REAL, HL_REAL],
    ("bybit:real", "bybit"): [REAL, DEMO],
}


@pytest.mark.parametrize("words", MEANT, ids=",".join)
async def test_words_mean_accounts(store: None, words: tuple[str, ...]) -> None:
    assert await accounts_at(LIVE, ME, words, EVERY, most=MOST_TOGETHER) == MEANT[words]


async def test_too_many_accounts_and_none_are_refused(store: None) -> None:
    with pytest.raises(LimitExceeded) as many:
        await accounts_at(LIVE, ME, ("all",), EVERY, most=3)
    assert many.value.code == "too_many_accounts"
    with pytest.raises(BadOrder) as none:
        await accounts_at(LIVE, ME, ("testnet",), [DEMO], most=3)
    assert none.value.code == "no_such_account"


async def test_picked_accounts_are_chosen_until_a_venue_or_mode_is(store: None) -> None:
    await LIVE.pick(ME, [REAL, TESTNET])
    assert await LIVE.chosen(ME) == [TESTNET, REAL]  # practice first: it is what is meant where one account is
    assert await LIVE.resolve(ME) == TESTNET
    assert await LIVE.resolve(ME, "bybit") == REAL
    assert await LIVE.at_venue(ME, "okx") == [account("okx", "demo")]
    await db.set_trading_mode(ME, "both")
    assert await LIVE.chosen(ME) == [DEMO, REAL]
    await LIVE.pick(ME, [HL_REAL])
    await db.set_exchange_type(ME, "bybit")
    assert await LIVE.picked(ME) == []


async def test_picking_what_a_venue_means_is_choosing_the_venue(store: None) -> None:
    await LIVE.pick(ME, [DEMO, TESTNET])
    await LIVE.pick(ME, [TESTNET])
    assert await LIVE.picked(ME) == []
    assert await db.get_exchange_type(ME) == "hyperliquid"
    with pytest.raises(LimitExceeded):
        await LIVE.pick(ME, [DEMO] * (MOST_TOGETHER + 1))


async def test_accounts_picked_in_the_sandbox_do_not_count_outside(store: None) -> None:
    paper = account("hyperliquid", "paper")
    await SANDBOX.pick(ME, [account("bybit", "paper"), paper])
    assert await SANDBOX.resolve(ME, "hyperliquid") == paper
    assert await LIVE.chosen(ME) == [DEMO]
