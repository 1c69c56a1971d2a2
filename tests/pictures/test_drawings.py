"""Drawings as text: whole, escaped, nothing upon anything else; and as pictures, made in a process of their own."""

import re
import struct
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from pictures.card import CardPicture, card
from pictures.chart import Bar, ChartPicture, Level, Line, chart
from pictures.curve import CurvePicture, curve
from pictures.look import HEIGHT, WIDTH
from pictures.painter import Painter, PictureFailed
from pictures.svg import Markup, Scale, drawing, label, round_steps

D = Decimal
BARS = [Bar(open=D(100 + n), high=D(103 + n), low=D(98 + n), close=D(101 + n), time=f"{n:02d}:00") for n in range(40)]
CHART = ChartPicture(
    title="BTCUSDT · 1h",
    subtitle="Bybit",
    badge="PAPER",
    bars=BARS,
    levels=[
        Level(line=Line.ENTRY, name="Entry", price=D(120)),
        Level(line=Line.TARGET, name="Target 1", price=D(141)),
        Level(line=Line.TARGET, name="Target 2", price=D("141.2")),
        Level(line=Line.STOP, name="Stop", price=D(97)),
        Level(line=Line.LIQUIDATION, name="Liquidation", price=D(20)),
    ],
    footer="as of 12:00",
    price_text=str,
)
CARD = CardPicture(
    title="BTCUSDT",
    subtitle="LONG",
    badge="REAL",
    amount="+58.68 USDT",
    share="+9.78 %",
    sign=1,
    facts=(("Entry", "60,000"), ("Exit", "61,000")),
    footer="as of 12:00",
)
CURVE = CurvePicture(
    title="Profit",
    subtitle="Bybit",
    badge="DEMO",
    points=[(0.0, D(0)), (1.0, D(10)), (2.0, D(-5)), (3.0, D(7))],
    times=("Mon", "Tue", "Wed"),
    facts=(("Total", "+7"),),
    footer="as of 12:00",
    amount_text=str,
)
ALL = {"chart": chart(CHART), "card": card(CARD), "curve": curve(CURVE)}


@pytest.mark.parametrize("name", ALL)
def test_drawing_is_well_formed_and_of_the_size_that_telegram_keeps(name: str) -> None:
    root = ET.fromstring(ALL[name])
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT))
    assert "nan" not in ALL[name].lower()
    assert "inf" not in re.sub("infinity|information", "", ALL[name].lower())


def test_names_from_outside_are_escaped() -> None:
    drawn = chart(replace(CHART, title='<script>"&', subtitle="a<b"))
    ET.fromstring(drawn)
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn


def test_every_level_is_named_with_its_price() -> None:
    texts = "".join(ET.fromstring(ALL["chart"]).itertext())
    for level in CHART.levels:
        assert level.name in texts
        assert str(level.price) in texts


def tags(drawn: Markup) -> list[float]:
    """Return where the coloured boxes of the levels lie."""
    return sorted(float(y) for y in re.findall(r'fill="#[0-9a-f]{6}" y="([\d.]+)" height="34"', drawn))


def test_labels_never_lie_upon_each_other() -> None:
    many = [Level(line=Line.TARGET, name=f"Target {n}", price=D(120) + n) for n in range(9)]
    places = tags(chart(replace(CHART, levels=many)))
    assert len(places) == 9
    assert all(below - above >= 34 for above, below in pairwise(places))


def test_level_far_away_is_pinned_to_the_edge_with_an_arrow() -> None:
    assert ALL["chart"].count("<polygon") == 1
    near = replace(CHART, levels=CHART.levels[:3])
    assert "<polygon" not in chart(near)


def test_market_that_does_not_move_is_drawn() -> None:
    flat = [replace(BARS[0], open=D(1), high=D(1), low=D(1), close=D(1))] * 3
    ET.fromstring(chart(replace(CHART, bars=flat, levels=[])))
    ET.fromstring(curve(replace(CURVE, points=[(0.0, D(0)), (1.0, D(0))])))


@pytest.mark.parametrize(("sign", "colour"), [(1, "#2fd08a"), (-1, "#ff6b6b"), (0, "#9fb0cc")])
def test_card_has_the_colour_of_its_result(sign: int, colour: str) -> None:
    drawn = card(replace(CARD, sign=sign))
    assert f'font-weight="700" fill="{colour}">+58.68 USDT' in drawn


def test_curve_that_ends_below_zero_is_red() -> None:
    assert "url(#loss)" in curve(replace(CURVE, points=[(0.0, D(0)), (1.0, D(-3))]))
    assert "url(#gain)" in ALL["curve"]


def test_steps_are_round() -> None:
    assert round_steps(58100, 62900, 5) == [D(59000), D(60000), D(61000), D(62000)]
    assert round_steps(0.0123, 0.0131, 4) == [D("0.0124") + n * D("0.0002") for n in range(4)]
    assert round_steps(1, 1, 5) == []


def test_scale_of_one_value_lies_in_the_middle() -> None:
    assert Scale(low=5, high=5, start=0, end=10)(5) == 5


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_pictures_are_painted_in_a_process_of_their_own() -> None:
    async with Painter() as painter:
        for drawn in ALL.values():
            assert size_of(await painter.paint(drawn)) == (WIDTH, HEIGHT)


async def test_cyrillic_letters_have_shapes_of_their_own() -> None:
    async with Painter() as painter:
        painted = [
            await painter.paint(drawing(200, 60, label(text, x=10, y=40, font_size=30, fill="#000")))
            for text in ("ґєїі", "????", "Цель", "\ue000\ue000\ue000\ue000")
        ]
    assert len(set(painted)) == len(painted)


async def test_broken_drawing_is_refused() -> None:
    async with Painter() as painter:
        with pytest.raises(PictureFailed):
            await painter.paint(Markup("<svg"))
        assert await painter.paint(ALL["card"])


async def test_painter_whose_process_died_begins_again() -> None:
    async with Painter() as painter:
        await painter.paint(ALL["card"])
        assert painter._pool is not None
        for process in painter._pool._processes.values():
            process.kill()
        assert await painter.paint(ALL["card"])
