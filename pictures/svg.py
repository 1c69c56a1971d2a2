"""A few words of SVG. Whatever is put into a drawing is escaped, so a market's name cannot break it."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape

Number = float | int


class Markup(str):
    """Text that is SVG already."""

    __slots__ = ()


def element(name: str, *children: Markup, **attributes: str | Number | None) -> Markup:
    """Return one element; `_` in an attribute's name stands for `-`, None leaves it out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return Markup(f"<{name}{words}>{inner}</{name}>" if inner else f"<{name}{words}/>")


def label(content: str, **attributes: str | Number | None) -> Markup:
    """Return a text; its content comes from anywhere."""
    return element("text", Markup(escape(content)), **attributes)


def group(*children: Markup, **attributes: str | Number | None) -> Markup:
    """Return several elements as one."""
    return element("g", *children, **attributes)


def gradient(name: str, top: str, bottom: str, *, top_opacity: Number = 1, bottom_opacity: Number = 1) -> Markup:
    """Return a definition of colours that run from top to bottom."""
    stops = (
        element("stop", offset=0, stop_color=top, stop_opacity=top_opacity),
        element("stop", offset=1, stop_color=bottom, stop_opacity=bottom_opacity),
    )
    return element("linearGradient", *stops, id=name, x1=0, y1=0, x2=0, y2=1)


def drawing(width: int, height: int, *children: Markup) -> Markup:
    """Return a whole picture."""
    return element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=FONT,
    )


FONT = "Inter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Turns values into places on the canvas: `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: Number | Decimal) -> float:
        """Return where a value lies; all values lie in the middle where there is only one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (float(value) - self.low) / (self.high - self.low) * (self.end - self.start)


def round_steps(low: float, high: float, about: int) -> list[Decimal]:
    """Return about so many round numbers between two values."""
    span = Decimal(f"{high - low:.12g}")
    if span <= 0:
        return []
    unit = Decimal(1).scaleb((span / about).adjusted())
    step = next(factor * unit for factor in _FACTORS if factor * unit * about >= span)
    first = (Decimal(f"{low:.12g}") / step).to_integral_value(ROUND_CEILING)
    count = int((Decimal(f"{high:.12g}") / step).to_integral_value(ROUND_FLOOR) - first) + 1
    return [(first + n) * step for n in range(max(count, 0))]


_FACTORS = tuple(Decimal(text) for text in ("1", "2", "2.5", "5", "10"))


def _value(value: str | Number) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value))
