"""How long the bot takes from nothing to ready, and what memory it holds then, beside the libraries alone.

    python -m benchmarks.start [--rounds N]

The bot starts against simulated venues and a local Telegram in another process, on an empty folder (so the database is
made as well) and again on the same one. Beside it, a process that only imports the stock libraries of such a bot and
makes one client of each. Goal: ready within 1.2 s and 90 MB. The least of the rounds is shown: what else runs on the
machine only ever adds. CPU time is the process's own; trust it more than the time that passed on a busy machine.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from launcher.parts import environment

ROOT: Final = Path(__file__).parent.parent
GOAL_S: Final = 1.2
GOAL_MB: Final = 90
_PATIENCE_S: Final = 30
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_AS_INSTALLED: Final = "import sys; sys.modules.update(dict.fromkeys(('pygments', 'rich')))\n"
"""Development brings two packages that httpx loads where it finds them; a user has neither."""
_BOT: Final = f"""{_AS_INSTALLED}
import runpy
runpy.run_path({str(ROOT / "bot.py")!r}, run_name="__main__")
"""
_STOCK: Final = f"""{_AS_INSTALLED}
import resource, telegram.ext
from eth_account import Account
from hyperliquid.exchange import Exchange
from pybit.unified_trading import HTTP
telegram.ext.Application.builder().token("1000000001:NOT-A-REAL-TOKEN").build()
HTTP(api_key="Fake", api_secret="Fake")
nothing = {{"universe": [], "tokens": []}}
Exchange(Account.from_key("0x" + "01" * 32), "http://127.0.0.1:1", meta=nothing, spot_meta=nothing)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: what passed until it was ready, what it computed meanwhile, and what it held then."""

    seconds: float
    cpu_s: float
    mb: float


@asynccontextmanager
async def sandbox() -> AsyncIterator[dict[str, Any]]:
    """Run simulated venues in a process of their own and yield what they announce."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port-base", "0", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), _PATIENCE_S))
    finally:
        await end(process)


async def start_bot(announced: dict[str, Any], folder: Path) -> Start:
    """Start the bot, wait until it says that it is ready, and stop it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        heard.bind(str(address))
        heard.setblocking(False)
        told = {
            "ELCARO_MODE": "sandbox",
            "ELCARO_DATA_DIR": str(folder / "data"),
            "ELCARO_LOG_DIR": str(folder / "logs"),
            "NOTIFY_SOCKET": str(address),
            "PYTHONPATH": str(ROOT),
        }
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _BOT,
            cwd=folder,
            env=environment(announced, telegram_token="") | told,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while b"READY=1" not in await asyncio.get_running_loop().sock_recv(heard, 4096):
                    pass
            return Start(time.perf_counter() - began, _cpu_s(process.pid), _mb(process.pid))
        finally:
            await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Stop a process, unless it has ended by itself."""
    if process.returncode is None:
        process.terminate()
        await asyncio.wait_for(process.wait(), _PATIENCE_S)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def import_stock() -> Start:
    """Let a process import the stock libraries and make a client of each."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _STOCK, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Start(seconds, cpu_s, int(said) / 1024)


async def measure(rounds: int) -> dict[str, list[Start]]:
    """Let the variants take turns."""
    starts: dict[str, list[Start]] = {"first start": [], "next start": [], "stock libraries alone": []}
    async with sandbox() as announced:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as name:
                starts["first start"].append(await start_bot(announced, Path(name)))
                starts["next start"].append(await start_bot(announced, Path(name)))
            starts["stock libraries alone"].append(await import_stock())
    return starts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    starts = asyncio.run(measure(parser.parse_args().rounds))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the best of {len(starts['next start'])} each")
    for name, found in starts.items():
        seconds = min(start.seconds for start in found)
        cpu_s = min(start.cpu_s for start in found)
        mb = min(start.mb for start in found)
        print(f"  {name:22} {seconds:6.2f} s  {cpu_s:6.2f} s CPU  {mb:6.0f} MB")
    print(f"goal: ready within {GOAL_S} s and {GOAL_MB} MB")


if __name__ == "__main__":
    main()
