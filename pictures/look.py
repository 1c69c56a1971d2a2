"""Colours and sizes that all pictures share, and what stands at the top and the bottom of each."""

from pictures.svg import Markup, drawing, element, gradient, group, label

GROUND, GROUND_DEEP, PANEL, GRID = "#131a2a", "#0b0f1a", "#1a2336", "#26314a"
INK, FAINT = "#f2f5fb", "#9fb0cc"
GAIN, LOSS, WARN, NEUTRAL = "#2fd08a", "#ff6b6b", "#ffb454", "#7aa7ff"
WIDTH, HEIGHT = 1280, 720
MARGIN = 48
BADGES = {"PAPER": "#e8c14a", "DEMO": "#4a90ff", "TESTNET": "#a06bff", "REAL": "#ff5a5a"}

_PER_LETTER = 0.62
_BOLD_PER_LETTER = 0.66


def text_width(content: str, size: float, *, is_bold: bool = False) -> float:
    """Return about how wide a text is; a little more than it really is."""
    return len(content) * size * (_BOLD_PER_LETTER if is_bold else _PER_LETTER)


def sheet(*children: Markup) -> Markup:
    """Return a picture on the common ground."""
    defs = element(
        "defs",
        gradient("ground", GROUND, GROUND_DEEP),
        gradient("gain", GAIN, GAIN, top_opacity=0.45, bottom_opacity=0.02),
        gradient("loss", LOSS, LOSS, top_opacity=0.02, bottom_opacity=0.45),
    )
    ground = element("rect", width=WIDTH, height=HEIGHT, fill="url(#ground)")
    return drawing(WIDTH, HEIGHT, defs, ground, *children)


def badge(word: str, *, x: float, y: float) -> Markup:
    """Return a pill that tells whose money it is; its right edge lies at `x`."""
    colour, size = BADGES.get(word, NEUTRAL), 24
    width = text_width(word, size, is_bold=True) + 36
    return group(
        element("rect", x=x - width, y=y, width=width, height=44, rx=22, fill=colour, fill_opacity=0.16),
        element("rect", x=x - width, y=y, width=width, height=44, rx=22, fill="none", stroke=colour, stroke_width=2),
        label(word, x=x - width / 2, y=y + 31, font_size=size, font_weight=700, fill=colour, text_anchor="middle"),
    )


def header(title: str, subtitle: str, badge_word: str) -> Markup:
    """Return the top of a picture."""
    return group(
        label(title, x=MARGIN, y=72, font_size=42, font_weight=700, fill=INK),
        label(subtitle, x=MARGIN, y=110, font_size=24, fill=FAINT),
        badge(badge_word, x=WIDTH - MARGIN, y=36),
    )


def footer(left: str, right: str = "ElCaro") -> Markup:
    """Return the bottom of a picture."""
    return group(
        label(left, x=MARGIN, y=HEIGHT - 24, font_size=20, fill=FAINT),
        label(right, x=WIDTH - MARGIN, y=HEIGHT - 24, font_size=20, font_weight=600, fill=FAINT, text_anchor="end"),
    )


def arrow(x: float, y: float, size: float, *, points_up: bool, colour: str) -> Markup:
    """Return a triangle; its middle lies at the place given."""
    tip, base = (y - size / 2, y + size / 2) if points_up else (y + size / 2, y - size / 2)
    points = f"{x:.1f},{tip:.1f} {x - size / 2:.1f},{base:.1f} {x + size / 2:.1f},{base:.1f}"
    return element("polygon", points=points, fill=colour)


def colour_of(amount: float) -> str:
    """Return the colour of a profit or a loss."""
    return GAIN if amount > 0 else LOSS if amount < 0 else FAINT
