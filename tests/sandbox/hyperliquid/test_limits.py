"""Nonces are used once; budgets run out as the venue says they do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.hyperliquid.limits import AddressBudget, IpBudget, answer_weight, exchange_weight, info_weight
from sandbox.hyperliquid.nonces import KEPT_PER_SIGNER, NEWEST_MS, OLDEST_MS, NonceBook, RefusedNonce

NOW = 1_795_331_524_000


def test_nonce_is_used_once_per_signer() -> None:
    book = NonceBook()
    book.take("0xa", NOW, now_ms=NOW)
    book.take("0xb", NOW, now_ms=NOW)
    with pytest.raises(RefusedNonce, match=rf"Invalid nonce: duplicate nonce {NOW}$"):
        book.take("0xa", NOW, now_ms=NOW)


@pytest.mark.parametrize(
    ("nonce", "text"), [(NOW - OLDEST_MS, "nonce too low"), (NOW + NEWEST_MS, "nonce too high"), (0, "nonce too low")]
)
def test_nonce_outside_the_window_is_refused(nonce: int, text: str) -> None:
    with pytest.raises(RefusedNonce, match=text):
        NonceBook().take("0xa", nonce, now_ms=NOW)


def test_nonces_may_arrive_out_of_order_until_a_hundred_higher_ones_are_known() -> None:
    book = NonceBook()
    for step in range(1, KEPT_PER_SIGNER + 1):
        book.take("0xa", NOW + step * 2, now_ms=NOW)
    book.take("0xa", NOW + 5, now_ms=NOW)
    with pytest.raises(RefusedNonce, match="too low"):
        book.take("0xa", NOW + 1, now_ms=NOW)


@given(st.lists(st.integers(NOW - 300, NOW + 300), max_size=400))
def test_no_nonce_is_ever_taken_twice(nonces: list[int]) -> None:
    book, taken = NonceBook(), []
    for nonce in nonces:
        try:
            book.take("0xa", nonce, now_ms=NOW)
        except RefusedNonce:
            continue
        taken.append(nonce)
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(("kind", "weight"), [("l2Book", 2), ("clearinghouseState", 2), ("meta", 20), ("userRole", 60)])
def test_info_weights(kind: str, weight: int) -> None:
    assert info_weight(kind) == weight


def test_long_answers_and_batches_cost_more() -> None:
    assert answer_weight("userFills", [{}] * 45) == 2
    assert answer_weight("meta", {}) == 0
    assert [exchange_weight(size) for size in (1, 39, 40, 80)] == [1, 1, 2, 3]


def test_ip_budget_runs_out_and_refills() -> None:
    now = NOW
    budget = IpBudget(lambda: now)
    assert all(budget.admit("ip", 20) for _ in range(60))
    assert not budget.admit("ip", 20)
    assert budget.admit("another ip", 20)
    now += 1000
    assert budget.admit("ip", 20)
    budget.charge("ip", 20)
    now += 1000
    assert not budget.admit("ip", 20)


def test_ip_budget_may_be_switched_off() -> None:
    budget = IpBudget(lambda: NOW, per_minute=None)
    assert all(budget.admit("ip", 1000) for _ in range(100))


def order(budget: AddressBudget, *, kind: str = "order", volume: str = "0", at_ms: int = NOW) -> str | None:
    return budget.admit("0xa", kind, count=1, volume=Decimal(volume), now_ms=at_ms)


def test_address_budget_grows_with_volume_and_throttles_to_one_in_ten_seconds() -> None:
    budget = AddressBudget(initial=2)
    assert [order(budget), order(budget)] == [None, None]
    assert order(budget) == (
        "Too many cumulative requests sent (3 > 2) for cumulative volume traded $0. "
        "Place taker orders to free up 1 request per USDC traded."
    )
    assert order(budget, at_ms=NOW + 10_000) is None
    assert order(budget, volume="500.5", at_ms=NOW + 10_001) is None
    assert budget.used("0xa") == 4


def test_cancels_keep_a_reserve() -> None:
    budget = AddressBudget(initial=1)
    assert order(budget) is None
    assert order(budget) is not None
    assert order(budget, kind="cancel") is None


def test_stale_deadline_costs_five_requests() -> None:
    budget = AddressBudget()
    budget.penalise("0xa")
    assert budget.used("0xa") == 5
