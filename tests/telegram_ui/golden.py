"""Screens as text, like the chat shows them. `python -m tests.telegram_ui.golden` writes the golden files anew."""

import html
import re
from pathlib import Path

from telegram_ui.screen import Screen
from telegram_ui.texts import LANGUAGES, Texts
from tests.telegram_ui.screens import SCREENS

GOLDEN = Path(__file__).parent / "golden"
_SIGNS = {"b": "*", "code": "`"}


def as_text(screen: Screen) -> str:
    """Return a screen's text and buttons; *bold*, `fixed width`, [buttons], {the phone's keyboard}."""
    marked = re.sub(r"</?(\w+)>", lambda tag: _SIGNS[tag[1]], screen.text)
    rows = [" ".join(f"[{button.text}]" for button in row) for row in screen.keyboard]
    menu = [" ".join(f"{{{text}}}" for text in row) for row in screen.menu or ()]
    note = ["(without sound)"] if screen.is_silent else []
    return "\n".join([html.unescape(marked), "", *rows, *menu, *note]).rstrip() + "\n"


def main() -> None:
    """Write every file anew."""
    for language in LANGUAGES:
        directory = GOLDEN / language
        directory.mkdir(parents=True, exist_ok=True)
        for path in directory.glob("*.txt"):
            path.unlink()
        for name, make in SCREENS.items():
            (directory / f"{name}.txt").write_text(as_text(make(Texts(language))), encoding="utf-8")


if __name__ == "__main__":
    main()
