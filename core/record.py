"""From a path's operations to the record that callers are handed. mypy compares each with its port."""

from core.ports import TradingBackend
from core.previewing import Trading


def record_of(trading: Trading) -> TradingBackend:
    """Return the record of a path's operations."""
    return TradingBackend(
        name=trading.gateway.name,
        get_balance=trading.get_balance,
        get_positions=trading.get_positions,
        get_orders=trading.get_orders,
        get_ticker=trading.get_ticker,
        get_candles=trading.get_candles,
        find_instruments=trading.find_instruments,
        get_fills=trading.get_fills,
        get_closed_pnl=trading.get_closed_pnl,
        get_funding=trading.get_funding,
        get_order_history=trading.get_order_history,
        get_fee_rates=trading.get_fee_rates,
        get_account_state=trading.get_account_state,
        check_key=trading.check_key,
        preview_order=trading.preview_order,
        place_order=trading.place_order,
        close_position=trading.close_position,
        cancel_order=trading.cancel_order,
        cancel_all_orders=trading.cancel_all_orders,
        amend_order=trading.amend_order,
        set_leverage=trading.set_leverage,
        set_margin_mode=trading.set_margin_mode,
        set_position_mode=trading.set_position_mode,
        set_protection=trading.set_protection,
        adjust_margin=trading.adjust_margin,
    )
