"""What HyperLiquid's /info says about one account. An agent's address, like a stranger's, has nothing of its own.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import ZERO, Fill, LedgerKind, Order
from sandbox.hyperliquid import account_shapes, shapes
from sandbox.hyperliquid.assets import number_text
from sandbox.hyperliquid.market_info import read_dex
from sandbox.hyperliquid.venue import Venue, status_row
from sandbox.hyperliquid.wire import Optional, UndecodableBody, address, cloid, either, flag, struct, text, uint

FILLS: Final = 2000
HISTORY: Final = 2000
_PERIODS: Final = ("day", "week", "month", "allTime", "perpDay", "perpWeek", "perpMonth", "perpAllTime")
_LONGEST_MS: Final = 2**62


def clearinghouse_state(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `clearinghouseState`."""
    return account_shapes.clearinghouse_state(venue, read_user(body), read_dex(venue, body))


def spot_clearinghouse_state(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `spotClearinghouseState`."""
    return account_shapes.spot_clearinghouse_state(venue, read_user(body))


def active_asset_data(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `activeAssetData`."""
    coin = struct(coin=text)(body, "activeAssetData")["coin"]
    if coin not in venue.engine.instruments:
        raise UndecodableBody(f"coin: unknown coin {coin!r}")
    return account_shapes.active_asset_data(venue, read_user(body), coin)


def open_orders(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `openOrders`: conditional orders are listed too, but nothing says that they are."""
    return [shapes.basic_order(order) for order in _open_orders(venue, body)]


def frontend_open_orders(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `frontendOpenOrders`."""
    return [shapes.full_order(order, children=venue.children(order)) for order in _open_orders(venue, body)]


def order_state(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `orderStatus`, by oid or cloid."""
    key = struct(oid=either(uint, cloid))(body, "orderStatus")["oid"]
    account = known_account(venue, body)
    order = venue.find_order(account, key) if account else None
    if order is None or not venue.is_visible(order.created_ms):
        return {"status": "unknownOid"}
    return {"status": "order", "order": status_row(venue, order)}


def historical_orders(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `historicalOrders`: the newest 2000, newest first."""
    account = known_account(venue, body)
    orders = venue.history_of(account) if account else []
    return [status_row(venue, order) for order in orders if venue.is_visible(order.created_ms)][:HISTORY]


def user_fills(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `userFills`: the newest 2000, newest first."""
    return [shapes.fill(row) for row in _fills(venue, body)[:FILLS]]


def user_fills_by_time(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `userFillsByTime`: the oldest 2000 of the range, oldest first."""
    struct(aggregateByTime=Optional(flag))(body, "userFillsByTime")
    start, end = _range(body)
    rows = [row for row in reversed(_fills(venue, body)) if start <= row.time_ms <= end]
    return [shapes.fill(row) for row in rows[:FILLS]]


def user_funding(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `userFunding`: at most 500 payments of the range, oldest first."""
    account, (start, end) = known_account(venue, body), _range(body)
    rows = reversed(venue.engine.fundings(account)) if account else iter(())
    return [
        {
            "time": row.time_ms,
            "hash": shapes.transaction_hash("funding", row.number),
            "delta": {"type": "funding", **shapes.funding(row)},
        }
        for row in rows
        if start <= row.time_ms <= end
    ][:500]


def ledger_updates(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `userNonFundingLedgerUpdates`: what came in and went out, oldest first."""
    account, (start, end) = known_account(venue, body), _range(body)
    lines = venue.engine.ledger.lines(account_id=account, kind=LedgerKind.DEPOSIT) if account else []
    return [
        {
            "time": line.time_ms,
            "hash": shapes.transaction_hash("ledger", line.seq),
            "delta": _delta(line.amount, line.seq),
        }
        for line in lines
        if line.amount is not None and start <= line.time_ms <= end
    ]


def user_fees(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `userFees`: the base tier, for everybody."""
    account = known_account(venue, body)
    taker, maker = number_text(venue.engine.taker_rate), number_text(venue.engine.maker_rate)
    days = _daily_volume(venue, account) if account else []
    no_discount = {"bpsOfMaxSupply": "0.0", "discount": "0.0"}
    return {
        "dailyUserVlm": days,
        "feeSchedule": {
            "cross": taker,
            "add": maker,
            "spotCross": "0.0007",
            "spotAdd": "0.0004",
            "tiers": {"vip": [], "mm": []},
            "referralDiscount": "0.04",
            "stakingDiscountTiers": [no_discount],
        },
        "userCrossRate": taker,
        "userAddRate": maker,
        "userSpotCrossRate": "0.0007",
        "userSpotAddRate": "0.0004",
        "activeReferralDiscount": "0.0",
        "trial": None,
        "feeTrialEscrow": "0.0",
        "nextTrialAvailableTimestamp": None,
        "stakingLink": None,
        "activeStakingDiscount": no_discount,
    }


def user_rate_limit(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `userRateLimit`."""
    account = known_account(venue, body)
    volume = venue.volume(account) if account else ZERO
    return {
        "cumVlm": number_text(volume),
        "nRequestsUsed": venue.address_budget.used(account or ""),
        "nRequestsCap": venue.address_budget.cap(volume),
        "nRequestsSurplus": 0,
    }


def user_role(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `userRole`."""
    return venue.registry.role(read_user(body), now_ms=venue.now_ms())


def extra_agents(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer `extraAgents`: the named, living ones."""
    holder = venue.registry.holder(read_user(body))
    agents = [] if holder is None else holder.agents.values()
    return [
        {"name": agent.name, "address": agent.address, "validUntil": agent.valid_until_ms}
        for agent in agents
        if agent.name and agent.valid_until_ms > venue.now_ms()
    ]


def user_abstraction(venue: Venue, body: Mapping[str, Any]) -> str:
    """Answer `userAbstraction`, a bare word."""
    holder = venue.registry.holder(read_user(body))
    return "default" if holder is None else holder.abstraction


def user_dex_abstraction(venue: Venue, body: Mapping[str, Any]) -> bool | None:
    """Answer `userDexAbstraction`; null when the account never said."""
    holder = venue.registry.holder(read_user(body))
    return None if holder is None else holder.abstraction == "dexAbstraction" or None


def sub_accounts(venue: Venue, body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Answer `subAccounts`; null when there are none."""
    rows = [
        {
            "name": holder.name,
            "subAccountUser": holder.address,
            "master": holder.master,
            "clearinghouseState": account_shapes.clearinghouse_state(venue, holder.address),
            "spotState": account_shapes.spot_clearinghouse_state(venue, holder.address),
        }
        for holder in venue.registry.sub_accounts(read_user(body))
    ]
    return rows or None


def portfolio(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer `portfolio`: where the account stands now; its past values are not kept."""
    account = known_account(venue, body)
    value = account_shapes.clearinghouse_state(venue, read_user(body))["marginSummary"]["accountValue"]
    volume = number_text(venue.volume(account) if account else ZERO)
    now = venue.now_ms()
    period = {"accountValueHistory": [[now, value]], "pnlHistory": [[now, "0.0"]], "vlm": volume}
    return [[name, period] for name in _PERIODS]


def max_builder_fee(venue: Venue, body: Mapping[str, Any]) -> int:
    """Answer `maxBuilderFee`, in tenths of a basis point."""
    struct(user=address, builder=address)(body, "maxBuilderFee")
    return 0


def referral(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `referral`."""
    holder = venue.registry.holder(read_user(body))
    code = None if holder is None else holder.referrer
    return {
        "referredBy": None if code is None else {"referrer": "0x" + "00" * 20, "code": code},
        "cumVlm": "0.0",
        "unclaimedRewards": "0.0",
        "claimedRewards": "0.0",
        "builderRewards": "0.0",
        "referrerState": None,
        "rewardHistory": [],
    }


def nothing(venue: Venue, body: Mapping[str, Any]) -> list[Any]:
    """Answer a list that is always empty here, such as vault shares and time-weighted orders."""
    read_user(body)
    return []


def vault_details(venue: Venue, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer `vaultDetails`; null when there is no vault at the address."""
    found = venue.registry.holder(struct(vaultAddress=address)(body, "vaultDetails")["vaultAddress"])
    if found is None or found.leader is None:
        return None
    return {"name": found.name, "vaultAddress": found.address, "leader": found.leader, "followers": [], "portfolio": []}


def read_user(body: Mapping[str, Any]) -> str:
    """Return the lower-case address a request is about."""
    return str(struct(user=address)(body, "body")["user"])


def known_account(venue: Venue, body: Mapping[str, Any]) -> str | None:
    """Return the account a request is about, None when this address holds none."""
    holder = venue.registry.holder(read_user(body))
    return None if holder is None else holder.address


def _open_orders(venue: Venue, body: Mapping[str, Any]) -> list[Order]:
    account, dex = known_account(venue, body), read_dex(venue, body)
    orders = venue.open_orders(account, dex) if account else []
    return [order for order in orders if venue.is_visible(order.created_ms)]


def _fills(venue: Venue, body: Mapping[str, Any]) -> list[Fill]:
    account = known_account(venue, body)
    rows = venue.engine.fills(account) if account else []
    return [row for row in rows if venue.is_visible(row.time_ms)]


def _range(body: Mapping[str, Any]) -> tuple[int, int]:
    asked = struct(startTime=Optional(uint), endTime=Optional(uint))(body, "body")
    return asked.get("startTime", 0), asked.get("endTime", _LONGEST_MS)


def _delta(amount: Decimal, number: int) -> dict[str, Any]:
    if amount >= 0:
        return {"type": "deposit", "usdc": shapes.money(amount)}
    return {"type": "withdraw", "usdc": shapes.money(-amount), "nonce": number, "fee": "0.0"}


def _daily_volume(venue: Venue, account: str) -> list[dict[str, str]]:
    """Return the last fifteen days' volume, oldest first."""
    days: dict[str, dict[bool, Decimal]] = {}
    for row in venue.engine.fills(account):
        volume = days.setdefault(shapes.date(row.time_ms), {True: ZERO, False: ZERO})
        volume[row.maker] += row.value
    return [_day(date, days[date]) for date in sorted(days)[-15:]]


def _day(date: str, volume: Mapping[bool, Decimal]) -> dict[str, str]:
    return {
        "date": date,
        "userCross": number_text(volume[False]),
        "userAdd": number_text(volume[True]),
        "exchange": number_text(sum(volume.values(), ZERO) * 1000),
    }
