"""How loudly each kind of news is told: by kind, by account, by the hour, and never too quietly."""

from datetime import UTC, datetime, timedelta

import pytest

from core.notices import (
    CHOOSABLE,
    MUTED_UNTIL,
    RULES,
    Notice,
    account_key,
    choice_key,
    chosen,
    is_within,
    loudness,
    next_choice,
    notice_of,
)
from core.preferences import Loudness
from models.account import Account
from models.enums import AccountType

NIGHT = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY = datetime(2026, 1, 1, 14, tzinfo=UTC)
PAPER = Account(user_id=7, exchange="bybit", account_type=AccountType.PAPER)
ON, SILENT, OFF = Loudness.ON, Loudness.SILENT, Loudness.OFF


def test_each_kind_of_news_has_a_rule() -> None:
    assert set(RULES) == set(Notice)
    assert Notice.LIQUIDATION not in CHOOSABLE


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "order_settled", "result": {"outcome": "filled"}}, Notice.FILLS),
        ({"kind": "order_settled", "result": {"outcome": "rejected"}}, Notice.ORDERS),
        ({"kind": "position_closed", "event": {"reason": "stop_loss"}}, Notice.EXITS),
        ({"kind": "position_closed", "event": {"reason": "liquidation"}}, Notice.LIQUIDATION),
        ({"kind": "position_changed", "event": {"reason": "elsewhere"}}, Notice.ELSEWHERE),
        ({"kind": "naked"}, Notice.NAKED),
        ({"kind": "operator_page"}, None),
    ],
)
def test_messages_are_of_the_kind_they_tell_of(body: dict[str, object], expected: Notice | None) -> None:
    assert notice_of(body) is expected


def test_own_choice_comes_before_the_choice_for_everything() -> None:
    assert chosen(Notice.FILLS, {"notify": "off"}) is OFF
    assert chosen(Notice.FILLS, {"notify": "off", choice_key(Notice.FILLS): "on"}) is ON
    assert chosen(Notice.FUNDING, {}) is SILENT


def test_account_can_be_made_quieter_and_never_louder() -> None:
    quiet = {account_key(PAPER): "silent"}
    assert loudness(Notice.FILLS, PAPER, quiet, DAY) is SILENT
    assert loudness(Notice.FILLS, PAPER, quiet | {choice_key(Notice.FILLS): "off"}, DAY) is OFF
    assert loudness(Notice.FILLS, None, quiet, DAY) is ON


def test_liquidation_is_always_told_loudly() -> None:
    everything_off = {"notify": "off", account_key(PAPER): "off", "quiet_hours": "0-23"}
    assert loudness(Notice.LIQUIDATION, PAPER, everything_off, NIGHT) is ON


def test_what_became_of_an_order_is_never_kept_back() -> None:
    assert loudness(Notice.ORDERS, PAPER, {"notify": "off"}, DAY) is SILENT


@pytest.mark.parametrize(
    ("notice", "expected"), [(Notice.FILLS, SILENT), (Notice.EXITS, ON), (Notice.CONNECTION, ON), (Notice.NAKED, ON)]
)
def test_quiet_hours_leave_what_may_cost_money(notice: Notice, expected: Loudness) -> None:
    assert loudness(notice, PAPER, {"quiet_hours": "23-7"}, NIGHT) is expected
    assert loudness(notice, PAPER, {"quiet_hours": "23-7"}, DAY) is ON


def test_muting_ends_by_itself() -> None:
    muted = {MUTED_UNTIL: (DAY + timedelta(hours=1)).timestamp()}
    assert loudness(Notice.FILLS, PAPER, muted, DAY) is SILENT
    assert loudness(Notice.FILLS, PAPER, muted, DAY + timedelta(hours=1)) is ON


def test_taps_go_round_the_choices() -> None:
    assert [next_choice(Notice.FILLS, now) for now in (ON, SILENT, OFF)] == [SILENT, OFF, ON]
    assert [next_choice(Notice.ORDERS, now) for now in (ON, SILENT)] == [SILENT, ON]


@pytest.mark.parametrize(
    ("hours", "hour", "expected"), [("23-7", 2, True), ("23-7", 7, False), ("9-17", 9, True), ("9-17", 20, False)]
)
def test_stretch_of_hours_may_go_over_midnight(hours: str, hour: int, *, expected: bool) -> None:
    assert is_within(hours, hour) is expected
