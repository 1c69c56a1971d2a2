"""Settings, accounts, keys and alerts over HTTP."""

from typing import Any

import pytest

from core.preferences import PREFERENCES
from sandbox import demo
from tests.webapp.rig import OWNER, Person, Rig, error_code

MAY_TRADE = {"ContractTrade": ("Order", "Position")}


async def test_settings_list_what_holds_and_what_would(owner: Person) -> None:
    rows = {row["key"]: row for row in await owner.data("/api/settings")}
    assert set(rows) == set(PREFERENCES)
    assert all(row["is_default"] for row in rows.values())
    await owner.send("PUT", "/api/settings/slippage_fraction", {"value": "0.5%"})
    changed = {row["key"]: row for row in await owner.data("/api/settings")}["slippage_fraction"]
    assert (changed["value"], changed["default"], changed["is_default"]) == ("0.005", "0.01", False)
    await owner.send("PUT", "/api/settings/slippage_fraction", {"value": None})
    assert all(row["is_default"] for row in await owner.data("/api/settings"))


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("slippage_fraction", "50%", "too_large"),
        ("max_positions", "2.5", "not_whole"),
        ("max_leverage", "many", "bad_number"),
        ("max_order_notional", "1,000", "ambiguous_number"),
        ("zone", "Middle/Earth", "unknown_zone"),
        ("quiet_hours", "25-7", "bad_hours"),
        ("requires_stop", "perhaps", "bad_word"),
        ("no_such", "1", "unknown_setting"),
    ],
)
async def test_setting_that_cannot_be_is_refused(owner: Person, key: str, value: str, code: str) -> None:
    answer = await owner.send("PUT", f"/api/settings/{key}", {"value": value})
    assert (answer.status_code, error_code(answer)) == (422, code)


async def test_venue_mode_and_language_are_chosen(owner: Person, rig: Rig) -> None:
    answer = await owner.send("PATCH", "/api/me", {"exchange": "hyperliquid", "trading_mode": "both", "language": "uk"})
    assert answer.status_code == 200
    me = await owner.data("/api/me")
    assert (me["exchange"], me["trading_mode"], me["language"]) == ("hyperliquid", "both", "uk")
    for body in ({"exchange": "mtgox"}, {"trading_mode": "paper"}, {"language": "fr"}):
        assert (await owner.send("PATCH", "/api/me", body)).status_code == 422, body


async def test_accounts_say_which_are_connected_and_chosen(owner: Person) -> None:
    rows = {(row["exchange"], row["account_type"]): row for row in await owner.data("/api/accounts")}
    assert rows["bybit", "paper"]["is_chosen"] is True
    assert rows["hyperliquid", "paper"]["is_chosen"] is False
    assert all(row["has_keys"] for row in rows.values())


async def test_picked_accounts_take_an_order_each_until_a_venue_is_chosen(owner: Person) -> None:
    both = [{"exchange": name, "account_type": "paper"} for name in ("bybit", "hyperliquid")]
    answer = await owner.send("PUT", "/api/accounts/picked", {"accounts": both})
    assert [row["exchange"] for row in answer.json()["data"] if row["is_chosen"]] == ["bybit", "hyperliquid"]
    assert (await owner.data("/api/me"))["is_picked"] is True
    body = {"symbol": "BTC", "side": "buy", "size": {"amount": "200", "unit": "notional"}}
    preview = await owner.done("/api/trading/order/preview", body)
    assert [order["account"]["exchange"] for order in preview["orders"]] == ["bybit", "hyperliquid"]
    sent = await owner.done("/api/trading/order", {"confirm": preview["confirm"]})
    assert [(part["about"]["exchange"], part["success"]) for part in sent["results"]] == [
        ("bybit", True),
        ("hyperliquid", True),
    ]
    await owner.send("PATCH", "/api/me", {"exchange": "bybit"})
    assert (await owner.data("/api/me"))["is_picked"] is False


@pytest.mark.parametrize("accounts", [[], [{"exchange": "mtgox", "account_type": "paper"}], [{"exchange": "bybit"}]])
async def test_picking_no_account_changes_nothing(owner: Person, accounts: list[dict[str, str]]) -> None:
    assert (await owner.send("PUT", "/api/accounts/picked", {"accounts": accounts})).status_code == 422
    assert (await owner.data("/api/me"))["is_picked"] is False


async def test_account_is_called_what_its_owner_says(owner: Person) -> None:
    path = "/api/accounts/bybit/paper/name"
    answer = await owner.send("PUT", path, {"name": "  Rainy\tdays "})
    assert answer.json()["data"][0]["name"] == "Rainy days"
    assert (await owner.data("/api/me"))["account_names"] == {"bybit:paper": "Rainy days"}
    assert error_code(await owner.send("PUT", path, {"name": "x" * 25})) == "bad_account_name"
    await owner.send("PUT", path, {"name": None})
    assert (await owner.data("/api/me"))["account_names"] == {}


def keys_of(rig: Rig) -> dict[str, Any]:
    account = rig.sandbox.new_bybit_account(permissions=MAY_TRADE)
    return {
        "exchange": "bybit",
        "account_type": "paper",
        "values": {"api_key": account.api_key, "api_secret": account.secret},
    }


async def test_key_is_checked_kept_and_never_shown(owner: Person, rig: Rig) -> None:
    body = keys_of(rig)
    answer = await owner.post("/api/keys", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["tail"] == body["values"]["api_key"][-4:]
    everything = [await owner.get(path) for path in ("/api/accounts", "/api/me", "/api/keys/venues", "/metrics")]
    for told in [answer, *everything]:
        assert body["values"]["api_secret"] not in told.text
        assert body["values"]["api_key"] not in told.text
    assert await owner.data("/api/trading/positions") == []


async def test_key_that_the_venue_does_not_know_is_refused(owner: Person, rig: Rig) -> None:
    body = keys_of(rig)
    body["values"]["api_secret"] = "f" * 36
    answer = await owner.post("/api/keys", body)
    assert answer.status_code in {409, 422}
    assert "f" * 36 not in answer.text
    assert await owner.data("/api/trading/positions") != []


async def test_key_that_can_take_money_out_is_refused(owner: Person, rig: Rig) -> None:
    account = rig.sandbox.new_bybit_account(permissions={**MAY_TRADE, "Wallet": ("Withdraw",)})
    values = {"api_key": account.api_key, "api_secret": account.secret}
    answer = await owner.post("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": values})
    assert (answer.status_code, error_code(answer)) == (409, "key_can_withdraw")


async def test_wallets_own_key_is_refused(owner: Person) -> None:
    values = {"private_key": "0x" + "5a" * 32}
    answer = await owner.post("/api/keys", {"exchange": "hyperliquid", "account_type": "paper", "values": values})
    assert answer.status_code in {409, 422}
    assert "5a5a5a" not in answer.text


@pytest.mark.parametrize(
    "values",
    [{}, {"api_key": "x"}, {"api_key": demo.BYBIT_KEY}, {"api_key": "k" * 20, "api_secret": "s" * 36, "pin": "1"}],
)
async def test_key_of_the_wrong_form_is_refused_without_asking_the_venue(
    owner: Person, rig: Rig, values: dict[str, str]
) -> None:
    answer = await owner.post("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": values})
    assert (answer.status_code, error_code(answer)) == (409, "key_malformed")
    assert rig.sent("GET /v5/user/query-api") == 0


async def test_venue_account_is_linked_once(owner: Person, rig: Rig) -> None:
    body = keys_of(rig)
    assert (await owner.post("/api/keys", body)).status_code == 200
    other = await rig.login(demo.STRANGER_ID)
    answer = await other.post("/api/keys", body)
    assert (answer.status_code, error_code(answer)) == (403, "already_linked")


async def test_keys_are_deleted(owner: Person, rig: Rig) -> None:
    await owner.post("/api/keys", keys_of(rig))
    answer = await owner.send("DELETE", "/api/keys/bybit/paper")
    assert answer.json()["data"] == {"had_any": True}
    assert OWNER in {user.user_id for user in await rig.runtime.store.users.list_all()}


async def test_key_changes_are_few(owner: Person) -> None:
    body = {"exchange": "bybit", "account_type": "paper", "values": {}}
    codes = [error_code(await owner.post("/api/keys", body)) for _ in range(4)]
    assert codes == ["key_malformed"] * 3 + ["too_many_requests"]


async def test_alert_is_added_listed_and_removed(owner: Person) -> None:
    body = {"symbol": "btc", "direction": "above", "price": "70000", "note": "<img src=x onerror=alert(1)>"}
    number = (await owner.done("/api/alerts", body))["id"]
    (row,) = await owner.data("/api/alerts")
    assert (row["symbol"], row["direction"], row["price"], row["note"]) == ("BTCUSDT", "above", "70000", body["note"])
    assert (await owner.send("DELETE", f"/api/alerts/{number}")).status_code == 200
    assert await owner.data("/api/alerts") == []
    assert (await owner.send("DELETE", f"/api/alerts/{number}")).status_code == 404


async def test_alert_on_a_price_that_is_there_already_is_refused(owner: Person) -> None:
    answer = await owner.post("/api/alerts", {"symbol": "BTCUSDT", "direction": "above", "price": "1"})
    assert error_code(answer) == "alert_now"
    assert await owner.data("/api/alerts") == []


async def test_alert_of_no_market_is_refused(owner: Person) -> None:
    answer = await owner.post("/api/alerts", {"symbol": "NOSUCH", "direction": "above", "price": "1"})
    assert (answer.status_code, error_code(answer)) == (404, "unknown_symbol")


async def test_markets_are_found_by_the_beginning_of_their_name(owner: Person) -> None:
    rows = await owner.data("/api/trading/instruments", text="sol", limit=5)
    assert rows[0]["symbol"].startswith("SOL")
    assert await owner.data("/api/trading/instruments", text="nosuchmarket") == []


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])
async def test_portfolio_and_stats_add_up(owner: Person, venue: str) -> None:
    await owner.send("PATCH", "/api/me", {"exchange": venue})
    (account,) = (await owner.data("/api/trading/portfolio"))["accounts"]
    assert all(account[name]["success"] for name in ("balance", "positions", "orders"))
    stats = await owner.data("/api/trading/stats", period="month")
    assert stats["trades"] > 0
    assert stats["curve"][-1]["total"] == stats["total"]
