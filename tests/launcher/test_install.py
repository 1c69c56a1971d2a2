"""Setting up: with plain pip where there is no uv, once, and again after a step back."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.launcher.root import Installation

TOOLS = ("bash", "env", "dirname", "cat", "cksum", "grep", "mv", "rm", "cp", "touch", "uname", "ldconfig", "find", "sh")


@pytest.fixture
def bare(tmp_path: Path) -> Installation:
    """An installation that needs no package and has no uv: what pip would fetch is not there either."""
    here = Installation(tmp_path / "elcaro", settings=None)
    (here.folder / ".venv").unlink()
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (here.folder / lock).unlink()
        (here.folder / lock).write_text("# nothing\n", encoding="utf-8")
    uv_lock = here.folder / "requirements-uv.lock"
    uv_lock.unlink()
    uv_lock.write_text(f"uv==0.0.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    return here


def without_uv(folder: Path) -> dict[str, str]:
    """Return an environment whose PATH holds a Python and the everyday tools, and no package index."""
    tools = folder / "only-these"
    tools.mkdir(exist_ok=True)
    python = tools / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys.base_prefix}/bin/python3 "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    for name in TOOLS:
        found = shutil.which(name)
        if found and not (tools / name).exists():
            (tools / name).symlink_to(found)
    return {"PATH": str(tools), "PIP_NO_INDEX": "1"}


@pytest.mark.slow
def test_plain_pip_sets_up_where_uv_cannot_be_had(bare: Installation) -> None:
    env = without_uv(bare.folder)
    first = bare.run("--help", env=env)
    assert first.code == 0
    lines = _install(bare, env)
    assert lines == [
        "Installing from requirements.lock …",
        "Created .env from .env.example: sandbox mode, simulated money.",
    ]
    assert os.stat(bare.folder / ".env").st_mode & 0o077 == 0
    assert _install(bare, env) == []


@pytest.mark.slow
def test_step_back_to_an_older_release_installs_its_packages_again(bare: Installation) -> None:
    env, lock = without_uv(bare.folder), bare.folder / "requirements.lock"
    older, newer = "# nothing\n", "# another release\n"
    said = []
    for release in (older, newer, older):
        lock.write_text(release, encoding="utf-8")
        said.append("Installing from requirements.lock …" in _install(bare, env))
    assert said == [True, True, True]


@pytest.mark.slow
def test_neither_stopping_nor_cleaning_installs_anything(bare: Installation) -> None:
    env = without_uv(bare.folder)
    assert bare.run("--stop", env=env).out == "ElCaro is not running.\n"
    assert bare.run("--status", env=env).code == 3
    for name in ("data", "logs", "run", ".venv"):
        (bare.folder / name).mkdir()
        (bare.folder / name / "file").touch()
    (bare.folder / ".env").write_text("ELCARO_MODE=sandbox\n", encoding="utf-8")
    outcome = bare.run("--clean", env=env)
    assert outcome.code == 0, outcome.err
    left = {name for name in ("data", "logs", "run", ".venv", ".env") if (bare.folder / name).exists()}
    assert left == {"data", "logs", ".env"}


def _install(here: Installation, env: dict[str, str]) -> list[str]:
    """Run the shell half alone: the Python half needs packages."""
    outcome = here.run("--install", env=env)
    assert "No module named" in outcome.err or outcome.code == 0, outcome.err
    return outcome.out.splitlines()
