"""The grids of a market: which sizes and prices exist, and which way a number is brought onto them.

Pure arithmetic, exact, and rounded once.
"""

import decimal
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from models.enums import OrderSide, OrderType
from models.instrument import Instrument

_EXACT_DIGITS = 120  # more than any quotient of two accepted numbers needs before its integer part ends
_ONE = Decimal(1)


def effective_tick(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the price step of a market around a price.

    Where the market has no fixed tick, a price may have so many significant figures and so many decimals, and whole
    numbers are always allowed, so the step follows from the price's magnitude.

    https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
    """
    if instrument.price_tick is not None:
        return instrument.price_tick
    exponent = -_EXACT_DIGITS
    if instrument.price_significant_figures is not None:
        exponent = price.adjusted() - instrument.price_significant_figures + 1
    if instrument.price_max_decimals is not None:
        exponent = max(exponent, -instrument.price_max_decimals)
    return _ONE.scaleb(min(exponent, 0))


def round_price(instrument: Instrument, price: Decimal, rounding: str) -> Decimal:
    """Return the price on the market's grid, rounded once.

    Args:
        rounding: `ROUND_FLOOR` or `ROUND_CEILING`; see `limit_rounding` and `trigger_rounding`.
    """
    return to_grid(price, effective_tick(instrument, price), rounding)


def limit_rounding(side: OrderSide) -> str:
    """Return the rounding of a limit: a buyer never pays more and a seller never takes less than was asked."""
    return ROUND_FLOOR if side is OrderSide.BUY else ROUND_CEILING


def trigger_rounding(*, rises: bool) -> str:
    """Return the rounding of a trigger: towards the market, so it fires no later than was asked."""
    return ROUND_FLOOR if rises else ROUND_CEILING


def trigger_rises(order_type: OrderType, side: OrderSide) -> bool:
    """Return whether a trigger waits for a rise: stops to buy and targets to sell do."""
    return (side is OrderSide.SELL) if order_type.is_take_profit else (side is OrderSide.BUY)


def floor_size(instrument: Instrument, size: Decimal) -> Decimal:
    """Return the size on the market's grid, never above the one asked; zero if it is below one step."""
    return to_grid(size, instrument.size_step, ROUND_FLOOR)


def floor_quotient(instrument: Instrument, amount: Decimal, per_unit: Decimal) -> Decimal:
    """Return the largest size of the grid whose `per_unit` together is no more than `amount`."""
    with localcontext(decimal.Context(prec=_EXACT_DIGITS, rounding=decimal.ROUND_FLOOR)):
        quotient = amount / per_unit
    return floor_size(instrument, quotient)


def notional_of(instrument: Instrument, size: Decimal, price: Decimal) -> Decimal:
    """Return what a size is worth in quote currency; an inverse contract is one unit of it."""
    return size * price if instrument.is_linear else size


def to_grid(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    """Return the multiple of `step` next to a number."""
    # Exact: the default context would first round a long number and then round the result to the grid.
    with localcontext(decimal.Context(prec=_EXACT_DIGITS, rounding=decimal.ROUND_HALF_EVEN)):
        return (number / step).to_integral_value(rounding=rounding) * step
