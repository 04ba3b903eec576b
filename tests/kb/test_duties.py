"""Duties: an error is logged once, pauses grow, and the duty goes on."""

from __future__ import annotations

import logging
import threading

import pytest

from kb.duties import Duty, keep_up
from kb.errors import HelpCenterError


class Impatient(threading.Event):
    """An event that records the waits instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), RecursionError(), HelpCenterError("no")])
def test_a_duty_that_raises_is_tried_again_after_growing_pauses(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    stop, runs = Impatient(), 0

    def work(_: Duty) -> None:
        nonlocal runs
        runs += 1
        if runs <= 5:
            raise type(error)(*error.args)  # without the frames of the earlier tries
        stop.set()

    duty = Duty("a duty", longest=8.0)
    with caplog.at_level(logging.WARNING, logger="shortstop"):
        keep_up(duty, work, stop=stop)
    assert stop.waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert len(caplog.records) == 1
    assert duty.failures == 5
    duty.went_well()
    assert duty.failures == 0


def test_the_log_has_the_frames_of_a_foreign_error_and_not_its_message(caplog: pytest.LogCaptureFixture) -> None:
    words = "what a visitor" + " wrote"
    try:
        raise ValueError(words)
    except ValueError as error:
        Duty("a duty").failed(error)
    assert "test_duties.py" in caplog.text
    assert words not in caplog.text
