"""The tables of `bot.py` and the code that names their rows fit together."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import BUTTONS, COMMANDS, DEEDS, QUESTIONS
from chat.call import Need
from telegram_app.profile import MAX_IN_MENU, menu_of
from telegram_ui.buttons import read_action
from telegram_ui.screen import MAX_ACTION_BYTES
from telegram_ui.texts import LANGUAGES, Texts
from telegram_ui.views.home import MENU_WORDS
from tests.telegram_ui.screens import SCREENS

CHAT = Path(__file__).parents[2] / "chat"
LOOKS = {"start", "positions", "balance", "orders", "price", "pnl", "history", "status", "help", "whoami", "lang"}


def named_in_chat(function: str, position: int) -> set[str]:
    """Return the texts that calls of a function in `chat/` have at a position."""
    return set(_named(function, position))


def _named(function: str, position: int) -> Iterator[str]:
    for path in CHAT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                argument = node.args[position] if len(node.args) > position else None
                if isinstance(argument, ast.Constant):
                    yield str(argument.value)


def actions_on_screens() -> set[str]:
    screens = [make(Texts()) for make in SCREENS.values()]
    buttons = [button for screen in screens for row in screen.keyboard for button in row]
    return {read_action(button.action)[0] for button in buttons if button.action}


def test_every_button_on_a_screen_has_a_row() -> None:
    assert actions_on_screens() - {row.name for row in BUTTONS} == set()


def test_every_row_of_buttons_is_on_some_screen() -> None:
    assert {row.name for row in BUTTONS} - actions_on_screens() == set()


def test_every_deed_that_is_frozen_can_be_confirmed() -> None:
    kinds = named_in_chat("plan", 1) | named_in_chat("freeze", 1)
    assert kinds == {deed.kind for deed in DEEDS}


def test_every_question_that_is_asked_has_a_row() -> None:
    asked = named_in_chat("ask_for", 1) | named_in_chat("_ask_level", 1)
    assert asked == {question.name for question in QUESTIONS}


def test_names_are_unique() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))
    assert len({row.name for row in BUTTONS}) == len(BUTTONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_menu_is_short_and_in_the_readers_words(language: str) -> None:
    menu = menu_of(COMMANDS, Texts(language))
    assert len(menu) == sum(command.in_menu for command in COMMANDS) <= MAX_IN_MENU
    assert all(3 <= len(entry.description) <= 256 for entry in menu)


def test_menu_words_stand_for_commands() -> None:
    assert set(MENU_WORDS.values()) <= {command.name for command in COMMANDS}


def test_whatever_is_not_looking_needs_a_trader() -> None:
    open_to_viewers = {row.name for row in COMMANDS if row.needs in {Need.VIEWER, Need.ANYBODY}}
    assert open_to_viewers >= LOOKS
    assert open_to_viewers & {"long", "short", "close", "sl", "tp", "be", "lev", "panic", "connect", "trade"} == set()


@pytest.mark.parametrize("symbol", ["BTCUSDT", "10000000AIDOGEUSDT", "xyz:TSLA1234567890"])
def test_longest_button_fits(symbol: str) -> None:
    assert len(f"cl|hyperliquid|testnet|{symbol}|short|100".encode()) <= MAX_ACTION_BYTES
