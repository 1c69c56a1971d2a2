"""Positions and their settings: leverage, mode, margin, protection.

https://bybit-exchange.github.io/docs/v5/position
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sandbox.bybit.errors import (
    LEVERAGE_WORDS,
    MARGIN_WORDS,
    POSITION_MODE_WORDS,
    PROTECTION_WORDS,
    ApiError,
    bad_parameter,
    refusal,
)
from sandbox.bybit.order_shapes import SIDES
from sandbox.bybit.orders import read_idx, read_protection
from sandbox.bybit.wire import Call, Json, page, price_text, text
from sandbox.engine import (
    ContractKind,
    Engine,
    Instrument,
    Order,
    PositionIdx,
    PositionMode,
    PositionView,
    RefusedError,
    StopKind,
    Trailing,
)

MODES: Final[Mapping[int, PositionMode]] = {0: PositionMode.ONE_WAY, 3: PositionMode.HEDGE}
CLEARED_BY: Final[Mapping[str, StopKind]] = {
    "takeProfit": StopKind.TAKE_PROFIT,
    "stopLoss": StopKind.STOP_LOSS,
    "trailingStop": StopKind.TRAILING,
}


def position_list(call: Call) -> Json:
    """Positions; with a symbol also when they are flat."""
    if call.holds_nothing():
        return call.empty_page()
    symbol, settle, base = call.text("symbol"), call.text("settleCoin"), call.text("baseCoin")
    if not (symbol or settle or base):
        raise bad_parameter("Missing some parameters that must be filled in, symbol or settleCoin")
    if symbol:
        views = _of_symbol(call, call.instrument(symbol))
    else:
        views = [view for view in call.engine.positions(call.account_id) if _fits(call.engine, view, settle, base)]
    chosen, cursor = page(
        call,
        views,
        key=lambda view: f"{view.position.symbol}:{view.position.created_ms}:{view.position.idx.value}",
        default=20,
        most=200,
    )
    return {
        "category": "linear",
        "nextPageCursor": cursor,
        "list": [position_row(call.engine, view) for view in chosen],
    }


def _of_symbol(call: Call, instrument: Instrument) -> list[PositionView]:
    hedge = call.engine.position_mode(call.account_id, instrument.symbol) is PositionMode.HEDGE
    indices = (PositionIdx.LONG, PositionIdx.SHORT) if hedge else (PositionIdx.ONE_WAY,)
    return [call.engine.position(call.account_id, instrument.symbol, idx) for idx in indices]


def _fits(engine: Engine, view: PositionView, settle: str, base: str) -> bool:
    instrument = engine.instruments[view.position.symbol]
    return settle in {"", instrument.settle} and base in {"", instrument.base_coin}


def position_row(engine: Engine, view: PositionView) -> Json:
    """One position as position/list and the position stream show it."""
    position = view.position
    instrument = engine.instruments[position.symbol]
    tier = instrument.tier(view.value)
    balance = position.isolated_margin if position.isolated_margin is not None else view.initial_margin
    return {
        "positionIdx": position.idx.value,
        "riskId": instrument.tiers.index(tier) + 1,
        "riskLimitValue": text(tier.limit),
        "symbol": position.symbol,
        "side": "" if position.side is None else SIDES[position.side],
        "size": text(abs(position.size)),
        "avgPrice": text(position.average_price) or "0",
        "positionValue": text(abs(position.entry_value)) if position.size else "",
        "tradeMode": 0,  # of unified accounts always, however they are margined
        "positionStatus": "Normal",
        "autoAddMargin": int(position.auto_add_margin),
        "adlRankIndicator": 2 if position.size else 0,
        "leverage": text(view.leverage),
        "positionBalance": text(balance),
        "markPrice": price_text(instrument, view.mark_price),
        "liqPrice": price_text(instrument, view.liquidation_price) if position.size else "",
        "bustPrice": price_text(instrument, view.bankruptcy_price),
        "positionMM": text(view.maintenance_margin),
        "positionIM": text(view.initial_margin),
        "positionMMByMp": text(view.maintenance_margin),
        "positionIMByMp": text(view.initial_margin),
        "tpslMode": "Full",
        "takeProfit": _trigger_text(instrument, view.take_profit),
        "stopLoss": _trigger_text(instrument, view.stop_loss),
        "trailingStop": "0" if view.trailing_stop is None else text(view.trailing_stop.trail),
        "activePrice": "" if view.trailing_stop is None else text(view.trailing_stop.spec.activation),
        "sessionAvgPrice": "",
        "breakEvenPrice": price_text(instrument, view.break_even_price),
        "unrealisedPnl": text(view.unrealised) if position.size else "",
        "curRealisedPnl": text(position.realised) if position.size else "0",
        "cumRealisedPnl": text(position.cumulative_realised),
        "seq": position.updated_ms or -1,
        "isReduceOnly": False,
        "leverageSysUpdatedTime": "",
        "mmrSysUpdatedTime": "",
        "createdTime": str(position.created_ms),
        "updatedTime": str(position.updated_ms),
        "openTime": str(position.opened_ms) if position.size else "0",
    }


def _trigger_text(instrument: Instrument, order: Order | None) -> str:
    if order is None or order.trigger is None:
        return ""
    return price_text(instrument, order.trigger.price)


def set_leverage(call: Call) -> Json:
    """Set the leverage of a symbol; one-way positions have one leverage for both sides."""
    instrument = call.linear_symbol()
    buy, sell = call.decimal("buyLeverage"), call.decimal("sellLeverage")
    if buy is None or sell is None:
        raise bad_parameter("Missing some parameters that must be filled in, buyLeverage and sellLeverage")
    if buy != sell:
        raise bad_parameter("buyLeverage and sellLeverage must be equal")
    if buy < 1:
        raise bad_parameter("leverage invalid")
    try:
        call.engine.set_leverage(call.account_id, instrument.symbol, buy)
    except RefusedError as error:
        raise refusal(error, LEVERAGE_WORDS) from None
    return {}


def switch_mode(call: Call) -> Json:
    """One-way or hedge, for a symbol or all of a settle coin."""
    call.require_linear()
    mode = MODES.get(call.integer("mode", -1))
    if mode is None:
        raise bad_parameter("mode invalid: 0 one-way, 3 hedge")
    symbol, coin = call.text("symbol"), call.text("coin")
    if not symbol and not coin:
        raise bad_parameter("Missing some parameters that must be filled in, symbol or coin")
    if symbol:
        instrument = call.instrument(symbol)
        hedgeable = instrument.settle == "USDT" and instrument.kind is ContractKind.LINEAR_PERPETUAL
        if mode is PositionMode.HEDGE and not hedgeable:
            raise ApiError(110029, "The current symbol does not support hedge mode")
    try:
        call.engine.set_position_mode(call.account_id, mode, symbol=symbol or None)
    except RefusedError as error:
        raise refusal(error, POSITION_MODE_WORDS) from None
    return {}


def switch_isolated(call: Call) -> Json:
    """Not for unified accounts: their margin mode is set for the whole account."""
    raise ApiError(100028, "unified account is forbidden")


def trading_stop(call: Call) -> Json:
    """Set, change or ("0") clear the protection of a position."""
    instrument = call.linear_symbol()
    idx = read_idx(call)
    hedge = call.engine.position_mode(call.account_id, instrument.symbol) is PositionMode.HEDGE
    if hedge == (idx is PositionIdx.ONE_WAY):
        raise bad_parameter("position idx not match position mode")
    partial = call.text("tpslMode", "Full") == "Partial"
    take_profit = read_protection(call, "takeProfit", "tp", _part(call, "tpSize", partial=partial), partial=partial)
    stop_loss = read_protection(call, "stopLoss", "sl", _part(call, "slSize", partial=partial), partial=partial)
    distance = call.positive("trailingStop")
    trailing = None if distance is None else Trailing(distance=distance, activation=call.positive("activePrice"))
    clear = frozenset(kind for name, kind in CLEARED_BY.items() if call.text(name) and call.decimal(name) == 0)
    if not (take_profit or stop_loss or trailing or clear):
        raise bad_parameter("takeProfit, stopLoss or trailingStop must be given")
    try:
        call.engine.set_protection(
            call.account_id,
            instrument.symbol,
            idx,
            take_profit=take_profit,
            stop_loss=stop_loss,
            trailing=trailing,
            clear=clear,
        )
    except RefusedError as error:
        raise refusal(error, PROTECTION_WORDS) from None
    return {}


def _part(call: Call, name: str, *, partial: bool) -> Decimal | None:
    if not partial:
        return None
    size = call.positive(name)
    if size is None and call.positive({"tpSize": "takeProfit", "slSize": "stopLoss"}[name]) is not None:
        raise bad_parameter(f"{name} is required in Partial mode")
    return size


def set_auto_add_margin(call: Call) -> Json:
    """Whether collateral is added to an isolated position by itself."""
    instrument = call.linear_symbol()
    on = call.integer("autoAddMargin", 0) == 1
    call.engine.set_auto_add_margin(call.account_id, instrument.symbol, read_idx(call), on=on)
    return {}


def add_margin(call: Call) -> Json:
    """Put collateral into an isolated position, or take it out."""
    instrument = call.linear_symbol()
    amount = call.decimal("margin")
    if amount is None:
        raise bad_parameter("Missing some parameters that must be filled in, margin")
    idx = read_idx(call)
    try:
        call.engine.add_margin(call.account_id, instrument.symbol, idx, amount)
    except RefusedError as error:
        raise refusal(error, MARGIN_WORDS) from None
    row = position_row(call.engine, call.engine.position(call.account_id, instrument.symbol, idx))
    return {"category": "linear", **row}
