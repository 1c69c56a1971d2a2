"""Runs a module of this project by a machine's clock: `python -m benchmarks.chaos_lab.host CLOCK PLACE MODULE …`."""

import runpy
import sys
from pathlib import Path

from benchmarks.chaos_lab.machine import live_by


def main() -> None:
    """Take the clock, then become the module."""
    clock, place, module, *rest = sys.argv[1:]
    live_by(Path(clock), int(place))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
