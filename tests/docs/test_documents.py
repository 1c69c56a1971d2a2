"""The documents name what exists: commands, settings, options, files, error codes, links, pictures."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import COMMANDS
from core.config import Settings
from launcher.__main__ import ALIASES
from launcher.__main__ import COMMANDS as OPTIONS
from ops.__main__ import COMMANDS as TOOLS
from telegram_ui.sentences import SENTENCES
from tests.docs.commands import table, with_table
from tests.docs.pages import ROOT, anchors_of, code_in, links_in, pages, text_of

PAGES = pages()
_COMMAND = re.compile(r"^/([a-z]+)(?: [^/]*)?$")
_NOT_OURS = frozenset({"revoke", "metrics", "healthz", "readyz", "tmp", "app"})
"""BotFather's command, the web app's own addresses, and folders."""
_SETTING = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")
_OPTION = re.compile(r"\./start\.sh (--[a-z]+)")
_PATH = re.compile(
    r"^(?:\./)?(?:\.?[\w-]+/)*\.?[\w.-]+(?:/|\.(?:py|sh|md|txt|lock|service|yaml|toml|example|js|json|po))$"
)
_NOT_SETTINGS = frozenset({"ELCARO_VENV"})
_AT_RUN_TIME = ("data/", "logs/", "run/", "/", ".venv/", ".env", "backups/")
MAX_PICTURE = 100_000
MAX_PICTURES = 8

by_page = pytest.mark.parametrize("page", PAGES, ids=str)
ours = [page for page in PAGES if "exchanges" not in page.parts and page.parts[0] != "sandbox"]
by_own_page = pytest.mark.parametrize("page", ours, ids=str)


@by_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in links_in(page) if not _leads_somewhere(page, link)]
    assert broken == []


def _leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    path, _, anchor = link.partition("#")
    target = (ROOT / page.parent / path).resolve() if path else ROOT / page
    return target.exists() and (not anchor or anchor in anchors_of(target.relative_to(ROOT)))


@by_own_page
def test_commands_exist(page: Path) -> None:
    known = {name for command in COMMANDS for name in (command.name, *command.aliases)} | _NOT_OURS
    named = {match[1] for code in code_in(page) if (match := _COMMAND.match(code))}
    assert named - known == set()


@by_own_page
def test_options_of_the_start_script_exist(page: Path) -> None:
    script = (ROOT / "start.sh").read_text(encoding="utf-8")
    by_script = set(re.findall(r"--[a-z]+", script.partition('case "$what" in')[2]))
    named = {option for code in code_in(page) for option in _OPTION.findall(code)}
    assert named - by_script == set()


def test_every_option_of_the_start_script_is_described() -> None:
    described = {option for code in code_in(Path("docs/operations.md")) for option in _OPTION.findall(code)}
    inner = {"--foreground", "--background"}
    assert set(OPTIONS) - inner - set(ALIASES) - described == set()


@by_own_page
def test_settings_exist(page: Path) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    starts = {name.partition("_")[0] for name in settings}
    named = {name for code in code_in(page) for name in _SETTING.findall(code)}
    unknown = {name for name in named if name.partition("_")[0] in starts} - settings - _NOT_SETTINGS
    assert unknown == set()


def test_every_setting_is_described() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", text_of(Path("docs/operations.md")), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert {name.upper() for name in Settings.model_fields} - described == set()


@by_own_page
def test_files_exist(page: Path) -> None:
    named = {code.removeprefix("./") for code in code_in(page) if _PATH.match(code) and "/" in code}
    gone = {name for name in named if not name.startswith(_AT_RUN_TIME) and not (ROOT / name).exists()}
    nearby = {name for name in gone if (ROOT / page.parent / name).exists()}
    assert gone - nearby == set()


@by_own_page
def test_commands_of_python_modules_exist(page: Path) -> None:
    modules = {name for code in code_in(page) for name in re.findall(r"python -m ([\w.]+)", code)}
    there = {name for name in modules if _is_module(name)}
    assert modules - there == set()
    tools = {name for code in code_in(page) for name in re.findall(r"python -m ops ([\w-]+)", code)}
    assert tools - set(TOOLS) == set()


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@by_own_page
def test_named_error_codes_exist(page: Path) -> None:
    """What stands in the first column of a table of codes, or behind `refused`, is a code of ours."""
    text = text_of(page)
    codes = set(re.findall(r"`refused \(([a-z_]+)\)`", text))
    codes |= {code for row in re.findall(r"^\| (`key_[^|]*) \|", text, re.MULTILINE) for code in _codes(row)}
    codes |= set(re.findall(r"\(`([a-z]+_only)`\)", text))
    assert codes - set(SENTENCES) == set()


def _codes(row: str) -> Iterator[str]:
    yield from re.findall(r"`([a-z_]+)`", row)


def test_readme_lists_exactly_the_commands() -> None:
    text = text_of(Path("README.md"))
    assert table() in text, "write the table with: python -m tests.docs.commands"
    assert with_table(text) == text


def test_pictures_are_used_and_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    linked = {(ROOT / page.parent / link).resolve() for page in PAGES for link in links_in(page)}
    assert 0 < len(pictures) <= MAX_PICTURES
    assert [p.name for p in pictures if p not in linked or p.stat().st_size > MAX_PICTURE] == []


def test_decisions_are_listed_in_order() -> None:
    folder = ROOT / "docs" / "adr"
    files = sorted(path.name for path in folder.glob("*.md"))
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text_of(Path("docs/adr/0001-record-decisions.md")))
    assert [files[0], *listed] == files
    numbers = [int(name[:4]) for name in files]
    assert numbers == list(range(1, len(files) + 1))
    for name in files:
        assert text_of(Path("docs/adr") / name).startswith(f"# {int(name[:4])}. ")


def test_changelog_has_this_version() -> None:
    source = ast.parse((ROOT / "core" / "version.py").read_text(encoding="utf-8"))
    version = next(ast.literal_eval(node.value) for node in source.body if isinstance(node, ast.Assign))
    assert f"## [{version}]" in text_of(Path("CHANGELOG.md"))
