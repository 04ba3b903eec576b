"""After a call that waited in vain, calls fail at once; one at a time tries again after a pause."""

from __future__ import annotations

import pytest

from deflect.store import breaker
from deflect.store.breaker import PAUSE, Breaker


class Clock:
    """A clock that tests set."""

    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(breaker.time, "monotonic", lambda: Clock.now)
    Clock.now = 1000.0
    return Clock


def test_calls_are_let_through_until_one_fails_and_again_after_one_succeeds(clock: type[Clock]) -> None:
    made = Breaker()
    assert made.admits(5.0)
    made.failed(5.0)
    assert not made.admits(5.0)
    assert not made.admits(0.4)
    made.succeeded()
    assert made.admits(5.0)


def test_a_call_with_more_patience_is_let_through(clock: type[Clock]) -> None:
    made = Breaker()
    made.failed(0.4)
    assert not made.admits(0.4)
    assert made.admits(5.0)


def test_one_call_at_a_time_tries_again_after_the_pause(clock: type[Clock]) -> None:
    made = Breaker()
    made.failed(5.0)
    clock.now += PAUSE
    assert [made.admits(5.0) for _ in range(3)] == [True, False, False]
    made.failed(5.0)
    assert not made.admits(5.0)
    clock.now += PAUSE
    assert made.admits(5.0)
    made.succeeded()
    assert [made.admits(5.0) for _ in range(3)] == [True, True, True]
