"""Keeps `locale/*.po` in step with the sentences in the code: `python -m tools.catalogues`.

New sentences appear untranslated, sentences that are gone disappear. English is its own translation.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from telegram_ui.texts import DEFAULT_LANGUAGE, LANGUAGES, LOCALE

ROOT = Path(__file__).parent.parent
PLACES = ("bot.py", "chat", "telegram_ui", "telegram_app")
KEYWORDS = {"t": None, "N_": None, "plural": (1, 2)}
"""The calls whose text is a sentence: `t("…")`, `N_("…")`, `t.plural("…", "…", n)`."""

Key = str | tuple[str, ...]


def sentences() -> dict[Key, list[tuple[str, int]]]:
    """Return every sentence in the code, and where it stands."""
    found: dict[Key, list[tuple[str, int]]] = {}
    for place, path, line, message in _extracted():
        key = message if isinstance(message, str) else (message[0], message[1])
        found.setdefault(key, []).append((f"{place}/{path}".removeprefix("/"), line))
    return found


def _extracted() -> Iterator[tuple[str, str, int, Key]]:
    for place in PLACES:
        root = ROOT / place
        base, name = (root, None) if root.is_dir() else (ROOT, place)
        for path, line, message, _, _ in extract_from_dir(
            base,
            method_map=[("**.py", "python")],
            keywords=KEYWORDS,
            directory_filter=(lambda _: True) if name is None else (lambda _: False),
        ):
            if name is None or path == name:
                yield (place if name is None else ""), path, line, message


def read_catalogue(language: str) -> Catalog:
    """Return a language's catalogue as it is."""
    return read_po(BytesIO((LOCALE / f"{language}.po").read_bytes()), locale=language)


def update(language: str) -> Catalog:
    """Return a language's catalogue as it has to be."""
    old, new = read_catalogue(language), Catalog(locale=language, header_comment="", fuzzy=False)
    for key in sorted(sentences(), key=str):
        known = old.get(key[0] if isinstance(key, tuple) else key)
        new.add(key, _translation(language, key, known.string if known is not None else None))
    return new


def _translation(language: str, key: Key, known: str | tuple[str, ...] | list[str] | None) -> str | tuple[str, ...]:
    if language == DEFAULT_LANGUAGE:
        return key
    if known:
        return tuple(known) if isinstance(known, list) else known
    return "" if isinstance(key, str) else ("", "", "")


def written(catalogue: Catalog) -> str:
    """Return a catalogue as its file holds it: the same for the same sentences, whoever writes it and when."""
    body = BytesIO()
    write_po(body, catalogue, no_location=True, omit_header=True, width=118)
    header = (f"Language: {catalogue.locale_identifier}", "MIME-Version: 1.0", *_CONTENT, _plural_forms(catalogue))
    lines = "".join(f'"{line}\\n"\n' for line in header)
    return f'msgid ""\nmsgstr ""\n{lines}\n{body.getvalue().decode()}'


_CONTENT = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")


def _plural_forms(catalogue: Catalog) -> str:
    return f"Plural-Forms: {catalogue.plural_forms}"


def main() -> None:
    """Rewrite every catalogue."""
    for language in LANGUAGES:
        catalogue = update(language)
        (LOCALE / f"{language}.po").write_text(written(catalogue), encoding="utf-8")
        missing = [message.id for message in catalogue if not all(message.string or [""])]
        print(f"{language}: {len(catalogue)} sentences, {len(missing)} to translate")


if __name__ == "__main__":
    main()
