"""Every screen in every language looks as its golden file says, and holds to what Telegram takes."""

import html
import inspect
import pkgutil
import re
from dataclasses import replace
from decimal import Decimal
from importlib import import_module

import pytest

from core.accounts import MOST_TOGETHER
from core.ticket import MAX_TARGETS
from models.ticket import Target
from telegram_ui import panel, views
from telegram_ui.screen import MAX_TEXT, Html, Screen
from telegram_ui.texts import LANGUAGES, Texts
from telegram_ui.views import trade
from tests.telegram_ui import samples as s
from tests.telegram_ui.golden import GOLDEN, as_text
from tests.telegram_ui.screens import SCREENS

BADGES = ("PAPER", "DEMO", "TESTNET", "REAL")
ALLOWED_TAGS = {"b", "/b", "code", "/code"}
SHOWN = [(language, name) for language in LANGUAGES for name in SCREENS]


def made(language: str, name: str) -> Screen:
    return SCREENS[name](Texts(language))


@pytest.mark.parametrize(("language", "name"), SHOWN)
def test_screen_looks_like_its_golden_file(language: str, name: str) -> None:
    assert as_text(made(language, name)) == (GOLDEN / language / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_screen() -> None:
    files = {(path.parent.name, path.stem) for path in GOLDEN.glob("*/*.txt")}
    assert files == set(SHOWN)


@pytest.mark.parametrize(("language", "name"), SHOWN)
def test_screen_has_balanced_tags_that_telegram_knows(language: str, name: str) -> None:
    text = made(language, name).text
    tags = re.findall(r"<([^>]*)>", text)
    assert set(tags) <= ALLOWED_TAGS
    assert all(tags.count(tag) == tags.count(f"/{tag}") for tag in ("b", "code"))
    assert isinstance(text, Html)


@pytest.mark.parametrize(("language", "name"), SHOWN)
def test_screen_has_a_way_on(language: str, name: str) -> None:
    screen = made(language, name)
    dead_ends = {"sending", "refused_stranger", "private_only", "invite_refused"}
    assert screen.keyboard or screen.menu or name in dead_ends


@pytest.mark.parametrize(
    "name", [name for name in SCREENS if name.startswith(("plan_stop", "preview", "position", "news_s"))]
)
def test_screen_that_shows_money_names_its_account(name: str) -> None:
    assert any(badge in made("en", name).text for badge in BADGES)


@pytest.mark.parametrize("name", [name for name in SCREENS if name.endswith("_unknown")])
def test_missing_answer_is_never_shown_as_nothing(name: str) -> None:
    text = html.unescape(made("en", name).text)
    assert not re.search(r"No open|0 positions|0 orders|0\.00", text)


def test_every_view_has_a_golden_file() -> None:
    modules = [import_module(f"telegram_ui.views.{module.name}") for module in pkgutil.iter_modules(views.__path__)]
    names = {
        name
        for module in (*modules, panel)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.endswith(("_view", "_plan")) and function.__module__ == module.__name__
    }
    source = inspect.getsource(import_module("tests.telegram_ui.screens"))
    assert {name for name in names if name not in source} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_of_most_accounts_fits_one_message(language: str) -> None:
    targets = tuple(Target(price=Decimal("62410.9"), size=Decimal("24691.3578")) for _ in range(MAX_TARGETS))
    warnings = ("insufficient_margin", "liquidation_before_stop")
    longest = replace(s.PREVIEW, account=s.TESTNET, size=Decimal("123456.789"), targets=targets, warnings=warnings)
    note = Html("⚠️ " + "x" * 200)
    screen = trade.preview_view(Texts(language), [longest] * MOST_TOGETHER, s.CONFIRM, note=note)
    assert len(screen.text) < MAX_TEXT
