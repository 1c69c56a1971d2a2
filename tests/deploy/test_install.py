"""The installer below a scratch root: what it makes, what it leaves alone."""

import base64
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "123456789:" + "x" * 35


def install(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [source / "deploy/install.sh", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy that somebody tried out: with settings and a token."""
    folder = tmp_path / "tried"
    (folder / "deploy").mkdir(parents=True)
    for name in ("install.sh", "elcaro-bot.service", "elcaro-webapp.service"):
        (folder / "deploy" / name).write_bytes((ROOT / "deploy" / name).read_bytes())
    (folder / "deploy/install.sh").chmod(0o755)
    (folder / "bot.py").write_text("", encoding="utf-8")
    (folder / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    (folder / ".env").write_text(
        f"ELCARO_MODE=live\nTELEGRAM_TOKEN={TOKEN}\nELCARO_DATA_DIR=data\nLOG_LEVEL=DEBUG\n", encoding="utf-8"
    )
    (folder / "data").mkdir()
    (folder / "data/elcaro.db").write_text("mine", encoding="utf-8")
    return folder


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_dry_run_changes_nothing(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    outcome = install(source, "--dry-run", "--root", str(root))
    assert outcome.returncode == 0, outcome.stderr
    assert "for a look only" in outcome.stdout
    assert not root.exists()


def test_settings_move_over_and_the_token_becomes_a_credential(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    outcome = install(source, "--root", str(root))
    assert outcome.returncode == 0, outcome.stderr
    settings = (root / "opt/elcaro/.env").read_text(encoding="utf-8").splitlines()
    assert settings == [
        "ELCARO_MODE=live",
        "TELEGRAM_TOKEN=",
        "LOG_LEVEL=DEBUG",
        "ELCARO_DATA_DIR=/var/lib/elcaro",
        "ELCARO_LOG_DIR=/var/log/elcaro",
    ]
    assert (root / "etc/elcaro/telegram_token").read_text(encoding="utf-8") == TOKEN
    assert TOKEN not in outcome.stdout + outcome.stderr
    assert not (root / "opt/elcaro/data").exists()


def test_secrets_are_for_their_owner_alone(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(source, "--root", str(root))
    files = ["opt/elcaro/.env", "etc/elcaro/telegram_token", "etc/elcaro/kek"]
    folders = ["etc/elcaro", "var/lib/elcaro", "var/log/elcaro"]
    assert {name: mode_of(root / name) for name in files} == dict.fromkeys(files, 0o600)
    assert {name: mode_of(root / name) for name in folders} == dict.fromkeys(folders, 0o700)


def test_key_for_credentials_is_whole_and_fresh(source: Path, tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        install(source, "--root", str(tmp_path / name))
        keys.add(base64.b64decode((tmp_path / name / "etc/elcaro/kek").read_text(encoding="ascii"), validate=False))
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 2


def test_second_run_leaves_settings_credentials_and_data_alone(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(source, "--root", str(root))
    mine = {
        "opt/elcaro/.env": "ELCARO_MODE=live\n",
        "etc/elcaro/telegram_token": "another",
        "etc/elcaro/kek": "my key",
        "var/lib/elcaro/elcaro.db": "my data",
    }
    for name, text in mine.items():
        (root / name).write_text(text, encoding="utf-8")
    assert install(source, "--root", str(root)).returncode == 0
    assert {name: (root / name).read_text(encoding="utf-8") for name in mine} == mine


def test_update_leaves_nothing_of_the_release_before(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(source, "--root", str(root))
    (root / "opt/elcaro/migrations").mkdir()
    (root / "opt/elcaro/migrations/0099_of_a_newer_release.py").touch()
    install(source, "--root", str(root))
    assert not (root / "opt/elcaro/migrations").exists()


def test_key_file_of_an_earlier_installation_is_taken_over(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "var/lib/elcaro").mkdir(parents=True)
    (root / "var/lib/elcaro/kek.key").write_text("old key", encoding="utf-8")
    install(source, "--root", str(root))
    assert (root / "etc/elcaro/kek").read_text(encoding="utf-8") == "old key"


@pytest.mark.parametrize("arguments", [["--root"], ["--fast"]])
def test_unknown_arguments_are_refused_with_a_sentence(source: Path, arguments: list[str]) -> None:
    outcome = install(source, *arguments)
    assert outcome.returncode == 1
    assert arguments[0] in outcome.stderr
