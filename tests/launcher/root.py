"""An installation of its own for one test: the project's files by link, its own settings, data, logs and run files."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
_OWN = {"data", "run", "logs", "backups", ".env", ".venv", ".git", "start.sh"}
SANDBOX_SETTINGS = "ELCARO_MODE=sandbox\nWEBAPP_PORT=0\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


class Installation:
    """A folder with a `start.sh` that works there."""

    def __init__(self, folder: Path, *, settings: str | None = SANDBOX_SETTINGS) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for entry in ROOT.iterdir():
            if entry.name not in _OWN and not entry.name.startswith((".pytest", ".mypy", ".ruff", ".hypothesis")):
                (folder / entry.name).symlink_to(entry)
        (folder / "start.sh").write_bytes((ROOT / "start.sh").read_bytes())
        (folder / "start.sh").chmod(0o755)
        (folder / ".venv").symlink_to(sys.prefix)
        if settings is not None:
            self.write_settings(settings)

    def write_settings(self, text: str) -> None:
        """Replace `.env`."""
        path = self.folder / ".env"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return an environment without a home, a terminal, or anything of ours."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.folder / "no-home"), **changes}

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `start.sh` and return at once."""
        return subprocess.Popen(
            ["./start.sh", *arguments],
            cwd=self.folder,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Outcome:
        """Run `start.sh` to its end."""
        with self.start(*arguments, env=env) as process:
            try:
                out, err = process.communicate(timeout=PATIENCE_S)
            finally:
                process.kill()
        return Outcome(process.returncode, out, err)

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Foreground"]:
        """Run `start.sh` in the foreground until the block ends."""
        process = self.start(*arguments)
        foreground = Foreground(process)
        try:
            yield foreground
        finally:
            foreground.interrupt()
            foreground.wait()


class Foreground:
    """A `start.sh` in somebody's terminal."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid
        self.out = ""

    def until(self, words: str) -> str:
        """Read what it prints until a line holds some words; return that line."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.out += line
            if words in line:
                return line.strip()
        raise AssertionError(f"it never said {words!r}:\n{self.out}\n{self.wait().err}")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def wait(self) -> Outcome:
        """Return how it ended."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE_S)
        except ValueError:  # read to the end before
            out, err = "", ""
        finally:
            self._process.kill()
        self.out += out or ""
        return Outcome(self._process.wait(), self.out, err or "")
