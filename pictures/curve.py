"""How a total grew and fell over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from pictures.look import FAINT, GAIN, GRID, HEIGHT, INK, LOSS, MARGIN, WIDTH, footer, header, sheet
from pictures.svg import Markup, Scale, element, group, label, round_steps

_TOP, _BOTTOM = 210, HEIGHT - 104
_LEFT, _RIGHT = MARGIN, WIDTH - 170
_GRID_LINES = 5
_PAD = 0.08
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePicture:
    """Everything on the picture.

    Attributes:
        points: When, as any rising number, and how much; the first is where it began.
        times: What is written under the curve, from its left end to its right.
    """

    title: str
    subtitle: str
    badge: str
    points: Sequence[tuple[float, Decimal]]
    times: Sequence[str]
    facts: tuple[tuple[str, str], ...]
    footer: str
    amount_text: Callable[[Decimal], str]


def curve(picture: CurvePicture) -> Markup:
    """Draw it."""
    values = [value for _, value in picture.points]
    low, high = float(min([*values, _NOTHING])), float(max([*values, _NOTHING]))
    pad = ((high - low) or 1.0) * _PAD
    upwards = Scale(low=low - pad, high=high + pad, start=_BOTTOM, end=_TOP)
    across = Scale(low=picture.points[0][0], high=picture.points[-1][0], start=_LEFT, end=_RIGHT)
    return sheet(
        header(picture.title, picture.subtitle, picture.badge),
        _facts(picture),
        _grid(picture, upwards),
        _area(picture.points, across, upwards),
        footer(picture.footer),
    )


def _facts(picture: CurvePicture) -> Markup:
    width = (WIDTH - 2 * MARGIN) / max(len(picture.facts), 1)
    return group(
        *(
            group(
                label(name, x=MARGIN + n * width, y=152, font_size=20, fill=FAINT),
                label(value, x=MARGIN + n * width, y=188, font_size=30, font_weight=600, fill=INK),
            )
            for n, (name, value) in enumerate(picture.facts)
        )
    )


def _grid(picture: CurvePicture, upwards: Scale) -> Markup:
    parts = []
    for value in round_steps(upwards.low, upwards.high, _GRID_LINES):
        y = upwards(value)
        parts.append(element("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, stroke=GRID, stroke_width=1))
        parts.append(label(picture.amount_text(value), x=_RIGHT + 14, y=y + 7, font_size=20, fill=FAINT))
    zero = upwards(0)
    parts.append(element("line", x1=_LEFT, x2=_RIGHT, y1=zero, y2=zero, stroke=FAINT, stroke_dasharray="6 6"))
    places = Scale(low=0, high=max(len(picture.times) - 1, 1), start=_LEFT, end=_RIGHT)
    for n, text in enumerate(picture.times):
        anchor = "start" if n == 0 else "end" if n == len(picture.times) - 1 else "middle"
        parts.append(label(text, x=places(n), y=_BOTTOM + 36, font_size=20, fill=FAINT, text_anchor=anchor))
    return group(*parts)


def _area(points: Sequence[tuple[float, Decimal]], across: Scale, upwards: Scale) -> Markup:
    is_gain = points[-1][1] >= 0
    colour, fill = (GAIN, "url(#gain)") if is_gain else (LOSS, "url(#loss)")
    steps = _steps([(across(at), upwards(value)) for at, value in points])
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
    zero, last = upwards(0), steps[-1]
    area = f"{steps[0][0]:.1f},{zero:.1f} {line} {last[0]:.1f},{zero:.1f}"
    return group(
        element("polygon", points=area, fill=fill),
        element("polyline", points=line, fill="none", stroke=colour, stroke_width=3, stroke_linejoin="round"),
        element("circle", cx=last[0], cy=last[1], r=6, fill=colour),
    )


def _steps(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a line that stays where it is until the next change."""
    corners = [places[0]]
    for (_, y), (x, next_y) in pairwise(places):
        corners += [(x, y), (x, next_y)]
    return corners
