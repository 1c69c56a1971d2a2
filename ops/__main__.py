"""What `start.sh` hands to the operator's tools: `python -m ops doctor`."""

import asyncio
import sys
from collections.abc import Callable, Sequence

from core.config import ConfigError, load_settings
from core.logs import set_up_logging
from core.service import EXIT_SETTINGS, EXIT_STORAGE, refuse
from ops import doctor
from ops.backup import put_back, take_backup
from ops.importing import import_from
from ops.keeping import SETTLE_USAGE, rotate_keys, settle
from ops.update import prepare_update, step_back
from storage.errors import StorageRefused

_USAGE = 64


def _doctor(_arguments: Sequence[str]) -> int:
    findings = asyncio.run(doctor.examine())
    sys.stdout.write(doctor.report(findings))
    return doctor.exit_code(findings)


def _backup(_arguments: Sequence[str]) -> int:
    return _say(take_backup(load_settings()))


def _import(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        return refuse("Which file? ./start.sh --import FILE", _USAGE)
    return _say(asyncio.run(import_from(load_settings(), arguments[0])))


def _prepare(_arguments: Sequence[str]) -> int:
    return _say(prepare_update(load_settings()))


def _step_back(_arguments: Sequence[str]) -> int:
    return _say(step_back(load_settings()))


def _restore(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        return refuse("Which backup? ./start.sh --restore FILE", _USAGE)
    return _say(put_back(load_settings(), arguments[0]))


def _rotate(_arguments: Sequence[str]) -> int:
    return _say(asyncio.run(rotate_keys(load_settings())))


def _settle(arguments: Sequence[str]) -> int:
    if len(arguments) != 3:
        return refuse(f"Which order, how much, and what did you see? {SETTLE_USAGE}", _USAGE)
    return _say(asyncio.run(settle(load_settings(), *arguments)))


def _say(text: str) -> int:
    sys.stdout.write(text)
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "doctor": _doctor,
    "backup": _backup,
    "restore": _restore,
    "import": _import,
    "prepare-update": _prepare,
    "step-back": _step_back,
    "rotate-key": _rotate,
    "settle": _settle,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument names; return the exit code."""
    set_up_logging(level="ERROR", log_file=None)
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except ConfigError as e:
        return refuse(e, EXIT_SETTINGS)
    except StorageRefused as e:
        return refuse(e, EXIT_STORAGE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
