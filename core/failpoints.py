"""Named points at which a process can be made to die, so that tests can kill it exactly there.

Nothing happens at them unless the setting FAILPOINT names one, which is refused where money is real.
"""

import os
import signal

_STOP = ":stop"
_armed: list[tuple[str, signal.Signals]] = []


def arm(point: str) -> None:
    """Die at this point from now on; with `:stop` at the end of its name, sleep there until somebody wakes us."""
    number = signal.SIGSTOP if point.endswith(_STOP) else signal.SIGKILL
    _armed[:] = [(point.removesuffix(_STOP), number)] if point else []


def failpoint(point: str) -> None:
    """Die here, without a word and without tidying up, if this point is armed."""
    for name, number in _armed:
        if name == point:
            _armed.clear()
            os.kill(os.getpid(), number)
