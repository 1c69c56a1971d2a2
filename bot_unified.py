"""The trading API: what the chat, the web app and scripts call. Every function speaks the unified models.

Reads raise `Unavailable`; an error is never zero and never an empty list. Writes return `OrderResult` and go through
`core.orders` alone. `exchange` and `account_type` None mean the user's own choice.

    async with open_runtime(load_settings(), role="bot"):
        balance = await get_balance_unified(user_id, "bybit", "demo")
        result = await place_order_unified(
            user_id=user_id, symbol="BTCUSDT", side="buy", order_type="market", size=0.5
        )
"""

from core.exchange_client import TRADING
from core.record import record_of

get_balance_unified = TRADING.get_balance
get_positions_unified = TRADING.get_positions
get_orders_unified = TRADING.get_orders
get_ticker_unified = TRADING.get_ticker
get_candles_unified = TRADING.get_candles
find_instruments_unified = TRADING.find_instruments
get_fills_unified = TRADING.get_fills
get_closed_pnl_unified = TRADING.get_closed_pnl
get_funding_unified = TRADING.get_funding
get_order_history_unified = TRADING.get_order_history
get_fee_rates_unified = TRADING.get_fee_rates
get_account_state_unified = TRADING.get_account_state
check_key_unified = TRADING.check_key

preview_order_unified = TRADING.preview_order
place_order_unified = TRADING.place_order
close_position_unified = TRADING.close_position
cancel_order_unified = TRADING.cancel_order
cancel_all_orders_unified = TRADING.cancel_all_orders
amend_order_unified = TRADING.amend_order
set_leverage_unified = TRADING.set_leverage
set_margin_mode_unified = TRADING.set_margin_mode
set_position_mode_unified = TRADING.set_position_mode
set_protection_unified = TRADING.set_protection
adjust_margin_unified = TRADING.adjust_margin

BACKEND = record_of(TRADING)
GATEWAY = TRADING.gateway
