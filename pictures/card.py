"""The result of one closed trade, to be shown around."""

from dataclasses import dataclass

from pictures.look import FAINT, GRID, HEIGHT, INK, MARGIN, PANEL, WIDTH, arrow, colour_of, footer, header, sheet
from pictures.svg import Markup, element, group, label

_BIG = 132


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPicture:
    """Everything on the picture, as it is written; `sign` tells gain, loss or neither."""

    title: str
    subtitle: str
    badge: str
    amount: str
    share: str
    sign: int
    facts: tuple[tuple[str, str], ...]
    """Names and values, at most six."""
    footer: str


def card(picture: CardPicture) -> Markup:
    """Draw it."""
    colour = colour_of(picture.sign)
    return sheet(
        _glow(colour, picture.sign),
        header(picture.title, picture.subtitle, picture.badge),
        _amount(picture, colour),
        _facts(picture),
        footer(picture.footer),
    )


def _glow(colour: str, sign: int) -> Markup:
    """Return a light that rises for a gain and sinks for a loss."""
    points = "0,520 320,470 640,490 960,360 1280,250" if sign >= 0 else "0,250 320,330 640,320 960,450 1280,520"
    area = f"0,{HEIGHT} {points} {WIDTH},{HEIGHT}"
    fill = element("polygon", points=area, fill=colour, fill_opacity=0.07)
    line = element("polyline", points=points, fill="none", stroke=colour, stroke_width=3, stroke_opacity=0.35)
    return group(fill, line)


def _amount(picture: CardPicture, colour: str) -> Markup:
    size = min(_BIG, int((WIDTH - 2 * MARGIN - 80) / max(len(picture.amount), 1) / 0.62))
    pointer = []
    if picture.sign:
        pointer.append(arrow(MARGIN + 34, 288 - size * 0.36, 56, points_up=picture.sign > 0, colour=colour))
    start = MARGIN + (88 if picture.sign else 0)
    return group(
        *pointer,
        label(picture.amount, x=start, y=288, font_size=size, font_weight=700, fill=colour),
        label(picture.share, x=start, y=376, font_size=44, font_weight=600, fill=INK),
    )


def _facts(picture: CardPicture) -> Markup:
    columns = 3
    width = (WIDTH - 2 * MARGIN - 2 * 20) / columns
    parts = []
    for n, (name, value) in enumerate(picture.facts):
        x = MARGIN + (n % columns) * (width + 20)
        y = 420 + (n // columns) * 122
        parts.append(element("rect", x=x, y=y, width=width, height=104, rx=14, fill=PANEL, stroke=GRID))
        parts.append(label(name, x=x + 24, y=y + 38, font_size=22, fill=FAINT))
        size = min(32, int((width - 48) / max(len(value), 1) / 0.6))
        parts.append(label(value, x=x + 24, y=y + 80, font_size=size, font_weight=600, fill=INK))
    return group(*parts)
