"""Every code that trading code can raise has a sentence for people."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import outcomes
from exchanges import bybit_errors, hyperliquid_errors
from storage import errors as storage_errors
from telegram_ui.sentences import SENTENCES

ROOT = Path(__file__).parents[2]
PLACES = (
    "models",
    "exchanges",
    "core",
    "storage",
    "direct",
    "chat",
    "bot_unified.py",
    "bot_legacy.py",
    "hl_adapter.py",
)
CODE_MAKERS = {"refusal", "_exceeded", "_refusal"}
"""Functions whose second argument is a code."""

FOR_PROGRAMS = {
    "bad_client_order_id",
    "bad_interval",
    "bad_order_id",
    "bad_stamp",
    "bad_word",
    "batch_too_long",
    "client_order_id_used",
    "error",
    "margin_mode_missing",
    "nonce_missing",
    "nonce_spent",
    "replacement_missing",
    "settle_missing",
    "stale_lease",
}
"""Codes of faults in a program that calls ours; a person who meets one gets the generic sentence and an id."""


def sources() -> Iterator[Path]:
    for place in PLACES:
        path = ROOT / place
        yield from path.rglob("*.py") if path.is_dir() else [path]


def codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            arguments = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in CODE_MAKERS and len(node.args) > 1:
                arguments.append(node.args[1])
            yield from (text for argument in arguments for text in words_in(argument))
        elif isinstance(node, ast.Assign) and any(_named(target, "default_code") for target in node.targets):
            yield from words_in(node.value)


def words_in(node: ast.AST) -> Iterator[str]:
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and leaf.value.isidentifier():
            yield leaf.value


def _named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def raised_codes() -> set[str]:
    found = {code for path in sources() for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))}
    tables = bybit_errors.WORDS | hyperliquid_errors.WORDS | set(outcomes._DEFAULT_CODES.values())
    return found | tables | set(storage_errors._FILE_CODES.values())


@pytest.mark.parametrize("code", sorted(raised_codes() - FOR_PROGRAMS))
def test_code_has_a_sentence(code: str) -> None:
    assert code in SENTENCES


def test_every_exception_to_the_rule_is_a_code_that_exists() -> None:
    assert raised_codes() >= FOR_PROGRAMS
