"""The page's words: every language says everything, with the same places, and nothing is left over."""

import json
import re
from typing import Any

import pytest

from core.preferences import PREFERENCES
from telegram_ui.sentences import SENTENCES, WARNINGS
from webapp.api.me import LANGUAGES
from webapp.pages import STATIC

Catalogue = dict[str, Any]
FORMS = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}, "uk": {"one", "few", "many", "other"}}
SOURCES = {path: path.read_text(encoding="utf-8") for path in (STATIC / "app").rglob("*.js")}


def catalogue(language: str) -> Catalogue:
    found: Catalogue = json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    return found


CATALOGUES = {language: catalogue(language) for language in LANGUAGES}


def texts(value: Any) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


def places(value: Any) -> set[str]:
    return {name for text in texts(value) for name in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_says_everything_that_english_says(language: str) -> None:
    assert CATALOGUES[language].keys() == CATALOGUES["en"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_have_the_same_places_and_the_forms_of_their_language(language: str) -> None:
    for key, value in CATALOGUES[language].items():
        assert places(value) == places(CATALOGUES["en"][key]), key
        assert all(text.strip() for text in texts(value)), key
        if isinstance(value, dict):
            assert set(value) == FORMS[language], key


def used() -> tuple[set[str], set[str]]:
    """Return the keys that the page uses, and the beginnings of those that it puts together."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for text in SOURCES.values():
        keys |= set(re.findall(r"\bt\(\s*[^`\"]*\"([\w.]+)\"", text)) | set(re.findall(r"\"(\w+\.[\w.]+)\"", text))
        keys |= set(re.findall(r"\bt\(.*?\? \"([\w.]+)\" : \"", text))
        beginnings |= set(re.findall(r"`([\w.]+\.)\$\{", text))
    return keys, beginnings


def test_every_key_that_the_page_names_exists() -> None:
    keys, beginnings = used()
    for key in keys:
        if re.fullmatch(r"(common|nav|live|door|ticket|history|keys|alerts|settings|more|chart)\.[\w.]+", key):
            assert key in CATALOGUES["en"], key
    for beginning in beginnings:
        assert [key for key in CATALOGUES["en"] if key.startswith(beginning)], beginning


def test_no_key_is_left_over() -> None:
    keys, beginnings = used()
    known = (*beginnings, "error.", "settings.")
    unused = [key for key in CATALOGUES["en"] if key not in keys and not key.startswith(known)]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_code_has_a_sentence_without_chat_commands(language: str) -> None:
    for code in SENTENCES:
        sentence = CATALOGUES[language].get(f"error.{code}")
        assert sentence, f"{code}: run python -m tools.web_words"
        assert not re.search(r"(^|\s)/[a-z]+", sentence), code


_REFUSALS = (
    r'Refused\(\s*HTTPStatus\.\w+,\s*"(\w+)"',
    r'_not_logged_in\("(\w+)"',
    r'HTTPStatus\.\w+: "(\w+)"',
    r'code="(\w+)"',
)


def own_refusals() -> set[str]:
    """Return the codes of what the web app itself refuses."""
    sources = [path.read_text(encoding="utf-8") for path in STATIC.parent.rglob("*.py")]
    return {code for text in sources for form in _REFUSALS for code in re.findall(form, text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_of_the_web_app_itself_has_a_sentence(language: str) -> None:
    codes = own_refusals()
    assert {"viewer_cannot_trade", "too_many_requests", "login_missing", "too_slow"} <= codes
    words = CATALOGUES[language]
    assert [code for code in codes if not {f"error.{code}", f"door.{code}"} & words.keys()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_warning_of_a_preview_or_a_result_has_a_sentence(language: str) -> None:
    assert [code for code in WARNINGS if f"warning.{code}" not in CATALOGUES[language]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_a_name(language: str) -> None:
    for row in PREFERENCES.values():
        assert f"settings.{row.key}" in CATALOGUES[language], "run python -m tools.web_words"
