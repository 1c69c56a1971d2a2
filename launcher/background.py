"""Running in the background: start, stop, status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from launcher.parts import RUN, is_alive
from launcher.supervisor import READY_FILE, READY_S, STOP_S

PID_FILE = RUN / "elcaro.pid"
LOG_FILE = Path("logs/start.log")
_STEP_S = 0.1
_TAIL_LINES = 20


def running_pid() -> int | None:
    """Return the supervisor's process id; None when nothing runs."""
    if not PID_FILE.is_file():
        return None
    pid = int(PID_FILE.read_text(encoding="utf-8"))
    return pid if is_alive(pid) else None


def start() -> int:
    """Start everything in the background and wait until it is ready."""
    if (pid := running_pid()) is not None:
        print(f"ElCaro is running already (process {pid}). Stop it with ./start.sh --stop")
        return 1
    RUN.mkdir(exist_ok=True)
    LOG_FILE.parent.mkdir(exist_ok=True)
    READY_FILE.unlink(missing_ok=True)
    with LOG_FILE.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "--foreground"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    PID_FILE.write_text(str(process.pid), encoding="utf-8")
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        if READY_FILE.is_file():
            url = READY_FILE.read_text(encoding="utf-8")
            print(f"ElCaro is running in the background. Open {url}" if url else "ElCaro is running in the background.")
            return 0
        time.sleep(_STEP_S)
    PID_FILE.unlink(missing_ok=True)
    print(f"ElCaro did not start. The last lines of {LOG_FILE}:")
    print("\n".join(LOG_FILE.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:]))
    return 1


def stop() -> int:
    """Stop what runs in the background and wait until it has ended."""
    pid = running_pid()
    if pid is None:
        print("ElCaro is not running.")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S * 2
    while is_alive(pid) and time.monotonic() < deadline:
        _reap(pid)
        time.sleep(_STEP_S)
    if is_alive(pid):
        print(f"ElCaro (process {pid}) has not stopped yet; see {LOG_FILE}")
        return 1
    PID_FILE.unlink(missing_ok=True)
    print("ElCaro has stopped.")
    return 0


def status() -> int:
    """Say whether ElCaro runs; 0 when it does, 3 when it does not, as service scripts answer."""
    pid = running_pid()
    if pid is None:
        print("ElCaro is not running.")
        return 3
    state = "running" if READY_FILE.is_file() else "starting"
    print(f"ElCaro is {state} (process {pid}).")
    if READY_FILE.is_file() and (url := READY_FILE.read_text(encoding="utf-8")):
        print(f"Open {url}")
    return 0


def _reap(pid: int) -> None:
    """Collect the process where it is a child of this one, so that it does not look alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
