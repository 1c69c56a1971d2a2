"""Actions that change how an account trades: leverage, isolated margin, the dead man's switch, its agents.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.engine import MarginMode, Reason, RefusedError
from sandbox.hyperliquid.accounts import Holder, RefusedAction
from sandbox.hyperliquid.assets import is_isolated_only
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import plain

MICRO_USD: Final = Decimal(1_000_000)
SCHEDULE_AHEAD_MS: Final = 5_000
SCHEDULE_VOLUME: Final = Decimal(1_000_000)

_LEVERAGE_TOO_LOW: Final[Mapping[MarginMode, str]] = {
    MarginMode.CROSS: (
        "Cross position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, deposit more collateral."
    ),
    MarginMode.ISOLATED: (
        "Isolated position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, add margin to the position."
    ),
}
_ABSTRACTIONS: Final[Mapping[str, str]] = {"i": "disabled", "u": "unifiedAccount", "p": "portfolioMargin"}


def update_leverage(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Set leverage and margin mode of one market.

    Raises:
        RefusedAction: Above the market's maximum, a mode the market does not take, or an open position in the way.
    """
    instrument = venue.assets.by_id(action["asset"])
    if instrument is None:
        raise RefusedAction("Invalid asset")
    if not 1 <= action["leverage"] <= instrument.max_leverage:
        raise RefusedAction("Invalid leverage value")
    mode = MarginMode.CROSS if action["isCross"] else MarginMode.ISOLATED
    if mode is MarginMode.CROSS and is_isolated_only(instrument.symbol):
        raise RefusedAction("Cross margin is not allowed for this asset.")
    account, engine = holder.address, venue.engine
    try:
        if venue.margin_mode(account, instrument.symbol) is not mode:
            engine.set_margin_mode(account, mode, symbol=instrument.symbol)
    except RefusedError as refused:  # a position or an order is in the way
        raise RefusedAction("Cannot switch leverage type with open position.") from refused
    try:
        engine.set_leverage(account, instrument.symbol, Decimal(action["leverage"]))
    except RefusedError as refused:
        if refused.reason is not Reason.NOT_MODIFIED:
            raise RefusedAction(_LEVERAGE_TOO_LOW[mode]) from refused


def update_isolated_margin(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Move collateral into an isolated position, or out of it when `ntli` is negative.

    Raises:
        RefusedAction: There is no isolated position, or not that much to move.
    """
    instrument = venue.assets.by_id(action["asset"])
    if instrument is None:
        raise RefusedAction("Invalid asset")
    account, engine = holder.address, venue.engine
    if venue.margin_mode(account, instrument.symbol) is not MarginMode.ISOLATED:
        raise RefusedAction("Cannot update isolated margin of a cross position.")
    if not engine.positions(account, symbol=instrument.symbol):
        raise RefusedAction("No isolated position to update.")
    amount = Decimal(action["ntli"]) / MICRO_USD
    try:
        engine.add_margin(account, instrument.symbol, engine.position(account, instrument.symbol).position.idx, amount)
    except RefusedError as refused:
        direction = "add" if amount > 0 else "remove"
        raise RefusedAction(f"Insufficient margin available to {direction}.") from refused


def schedule_cancel(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Set or clear the time at which all of the account's orders are cancelled.

    Raises:
        RefusedAction: The account has not traded enough, or the time is too near.
    """
    traded = venue.volume(holder.address)
    if traded < SCHEDULE_VOLUME:
        raise RefusedAction(
            "Cannot set scheduled cancel time until enough volume traded. "
            f"Required: ${plain(SCHEDULE_VOLUME)}. Traded: ${plain(traded)}."
        )
    at_ms = action.get("time")
    if at_ms is not None and at_ms < venue.now_ms() + SCHEDULE_AHEAD_MS:
        raise RefusedAction("Scheduled cancel time too early, must be at least 5 seconds from now.")
    holder.cancel_all_at_ms = at_ms


def approve_agent(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Let another key trade for the account."""
    venue.registry.approve_agent(
        holder.address, action["agentAddress"], action.get("agentName", ""), now_ms=venue.now_ms()
    )


def set_abstraction(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Join or part spot and perps; a unified account's spot USDC becomes collateral."""
    asked = action["abstraction"]
    holder.abstraction = _ABSTRACTIONS.get(asked, asked)
    if holder.is_unified and holder.spot_usdc:
        amount, holder.spot_usdc = holder.spot_usdc, Decimal(0)
        venue.move_collateral(holder.address, amount)


def set_dex_abstraction(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Note the wish; builder-deployed dexes use the account's collateral here in any case."""
    holder.abstraction = "dexAbstraction" if action.get("enabled", True) else "disabled"


def set_referrer(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Remember the code that brought the account; the first one stays.

    Raises:
        RefusedAction: There is one already.
    """
    if holder.referrer is not None:
        raise RefusedAction("Referrer already set.")
    holder.referrer = action["code"]


def accept(venue: Venue, holder: Holder, action: Mapping[str, Any]) -> None:
    """Accept an action that changes nothing here: a noop, or the approval of a builder's fee."""
