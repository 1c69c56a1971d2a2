"""The account: balance, fees, margin mode, the key itself.

https://bybit-exchange.github.io/docs/v5/account/wallet-balance
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from sandbox.bybit.errors import MARGIN_MODE_WORDS, ApiError, bad_parameter, refusal
from sandbox.bybit.wire import Call, Json, text
from sandbox.engine import ZERO, AccountView, CoinView, MarginMode, Reason, RefusedError

MODES: Final = {"REGULAR_MARGIN": MarginMode.CROSS, "ISOLATED_MARGIN": MarginMode.ISOLATED}
MODE_NAMES: Final = {mode: name for name, mode in MODES.items()}
UNIFIED_2_PRO: Final = 6
DAY_MS: Final = 86_400_000
RATE_GRID: Final = Decimal("0.0001")


def wallet_balance(call: Call) -> Json:
    """The unified account; the account-wide rates and totals are empty in isolated margin."""
    if call.needed("accountType") != "UNIFIED":
        raise bad_parameter("accountType only support UNIFIED.")
    return {"list": [account_row(call)]}


def account_row(call: Call) -> Json:
    """The account as wallet-balance and the wallet stream show it."""
    view = call.engine.account_view(call.account_id)
    asked = set(filter(None, call.text("coin").split(",")))
    isolated = call.engine.accounts[call.account_id].margin_mode is MarginMode.ISOLATED
    return {
        "accountType": "UNIFIED",
        "totalEquity": text(view.equity),
        "totalWalletBalance": text(view.wallet),
        **(_no_totals() if isolated else _totals(view)),
        "accountLTV": "",
        "coin": [coin_row(coin) for coin in view.coins if not asked or coin.coin in asked],
    }


def _totals(view: AccountView) -> Json:
    balance = view.margin_balance
    return {
        "totalMarginBalance": text(balance),
        "totalAvailableBalance": text(max(ZERO, view.available)),
        "totalPerpUPL": text(view.unrealised),
        "totalInitialMargin": text(view.initial_margin),
        "totalMaintenanceMargin": text(view.maintenance_margin),
        "accountIMRate": _rate(view.initial_margin, balance),
        "accountMMRate": _rate(view.maintenance_margin, balance),
        "totalInitialMarginByMp": text(view.initial_margin),
        "totalMaintenanceMarginByMp": text(view.maintenance_margin),
        "accountIMRateByMp": _rate(view.initial_margin, balance),
        "accountMMRateByMp": _rate(view.maintenance_margin, balance),
    }


def _no_totals() -> Json:
    names = ("totalMarginBalance", "totalAvailableBalance", "totalPerpUPL", "totalInitialMargin")
    more = ("totalMaintenanceMargin", "accountIMRate", "accountMMRate", "totalInitialMarginByMp")
    rest = ("totalMaintenanceMarginByMp", "accountIMRateByMp", "accountMMRateByMp")
    return dict.fromkeys((*names, *more, *rest), "")


def _rate(part: Decimal, whole: Decimal) -> str:
    return text((part / whole).quantize(RATE_GRID)) if whole > 0 else "0"


def coin_row(coin: CoinView) -> Json:
    """One coin of the account."""
    return {
        "coin": coin.coin,
        "equity": text(coin.equity),
        "usdValue": text(coin.equity),
        "walletBalance": text(coin.wallet),
        "free": "",
        "availableToWithdraw": "",
        "availableToBorrow": "",
        "borrowAmount": text(max(ZERO, -coin.wallet)),
        "accruedInterest": "0",
        "totalOrderIM": text(coin.order_margin),
        "totalPositionIM": text(coin.position_margin),
        "totalPositionMM": text(coin.position_maintenance),
        "unrealisedPnl": text(coin.unrealised),
        "cumRealisedPnl": text(coin.cumulative_realised),
        "bonus": "0",
        "locked": "0",
        "spotBorrow": "0",
        "spotHedgingQty": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
    }


def account_info(call: Call) -> Json:
    """Margin mode and account kind."""
    account = call.engine.accounts[call.account_id]
    return {
        "marginMode": MODE_NAMES[account.margin_mode],
        "updatedTime": str(account.created_ms),
        "unifiedMarginStatus": UNIFIED_2_PRO,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def set_margin_mode(call: Call) -> Json:
    """Cross or isolated, for the whole account; open positions and orders are in the way."""
    mode = MODES.get(call.needed("setMarginMode"))
    if mode is None:
        raise bad_parameter("setMarginMode invalid: REGULAR_MARGIN or ISOLATED_MARGIN")
    try:
        call.engine.set_margin_mode(call.account_id, mode)
    except RefusedError as error:
        answer = refusal(error, MARGIN_MODE_WORDS)
        if error.reason in {Reason.HAS_POSITION, Reason.HAS_ORDERS}:
            reason = {"reasonCode": "3400071", "reasonMsg": "Close open positions and cancel orders first"}
            raise ApiError(answer.code, answer.message, {"reasons": [reason]}) from None
        raise answer from None
    return {"reasons": []}


def fee_rate(call: Call) -> Json:
    """The account's fee rates per symbol."""
    factor = call.engine.accounts[call.account_id].fee_factor
    symbol = call.text("symbol")
    rows = [
        {
            "symbol": instrument.symbol,
            "baseCoin": "",
            "takerFeeRate": text(call.engine.taker_rate * factor),
            "makerFeeRate": text(call.engine.maker_rate * factor),
        }
        for instrument in call.instruments()
        if symbol in {"", instrument.symbol}
    ]
    return {"category": call.category(), "list": rows}


def query_api(call: Call) -> Json:
    """What the key is and may do."""
    key = call.key
    if key is None:
        raise bad_parameter("this endpoint needs a key")
    names = ("ContractTrade", "Spot", "Wallet", "Options", "Derivatives", "CopyTrading", "BlockTrade", "Exchange")
    permissions = {name: list(key.permissions.get(name, ())) for name in (*names, "NFT", "Affiliate", "Earn")}
    days = 0 if key.expires_ms is None else max(0, (key.expires_ms - call.now_ms) // DAY_MS)
    return {
        "id": key.account_id,
        "note": key.note,
        "apiKey": key.api_key,
        "readOnly": int(key.read_only),
        "secret": "",
        "permissions": permissions,
        "ips": list(key.ips) or ["*"],
        "type": 1,
        "deadlineDay": days,
        "expiredAt": _iso(key.expires_ms),
        "createdAt": _iso(key.created_ms),
        "unified": 0,
        "uta": 1,
        "userID": int(key.account_id),
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def _iso(time_ms: int | None) -> str:
    if not time_ms:
        return "1970-01-01T00:00:00Z"
    return f"{datetime.fromtimestamp(time_ms / 1000, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def coins_balance(call: Call) -> Json:
    """Transferable money per coin."""
    asked = set(filter(None, call.text("coin").split(",")))
    view = call.engine.account_view(call.account_id)
    rows = [
        {
            "coin": coin.coin,
            "walletBalance": text(coin.wallet),
            "transferBalance": text(max(ZERO, min(coin.wallet, view.available))),
            "bonus": "",
        }
        for coin in view.coins
        if not asked or coin.coin in asked
    ]
    return {
        "accountType": call.text("accountType", "UNIFIED"),
        "bizType": 1,
        "accountId": call.account_id,
        "memberId": call.account_id,
        "balance": rows,
    }


def coin_info(call: Call) -> Json:
    """The coins that the venue knows, without any chain to move them on."""
    settles = {instrument.settle for instrument in call.engine.instruments.values()}
    bases = {instrument.base for instrument in call.engine.instruments.values()}
    asked = call.text("coin")
    rows = [
        {"name": coin, "coin": coin, "remainAmount": "10000000", "chains": []}
        for coin in sorted(settles | bases)
        if asked in {"", coin}
    ]
    return {"rows": rows}
