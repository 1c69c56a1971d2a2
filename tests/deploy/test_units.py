"""The units: how exposed systemd thinks they are, and that they name what the code knows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.service import EXIT_SETTINGS, EXIT_STORAGE
from core.vault import CREDENTIAL

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
MAX_EXPOSURE = 1.5


def read(unit: Path) -> dict[str, list[str]]:
    pairs = (line.partition("=") for line in unit.read_text(encoding="utf-8").splitlines() if "=" in line)
    found: dict[str, list[str]] = {}
    for name, _, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_exposes_little(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here (Debian: apt-get install systemd)")
    outcome = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", outcome.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= MAX_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_and_code_speak_of_the_same(unit: Path) -> None:
    lines = read(unit)
    assert lines["Type"] == ["notify"]
    assert lines["RestartPreventExitStatus"] == [f"{EXIT_SETTINGS} {EXIT_STORAGE}"]
    assert [line.partition(":")[0] for line in lines["LoadCredential"]] == ["telegram_token", CREDENTIAL]
    script = lines["ExecStart"][0].split()[-1]
    assert (ROOT / script).exists(), "what it starts is in this project"


def test_both_units_are_hardened_alike() -> None:
    bot, webapp = (read(unit) for unit in UNITS)
    assert {key for key in bot if bot[key] != webapp.get(key)} == {"Description", "ExecStart"}


_MDWE = """
import ctypes, sys
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(77)
import bot, coincurve, resvg_py
import webapp.app
key = coincurve.PrivateKey(b"1" * 32)
key.sign_recoverable(b"2" * 32, hasher=None)
resvg_py.svg_to_bytes(svg_string='<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
"""


@pytest.mark.slow
def test_packages_work_where_memory_is_never_written_and_executed() -> None:
    outcome = subprocess.run([sys.executable, "-c", _MDWE], cwd=ROOT, capture_output=True, text=True, check=False)
    if outcome.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert outcome.returncode == 0, outcome.stderr
