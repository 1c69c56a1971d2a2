"""Pictures: a market with what is held there, a closed trade, the curve of profit; each says the same in words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chat.call import Call, Reply
from chat.confirm import thawed_account
from chat.ledger import past, period_and_place
from chat.money import find_instrument, find_market
from chat.reading import ask_all, chosen_accounts, scope_of
from core.past import Past
from core.phrases import parse_symbol
from core.summary import Summary
from models.account import Account
from models.errors import BadOrder, Unavailable
from models.fill import ClosedPnl
from models.market import Candle, Instrument
from models.order import Order
from models.position import Position
from pictures.card import CardPicture, card
from pictures.chart import Bar, ChartPicture, Level, Line, chart
from pictures.curve import CurvePicture, curve
from pictures.painter import PictureFailed
from pictures.svg import Markup
from telegram_ui.parts import Part
from telegram_ui.screen import Attachment, Screen, plain_text
from telegram_ui.views.history import PERIODS, pnl_view
from telegram_ui.views.pictures import (
    INTERVALS,
    LEVEL_WORDS,
    chart_caption,
    curve_caption,
    trade_caption,
)
from telegram_ui.words import badge_word, side_mark, venue_name

_BARS = 96
_TIMES = 5
_LOOK_BACK = timedelta(days=30)
_EDIT = "e"
_MINUTES = {"1": "1m", "5": "5m", "15": "15m", "60": "1h", "240": "4h", "d": "1d"}


async def cmd_chart(call: Call) -> Reply:
    """Send candles of a market with entry, stop, targets and liquidation: `/chart BTC 1h`."""
    symbol, interval = _read(call)
    account, held = await _where(call, symbol)
    instrument = await find_instrument(call, account, symbol)
    candles, orders = await asyncio.gather(
        call.backend.get_candles(
            call.user_id,
            instrument.symbol,
            interval,
            limit=_BARS,
            exchange=account.exchange,
            account_type=account.account_type,
        ),
        _orders(call, account, instrument, held),
    )
    if not candles:
        raise Unavailable("the venue has no candles", code="no_price")
    levels = _levels(candles, held, orders)
    is_instead = len(call.arguments) > 2 and call.arguments[2] == _EDIT
    scene = _Scene(call, account, instrument, interval, candles, levels, held)
    return await _send(call, f"{instrument.symbol}-{interval}", scene.drawing(), scene.caption(), is_instead=is_instead)


def _read(call: Call) -> tuple[str, str]:
    words = list(call.arguments[:2]) or call.text.split()
    if not words or len(words) > 2:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    word = words[1].lower() if len(words) > 1 else "1h"
    interval = _MINUTES.get(word, word)
    if interval not in (*INTERVALS, "1m"):
        raise BadOrder("no such interval", code="bad_interval", known=", ".join(INTERVALS))
    return parse_symbol(words[0]), interval


async def _where(call: Call, symbol: str) -> tuple[Account, Position | None]:
    """Return the first chosen account that holds something in the market, or the first one."""
    accounts = await chosen_accounts(call)
    for account in accounts:
        try:
            found = await call.backend.get_positions(call.user_id, symbol, account.exchange, account.account_type)
        except (Unavailable, BadOrder):
            continue  # the market is drawn without what is held there, or is none there
        if found:
            return account, found[0]
    account, _ = await find_market(call, accounts, symbol)
    return account, None


async def _orders(call: Call, account: Account, instrument: Instrument, held: Position | None) -> Sequence[Order]:
    if held is None:
        return ()
    return await call.backend.get_orders(call.user_id, instrument.symbol, account.exchange, account.account_type)


def _levels(candles: Sequence[Candle], held: Position | None, orders: Sequence[Order]) -> list[tuple[Line, Decimal]]:
    found: list[tuple[Line, Decimal]] = []
    if held is not None:
        targets = {o.trigger_price for o in orders if o.order_type.is_take_profit and o.side is held.side.closing_side}
        prices = sorted({price for price in (*targets, held.take_profit) if price}, reverse=not held.is_long)
        found.append((Line.ENTRY, held.entry_price))
        found += [(Line.STOP, held.stop_loss)] if held.stop_loss else []
        found += [(Line.TARGET, price) for price in prices]
        found += [(Line.LIQUIDATION, held.liquidation_price)] if held.liquidation_price else []
    return [*found, (Line.NOW, candles[-1].close)]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a chart and its caption are made of."""

    call: Call
    account: Account
    instrument: Instrument
    interval: str
    candles: Sequence[Candle]
    levels: Sequence[tuple[Line, Decimal]]
    held: Position | None

    def _price(self, value: Decimal) -> str:
        return self.call.t.price(value, self.instrument.price_tick)

    def drawing(self) -> Markup:
        """Return the picture."""
        t, held = self.call.t, self.held
        profit = t.signed_money(held.unrealized_pnl) if held else ""
        what = f"{side_mark(held.side)[2:]} {t.size(held.size)} · {profit}" if held else ""
        subtitle = " · ".join(part for part in (venue_name(self.account.exchange), what) if part)
        return chart(
            ChartPicture(
                title=f"{self.instrument.symbol} · {self.interval}",
                subtitle=subtitle,
                badge=badge_word(self.account.account_type),
                bars=[self._bar(candle) for candle in self.candles],
                levels=[Level(line=line, name=plain_text(t(LEVEL_WORDS[line])), price=p) for line, p in self.levels],
                footer=plain_text(t("as of {time}", time=t.time(self.call.services.now()))),
                price_text=self._price,
            )
        )

    def _bar(self, candle: Candle) -> Bar:
        local = candle.opened_at.astimezone(self.call.t.zone)
        time = self.call.t.day(local) if self.interval == "1d" else f"{local:%H:%M}"
        return Bar(open=candle.open, high=candle.high, low=candle.low, close=candle.close, time=time)

    def caption(self) -> Screen:
        """Return the same in words."""
        levels = [(line.value, self._price(price)) for line, price in self.levels]
        held = (self.held.side, self.held.size) if self.held else None
        return chart_caption(self.call.t, self.account, self.instrument.symbol, self.interval, levels, held)


async def on_trade_picture(call: Call) -> Reply:
    """Send a closed trade as a picture."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    row = await _closed(call, account, call.argument(2), call.argument(3))
    basis = (row.entry_price or Decimal(0)) * row.size / (row.leverage or Decimal(1))
    share = row.pnl / basis if basis else None
    currency = (await find_instrument(call, account, row.symbol)).settle
    drawing = card(_card(call, account, row, share, currency))
    return await _send(call, f"{row.symbol}-trade", drawing, trade_caption(call.t, account, row, share, currency))


async def _closed(call: Call, account: Account, symbol: str, closed_ms: str) -> ClosedPnl:
    """Return the closed trade that a button is about; the newest of its market for 0."""
    found = await call.backend.get_closed_pnl(
        call.user_id,
        symbol,
        since=call.services.now() - _LOOK_BACK,
        exchange=account.exchange,
        account_type=account.account_type,
    )
    for row in found:
        if closed_ms in {"0", str(round(row.closed_at.timestamp() * 1000))}:
            return row
    raise BadOrder("no such trade", code="trade_not_found")


def _card(call: Call, account: Account, row: ClosedPnl, share: Decimal | None, currency: str) -> CardPicture:
    t = call.t
    facts = [
        (t("Entry"), t.price(row.entry_price)),
        (t("Exit"), t.price(row.exit_price)),
        (t("Size"), t.size(row.size)),
        (t("Fees"), t.money(row.fees)),
        (t("Closed"), t.moment(row.closed_at)),
        *([(t("Leverage"), t.leverage(row.leverage))] if row.leverage else []),
    ]
    return CardPicture(
        title=row.symbol,
        subtitle=f"{side_mark(row.side)[2:]} · {venue_name(account.exchange)}",
        badge=badge_word(account.account_type),
        amount=t.signed_money(row.pnl, currency),
        share=t.percent(share) if share is not None else "",
        sign=(row.pnl > 0) - (row.pnl < 0),
        facts=tuple((plain_text(name), value) for name, value in facts),
        footer=plain_text(t.moment(row.closed_at)),
    )


async def cmd_curve(call: Call) -> Reply:
    """Send how profit grew and fell, a picture for each account: `/curve month`, `/curve month all`."""
    period, place = period_and_place(call.arguments or call.text.lower().split(), "month")
    accounts, _ = await scope_of(call, place)
    unsent: list[Screen] = []
    drawn = 0
    looked = await ask_all(accounts, lambda account: past(call, account, period))
    silent: list[Part[Summary]] = [Part(account=part.account, error=part.error) for part in looked if part.error]
    if len(silent) == len(looked) and silent[0].error is not None:
        raise silent[0].error
    for account, found in ((part.account, part.value) for part in looked if part.value is not None):
        points = found.curve
        if not points:
            continue
        drawn += 1
        begun = points[0].at - timedelta(seconds=1)
        places = [(begun.timestamp(), Decimal(0)), *((point.at.timestamp(), point.total) for point in points)]
        drawing = curve(_curve(call, account, period, found, places))
        caption = curve_caption(call.t, account, period, found.summary, deepest_fall(places))
        left = await _send(call, f"profit-{period}", drawing, caption)
        unsent += [] if left is None else [left]
    if not drawn and not silent:
        raise BadOrder("nothing was closed", code="no_trades")
    return [*unsent, pnl_view(call.t, period, silent)] if silent else unsent


def _curve(
    call: Call, account: Account, period: str, found: Past, places: Sequence[tuple[float, Decimal]]
) -> CurvePicture:
    t, summary = call.t, found.summary
    first, last = places[0][0], places[-1][0]
    moments = [datetime.fromtimestamp(first + (last - first) * n / (_TIMES - 1), UTC) for n in range(_TIMES)]
    is_short = last - first < timedelta(days=2).total_seconds()
    facts = (
        (t("Total"), t.signed_money(summary.total)),
        (t("Trades"), str(summary.trades)),
        (t("Won"), t.percent(summary.win_fraction, is_signed=False)),
        (t("Deepest fall"), t.signed_money(deepest_fall(places))),
    )
    return CurvePicture(
        title=plain_text(t("Profit and loss")) + " · " + plain_text(t(PERIODS[period])),
        subtitle=venue_name(account.exchange),
        badge=badge_word(account.account_type),
        points=places,
        times=[t.moment(moment) if is_short else t.day(moment) for moment in moments],
        facts=tuple((plain_text(name), value) for name, value in facts),
        footer=plain_text(t("as of {time}", time=t.time(call.services.now()))),
        amount_text=t.signed_money,
    )


def deepest_fall(places: Sequence[tuple[float, Decimal]]) -> Decimal:
    """Return the largest fall from a peak, at most zero."""
    peak, deepest = Decimal(0), Decimal(0)
    for _, total in places:
        peak = max(peak, total)
        deepest = min(deepest, total - peak)
    return deepest


async def _send(call: Call, name: str, drawing: Markup, caption: Screen, *, is_instead: bool = False) -> Screen | None:
    """Send a picture; where that cannot be, its caption says the same."""
    try:
        content = await call.services.paint(drawing)
    except PictureFailed:
        return caption
    picture = Attachment(name=f"{name}.png", content=content, caption=caption, is_picture=True)
    return None if await call.send_file(picture, is_instead) else caption
