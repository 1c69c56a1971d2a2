"""How fast one person may ask."""

from telegram_app.pace import Pace


def test_burst_is_taken_and_then_a_steady_stream() -> None:
    now = [0.0]
    pace = Pace(burst=3, per_s=2, clock=lambda: now[0])
    assert [pace.allows(1) for _ in range(5)] == [True, True, True, False, False]
    now[0] += 1
    assert [pace.allows(1) for _ in range(3)] == [True, True, False]
    now[0] += 100
    assert [pace.allows(1) for _ in range(4)] == [True, True, True, False]


def test_nobody_pays_for_somebody_else() -> None:
    pace = Pace(burst=1, per_s=0, clock=lambda: 0.0)
    assert pace.allows(1)
    assert not pace.allows(1)
    assert pace.allows(2)


def test_whoever_is_too_fast_is_told_once_in_a_while() -> None:
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    assert [pace.may_tell(1), pace.may_tell(1), pace.may_tell(2)] == [True, False, True]
    now[0] += 11
    assert pace.may_tell(1)
