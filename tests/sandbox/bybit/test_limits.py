"""The simulated Bybit's request limits."""

import pytest

from sandbox.bybit.limits import IP_BAN_MS, IP_REQUESTS, Limits, TooManyVisitsError

NOW = 1_700_000_000_000


def test_an_endpoint_opens_again_after_a_second() -> None:
    limits = Limits()
    left = [limits.count("a", "create", 3, NOW + k, enforced=True)["X-Bapi-Limit-Status"] for k in range(3)]
    assert left == ["2", "1", "0"]
    with pytest.raises(TooManyVisitsError) as refused:
        limits.count("a", "create", 3, NOW + 10, enforced=True)
    assert refused.value.headers["X-Bapi-Limit-Reset-Timestamp"] == str(NOW + 1_000)
    assert limits.count("b", "create", 3, NOW + 10, enforced=True)["X-Bapi-Limit-Status"] == "2"
    assert limits.count("a", "create", 3, NOW + 1_003, enforced=True)["X-Bapi-Limit-Status"] == "2"


def test_an_address_that_asks_too_much_is_shut_out_for_ten_minutes() -> None:
    limits = Limits()
    assert all(limits.admit_ip("x", NOW) for _ in range(IP_REQUESTS))
    assert not limits.admit_ip("x", NOW)
    assert not limits.admit_ip("x", NOW + IP_BAN_MS - 1)
    assert limits.admit_ip("y", NOW)
    assert limits.admit_ip("x", NOW + IP_BAN_MS)
