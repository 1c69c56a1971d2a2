"""`start.sh`'s second half: one row per thing it can be asked for."""

import asyncio
import sys
from collections.abc import Callable, Sequence

from core.config import ConfigError, load_settings
from launcher import background
from launcher.parts import BOT, SANDBOX, WEBAPP, Part
from launcher.supervisor import Supervisor


def _run(parts: Sequence[Part]) -> int:
    return asyncio.run(_supervise(parts))


async def _supervise(parts: Sequence[Part]) -> int:
    settings = load_settings()
    return await Supervisor(settings.telegram_token.get_secret_value()).run(parts)


def _everything() -> int:
    simulated = [SANDBOX] if load_settings().is_sandbox else []
    return _run([*simulated, BOT, WEBAPP])


def _restart() -> int:
    return background.stop() or background.start()


COMMANDS: dict[str, Callable[[], int]] = {
    "--foreground": _everything,
    "--daemon": background.start,
    "-d": background.start,
    "--stop": background.stop,
    "--restart": _restart,
    "-r": _restart,
    "--status": background.status,
    "-s": background.status,
    "--bot": lambda: _run([BOT]),
    "--webapp": lambda: _run([WEBAPP]),
    "--web": lambda: _run([WEBAPP]),
    "--sandbox": lambda: _run([SANDBOX]),
    "--install": lambda: 0,
    "-i": lambda: 0,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument names; return the exit code."""
    try:
        return COMMANDS[arguments[0]]()
    except ConfigError as e:
        print(e, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
