"""Bring the chat's words into the web app's catalogues: sentences of error codes and warnings, names of settings.

    python -m tools.web_words

What the web app says in its own words stays. A sentence that names a chat command cannot be taken over; it is listed,
to be worded by hand in webapp/static/i18n/<language>.json as `error.<code>`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from chat.settings import SETTINGS
from telegram_ui.sentences import SENTENCES, WARNINGS
from telegram_ui.texts import LANGUAGES, Texts

FOLDER: Final = Path(__file__).parent.parent / "webapp" / "static" / "i18n"
_COMMAND = re.compile(r"(^|[\s(])/[a-z]+|start\.sh")


def chat_words() -> dict[str, str]:
    """Return what the chat says in English, under the keys of the web app."""
    errors = {f"error.{code}": sentence for code, sentence in SENTENCES.items()}
    warnings = {f"warning.{code}": sentence for code, sentence in WARNINGS.items()}
    names = {f"settings.{setting.key}": setting.title for setting in SETTINGS}
    return errors | warnings | names


def completed(catalogue: dict[str, Any], language: str) -> tuple[dict[str, Any], list[str]]:
    """Return a catalogue with every word of the chat that it can take, and the keys that need a hand."""
    t = Texts(language)
    missing = {key: sentence for key, sentence in chat_words().items() if key not in catalogue}
    by_hand = [key for key, sentence in missing.items() if _COMMAND.search(sentence)]
    taken = {key: str(t(sentence)) for key, sentence in missing.items() if key not in by_hand}
    return dict(sorted({**catalogue, **taken}.items())), by_hand


def main() -> int:
    """Write the catalogues; return 1 where something is left to be worded."""
    left: set[str] = set()
    for language in LANGUAGES:
        path = FOLDER / f"{language}.json"
        catalogue, by_hand = completed(json.loads(path.read_text(encoding="utf-8")), language)
        path.write_text(json.dumps(catalogue, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        left |= set(by_hand)
    print("\n".join(f"{key} needs its own words" for key in sorted(left)) or "the web app says all that the chat says")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
