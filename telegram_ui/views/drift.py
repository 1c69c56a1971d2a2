"""What a look at the accounts found: whether what is stored and what the venues say is the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram_ui.buttons import home_button, refresh_button
from telegram_ui.parts import Part, blocks, part_text
from telegram_ui.screen import Button, Html, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts

_DRIFT = {
    "unexplained_change": N_("⚠️ {subject}: the position changed, and no fill tells of it yet."),
    "unknown_order_of_ours": N_("⚠️ An order with our mark is open that I do not know: {subject}"),
    "open_order_not_found": N_("⚠️ No. {subject} should be open, and the venue does not find it."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at an account found."""

    positions: int
    changes: int
    new_fills: int
    drift: tuple[tuple[str, str], ...]
    """What differs, by the trading code's word, and where."""
    as_of: datetime


def drift_view(t: Texts, parts: Sequence[Part[Look]]) -> Screen:
    """Report account by account."""
    return Screen(
        text=blocks(
            bold(t("Compared with the venues")),
            *(part_text(t, part, lambda look: _look_text(t, look)) for part in parts),
        ),
        keyboard=(
            (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords")),
            (refresh_button(t, "sync"), home_button(t)),
        ),
    )


def _look_text(t: Texts, look: Look) -> Html:
    counts = dotted(
        t.plural("{count} position", "{count} positions", look.positions),
        t.plural("{count} change", "{count} changes", look.changes),
        t.plural("{count} new fill", "{count} new fills", look.new_fills),
    )
    found = [t(_DRIFT[kind], subject=subject) for kind, subject in look.drift]
    return lines(
        counts,
        *(found or [t("✅ Everything is as I knew it.")]),
        t("as of {time}", time=t.time(look.as_of)),
    )
