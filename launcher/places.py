"""The folders and files that everything is written to, looked at before anything is started."""

import errno
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_WHAT_TO_DO = {
    errno.EEXIST: "is a file where a folder is needed; move it away",
    errno.ENOTDIR: "is a file where a folder is needed; move it away",
    errno.EISDIR: "is a folder where a file is needed; move it away",
    errno.ENOSPC: "cannot be written, the disk is full; make room there",
    errno.EDQUOT: "cannot be written, this user's share of the disk is used up; make room there",
    errno.EROFS: "cannot be written, its disk is mounted read-only; ./start.sh needs a folder of its own to write in",
}
_FIX_OWNER = "cannot be used ({problem}); run ./start.sh as the user that it belongs to, or fix its owner"


class CannotStart(Exception):
    """Something outside stands in the way; the message says what to do."""


def make_ready(folders: Iterable[Path]) -> None:
    """Make the folders that are missing, and see that each can be written to.

    Raises:
        CannotStart: One cannot; what to do about it.
    """
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0" * 4096)
        except OSError as e:
            raise CannotStart(sentence_of(e, folder)) from e


def sentence_of(error: OSError, path: Path) -> str:
    """Return what is wrong with a place and what to do about it."""
    what = _WHAT_TO_DO.get(error.errno or 0) or _FIX_OWNER.format(problem=error.strerror)
    return f"{path}: {what}"


def read_facts(path: Path) -> dict[str, Any] | None:
    """Return what a process wrote down; None where it wrote nothing, or a full disk or a crash cut it off."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and isinstance(facts.get("pid"), int) else None
