"""An account's money and positions, as HyperLiquid's /info sums them up per dex.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.engine import ZERO, MarginMode, PositionView
from sandbox.hyperliquid import shapes
from sandbox.hyperliquid.assets import MAIN_DEX, USDC, dex_of, number_text
from sandbox.hyperliquid.venue import COLLATERAL, Venue

_NO_SUMMARY = {"accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}


def clearinghouse_state(venue: Venue, user: str, dex: str = MAIN_DEX) -> dict[str, Any]:
    """Return the perps account of one dex.

    All zero for an agent's address and for a stranger's. A unified account shows its positions here but its money
    in the spot wallet. What a builder-deployed dex holds is exactly the collateral of its isolated positions.
    """
    holder = venue.registry.holder(user)
    if holder is None:
        return _state(venue, [], total=ZERO, cross=ZERO, withdrawable=ZERO)
    views = venue.engine.positions(holder.address)
    mine = [view for view in views if dex_of(view.position.symbol) == dex]
    if holder.is_unified:
        return _state(venue, mine, total=None, cross=None, withdrawable=ZERO)
    if dex != MAIN_DEX:
        return _state(venue, mine, total=_collateral(mine), cross=ZERO, withdrawable=ZERO)
    account = venue.engine.account_view(holder.address)
    elsewhere = _collateral(view for view in views if dex_of(view.position.symbol) != MAIN_DEX)
    return _state(
        venue,
        mine,
        total=account.equity - elsewhere,
        cross=account.margin_balance,
        withdrawable=max(ZERO, account.available),
    )


def spot_clearinghouse_state(venue: Venue, user: str) -> dict[str, Any]:
    """Return the spot wallet; a unified account's only wallet, with its margin as `hold`."""
    holder = venue.registry.holder(user)
    if holder is None:
        return {"balances": []}
    total, hold = holder.spot_usdc, ZERO
    if holder.is_unified:
        account = venue.engine.account_view(holder.address)
        total, hold = max(ZERO, account.wallet), account.initial_margin
    if not total:
        return {"balances": []}
    row = {"coin": COLLATERAL, "token": USDC, "total": shapes.money(total), "hold": shapes.money(hold)}
    return {"balances": [row | {"entryNtl": "0.0"}]}


def active_asset_data(venue: Venue, user: str, coin: str) -> dict[str, Any]:
    """Return leverage and the largest trade of an account in one market."""
    holder = venue.registry.holder(user)
    engine = venue.engine
    mark = engine.market.quote(engine.venue, coin).mark
    leverage, mode, room = Decimal(1), MarginMode.CROSS, ZERO
    if holder is not None:
        leverage, mode = engine.leverage(holder.address, coin), venue.margin_mode(holder.address, coin)
        room = max(ZERO, engine.account_view(holder.address).available)
    size = number_text(engine.instruments[coin].floor_size(room * leverage / mark))
    shown: dict[str, Any] = {"type": mode.value, "value": int(leverage)}
    if mode is MarginMode.ISOLATED:
        shown["rawUsd"] = "0.0"
    return {
        "user": user,
        "coin": coin,
        "leverage": shown,
        "maxTradeSzs": [size, size],
        "availableToTrade": [shapes.money(room), shapes.money(room)],
        "markPx": number_text(mark),
    }


def _state(
    venue: Venue, views: list[PositionView], *, total: Decimal | None, cross: Decimal | None, withdrawable: Decimal
) -> dict[str, Any]:
    """Write the account; `total` and `cross` are None where the money is not shown here."""
    shared = [view for view in views if view.margin_mode is MarginMode.CROSS]
    instruments = venue.engine.instruments
    return {
        "marginSummary": _summary(views, total),
        "crossMarginSummary": _summary(shared, cross),
        "crossMaintenanceMarginUsed": shapes.money(sum((view.maintenance_margin for view in shared), ZERO)),
        "withdrawable": shapes.money(withdrawable),
        "assetPositions": [
            shapes.position(view, max_leverage=int(instruments[view.position.symbol].max_leverage)) for view in views
        ],
        "time": venue.now_ms(),
    }


def _summary(views: Iterable[PositionView], value: Decimal | None) -> dict[str, str]:
    if value is None:
        return dict(_NO_SUMMARY)
    views = list(views)
    signed = sum((view.position.size * view.mark_price for view in views), ZERO)
    return {
        "accountValue": shapes.money(max(ZERO, value)),
        "totalNtlPos": shapes.money(sum((view.value for view in views), ZERO)),
        "totalRawUsd": shapes.money(value - signed),
        "totalMarginUsed": shapes.money(sum((shapes.margin_used(view) for view in views), ZERO)),
    }


def _collateral(views: Iterable[PositionView]) -> Decimal:
    return sum((view.initial_margin + view.unrealised for view in views), ZERO)
