"""What HyperLiquid's refusals mean, by how their text begins.

Texts carry a suffix (` asset=3`, a price, an address), so they are matched by prefix. A text of one order's status is a
definite refusal whatever it says. A text for a whole request is one only if it stands here and is marked `is_definite`:
whatever is not known to have changed nothing may have changed something.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
"""

from dataclasses import dataclass
from typing import Final

_LONGEST_MESSAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row: how a text begins and what it means."""

    prefix: str
    code: str
    """Our word, which the catalogues translate."""
    venue_code: str = ""
    """The venue's name of the error, where its documentation gives one."""
    is_definite: bool = True
    """Whether a whole request answered so has certainly changed nothing, and never will."""


UNKNOWN_TEXT: Final = Refusal(prefix="", code="refused", is_definite=False)

REFUSALS: Final = (
    # one order
    Refusal(prefix="Price must be divisible by tick size", code="price_off_grid", venue_code="Tick"),
    Refusal(prefix="Order has invalid price", code="price_off_grid"),
    Refusal(prefix="Order has invalid size", code="size_off_grid"),
    Refusal(prefix="Order has zero size", code="below_min_size"),
    Refusal(prefix="Order must have minimum value of $", code="below_min_notional", venue_code="MinTradeNtl"),
    Refusal(prefix="Order must have minimum value of", code="below_min_notional", venue_code="MinTradeSpotNtl"),
    Refusal(prefix="Insufficient margin to place order", code="insufficient_margin", venue_code="PerpMargin"),
    Refusal(prefix="Insufficient spot balance", code="insufficient_margin", venue_code="InsufficientSpotBalance"),
    Refusal(
        prefix="Order has insufficient spot balance", code="insufficient_margin", venue_code="InsufficientSpotBalance"
    ),
    Refusal(prefix="Reduce only order would increase position", code="reduce_only_rejected", venue_code="ReduceOnly"),
    Refusal(
        prefix="Post only order would have immediately matched", code="post_only_would_take", venue_code="BadAloPx"
    ),
    Refusal(prefix="Order could not immediately match", code="no_liquidity", venue_code="IocCancel"),
    Refusal(prefix="No liquidity available for market order", code="no_liquidity", venue_code="MarketOrderNoLiquidity"),
    Refusal(prefix="Invalid TP/SL price", code="bad_trigger_price", venue_code="BadTriggerPx"),
    Refusal(prefix="Order would increase open interest too quickly", code="open_interest_limit"),
    Refusal(prefix="Order would increase open interest", code="open_interest_limit"),
    Refusal(prefix="Order rejected due to price more aggressive than oracle", code="open_interest_limit"),
    Refusal(prefix="Order price too far from oracle", code="price_too_far", venue_code="Oracle"),
    Refusal(prefix="Order price cannot be more than", code="price_too_far", venue_code="Oracle"),
    Refusal(prefix="Order would cause position to exceed", code="position_limit", venue_code="PerpMaxPosition"),
    Refusal(prefix="Order was never placed", code="order_not_found", venue_code="MissingOrder"),
    Refusal(prefix="Cannot modify canceled or filled order", code="order_not_found"),
    Refusal(prefix="Too many open orders", code="too_many_orders"),
    Refusal(prefix="Trading is halted", code="market_closed"),
    # settings
    Refusal(prefix="Cannot switch leverage type with open position", code="margin_mode_locked"),
    Refusal(prefix="Invalid leverage value", code="bad_leverage"),
    # the whole request
    Refusal(prefix="User or API Wallet ", code="key_invalid"),
    Refusal(prefix="Must deposit before performing actions", code="account_empty"),
    Refusal(prefix="Too many cumulative requests sent", code="venue_busy"),
    Refusal(prefix="Action already expired", code="request_expired"),
    Refusal(prefix="Failed to deserialize the JSON body", code="bad_request"),
    # the nonce is spent: by these bytes, which then executed, or by others. Only a look-up tells.
    Refusal(prefix="Invalid nonce: duplicate nonce", code="nonce_spent", is_definite=False),
    Refusal(prefix="Invalid nonce", code="clock_skew"),
)

WORDS: Final = frozenset(row.code for row in (*REFUSALS, UNKNOWN_TEXT))
"""Every word that a refusal can become; each has a sentence in the catalogues."""


def refusal_of(text: str) -> Refusal:
    """Return what a text means; `UNKNOWN_TEXT` where nobody knows."""
    return next((row for row in REFUSALS if text.startswith(row.prefix)), UNKNOWN_TEXT)


def shown(text: str) -> str:
    """Return a venue's text fit for a message: one line, not longer than a chat can bear."""
    return " ".join(text.split())[:_LONGEST_MESSAGE]
