"""What can be subscribed to on HyperLiquid's WebSocket: one row per channel.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.engine import ZERO, Event, EventKind, Fill, FundingPayment, Order, Position, Reason, Side
from sandbox.hyperliquid import account_shapes, market_info, shapes, user_info
from sandbox.hyperliquid.assets import MAIN_DEX
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import Optional, Reader, UndecodableBody, address, flag, integer, literal, struct, text

Subscription = Mapping[str, Any]
Frame = tuple[str, Any]

SNAPSHOT_FILLS: Final = 2000
_TRADES_SHOWN: Final = 10


@dataclass(slots=True, kw_only=True)
class Happenings:
    """What happened to one account in one turn of the loop, ready to be told."""

    fills: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    cancels: list[dict[str, Any]] = field(default_factory=list)
    fundings: list[dict[str, Any]] = field(default_factory=list)
    liquidations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, venue: Venue, event: Event) -> None:
        """Note one event as it is now: the engine goes on changing the order it is about."""
        payload = event.payload
        if event.kind is EventKind.ORDER and isinstance(payload, Order):
            self._add_order(venue, payload)
        elif event.kind is EventKind.FILL and isinstance(payload, Fill):
            self.fills.append(shapes.fill(payload))
        elif event.kind is EventKind.FUNDING and isinstance(payload, FundingPayment):
            self.fundings.append({"time": payload.time_ms, **shapes.funding(payload)})
        elif event.kind is EventKind.LIQUIDATION and isinstance(payload, Position):
            self.liquidations.append(_liquidation(venue, payload))

    def _add_order(self, venue: Venue, order: Order) -> None:
        # an order that changed more than once is told once, as it ended up, in the order of the last changes
        self.orders.pop(order.number, None)
        self.orders[order.number] = {
            "order": shapes.basic_order(order),
            "status": venue.status_of(order),
            "statusTimestamp": order.updated_ms,
        }
        if not order.is_open and order.reason not in (None, Reason.BY_USER):
            self.cancels.append({"coin": order.symbol, "oid": order.number})


def _nothing(venue: Venue, subscription: Subscription) -> list[Frame]:
    return []


def _untold(venue: Venue, subscription: Subscription, news: Happenings) -> list[Frame]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One channel.

    Attributes:
        fields: What a subscription must say besides its type.
        opening: Frames sent right after subscribing.
        current: The state that is polled and sent whenever it differs from what was sent last.
        told: Frames about what happened to the subscription's user.
        every: How many ticks pass between two polls.
    """

    fields: Reader
    opening: Callable[[Venue, Subscription], list[Frame]] = _nothing
    current: Callable[[Venue, Subscription], list[Frame]] = _nothing
    told: Callable[[Venue, Subscription, Happenings], list[Frame]] = _untold
    every: int = 1


# Market data


def _all_mids(venue: Venue, subscription: Subscription) -> list[Frame]:
    data: dict[str, Any] = {"mids": market_info.all_mids(venue, subscription)}
    return [("allMids", data | {name: subscription[name] for name in ("dex",) if name in subscription})]


def _book(venue: Venue, subscription: Subscription) -> list[Frame]:
    return [("l2Book", market_info.l2_book(venue, subscription))]


def _bbo(venue: Venue, subscription: Subscription) -> list[Frame]:
    coin = subscription["coin"]
    book = venue.engine.market.book(venue.engine.venue, coin)
    best = (book.best(side) for side in (Side.BUY, Side.SELL))
    levels = [None if level is None else shapes.level(level) for level in best]
    return [("bbo", {"coin": coin, "time": venue.now_ms(), "bbo": levels})]


def _recent_trades(venue: Venue, subscription: Subscription) -> list[Frame]:
    return [("trades", market_info.recent_trades(venue, subscription))]


def _last_trade(venue: Venue, subscription: Subscription) -> list[Frame]:
    second = venue.now_ms() // 1000 * 1000
    return [("trades", [market_info.trade(venue, subscription["coin"], at_ms=second)])]


def _candle(venue: Venue, subscription: Subscription) -> list[Frame]:
    now = venue.now_ms()
    asked = {**subscription, "startTime": now - 2 * market_info.INTERVALS[subscription["interval"]], "endTime": now}
    bars = market_info.candle_snapshot(venue, {"req": asked})
    return [("candle", bar) for bar in bars[-1:]]


def _context(venue: Venue, subscription: Subscription) -> list[Frame]:
    coin = subscription["coin"]
    return [("activeAssetCtx", {"coin": coin, "ctx": market_info.context(venue, venue.engine.instruments[coin])})]


# One account


def _order_updates(venue: Venue, subscription: Subscription, news: Happenings) -> list[Frame]:
    return [("orderUpdates", list(news.orders.values()))] if news.orders else []


def _user_events(venue: Venue, subscription: Subscription, news: Happenings) -> list[Frame]:
    rows = [
        *([{"fills": news.fills}] if news.fills else []),
        *({"funding": {name: row[name] for name in row if name != "time"}} for row in news.fundings),
        *({"liquidation": row} for row in news.liquidations),
        *([{"nonUserCancel": news.cancels}] if news.cancels else []),
    ]
    return [("user", row) for row in rows]


def _fills_so_far(venue: Venue, subscription: Subscription) -> list[Frame]:
    fills = user_info.user_fills(venue, subscription)[:SNAPSHOT_FILLS]
    return [("userFills", {"isSnapshot": True, "user": subscription["user"], "fills": fills})]


def _new_fills(venue: Venue, subscription: Subscription, news: Happenings) -> list[Frame]:
    return [("userFills", {"user": subscription["user"], "fills": news.fills})] if news.fills else []


def _fundings_so_far(venue: Venue, subscription: Subscription) -> list[Frame]:
    rows = user_info.user_funding(venue, subscription)
    flat = [{"time": row["time"], **{k: v for k, v in row["delta"].items() if k != "type"}} for row in rows]
    return [("userFundings", {"isSnapshot": True, "user": subscription["user"], "fundings": flat})]


def _new_fundings(venue: Venue, subscription: Subscription, news: Happenings) -> list[Frame]:
    return [("userFundings", {"user": subscription["user"], "fundings": news.fundings})] if news.fundings else []


def _ledger_so_far(venue: Venue, subscription: Subscription) -> list[Frame]:
    rows = user_info.ledger_updates(venue, subscription)
    data = {"isSnapshot": True, "user": subscription["user"], "nonFundingLedgerUpdates": rows}
    return [("userNonFundingLedgerUpdates", data)]


def _clearinghouse(venue: Venue, subscription: Subscription) -> list[Frame]:
    user, dex = subscription["user"], subscription.get("dex", MAIN_DEX)
    state = account_shapes.clearinghouse_state(venue, user, dex)
    return [("clearinghouseState", {"dex": dex, "user": user, "clearinghouseState": state})]


def _spot(venue: Venue, subscription: Subscription) -> list[Frame]:
    user = subscription["user"]
    return [("spotState", {"user": user, "spotState": account_shapes.spot_clearinghouse_state(venue, user)})]


def _open_orders(venue: Venue, subscription: Subscription) -> list[Frame]:
    user, dex = subscription["user"], subscription.get("dex", MAIN_DEX)
    orders = user_info.frontend_open_orders(venue, subscription)
    return [("openOrders", {"dex": dex, "user": user, "orders": orders})]


def _asset_data(venue: Venue, subscription: Subscription) -> list[Frame]:
    return [("activeAssetData", account_shapes.active_asset_data(venue, subscription["user"], subscription["coin"]))]


def _web_data(venue: Venue, subscription: Subscription) -> list[Frame]:
    """The web page's whole state: heavy, and only the main dex."""
    user = subscription["user"]
    meta, contexts = market_info.meta_and_contexts(venue, {})
    data = _person(venue, user) | {
        "clearinghouseState": account_shapes.clearinghouse_state(venue, user),
        "leadingVaults": [],
        "totalVaultEquity": "0.0",
        "openOrders": user_info.frontend_open_orders(venue, subscription),
        "meta": meta,
        "assetCtxs": contexts,
        "twapStates": [],
        "spotState": account_shapes.spot_clearinghouse_state(venue, user),
        "spotAssetCtxs": market_info.spot_meta_and_contexts(venue, {})[1],
    }
    return [("webData2", data)]


def _web_data_short(venue: Venue, subscription: Subscription) -> list[Frame]:
    """The lighter successor of `webData2`: who the user is, without money, orders and markets."""
    dex = {"totalVaultEquity": "0.0", "perpsAtOpenInterestCap": [], "leadingVaults": []}
    states = [dex for _ in venue.assets.dexes]
    return [("webData3", {"userState": _person(venue, subscription["user"]), "perpDexStates": states})]


def _person(venue: Venue, user: str) -> dict[str, Any]:
    holder = venue.registry.holder(user)
    unnamed = None if holder is None else holder.agents.get("")
    return {
        "agentAddress": None if unnamed is None else unnamed.address,
        "agentValidUntil": None if unnamed is None else unnamed.valid_until_ms,
        "cumLedger": "0.0",
        "serverTime": venue.now_ms(),
        "isVault": holder is not None and holder.leader is not None,
        "user": user,
    }


def _all_clearinghouses(venue: Venue, subscription: Subscription) -> list[Frame]:
    user = subscription["user"]
    states = [[dex, account_shapes.clearinghouse_state(venue, user, dex)] for dex in venue.assets.dexes]
    return [("allDexsClearinghouseState", {"user": user, "clearinghouseStates": states})]


def _liquidation(venue: Venue, before: Position) -> dict[str, Any]:
    mark = venue.engine.market.quote(venue.engine.venue, before.symbol).mark
    account = venue.engine.account_view(before.account_id)
    return {
        "lid": before.updated_ms,
        "liquidator": "0x" + "00" * 20,
        "liquidated_user": before.account_id,
        "liquidated_ntl_pos": shapes.money(abs(before.size) * mark),
        "liquidated_account_value": shapes.money(max(ZERO, account.equity)),
    }


_COIN: Final = struct(coin=text)
_USER: Final = struct(user=address)
_USER_AND_DEX: Final = struct(user=address, dex=Optional(text))

FEEDS: Final[Mapping[str, Feed]] = {
    "allMids": Feed(fields=struct(dex=Optional(text)), current=_all_mids, every=2),
    "l2Book": Feed(fields=struct(coin=text, nSigFigs=Optional(integer), mantissa=Optional(integer)), current=_book),
    "bbo": Feed(fields=_COIN, current=_bbo),
    "trades": Feed(fields=_COIN, opening=_recent_trades, current=_last_trade, every=2),
    "candle": Feed(fields=struct(coin=text, interval=literal(*market_info.INTERVALS)), current=_candle, every=2),
    "activeAssetCtx": Feed(fields=_COIN, current=_context, every=2),
    "activeAssetData": Feed(fields=struct(user=address, coin=text), current=_asset_data, every=4),
    "orderUpdates": Feed(fields=_USER, told=_order_updates),
    "userEvents": Feed(fields=_USER, told=_user_events),
    "userFills": Feed(
        fields=struct(user=address, aggregateByTime=Optional(flag)), opening=_fills_so_far, told=_new_fills
    ),
    "userFundings": Feed(fields=_USER, opening=_fundings_so_far, told=_new_fundings),
    "userNonFundingLedgerUpdates": Feed(fields=_USER, opening=_ledger_so_far),
    "clearinghouseState": Feed(fields=_USER_AND_DEX, current=_clearinghouse, every=2),
    "spotState": Feed(fields=struct(user=address, isPortfolioMargin=Optional(flag)), current=_spot, every=2),
    "openOrders": Feed(fields=_USER_AND_DEX, current=_open_orders, every=2),
    "webData2": Feed(fields=_USER, current=_web_data, every=4),
    "webData3": Feed(fields=_USER, current=_web_data_short, every=4),
    "allDexsClearinghouseState": Feed(fields=_USER, current=_all_clearinghouses, every=2),
    "notification": Feed(fields=_USER),
}


def read_subscription(venue: Venue, raw: object) -> dict[str, Any]:
    """Return a subscription in canonical form: two spellings of one subscription are equal.

    Raises:
        UndecodableBody: There is no such channel, coin or dex, or a field is missing.
    """
    kind = struct(type=text)(raw, "subscription")["type"]
    if kind not in FEEDS:
        raise UndecodableBody(f"type: unknown variant {kind!r}")
    subscription = {"type": kind, **FEEDS[kind].fields(raw, "subscription")}
    if subscription.get("coin", "BTC") not in venue.engine.instruments:
        raise UndecodableBody(f"coin: unknown coin {subscription['coin']!r}")
    market_info.read_dex(venue, {name: subscription[name] for name in ("dex",) if name in subscription})
    return subscription
