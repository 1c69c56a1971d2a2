"""What went wrong, in one sentence that says what to do. Errors carry a code and data; the words are here."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.errors import BadOrder, NotSent, OutcomeUnknown, Rejected, TradingError, Unavailable
from telegram_ui.buttons import back_button, home_button
from telegram_ui.screen import Html, Keyboard, Screen, code, lines
from telegram_ui.sentences import BARE, SENTENCES, WRITTEN_WELL
from telegram_ui.texts import N_, Texts
from telegram_ui.ways_on import way_on
from telegram_ui.words import badge_word, venue_name

_CONSEQUENCES: tuple[tuple[type[TradingError], str], ...] = (
    (NotSent, N_("Nothing was sent.")),
    (Rejected, N_("The venue refused it; nothing changed.")),
    (OutcomeUnknown, N_("It may have happened; it is being checked and is not sent again.")),
    (Unavailable, N_("Nothing is known right now; this is not zero. Try again.")),
)

_VENUES_OWN_WORDS = frozenset({"refused", "rejected"})
"""Codes that say less than the venue's own text."""


def error_line(t: Texts, error: TradingError, *, number: str = "") -> Html:
    """Return one sentence about an error.

    Args:
        number: A short id that stands in the log beside the details, shown where the code has no sentence of its own.
    """
    return code_line(t, error.code, error.fields, venue_message=_venue_words(error), number=number)


def code_line(
    t: Texts, code: str, fields: Mapping[str, Any] | None = None, *, venue_message: str = "", number: str = ""
) -> Html:
    """Return the sentence of a code; the generic one for a code that has none."""
    if venue_message and (code in _VENUES_OWN_WORDS or code not in SENTENCES):
        return t("The venue said: “{message}”.", message=venue_message)
    sentence = BARE[code] if code in BARE and "minimum" not in (fields or {}) else SENTENCES.get(code)
    if sentence is not None:
        return t.lenient(sentence, {name: _shown(t, name, value) for name, value in (fields or {}).items()})
    return t("Something went wrong ({code}). Quote {number} to whoever runs this bot.", code=code, number=number or "—")


def error_view(t: Texts, error: TradingError, *, number: str = "", example: str = "", back: str = "") -> Screen:
    """Return the screen of an error: what happened, what follows, a way on and a way back.

    Args:
        back: The action that leads to where the person was.
        example: How it is written rightly, shown where the form of what was typed is at fault.
    """
    is_misspelt = isinstance(error, BadOrder) and error.code not in WRITTEN_WELL
    consequence = next((text for kind, text in _CONSEQUENCES if isinstance(error, kind)), None)
    return Screen(
        text=lines(
            "⚠️ " + error_line(t, error, number=number),
            t("For example: {example}", example=code(example)) if example and is_misspelt else None,
            t(consequence) if consequence else None,
        ),
        keyboard=_ways(t, error, back),
    )


def _ways(t: Texts, error: TradingError, back: str) -> Keyboard:
    way = way_on(t, error.code)
    return (
        *(((way,),) if way else ()),
        (*((back_button(t, back),) if back else ()), home_button(t)),
    )


def crash_view(t: Texts, number: str) -> Screen:
    """Return what is shown when the bot itself failed."""
    return Screen(
        text=t(
            "⚠️ Something went wrong inside the bot. Look at /positions and /orders before you try again, "
            "and quote {number} to whoever runs this bot.",
            number=number,
        ),
        keyboard=((home_button(t),),),
        must_arrive=True,
    )


def _venue_words(error: TradingError) -> str:
    return error.message if isinstance(error, Rejected) else ""


def _shown(t: Texts, name: str, value: Any) -> str:
    """Write one of an error's data for people."""
    if isinstance(value, Decimal):
        return t.size(value)
    if name == "exchange":
        return venue_name(str(value))
    if name == "account_type":
        return badge_word(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
