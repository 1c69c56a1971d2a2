"""Never twice, never lost: a bot that is killed for real, again and again, while everything goes wrong around it.

Run: `python -m benchmarks.chaos [intents]`, or `./start.sh --chaos [intents]`. People write commands and press buttons
in the sandbox's Telegram; the bot is the whole product in a process of its own, on either path to either venue; it dies
by SIGKILL at every step of its work and is started anew, by turns with USE_UNIFIED on and off; requests and answers
are lost, late, broken and contradicted; look-ups fail; updates arrive again. In the end everything calms down, and the
sandbox's ledger says what really happened. Anything but zeros is a failure.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos_lab.world import Outcome, Wish, live

_PER_WORLD = 250
_MEMORY = Path("/dev/shm")
_NOTES_SHOWN = 20


def main() -> int:
    """Run and return 0 if nothing was doubled, lost, told wrongly or left open."""
    options = _parse(sys.argv[1:])
    folder = Path(tempfile.mkdtemp(prefix="elcaro-chaos-", dir=_MEMORY if _MEMORY.is_dir() else None))
    started = time.monotonic()
    wishes = _wishes(options)
    outcome = asyncio.run(_live_all(wishes, folder, options.lanes))
    print(report(outcome, options, len(wishes), time.monotonic() - started))
    if outcome.total.violations == 0:
        shutil.rmtree(folder)
        return 0
    print(f"\nfiles of the worlds that failed: {folder}")
    return 1


def _wishes(options: argparse.Namespace) -> list[Wish]:
    """Cut the intents into worlds."""
    worlds = max(1, round(options.intents / _PER_WORLD))
    share, rest = divmod(options.intents, worlds)
    return [Wish(seed=options.seed + n, intents=share + (n < rest), patches=options.patch) for n in range(worlds)]


async def _live_all(wishes: Sequence[Wish], folder: Path, lanes: int) -> Outcome:
    """Live through worlds, some at the same time; files stay of those that failed."""
    total, lane = Outcome(), asyncio.Semaphore(lanes)

    async def one(wish: Wish) -> None:
        async with lane:
            place = Path(tempfile.mkdtemp(prefix=f"world-{wish.seed}-", dir=folder))
            outcome = await live(wish, place)
            total.add(outcome)
            if outcome.total.violations == 0:
                shutil.rmtree(place)
            print(f"world {wish.seed}: {outcome.total.violations} violations", file=sys.stderr, flush=True)

    await asyncio.gather(*(one(wish) for wish in wishes))
    return total


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("intents", type=int, nargs="?", default=500, help="how many wishes people have")
    parser.add_argument("--seed", type=int, default=1, help="another number is another course of things")
    parser.add_argument(
        "--lanes", type=int, default=min(2, os.cpu_count() or 1), help="how many worlds at the same time"
    )
    parser.add_argument("--patch", action="append", default=[], metavar="MODULE:FUNCTION", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def report(outcome: Outcome, options: argparse.Namespace, worlds: int, real_s: float) -> str:
    """Return the tables."""
    columns = ("intents", "orders", "duplicates", "lost", "false", "unresolved", "errors")
    rows = [_row("venue", "path", *columns)]
    for (exchange, path), t in [*sorted(outcome.tallies.items()), (("all", ""), outcome.total)]:
        rows.append(_row(exchange, path, *(f"{getattr(t, column):,}" for column in columns)))
    kills = sum(outcome.deaths.values())
    return "\n".join(
        (
            f"{options.intents:,} intents, seeds {options.seed} to {options.seed + worlds - 1}: {kills:,} SIGKILLs at "
            f"{len(outcome.deaths)} steps, {sum(outcome.faults.values()):,} faults, {outcome.machine_s / 3600:.1f} h "
            f"of the venues' time in {real_s:.0f} s",
            "",
            *rows,
            "",
            _quantiles("unknown outcomes, s until known", outcome.doubts_s),
            _quantiles("starts, real s until ready", outcome.starting_s),
            "deaths: " + ", ".join(f"{step} {count}" for step, count in outcome.deaths.most_common()),
            "last words: " + ", ".join(f"{words} {count}" for words, count in outcome.endings.most_common()),
            *outcome.total.notes[:_NOTES_SHOWN],
        )
    )


def _row(exchange: str, path: str, *figures: str) -> str:
    return f"{exchange:14}{path:9}" + "".join(f"{figure:>11}" for figure in figures)


def _quantiles(name: str, values: list[float]) -> str:
    if len(values) < 2:
        return f"{name}: {len(values)} of them"
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"{name}: {len(values):,} of them, p50 {cuts[49]:.1f}, p99 {cuts[98]:.1f}, longest {max(values):.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
