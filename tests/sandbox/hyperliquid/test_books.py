"""Whatever is traded, HyperLiquid's answers agree with the engine's ledger."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.hyperliquid import exchange, info, people
from sandbox.hyperliquid.actions import SignedRequest
from sandbox.hyperliquid.exchange import dispatch
from sandbox.hyperliquid.venue import Venue
from sandbox.world import World

COINS = {0: ("BTC", "60000"), 1: ("ETH", "3000"), 110_000: ("TSLA", "250")}
TRADER = people.address_of(people.TRADER_KEY)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CENT = Decimal("0.0001")


def scaled(base: str, percent: int) -> str:
    """Return a price some percent away from another, with no more figures than the venue takes."""
    return str((Decimal(base) * (100 + percent) / 100).quantize(Decimal(1)))


def legs(asset: int, percent: int, units: int, *, buy: bool, tif: str, reduce: bool) -> dict[str, Any]:
    price = COINS[asset][1]
    size = str(Decimal(units) * {0: Decimal("0.001"), 1: Decimal("0.02"), 110_000: Decimal("0.3")}[asset])
    row = {"a": asset, "b": buy, "p": scaled(price, percent), "s": size, "r": reduce}
    return row | {"t": {"limit": {"tif": tif}}}


ORDERS = st.builds(
    legs,
    st.sampled_from(sorted(COINS)),
    st.integers(-8, 8),
    st.integers(1, 40),
    buy=st.booleans(),
    tif=st.sampled_from(["Gtc", "Ioc", "Alo"]),
    reduce=st.sampled_from([False, False, False, True]),
)
ACTIONS = st.one_of(
    st.builds(lambda row: {"type": "order", "orders": [row], "grouping": "na"}, ORDERS),
    st.builds(lambda nth: {"type": "cancel", "nth": nth}, st.integers(0, 5)),
    st.builds(
        lambda asset, leverage: {"type": "updateLeverage", "asset": asset, "isCross": False, "leverage": leverage},
        st.sampled_from(sorted(COINS)),
        st.integers(1, 10),
    ),
    st.builds(
        lambda asset, percent: {"type": "price", "asset": asset, "percent": percent},
        st.sampled_from(sorted(COINS)),
        st.integers(-9, 9),
    ),
)


def make_venue() -> tuple[World, Venue]:
    world = World(clock=Clock(frozen_at=NOW))
    for coin, price in COINS.values():
        world.market.set_price(coin, Decimal(price))
    venue = Venue(world.hyperliquid)
    people.open_accounts(venue)
    return world, venue


def act(world: World, venue: Venue, action: dict[str, Any]) -> None:
    """Do one action of the trader's, or move a price."""
    if action["type"] == "price":
        coin, price = COINS[action["asset"]]
        world.market.set_price(coin, Decimal(scaled(price, action["percent"])))
    elif action["type"] == "cancel":
        orders = venue.open_orders(TRADER, None)[action["nth"] :][:1]
        cancels = [{"a": venue.assets.id_of(order.symbol), "o": order.number} for order in orders]
        run(venue, {"type": "cancel", "cancels": cancels})
    else:
        run(venue, action)
    world.clock.advance_ms(1000)
    world.step()


def run(venue: Venue, action: Mapping[str, Any]) -> Any:
    """Execute an action as if the trader had signed it."""
    request = SignedRequest(
        kind=str(action["type"]),
        action=dict(action),
        signed_fields=action,
        nonce=venue.now_ms(),
        signature={},
        vault_address=None,
        expires_after=None,
    )
    holder = venue.registry.holder(TRADER)
    assert holder is not None
    return exchange.answered(lambda: dispatch(venue, holder, request))


def ask(venue: Venue, kind: str, **fields: Any) -> Any:
    return info.answer(venue, {"type": kind, "user": TRADER, **fields})


def check_books(venue: Venue) -> None:
    account = venue.engine.accounts[TRADER]
    ledger = [line for line in venue.engine.ledger.lines(account_id=TRADER) if line.amount is not None]
    wallet = sum((line.amount for line in ledger if line.amount is not None), Decimal(0))
    assert account.wallet["USDC"] == wallet

    states = [ask(venue, "clearinghouseState", dex=dex) for dex in venue.assets.dexes]
    positions = {row["position"]["coin"]: row["position"] for state in states for row in state["assetPositions"]}
    profit = sum((Decimal(row["unrealizedPnl"]) for row in positions.values()), Decimal(0))
    shown = sum((Decimal(state["marginSummary"]["accountValue"]) for state in states), Decimal(0))
    assert abs(shown - (wallet + profit)) < CENT

    fills = ask(venue, "userFills")
    sizes: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        sizes[fill["coin"]] += Decimal(fill["sz"]) * (1 if fill["side"] == "B" else -1)
    assert {coin: Decimal(row["szi"]) for coin, row in positions.items()} == {c: s for c, s in sizes.items() if s}
    realised = sum((Decimal(fill["closedPnl"]) - Decimal(fill["fee"]) for fill in fills), Decimal(0))
    assert abs(Decimal(10_000) + realised - wallet) < CENT


def check_orders(venue: Venue) -> None:
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for fill in ask(venue, "userFills"):
        filled[fill["oid"]] += Decimal(fill["sz"])
    for row in ask(venue, "historicalOrders"):
        order = row["order"]
        done = Decimal(order["origSz"]) - Decimal(order["sz"])
        assert done == filled.get(order["oid"], Decimal(0))
        assert (row["status"] == "filled") == (Decimal(order["sz"]) == 0)
    listed = {row["oid"] for dex in venue.assets.dexes for row in ask(venue, "openOrders", dex=dex)}
    history = {row["order"]["oid"] for row in ask(venue, "historicalOrders") if row["status"] == "open"}
    assert listed == history


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, min_size=12, max_size=30))
def test_answers_agree_with_the_ledger(actions: list[dict[str, Any]]) -> None:
    world, venue = make_venue()
    for action in actions:
        act(world, venue, action)
    check_books(venue)
    check_orders(venue)
