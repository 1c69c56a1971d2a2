"""`start.sh`'s second half: one row per thing it can be asked for."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence

from core.config import ConfigError, load_settings
from launcher import background
from launcher.instance import EVERYTHING, AlreadyRunning, running_as
from launcher.parts import BOT, RUN, SANDBOX, WEBAPP, Part, announced_sandbox, environment
from launcher.places import CannotStart, make_ready
from launcher.planning import parts_of_everything, plan_for
from launcher.supervisor import Supervisor


def _run(parts: Sequence[Part], name: str, *, is_quiet: bool = False) -> int:
    settings = load_settings()
    make_ready([RUN, settings.elcaro_data_dir, settings.elcaro_log_dir])
    with running_as(name) as record:
        plan = plan_for(settings, parts, is_quiet=is_quiet)
        return asyncio.run(Supervisor(plan, record).run())


def _everything(*, is_quiet: bool = False) -> int:
    return _run(parts_of_everything(load_settings()), EVERYTHING, is_quiet=is_quiet)


def _start_in_background() -> int:
    settings = load_settings()
    make_ready([RUN, settings.elcaro_log_dir])
    return background.start(settings.elcaro_log_dir)


def _restart() -> int:
    """Start anew, e.g. after an update; what runs is stopped only when this release can take over."""
    load_settings()
    if (code := _tool("prepare-update")) != 0:
        print("ElCaro was not restarted: what ran goes on running, for the reason above.", file=sys.stderr)
        return code
    return background.stop() or _start_in_background()


def _tool(name: str) -> int:
    """Run one of the operator's tools, and tell it where a running sandbox is."""
    env = environment(announced_sandbox(), telegram_token=_token())
    return subprocess.run([sys.executable, "-m", "ops", name, *sys.argv[2:]], env=env, check=False).returncode


def _token() -> str:
    try:
        return load_settings().telegram_token.get_secret_value()
    except ConfigError:  # the tool itself says so
        return ""


COMMANDS: dict[str, Callable[[], int]] = {
    "--foreground": _everything,
    "--background": lambda: _everything(is_quiet=True),
    "--daemon": _start_in_background,
    "--stop": background.stop,
    "--restart": _restart,
    "--status": background.status,
    "--bot": lambda: _run([BOT], BOT.name),
    "--webapp": lambda: _run([WEBAPP], WEBAPP.name),
    "--sandbox": lambda: _run([SANDBOX], SANDBOX.name),
    "--install": lambda: 0,
    "--doctor": lambda: _tool("doctor"),
    "--backup": lambda: _tool("backup"),
    "--restore": lambda: _tool("restore"),
    "--import": lambda: _tool("import"),
}
ALIASES = {"-d": "--daemon", "-r": "--restart", "-s": "--status", "-i": "--install", "--web": "--webapp"}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument names; return the exit code."""
    try:
        return COMMANDS[ALIASES.get(arguments[0], arguments[0])]()
    except ConfigError as e:
        return _refused(e, 2)
    except (AlreadyRunning, CannotStart) as e:
        return _refused(e, 1)


def _refused(why: Exception, code: int) -> int:
    print(why, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
