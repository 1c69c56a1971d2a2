"""Reads of HyperLiquid's direct path, on a venue that is a script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from direct.calls import Pools
from exchanges.hyperliquid_keys import parse_key
from hl_adapter import DirectHyperliquid
from models.enums import AccountType, MarginMode
from models.errors import BadOrder, BadPayload, Rejected
from models.values import from_millis
from models.venue import Credentials
from tests.exchanges.hyperliquid_kit import AGENT_KEY, BTC, CLOID, MASTER, NOW_MS, VAULT, answering
from tests.exchanges.wire_server import WireServer
from tests.payloads.loading import payload

STRANGER = "0x" + "c3" * 20
AGENT = str(parse_key(AGENT_KEY).address)
DEXES = [None, {"name": "xyz"}, {"name": "flx"}]
TOKENS = {"tokens": [{"name": "USDC", "index": 0}, {"name": "USDH", "index": 360}], "universe": []}


def meta(question: dict[str, Any]) -> dict[str, Any]:
    """Return the listing of a dex; flx settles in USDH."""
    dex = question.get("dex") or ""
    name = f"{dex}:GOLD" if dex else "BTC"
    return {
        "universe": [{"name": name, "szDecimals": 3, "maxLeverage": 10}],
        "marginTables": [],
        "collateralToken": 360 if dex == "flx" else 0,
    }


def state(question: dict[str, Any]) -> dict[str, Any]:
    """Return an empty account that is worth 100 on every dex."""
    return {**payload("hyperliquid/info_clearinghouse_state"), "assetPositions": [], "marginSummary": SUMMARY}


SUMMARY = {"accountValue": "100.0", "totalNtlPos": "0.0", "totalRawUsd": "100.0", "totalMarginUsed": "0.0"}


@asynccontextmanager
async def direct(values: dict[str, str] | None = None, **answers: Any) -> AsyncIterator[DirectHyperliquid]:
    """Yield the direct path to a venue that answers so."""
    values = {"private_key": AGENT_KEY, "account_address": MASTER, **(values or {})}
    credentials = Credentials(exchange="hyperliquid", account_type=AccountType.PAPER, values=values)
    pools = Pools("test")
    async with WireServer(answering(perpDexs=DEXES, meta=meta, spotMeta=TOKENS, **answers)) as server:
        yield DirectHyperliquid(
            base_url=server.url, account_type=AccountType.PAPER, credentials=credentials, pools=pools
        )
    pools.close()


async def test_money_of_a_dex_that_settles_in_another_coin_is_not_counted_as_usdc() -> None:
    spot: dict[str, Any] = {"balances": []}
    async with direct(clearinghouseState=state, spotClearinghouseState=spot, userAbstraction="default") as account:
        assert (await account.get_balance()).equity == Decimal(200)


async def test_a_market_names_the_coin_that_its_dex_settles_in() -> None:
    async with direct() as account:
        markets = await account.get_instruments()
    assert [(m.native_symbol, m.settle, m.asset_id) for m in markets] == [
        ("BTC", "USDC", 0),
        ("xyz:GOLD", "USDC", 110_000),
        ("flx:GOLD", "USDH", 120_000),
    ]


def status_of(**changes: Any) -> dict[str, Any]:
    """Return the state of an order, changed."""
    found: dict[str, Any] = payload("hyperliquid/info_order_status")
    found["order"]["order"] |= changes
    return found


@pytest.mark.parametrize("changes", [{"coin": "ETH", "cloid": CLOID}, {"coin": "BTC"}], ids=str)
async def test_answer_about_another_order_is_no_answer(changes: dict[str, Any]) -> None:
    async with direct(orderStatus=status_of(**changes)) as account:
        with pytest.raises(BadPayload):
            await account.find_order(BTC, client_order_id=CLOID)


async def test_prices_of_every_dex_are_told() -> None:
    def contexts(question: dict[str, Any]) -> list[Any]:
        return [meta(question), [{"markPx": "2.5"}]]

    async with direct(metaAndAssetCtxs=contexts) as account:
        assert {ticker.symbol for ticker in await account.get_tickers()} == {"BTCUSDT", "xyz:GOLD", "flx:GOLD"}


async def test_an_amended_order_is_found_by_our_id_when_the_venues_is_gone() -> None:
    found = status_of(coin="BTC", cloid=CLOID)

    def status(question: dict[str, Any]) -> dict[str, Any]:
        return found if question["oid"] == CLOID else {"status": "unknownOid"}

    async with direct(orderStatus=status) as account:
        order = await account.find_order(BTC, order_id="1", client_order_id=CLOID)
    assert order is not None
    assert order.order_id == str(found["order"]["order"]["oid"])


async def test_the_margin_mode_of_a_market_is_known_without_a_position() -> None:
    data = {"user": MASTER, "coin": "BTC", "leverage": {"type": "isolated", "value": 5, "rawUsd": "0.0"}}
    async with direct(activeAssetData=data, userAbstraction="default") as account:
        assert (await account.get_account_state(BTC)).margin_mode is MarginMode.ISOLATED
        assert await account.get_leverage(BTC) == 5


async def test_fills_are_read_to_the_newest_however_many_there_are() -> None:
    fill = payload("hyperliquid/info_user_fills")[0]
    fills = [{**fill, "tid": n, "time": NOW_MS - 5000 + n} for n in range(1, 1301)]

    def page(question: dict[str, Any]) -> list[dict[str, Any]]:
        return [row for row in fills if row["time"] >= question["startTime"]][:500]

    async with direct(userFillsByTime=page) as account:
        found = await account.get_fills(since=from_millis(NOW_MS - 5000), limit=2000)
    assert [row.fill_id for row in found] == [str(n) for n in range(1300, 0, -1)]


REFUSED_KEYS: dict[str, dict[str, Any]] = {
    "key_invalid": {"userRole": {"role": "missing"}},
    "key_of_another_account": {"userRole": {"role": "agent", "data": {"user": STRANGER}}},
    "key_expired": {"extraAgents": [{"name": "old", "address": AGENT, "validUntil": 1_600_000_000_000}]},
}


@pytest.mark.parametrize("code", REFUSED_KEYS)
async def test_key_that_cannot_trade_here_is_refused_with_the_reason(code: str) -> None:
    answers = {"userRole": {"role": "agent", "data": {"user": MASTER}}, "extraAgents": [], **REFUSED_KEYS[code]}
    async with direct(values={"account_address": MASTER}, **answers) as account:
        with pytest.raises(Rejected) as refused:
            await account.get_key_info()
    assert refused.value.code == code


async def test_key_of_a_wallet_is_told_from_that_of_an_agent() -> None:
    agents = [{"name": "bot", "address": AGENT, "validUntil": 1_999_999_999_999}]
    async with direct(userRole={"role": "agent", "data": {"user": MASTER}}, extraAgents=agents) as account:
        agent = await account.get_key_info()
    assert (agent.is_valid, agent.can_withdraw, agent.is_master_key, agent.label) == (True, False, False, "bot")
    async with direct(userRole={"role": "user"}) as account:
        wallet = await account.get_key_info()
    assert (wallet.can_withdraw, wallet.is_master_key) == (True, True)


@pytest.mark.parametrize(
    ("master", "owner", "is_valid"), [(MASTER, MASTER, True), (STRANGER, STRANGER, False), (MASTER, STRANGER, False)]
)
async def test_agent_of_a_vaults_master_is_valid_and_a_strangers_is_not(
    master: str, owner: str, is_valid: bool
) -> None:
    def role(question: dict[str, Any]) -> dict[str, Any]:
        if question["user"].lower() == VAULT.lower():
            return {"role": "subAccount", "data": {"master": owner}}
        return {"role": "agent", "data": {"user": master}}

    async with direct(values={"vault_address": VAULT}, userRole=role, extraAgents=[]) as account:
        if is_valid:
            assert (await account.get_key_info()).is_valid
        else:
            with pytest.raises(Rejected):
                await account.get_key_info()


@pytest.mark.parametrize(
    ("word", "mode", "is_unified"),
    [("default", None, False), ("unifiedAccount", None, True), ("portfolioMargin", MarginMode.PORTFOLIO, True)],
)
async def test_account_says_whether_its_money_is_in_one_pot(
    word: str, mode: MarginMode | None, is_unified: bool
) -> None:
    async with direct(userAbstraction=word) as account:
        state = await account.get_account_state()
    assert (state.margin_mode, state.is_unified) == (mode, is_unified)


async def test_order_id_that_cannot_be_the_venues_is_refused_and_asked_of_nobody() -> None:
    async with direct() as account:
        with pytest.raises(BadOrder) as refused:
            await account.find_order(BTC, order_id="made-in-the-app")
    assert refused.value.code == "bad_order_id"
