"""Candles of a market with the prices that matter to whoever holds something there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from pictures.look import (
    FAINT,
    GAIN,
    GRID,
    HEIGHT,
    INK,
    LOSS,
    MARGIN,
    NEUTRAL,
    WARN,
    WIDTH,
    arrow,
    footer,
    header,
    sheet,
    text_width,
)
from pictures.svg import Markup, Scale, element, group, label, round_steps

_TOP, _BOTTOM = 140, HEIGHT - 104
_LEFT, _RIGHT = MARGIN, WIDTH - 190
_LAST = _RIGHT - 130
"""Where the candles end, so that the names of levels do not lie upon the newest."""
_TAG_HEIGHT, _TAG_SIZE = 34, 20
_REACH = 0.6
"""A level is drawn in its place when it is no further off than this share of the candles' span; else at the edge."""
_PAD = 0.06
_GRID_LINES = 6
_TIMES = 6


class Line(StrEnum):
    """What a price means to its owner."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    LIQUIDATION = "liquidation"
    NOW = "now"


_COLOURS = {Line.ENTRY: NEUTRAL, Line.STOP: LOSS, Line.TARGET: GAIN, Line.LIQUIDATION: WARN, Line.NOW: INK}
_DASHES = {Line.ENTRY: "10 6", Line.STOP: "4 6", Line.TARGET: "4 6", Line.LIQUIDATION: "2 6", Line.NOW: "1 5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One candle."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    time: str
    """As it is written under the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price with its name."""

    line: Line
    name: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPicture:
    """Everything on the picture. `price_text` writes a price as it is written everywhere else."""

    title: str
    subtitle: str
    badge: str
    bars: Sequence[Bar]
    levels: Sequence[Level]
    footer: str
    price_text: Callable[[Decimal], str]


def chart(picture: ChartPicture) -> Markup:
    """Draw it."""
    scale = _scale(picture)
    tags = _placed([_tag(level, scale) for level in picture.levels])
    return sheet(
        header(picture.title, picture.subtitle, picture.badge),
        _grid(picture, scale, tags),
        _candles(picture.bars, scale),
        *(_line(tag) for tag in tags if tag.is_inside),
        *(_tag_markup(picture, tag) for tag in tags),
        footer(picture.footer),
    )


def _scale(picture: ChartPicture) -> Scale:
    """Return the prices that fit: those of the candles, and those of the levels that are near."""
    low = float(min(bar.low for bar in picture.bars))
    high = float(max(bar.high for bar in picture.bars))
    span = (high - low) or high * 0.01 or 1.0
    near = [float(level.price) for level in picture.levels]
    near = [price for price in near if low - span * _REACH <= price <= high + span * _REACH]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or span) * _PAD
    return Scale(low=low - pad, high=high + pad, start=_BOTTOM, end=_TOP)


def _grid(picture: ChartPicture, scale: Scale, tags: Sequence["_Tag"]) -> Markup:
    parts = []
    for value in round_steps(scale.low, scale.high, _GRID_LINES):
        y = scale(value)
        parts.append(element("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, stroke=GRID, stroke_width=1))
        if all(abs(y - tag.y) > _TAG_HEIGHT - 4 for tag in tags):
            parts.append(label(picture.price_text(value), x=_RIGHT + 14, y=y + 7, font_size=20, fill=FAINT))
    step = max(1, len(picture.bars) // _TIMES)
    for n in range(step // 2, len(picture.bars), step):
        x = _x_of(n, len(picture.bars))
        text = picture.bars[n].time
        parts.append(label(text, x=x, y=_BOTTOM + 36, font_size=20, fill=FAINT, text_anchor="middle"))
    return group(*parts)


def _x_of(n: int, count: int) -> float:
    return _LEFT + (n + 0.5) * (_LAST - _LEFT) / count


def _candles(bars: Sequence[Bar], scale: Scale) -> Markup:
    width = max(1.5, (_LAST - _LEFT) / len(bars) * 0.66)
    parts = []
    for n, bar in enumerate(bars):
        x, colour = _x_of(n, len(bars)), GAIN if bar.close >= bar.open else LOSS
        top, bottom = scale(max(bar.open, bar.close)), scale(min(bar.open, bar.close))
        high, low = scale(bar.high), scale(bar.low)
        parts.append(element("line", x1=x, x2=x, y1=high, y2=low, stroke=colour, stroke_width=1.5))
        height = max(bottom - top, 1.5)
        parts.append(element("rect", x=x - width / 2, y=top, width=width, height=height, rx=1, fill=colour))
    return group(*parts)


@dataclass(slots=True)
class _Tag:
    """A level's label at the right edge; `y` is moved so that no two lie upon each other."""

    level: Level
    price_y: float
    y: float
    is_inside: bool


def _tag(level: Level, scale: Scale) -> _Tag:
    is_inside = scale.low <= float(level.price) <= scale.high
    y = min(max(scale(level.price), _TOP), _BOTTOM)
    return _Tag(level=level, price_y=y, y=y, is_inside=is_inside)


def _placed(tags: list[_Tag]) -> list[_Tag]:
    """Push labels apart, downwards first, then up from the bottom."""
    tags.sort(key=lambda tag: (tag.y, -tag.level.price))
    gap = _TAG_HEIGHT + 4
    for before, tag in pairwise(tags):
        tag.y = max(tag.y, before.y + gap)
    limit = float(_BOTTOM)
    for tag in reversed(tags):
        tag.y = min(tag.y, limit)
        limit = tag.y - gap
    return tags


def _line(tag: _Tag) -> Markup:
    colour, dash = _COLOURS[tag.level.line], _DASHES[tag.level.line]
    return element(
        "line",
        x1=_LEFT,
        x2=_RIGHT,
        y1=tag.price_y,
        y2=tag.price_y,
        stroke=colour,
        stroke_width=2,
        stroke_dasharray=dash,
    )


def _tag_markup(picture: ChartPicture, tag: _Tag) -> Markup:
    """Return a label: the name on the chart's side of the edge, the price beyond it."""
    colour, level = _COLOURS[tag.level.line], tag.level
    price, top = picture.price_text(level.price), tag.y - _TAG_HEIGHT / 2
    name_width = text_width(level.name, _TAG_SIZE) + 20
    is_above = tag.price_y < (_TOP + _BOTTOM) / 2
    pointer = [] if tag.is_inside else [arrow(_RIGHT - name_width - 18, tag.y, 16, points_up=is_above, colour=colour)]
    box = {"y": top, "height": _TAG_HEIGHT, "rx": 6}
    ink = "#0b0f1a"
    return group(
        element("rect", x=_RIGHT - name_width, width=name_width, fill="#131a2a", fill_opacity=0.85, **box),
        label(
            level.name,
            x=_RIGHT - 10,
            y=tag.y + 7,
            font_size=_TAG_SIZE,
            font_weight=600,
            fill=colour,
            text_anchor="end",
        ),
        element("rect", x=_RIGHT + 4, width=WIDTH - MARGIN - _RIGHT + 24, fill=colour, **box),
        label(price, x=_RIGHT + 14, y=tag.y + 7, font_size=_TAG_SIZE, font_weight=600, fill=ink),
        *pointer,
    )
