"""Runs the sandbox as a process: ``python -m sandbox``. Prints one JSON line with its addresses when it is ready."""

import gc

if __name__ == "__main__":
    gc.disable()  # what the imports make stays, see bot.py

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from sandbox import demo
from sandbox.hyperliquid.exchange import load_signing
from sandbox.server import CONTROL, DEFAULT_PORT_BASE, PARTS, Sandbox, ports_from
from sandbox.state import DamagedStateError, UnwritableStateError


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    gc.freeze()
    gc.enable()
    options = parse(sys.argv[1:])
    try:
        asyncio.run(serve(options))
    except (DamagedStateError, UnwritableStateError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot open its ports: {error.strerror}. Choose others with --port-base.\n")
        return 1
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port-base", type=int, default=DEFAULT_PORT_BASE, help="first port; 0 takes any free ones")
    for name in (*(part.name for part in PARTS), CONTROL):
        parser.add_argument(f"--{name}-port", type=int, default=None, help=f"port of {name}, instead of the base's")
    parser.add_argument("--seed", type=int, default=1, help="another number is another market")
    parser.add_argument("--state", type=Path, default=None, help="JSON file that keeps the accounts between runs")
    parser.add_argument("--telegram-token", default=demo.TELEGRAM_TOKEN, help="the one token the local server accepts")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Start, announce, wait for a signal, stop."""
    ports = ports_from(options.port_base)
    for name in ports:
        given = getattr(options, f"{name}_port")
        ports[name] = ports[name] if given is None else given
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = Sandbox(seed=options.seed, ports=ports, state_file=options.state, telegram_token=options.telegram_token)
    async with sandbox:
        sys.stdout.write(json.dumps(sandbox.announcement()) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(load_signing)  # while whoever trades here starts
        await sandbox.run_until(stop)


if __name__ == "__main__":
    raise SystemExit(main())
