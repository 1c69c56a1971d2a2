"""Every sentence in every language: none missing, none left over, none that would break."""

import string

import pytest

from telegram_ui.texts import LANGUAGES, LOCALE
from tools.catalogues import Key, read_catalogue, sentences, update, written

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def tags(text: str) -> list[str]:
    return [part.split(">")[0] for part in text.split("<")[1:]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_in_step_with_the_code(language: str) -> None:
    assert (LOCALE / f"{language}.po").read_text(encoding="utf-8") == written(update(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    catalogue = read_catalogue(language)
    missing = [message.id for message in catalogue if message.id and not all(forms(message.string))]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_places_and_tags_of_their_sentence(language: str) -> None:
    catalogue = read_catalogue(language)
    wrong = [
        message.id
        for message in catalogue
        if message.id
        for form in forms(message.string)
        if places(form) != places(forms(message.id)[-1]) or tags(form) != tags(forms(message.id)[-1])
    ]
    assert wrong == []


def test_sentences_are_found_in_every_place_that_has_some() -> None:
    found = {path.split("/")[0] for places_of in sentences().values() for path, _ in places_of}
    assert found >= {"bot.py", "chat", "telegram_ui", "telegram_app"}


def forms(text: Key | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or "")
