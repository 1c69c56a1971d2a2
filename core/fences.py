"""When an order that cannot be found is proven absent. Pure: the evidence so far goes in, what to do comes out.

A request cannot execute after its fence. A complete look after that, when what lags has caught up, proves something;
a look that failed proves nothing, and neither does waiting.
"""

from dataclasses import dataclass
from enum import StrEnum

SETTLE_S = 10.0
"""After the fence, for clocks that differ and look-ups that lag."""
MISSES_NEEDED = 3
MISS_SPACING_S = 2.0
SIGHTINGS_WAITED = 3
"""Found open, what fills at once is looked at so often again: it is told of once, with what it came to."""
NOOPS_AT_MOST = 3
NOOP_SPACING_S = 5.0
LISTED_FOR_S = 24 * 3600
"""How long a venue surely lists orders that ended unfilled."""
TELL_USER_AFTER_S = 60.0
PAGE_AFTER_S = 300.0
KEY_PROBLEMS = frozenset({"key_invalid", "key_expired", "key_no_permission", "ip_not_allowed"})
"""Answers that stay the same until a person does something about the key."""
KEY_PAUSE_S = 60.0
"""How long a key that the venue does not take is left alone: repeated failures look like an attack."""


class NextStep(StrEnum):
    """What to do about an order that a complete look did not find."""

    LOOK_AGAIN = "look_again"
    SPEND_NONCE = "spend_nonce"
    """Send nothing under the same nonce: what is in flight can then never execute."""
    CHECK_EXECUTIONS = "check_executions"
    """It may have ended unfilled and be listed no more; only executions still tell."""
    ABSENT = "absent"


@dataclass(slots=True)
class Watch:
    """The looks at one unresolved leg so far. Times are monotonic seconds."""

    looks: int = 0
    due: float = 0.0
    proves_at: float = 0.0
    """From when on a miss proves something."""
    sightings: int = 0
    """Looks that found an order still open which fills at once."""
    misses: int = 0
    last_miss: float | None = None
    noops: int = 0
    next_noop: float = 0.0
    nonce_spent_at: float | None = None
    """Since when nothing can execute under the leg's nonce any more."""

    def missed(self, now: float, *, counts: bool) -> None:
        """Note a complete look that found nothing; it counts only once nothing can execute any more."""
        is_spaced = self.last_miss is None or now - self.last_miss >= MISS_SPACING_S
        if counts and is_spaced:
            self.misses += 1
            self.last_miss = now

    def plan(self, now: float, age_s: float, *, at_least_s: float = 0.0) -> None:
        """Say when to look again: soon at first, then less often, and when a miss begins to prove something; but not
        before `at_least_s` from now."""
        first = (0.3, 0.5, 1.0)
        later = 2.0 if age_s < TELL_USER_AFTER_S else 5.0 if age_s < PAGE_AFTER_S else 10.0
        wait_s = first[self.looks] if self.looks < len(first) else later
        if self.proves_at > now:
            wait_s = min(wait_s, self.proves_at - now)
        self.due = now + max(wait_s, at_least_s)
        self.looks += 1


def settled_in_s(watch: Watch, *, now: float, venue_now_ms: int, fence_ms: int) -> float:
    """Return in how many seconds a miss begins to prove something: when nothing can execute any more, and what lags
    has caught up. Not above zero where it does by now."""
    by_fence = (fence_ms - venue_now_ms) / 1000 + SETTLE_S
    return by_fence if watch.nonce_spent_at is None else min(by_fence, watch.nonce_spent_at + SETTLE_S - now)


def next_step(watch: Watch, *, now: float, age_s: float, can_spend_nonce: bool) -> NextStep:
    """Return what a complete miss leads to."""
    if can_spend_nonce and watch.nonce_spent_at is None and watch.noops < NOOPS_AT_MOST and now >= watch.next_noop:
        return NextStep.SPEND_NONCE
    if watch.misses < MISSES_NEEDED:
        return NextStep.LOOK_AGAIN
    return NextStep.ABSENT if age_s <= LISTED_FOR_S else NextStep.CHECK_EXECUTIONS
