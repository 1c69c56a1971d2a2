"""Odd installations: each is refused, or lived with, in one true sentence."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.config import ConfigError
from core.logs import set_up_logging
from launcher.places import CannotStart, make_ready
from sandbox.server import Sandbox
from sandbox.state import UnwritableStateError
from tests.launcher.root import Installation

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "elcaro")


def lock_is_a_folder(folder: Path) -> None:
    (folder / "run/elcaro.lock").mkdir(parents=True)


def settings_are_a_folder(folder: Path) -> None:
    (folder / ".env").unlink()
    (folder / ".env").mkdir()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "data").touch(), "data: is a file where a folder is needed; move it away"),
        (lambda folder: (folder / "logs").touch(), "logs: is a file where a folder is needed; move it away"),
        (lambda folder: (folder / "run").touch(), "run: is a file where a folder is needed; move it away"),
        (lock_is_a_folder, "run/elcaro.lock: is a folder where a file is needed; move it away"),
        (settings_are_a_folder, ".env is no file; move it away, and the next start makes one"),
    ],
)
def test_place_that_is_something_else_is_named(
    here: Installation, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(here.folder)
    outcome = here.run()
    assert (outcome.code, outcome.out, outcome.err) == (1, "", sentence + "\n")


def test_settings_that_nobody_may_write_are_enough(here: Installation) -> None:
    here.write_settings("ELCARO_MODE=sandbox\nUSE_UNIFED=false\n")
    (here.folder / ".env").chmod(0o400)
    assert "USE_UNIFED: is not a setting" in here.run().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "none"}'])
def test_notes_that_were_cut_off_say_that_nothing_runs(here: Installation, text: str) -> None:
    (here.folder / "run").mkdir()
    for name in ("elcaro.json", "sandbox-addresses.json"):
        (here.folder / "run" / name).write_text(text, encoding="utf-8")
    (here.folder / "run/elcaro.lock").touch()
    status = here.run("--status")
    assert (status.code, status.out, status.err) == (3, "ElCaro is not running.\n", "")
    assert (here.run("--stop").code, here.run("--bot").code) == (0, 1)


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(CannotStart, match="fix its owner"):
        make_ready([tmp_path / "data"])


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few kilobytes, with no room on it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", str(place)]
    if not IS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        (place / "filling").write_bytes(b"\0" * 8192)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_full_disk_is_named(full_disk: Path) -> None:
    with pytest.raises(CannotStart, match="the disk is full; make room there"):
        make_ready([full_disk])


def test_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(ConfigError, match="set ELCARO_LOG_DIR to another folder"):
        set_up_logging(level="INFO", log_file=tmp_path / "logs" / "bot.log")


async def test_sandbox_without_a_place_for_its_accounts_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(UnwritableStateError, match="cannot keep its accounts in"):
        async with Sandbox(state_file=tmp_path / "data" / "sandbox.json"):
            pass


async def test_sandbox_goes_on_while_its_disk_is_full_and_tells_at_its_end(tmp_path: Path) -> None:
    place = tmp_path / "data"
    sandbox = Sandbox(state_file=place / "sandbox.json")
    await sandbox.start()
    place.rmdir()
    place.touch()
    with pytest.raises(UnwritableStateError, match="choose another file with --state"):
        await sandbox.stop()
