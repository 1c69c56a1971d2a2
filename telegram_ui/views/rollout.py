"""Who is on which path to the venues, for the owner."""

from telegram_ui.buttons import action, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Screen, bold, code, lines
from telegram_ui.texts import Texts


def rollout_view(t: Texts, path: str, *, is_chosen: bool, is_shadowing: bool) -> Screen:
    """Show the path in force and how to change it."""
    source = t("chosen here") if is_chosen else t("as USE_UNIFIED says")
    shadow = Button(
        text=t("Stop comparing") if is_shadowing else t("Compare both paths"),
        action=action("roll", "alone" if is_shadowing else "shadow"),
    )
    paths = tuple(
        Button(text=text, action=action("roll", word))
        for text, word in ((t("Unified"), "true"), (t("Half"), "50%"), (t("Legacy"), "false"))
    )
    reset = (Button(text=t("As USE_UNIFIED says"), action=action("roll", "reset")),) if is_chosen else ()
    return Screen(
        text=blocks(
            lines(bold(t("Path to the venues")), t("Now: {path} ({source})", path=path, source=source)),
            t("Reads are compared with the other path; differences are logged.") if is_shadowing else None,
            lines(
                t("Orders under way finish on the path they were sent on."),
                t("Also: {example}, or user ids with commas.", example=code("/rollout 25%")),
            ),
        ),
        keyboard=(paths, (shadow, *reset), (home_button(t),)),
    )
