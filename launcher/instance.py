"""What runs in this folder: a lock that dies with its process, and beside it what others want to know about it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from launcher.parts import RUN, is_alive, write_private
from launcher.places import CannotStart, read_facts, sentence_of

EVERYTHING = "elcaro"


class AlreadyRunning(Exception):
    """The same is running here already; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A running `start.sh`."""

    name: str
    pid: int
    is_ready: bool
    url: str
    parts: dict[str, int]
    """Process ids by part."""


class Record:
    """The file in which a running `start.sh` keeps what it is doing."""

    def __init__(self, name: str) -> None:
        self._file = RUN / f"{name}.json"
        self._facts: dict[str, Any] = {"pid": os.getpid(), "is_ready": False, "url": "", "parts": {}}

    def write(self, **facts: Any) -> None:
        """Change what is known."""
        self._facts |= facts
        write_private(self._file, json.dumps(self._facts))

    def note_part(self, name: str, pid: int) -> None:
        """Keep a part's process id, so that it can be ended when this process is gone."""
        self.write(parts={**self._facts["parts"], name: pid})

    def remove(self) -> None:
        """Forget it: nothing runs any more."""
        self._file.unlink(missing_ok=True)


@contextmanager
def running_as(name: str) -> Iterator[Record]:
    """Be the one running instance of this name until the block ends.

    Raises:
        AlreadyRunning: Another process is.
        CannotStart: The lock cannot be written.
    """
    with _lock_file(name) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            found = find(name)
            process = f" (process {found.pid})" if found else ""
            raise AlreadyRunning(f"ElCaro is running here already{process}. Stop it with ./start.sh --stop") from e
        record = Record(name)
        record.write()
        try:
            yield record
        finally:
            record.remove()


def _lock_file(name: str) -> TextIO:
    path = RUN / f"{name}.lock"
    try:
        RUN.mkdir(mode=0o700, exist_ok=True)
        return path.open("a")
    except OSError as e:
        raise CannotStart(sentence_of(e, path)) from e


def find(name: str = EVERYTHING) -> Instance | None:
    """Return what is known of an instance that runs; None when none does."""
    facts = read_facts(RUN / f"{name}.json")
    return Instance(name=name, **facts) if facts and is_held(name) and is_alive(facts["pid"]) else None


def find_all() -> list[Instance]:
    """Return every instance that runs in this folder."""
    found = (find(file.stem) for file in sorted(RUN.glob("*.lock")))
    return [instance for instance in found if instance is not None]


def left_behind() -> dict[str, int]:
    """Return the parts that outlived the process that started them."""
    left: dict[str, int] = {}
    for file in RUN.glob("*.json"):
        facts = read_facts(file) or {}
        if "parts" in facts and not is_held(file.stem):
            left |= {part: pid for part, pid in facts["parts"].items() if _is_ours(pid)}
    return left


def is_held(name: str) -> bool:
    """Whether a live process has the lock."""
    file = RUN / f"{name}.lock"
    if not file.is_file():
        return False
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_ours(pid: int) -> bool:
    """Whether a process works in this folder; a number alone may have gone to somebody else since."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == Path.cwd()
    except OSError:
        return False
