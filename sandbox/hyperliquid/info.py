"""HyperLiquid's /info: one row per question.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.hyperliquid import market_info, user_info
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import UndecodableBody, struct, text

QUESTIONS: Final[Mapping[str, Callable[[Venue, Mapping[str, Any]], Any]]] = {
    "meta": market_info.meta,
    "allPerpMetas": market_info.all_perp_metas,
    "metaAndAssetCtxs": market_info.meta_and_contexts,
    "perpDexs": market_info.perp_dexs,
    "spotMeta": market_info.spot_meta,
    "spotMetaAndAssetCtxs": market_info.spot_meta_and_contexts,
    "allMids": market_info.all_mids,
    "l2Book": market_info.l2_book,
    "candleSnapshot": market_info.candle_snapshot,
    "fundingHistory": market_info.funding_history,
    "predictedFundings": market_info.predicted_fundings,
    "exchangeStatus": market_info.exchange_status,
    "marginTable": market_info.margin_table,
    "recentTrades": market_info.recent_trades,
    "clearinghouseState": user_info.clearinghouse_state,
    "spotClearinghouseState": user_info.spot_clearinghouse_state,
    "activeAssetData": user_info.active_asset_data,
    "openOrders": user_info.open_orders,
    "frontendOpenOrders": user_info.frontend_open_orders,
    "orderStatus": user_info.order_state,
    "historicalOrders": user_info.historical_orders,
    "userFills": user_info.user_fills,
    "userFillsByTime": user_info.user_fills_by_time,
    "userFunding": user_info.user_funding,
    "userNonFundingLedgerUpdates": user_info.ledger_updates,
    "userFees": user_info.user_fees,
    "userRateLimit": user_info.user_rate_limit,
    "userRole": user_info.user_role,
    "extraAgents": user_info.extra_agents,
    "userAbstraction": user_info.user_abstraction,
    "userDexAbstraction": user_info.user_dex_abstraction,
    "subAccounts": user_info.sub_accounts,
    "portfolio": user_info.portfolio,
    "maxBuilderFee": user_info.max_builder_fee,
    "referral": user_info.referral,
    "vaultDetails": user_info.vault_details,
    "userVaultEquities": user_info.nothing,
    "userTwapSliceFills": user_info.nothing,
    "twapHistory": user_info.nothing,
    "delegations": user_info.nothing,
}


def read_kind(body: object) -> str:
    """Return which question a body asks.

    Raises:
        UndecodableBody: It asks none that the venue knows.
    """
    kind = str(struct(type=text)(body, "body")["type"])
    if kind not in QUESTIONS:
        raise UndecodableBody(f"type: unknown variant {kind!r}")
    return kind


def answer(venue: Venue, body: Mapping[str, Any]) -> Any:
    """Answer one question as JSON.

    Raises:
        UndecodableBody: The question is unknown, or a field of it is missing or of another type.
    """
    return QUESTIONS[read_kind(body)](venue, body)
