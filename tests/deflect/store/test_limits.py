"""Rate limits: a burst, then one request at a time, for each address and across forks."""

import os

import pytest

from deflect.store.services import Limiter, network


def test_the_rate_passes_and_the_next_waits() -> None:
    limiter = Limiter()
    waits = [limiter.wait("offers", "a", rate=5, now=100.0) for _ in range(6)]
    assert waits[:5] == [0.0] * 5
    assert waits[5] == pytest.approx(12.0)


def test_a_minute_s_share_later_one_passes() -> None:
    limiter = Limiter()
    for _ in range(5):
        limiter.wait("offers", "a", rate=5, now=100.0)
    assert limiter.wait("offers", "a", rate=5, now=112.1) == 0.0
    assert limiter.wait("offers", "a", rate=5, now=112.1) > 0.0


def test_who_is_refused_is_not_punished_further() -> None:
    limiter = Limiter()
    for _ in range(1000):
        limiter.wait("offers", "a", rate=5, now=100.0)
    assert limiter.wait("offers", "a", rate=5, now=160.1) == 0.0


def test_addresses_and_kinds_do_not_share() -> None:
    limiter = Limiter()
    limiter.wait("offers", "a", rate=1, now=0.0)
    assert limiter.wait("offers", "b", rate=1, now=0.0) == 0.0
    assert limiter.wait("events", "a", rate=1, now=0.0) == 0.0
    assert limiter.wait("offers", "a", rate=1, now=0.0) > 0.0


def test_rate_zero_is_no_limit() -> None:
    limiter = Limiter()
    assert not any(limiter.wait("offers", "a", rate=0, now=0.0) for _ in range(1000))


def test_a_clock_set_back_locks_nobody_out_for_long() -> None:
    limiter = Limiter()
    limiter.wait("offers", "a", rate=1, now=1_000_000.0)
    assert limiter.wait("offers", "a", rate=1, now=0.0) <= 60.0


def test_a_forked_worker_counts_in_the_same_table() -> None:
    limiter = Limiter()
    child = os.fork()
    if child == 0:
        for _ in range(5):
            limiter.wait("offers", "a", rate=5, now=0.0)
        os._exit(0)
    os.waitpid(child, 0)
    assert limiter.wait("offers", "a", rate=5, now=0.0) > 0.0


def test_more_addresses_than_slots_let_people_through() -> None:
    limiter = Limiter()
    assert not any(limiter.wait("offers", f"address {n}", rate=1, now=0.0) for n in range(100_000))


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("local", "local"),
    ],
)
def test_an_ipv6_customer_counts_as_one(address: str, counted: str) -> None:
    assert network(address) == counted
