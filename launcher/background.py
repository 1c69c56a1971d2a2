"""Running in the background: start, stop, status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from launcher.instance import EVERYTHING, Instance, find, find_all, left_behind
from launcher.parts import is_alive
from launcher.process import READY_S, STOP_S

_STEP_S = 0.05
_TAIL_LINES = 20
_START_LOG = "start.log"


def start(log_folder: Path) -> int:
    """Start everything in the background and wait until it is ready.

    Args:
        log_folder: Where `start.log` is written: what the parts say before they can write their own logs.
    """
    if (found := find()) is not None:
        print(f"ElCaro is running here already (process {found.pid}). Stop it with ./start.sh --stop", file=sys.stderr)
        return 1
    log_file = log_folder / _START_LOG
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "--background"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        found = find()
        if found is not None and found.is_ready:
            print(_told(found))
            process.returncode = 0  # it goes on without us
            return 0
        time.sleep(_STEP_S)
    print(f"ElCaro did not start. The last lines of {log_file}:", file=sys.stderr)
    print("\n".join(log_file.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:]), file=sys.stderr)
    return process.poll() or 1


def stop() -> int:
    """Stop everything that runs in this folder and wait until it has ended."""
    running = {f"ElCaro ({found.name})": found.pid for found in find_all()} | left_behind()
    if not running:
        print("ElCaro is not running.")
        return 0
    for pid in running.values():
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S * 2
    while any(is_alive(pid) for pid in running.values()) and time.monotonic() < deadline:
        time.sleep(_STEP_S)
    left = [f"{name} (process {pid})" for name, pid in running.items() if is_alive(pid)]
    if left:
        print(f"Not stopped yet: {', '.join(left)}; see the logs", file=sys.stderr)
        return 1
    print("ElCaro has stopped.")
    return 0


def status() -> int:
    """Say whether ElCaro runs; 0 when it does, 3 when it does not, as service scripts answer."""
    found = find_all()
    if not found:
        left = left_behind()
        for part, pid in left.items():
            print(f"{part} (process {pid}) was left behind; ./start.sh --stop ends it.")
        print("ElCaro is not running.")
        return 3
    for instance in found:
        print(_told(instance))
        for part, pid in instance.parts.items():
            print(f"  {part}: {f'process {pid}' if is_alive(pid) else 'not running'}")
    return 0


def _told(instance: Instance) -> str:
    what = "ElCaro" if instance.name == EVERYTHING else f"ElCaro's {instance.name}"
    state = "running" if instance.is_ready else "starting"
    return f"{what} is {state} (process {instance.pid})." + (f"\nOpen {instance.url}" if instance.url else "")
