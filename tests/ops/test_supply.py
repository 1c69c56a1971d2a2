"""What others supply: packages that are missing, altered or unknown, and the hosts that may be called."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from core.config import load_settings
from exchanges.registry import EXCHANGES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ("sandbox", "tests", "benchmarks", "tools", "migrations")
"""Folders that do not run where money is real; what is hidden is none of ours."""
TIMEOUT_S = 60
_HOST = re.compile(r"(?:https?|wss?)://([\w.-]+)")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
SAID_NOT_CALLED = {
    "127.0.0.1": "this machine",
    "t.me": "a link for people",
    "web.telegram.org": "who may show the web app in a frame",
    "www.w3.org": "the name of a format",
}


def running_code() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        first = path.relative_to(ROOT).parts[0]
        if first not in PROJECT and not first.startswith("."):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", ["bot.py", "webapp/__main__.py"])
def test_without_its_cipher_library_nothing_starts(program: str, tmp_path: Path) -> None:
    broken = tmp_path / "packages" / "cryptography"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libcrypto is not what it was')", encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{broken.parent}:{ROOT}", "ELCARO_MODE": "sandbox"}
    outcome = subprocess.run(
        [sys.executable, ROOT / program],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert outcome.returncode != 0
    assert "libcrypto is not what it was" in outcome.stderr
    assert not (tmp_path / "data").exists(), "nothing was stored in another way"


def hosts_in_code() -> set[str]:
    found: set[str] = set()
    for _, tree in running_code():
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # what only people read
        texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in said)
        found |= {host for text in texts if isinstance(text, str) for host in _HOST.findall(text)}
    return found


def test_only_the_hosts_that_the_firewall_lets_through_are_called() -> None:
    venues = [kind for spec in EXCHANGES.values() for kind in spec.endpoints.values()]
    called = {_HOST.findall(address)[0] for kind in venues for address in (kind.rest, kind.stream)}
    called |= set(_HOST.findall(load_settings(None, elcaro_mode="sandbox").telegram_api_url))
    manuals = {host for spec in EXCHANGES.values() for host in _HOST.findall(str(spec))} - called
    assert hosts_in_code() <= called | manuals | set(SAID_NOT_CALLED)
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.-]+\.[a-z]+)` \|", page, re.MULTILINE))
    assert listed == called, "the page lists for the firewall what is called, and nothing else"


@pytest.mark.parametrize("lock", sorted(path.name for path in ROOT.glob("requirements*.lock")))
def test_every_package_is_pinned_with_its_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=[A-Za-z0-9])", text) if not entry.startswith("#")]
    assert entries
    loose = [entry.split()[0] for entry in entries if not _PIN.match(entry) or "--hash=sha256:" not in entry]
    assert loose == []


def test_package_that_is_not_what_the_lock_says_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "fixture_package-1.0-py3-none-any.whl").write_bytes(b"PK altered on its way")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"fixture-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--require-hashes"]
    places = ["--find-links", str(tmp_path), "--target", str(tmp_path / "in")]
    script = (ROOT / "start.sh").read_text(encoding="utf-8")
    assert len(re.findall(r"install .*--require-hashes -r", script)) == 2, "with uv and with pip"
    outcome = subprocess.run(
        [*pip, *places, "-r", str(lock)], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert outcome.returncode != 0
    assert "DO NOT MATCH THE HASHES" in outcome.stderr
    assert not (tmp_path / "in").exists()


def test_only_locked_packages_are_imported() -> None:
    locked = {re.sub(r"[-_.]+", "-", n).lower() for n in _PIN.findall((ROOT / "requirements.lock").read_text("utf-8"))}
    ours = {path.stem for path in ROOT.iterdir()}
    makers = packages_distributions()
    unknown: set[tuple[str, str]] = set()
    for path, tree in running_code():
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in {name.partition(".")[0] for name in names} - ours - set(sys.stdlib_module_names):
                makers_of = {re.sub(r"[-_.]+", "-", maker).lower() for maker in makers.get(top, ())}
                if not makers_of & locked:
                    unknown.add((path.name, top))
    assert unknown == set()
