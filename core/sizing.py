"""How much to trade, and what it would cost: the arithmetic of a preview.

Pure. Sizes are on the market's grid and never above what was asked. What can only be estimated says so in its name.
"""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from core.grid import floor_quotient, notional_of
from models.enums import PositionSide
from models.errors import BadOrder
from models.instrument import Instrument

_HUNDRED = Decimal(100)


def size_from_notional(instrument: Instrument, notional: Decimal, price: Decimal) -> Decimal:
    """Return the largest size that is worth no more than `notional`, in quote currency; zero if there is none."""
    _above_zero("notional", notional)
    _above_zero("price", price)
    return floor_quotient(instrument, notional, price if instrument.is_linear else Decimal(1))


def size_from_equity_percent(instrument: Instrument, equity: Decimal, percent: Decimal, price: Decimal) -> Decimal:
    """Return the largest size whose notional is no more than `percent` per cent of equity.

    Equity, not the free part of it: the same words give the same size whatever else is open.
    """
    _above_zero("equity", equity)
    _above_zero("percent", percent)
    return size_from_notional(instrument, equity * percent / _HUNDRED, price)


def size_from_risk(
    instrument: Instrument, *, equity: Decimal, risk_fraction: Decimal, entry: Decimal, stop: Decimal
) -> Decimal:
    """Return the largest size that loses no more than `risk_fraction` of equity between entry and stop.

    Fees and slippage come on top; zero if not even one step fits.

    Raises:
        BadOrder: `stop_at_entry`; the distance would be zero.
    """
    _above_zero("equity", equity)
    _above_zero("risk_fraction", risk_fraction)
    loss = loss_per_unit(instrument, entry, stop)
    if not loss:
        raise BadOrder(f"{instrument.symbol}: the stop is at the entry", code="stop_at_entry", symbol=instrument.symbol)
    return floor_quotient(instrument, equity * risk_fraction, loss)


def loss_per_unit(instrument: Instrument, entry: Decimal, exit_price: Decimal) -> Decimal:
    """Return how much one unit of size moves between two prices, in the currency that profit is counted in."""
    _above_zero("entry", entry)
    _above_zero("exit", exit_price)
    return abs(entry - exit_price) if instrument.is_linear else abs(1 / entry - 1 / exit_price)


def margin_needed(instrument: Instrument, size: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """Return the initial margin of a size, in the settlement currency, without fees."""
    _above_zero("leverage", leverage)
    value = size * price if instrument.is_linear else size / price
    return value / leverage


def clamp_leverage(instrument: Instrument, leverage: Decimal) -> Decimal:
    """Return the leverage on the market's grid; only ever lower than asked.

    Raises:
        BadOrder: `bad_leverage`: below the market's lowest or above its highest.
    """
    lowest, highest = instrument.min_leverage, instrument.max_leverage
    if leverage < lowest or (highest is not None and leverage > highest):
        raise BadOrder(
            f"{instrument.symbol}: leverage goes from {lowest} to {highest}",
            code="bad_leverage",
            symbol=instrument.symbol,
            minimum=lowest,
            maximum=highest,
            leverage=leverage,
        )
    steps = ((leverage - lowest) / instrument.leverage_step).to_integral_value(rounding=ROUND_FLOOR)
    return lowest + steps * instrument.leverage_step


def estimate_maintenance_fraction(instrument: Instrument, notional: Decimal) -> Decimal | None:
    """Estimate the margin below which a position is liquidated, as a fraction of notional.

    From the market's margin tiers; where the venue lists none, half of the initial margin at the highest leverage,
    which is the usual rule. None: nothing to estimate from.
    """
    tiers = [tier for tier in instrument.margin_tiers if tier.lower_bound <= notional]
    if tiers and tiers[-1].maintenance_fraction is not None:
        return tiers[-1].maintenance_fraction
    highest = tiers[-1].max_leverage if tiers else instrument.max_leverage
    return None if highest is None else 1 / (2 * highest)


def estimate_liquidation_price(
    instrument: Instrument,
    *,
    side: PositionSide,
    size: Decimal,
    entry_price: Decimal,
    margin: Decimal,
) -> Decimal | None:
    """Estimate where a position would be liquidated if nothing else changed.

    An estimate for a linear position that lives on `margin` alone, without fees and funding. With cross margin the
    margin is the position's own plus all that is free, and other positions move it.

    Returns:
        None where no price reaches it, or where it cannot be estimated honestly.
    """
    _above_zero("size", size)
    maintenance = estimate_maintenance_fraction(instrument, notional_of(instrument, size, entry_price))
    if maintenance is None or not instrument.is_linear:
        return None
    cushion = margin / size
    if side is PositionSide.LONG:
        price = (entry_price - cushion) / (1 - maintenance)
    else:
        price = (entry_price + cushion) / (1 + maintenance)
    return price if price > 0 else None


def estimate_fee(notional: Decimal, rate: Decimal) -> Decimal:
    """Estimate the fee of one execution in quote currency; negative is a rebate."""
    return notional * rate


def risk_reward(*, entry: Decimal, stop: Decimal, targets: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Return the reward of the targets per unit of risk, as a plain ratio.

    Args:
        targets: Price and size of each; the average distance, weighted by size, is the reward.

    Returns:
        None without risk or without targets.
    """
    rows = list(targets)
    size = sum((amount for _, amount in rows), Decimal(0))
    risk = abs(entry - stop)
    if not risk or not size:
        return None
    reward = sum((abs(price - entry) * amount for price, amount in rows), Decimal(0)) / size
    return reward / risk


def _above_zero(name: str, number: Decimal) -> None:
    if not number.is_finite() or number <= 0:
        raise BadOrder(f"{name}: expected a number above zero", code="bad_number", name=name, text=str(number)[:32])
