"""The venue's time, learned from answers."""

from dataclasses import dataclass

import pytest

from exchanges.clock import VenueClock
from exchanges.transport import observe_date


@dataclass
class Now:
    monotonic: float = 500.0
    wall: float = 1_790_000_000.0


def clock_at(now: Now) -> VenueClock:
    return VenueClock(monotonic=lambda: now.monotonic, wall=lambda: now.wall)


def test_machines_own_time_is_only_a_first_guess() -> None:
    now = Now()
    clock = clock_at(now)
    assert (clock.is_known, clock.now_ms(), clock.offset_ms()) == (False, 1_790_000_000_000, None)


def test_venues_time_runs_on_after_it_was_told() -> None:
    now = Now()
    clock = clock_at(now)
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    now.monotonic += 2
    assert clock.is_known
    assert clock.now_ms() == 1_800_000_002_000


def test_step_of_the_machines_own_time_does_not_matter() -> None:
    now = Now()
    clock = clock_at(now)
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    now.wall -= 86_400
    assert clock.now_ms() == 1_800_000_000_000


def test_offset_is_told_against_the_machines_own_time() -> None:
    clock = clock_at(Now())
    clock.observe(1_790_000_003.0, sent_at=500.0, received_at=500.0)
    assert clock.offset_ms() == pytest.approx(3000, abs=1)


def test_error_grows_with_time_and_faster_where_the_clocks_part() -> None:
    now = Now()
    clock = clock_at(now)
    assert clock.error_ms() is None
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    now.monotonic = 1500.0
    assert clock.error_ms() == 101
    clock.observe(1_800_001_005.0, sent_at=1500.0, received_at=1500.0)  # five seconds in a thousand
    now.monotonic = 2500.0
    assert 4_900 < (clock.error_ms() or 0) < 5_100


def test_answer_is_taken_to_be_made_half_way() -> None:
    now = Now(monotonic=501.0)
    clock = clock_at(now)
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=501.0)
    assert clock.now_ms() == pytest.approx(1_800_000_000_500, abs=1)


def test_worse_measurement_does_not_replace_a_better_one() -> None:
    now = Now()
    clock = clock_at(now)
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    clock.observe(1_800_000_000.9, sent_at=500.0, received_at=502.0)
    assert clock.now_ms() == 1_800_000_000_000


@pytest.mark.parametrize("jump_s", [-3.0, 60.0, 3600.0])
def test_measurement_that_contradicts_replaces(jump_s: float) -> None:
    clock = clock_at(Now())
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    clock.observe(1_800_000_000.0 + jump_s, sent_at=499.9, received_at=500.1)
    assert clock.now_ms() == pytest.approx(1_800_000_000_000 + jump_s * 1000, abs=1)


def test_time_far_in_the_past_is_believed_only_from_a_certain_source() -> None:
    clock = clock_at(Now())
    clock.observe(1_800_000_000.0, sent_at=500.0, received_at=500.0)
    clock.observe(1_799_999_000.0, sent_at=500.0, received_at=500.0)
    assert clock.now_ms() == 1_800_000_000_000
    clock.observe(1_799_999_000.0, sent_at=500.0, received_at=500.0, is_certain=True)
    assert clock.now_ms() == 1_799_999_000_000


def test_date_header_tells_the_time_to_a_second() -> None:
    clock = clock_at(Now())
    observe_date(clock, {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, sent_at=500.0, received_at=500.0)
    assert clock.now_ms() == pytest.approx(1_800_000_000_000, abs=1000)


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_header_without_a_date_tells_nothing(headers: dict[str, str]) -> None:
    clock = clock_at(Now())
    observe_date(clock, headers, sent_at=500.0, received_at=500.0)
    assert not clock.is_known
