"""The outbox: perhaps sent, refused for ever, and errors of all kinds, each without holding up another delivery."""

from __future__ import annotations

import os
import threading
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.delivery import outbox
from deflect.delivery.delivery import Delivery, DeliveryFailed, NotTaken, PerhapsSent
from deflect.delivery.outbox import HOLD, deliver
from deflect.delivery.queues import Queues
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, SECOND
from deflect.store.database import Row
from deflect.store.services import Services
from kb.errors import Unavailable, WriteFailed
from kb.processes import identity
from tests.deflect.delivery.test_outbox import Desk, send
from tests.support.fakes import close, make_services


class Raising:
    """A sink that raises what `error` makes, for the deliveries of which `of` is true."""

    name = "desk"

    def __init__(self, error: Callable[[], BaseException], of: Callable[[Delivery], bool] = lambda _: True) -> None:
        self.error, self.of, self.took, self.asked = error, of, [], 0
        self.took: list[str]

    def deliver(self, delivery: Delivery) -> str:
        self.asked += 1
        if self.of(delivery):
            raise self.error()
        self.took.append(delivery.id)
        return ""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, sinks=("desk",))
    yield made
    close(made)


def carry(services: Services, sink: Any, *, now: int, writer: Any = None, **more: Any) -> int:
    given = {"now": now, "draw": lambda: 0.5, "find": lambda *_: sink} | more
    return deliver(services.settings, services.store, writer or services.writer, **given)


def entries(services: Services) -> list[Row]:
    return services.store.rows("SELECT id, state, tries, due, note, unsure, held FROM outbox ORDER BY created, id")


def test_a_mail_that_was_perhaps_sent_is_tried_three_times_hours_apart_and_then_named(services: Services) -> None:
    send(services)
    desk, start = Raising(lambda: PerhapsSent("mail.example:25 did not answer in time")), clock.now() + SECOND
    tried = []
    for half_hour in range(200):
        before = desk.asked
        carry(services, desk, now=start + half_hour * HOUR // 2)
        tried += [half_hour / 2] if desk.asked > before else []
    (entry,) = entries(services)
    assert tried == [0, 1, 7, 31]
    assert (entry["state"], entry["unsure"]) == ("dead", 4)
    assert entry["note"] == "perhaps sent; mail.example:25 did not answer in time"
    assert outbox.retry(services.settings, ids=[entry["id"]]) == 1
    assert carry(services, Desk("desk"), now=start + 101 * HOUR) == 1


def test_a_plain_failure_after_it_was_perhaps_sent_still_says_so(services: Services) -> None:
    send(services)
    start = clock.now() + SECOND
    carry(services, Raising(lambda: PerhapsSent("no answer")), now=start)
    carry(services, Raising(lambda: DeliveryFailed("mail.example:25 refuses connections")), now=start + 2 * HOUR)
    assert entries(services)[0]["note"] == "perhaps sent; mail.example:25 refuses connections"


def test_a_refusal_for_ever_is_dead_at_once_and_holds_up_none_behind_it(services: Services) -> None:
    send(services, 3)
    first = entries(services)[0]["id"]
    desk = Raising(lambda: NotTaken("550 no such user"), of=lambda delivery: delivery.id == first)
    assert carry(services, desk, now=clock.now() + SECOND) == 2
    dead = [entry for entry in entries(services) if entry["state"] == "dead"]
    assert [(entry["id"], entry["tries"], entry["note"]) for entry in dead] == [(first, 1, "550 no such user")]


@pytest.mark.parametrize(
    "error", [KeyError, RecursionError, SystemExit, GeneratorExit, MemoryError, KeyboardInterrupt, CancelledError]
)
def test_whatever_a_sink_raises_is_a_failed_delivery(services: Services, error: type[BaseException]) -> None:
    send(services)
    assert carry(services, Raising(error), now=clock.now() + SECOND) == 0
    (entry,) = entries(services)
    assert (entry["state"], entry["held"]) == ("pending", None)
    assert f"({error.__name__})" in entry["note"]


@pytest.mark.parametrize("kind", ["coroutine", "generator"])
def test_a_sink_that_returns_before_it_sends_has_not_delivered(services: Services, kind: str) -> None:
    async def coroutine() -> str:
        return "sent"

    class Lazy(Desk):
        def deliver(self, delivery: Delivery) -> Any:
            return coroutine() if kind == "coroutine" else (part for part in "sent")

    send(services)
    assert carry(services, Lazy("desk"), now=clock.now() + SECOND) == 0
    (entry,) = entries(services)
    assert (entry["state"], entry["note"]) == ("pending", f"`deliver` returned a {kind} and has sent nothing")


@pytest.mark.parametrize("answer", [None, 7, b"x", float("nan"), ["a"], "\ud800", "a\x00\n" * 10**6, object()])
def test_whatever_a_sink_returns_is_recorded(services: Services, answer: Any) -> None:
    class Odd(Desk):
        def deliver(self, delivery: Delivery) -> Any:
            return answer

    send(services)
    assert carry(services, Odd("desk"), now=clock.now() + SECOND) == 1
    (entry,) = entries(services)
    assert entry["state"] == "sent"
    assert entry["note"].isprintable()
    assert len(entry["note"]) <= 500


@pytest.mark.parametrize(
    "damage",
    ["UPDATE tickets SET fields = '{' WHERE subject = 'S0'", "UPDATE tickets SET fields = '[1]' WHERE subject = 'S0'",
     "UPDATE messages SET created = 'x' WHERE ticket = (SELECT id FROM tickets WHERE subject = 'S0')"],
)  # fmt: skip
def test_a_damaged_delivery_holds_up_none_behind_it(services: Services, damage: str) -> None:
    send(services, 3)
    services.store.connect().execute(damage)
    desk = Desk("desk")
    assert carry(services, desk, now=clock.now() + SECOND) >= 2
    assert {entry["state"] for entry in entries(services)} <= {"sent", "pending"}


class Losing:
    """A writer that cannot store that a delivery was accepted."""

    def __init__(self, writer: Any, error: Exception, *, of: str = "") -> None:
        self.writer, self.error, self.of = writer, error, of

    def run(self, write: Any, *args: Any, **named: Any) -> Any:
        if write is outbox.delivered and named["id"].startswith(self.of):
            raise self.error
        return self.writer.run(write, *args, **named)


def test_one_delivery_that_cannot_be_recorded_does_not_stop_those_behind_it(services: Services) -> None:
    send(services, 3)
    first, desk = entries(services)[0]["id"], Desk("desk")
    now, losing = clock.now() + SECOND, Losing(services.writer, WriteFailed("no"), of=entries(services)[0]["id"])
    carry(services, desk, now=now, writer=losing)
    assert len(desk.took) == 3
    for minute in range(60):  # it is not sent again and again
        carry(services, desk, now=now + minute * 60 * SECOND, writer=losing)
    assert desk.took.count(first) == 1
    carry(services, desk, now=now + HOLD + SECOND)
    assert [entry["state"] for entry in entries(services)] == ["sent"] * 3


def test_what_was_accepted_while_nothing_could_be_stored_is_stored_later_and_not_sent_again(services: Services) -> None:
    send(services)
    desk, now, unstored = Desk("desk"), clock.now() + SECOND, {}
    carry(services, desk, now=now, writer=Losing(services.writer, Unavailable("busy")), unstored=unstored)
    assert entries(services)[0]["state"] == "pending"
    carry(services, desk, now=now + SECOND, unstored=unstored)
    assert (entries(services)[0]["state"], len(desk.took), unstored) == ("sent", 1, {})


class Waiting(Desk):
    """A sink that says when it was asked, and answers on `go`."""

    def __init__(self) -> None:
        super().__init__("desk")
        self.begun, self.go = threading.Event(), threading.Event()

    def deliver(self, delivery: Delivery) -> str:
        self.begun.set()
        self.go.wait(20)
        return super().deliver(delivery)


def test_two_threads_send_nothing_twice(services: Services) -> None:
    send(services)
    slow, now = Waiting(), clock.now() + SECOND
    first = threading.Thread(target=carry, args=(services, slow), kwargs={"now": now})
    first.start()
    assert slow.begun.wait(20)
    outbox.retry(services.settings)  # an agent's *Try now* in the meantime
    other = Desk("desk")
    assert [carry(services, other, now=now + second * SECOND) for second in (0, 1, 60)] == [0, 0, 0]
    slow.go.set()
    first.join()
    assert (len(slow.took), other.took) == (1, [])
    assert entries(services)[0]["state"] == "sent"


def test_a_claim_that_runs_twice_is_still_one_claim(services: Services) -> None:
    send(services)
    id, now = entries(services)[0]["id"], clock.now()
    again = [
        services.writer.run(outbox.claim, id=id, token="1.1 a", until=now + HOLD, now=now)["held"] for _ in range(2)
    ]
    other = services.writer.run(outbox.claim, id=id, token="b", until=now + HOLD, now=now)["held"]
    assert (again, other, entries(services)[0]["tries"]) == ([True, True], False, 1)


def test_what_a_killed_process_was_sending_is_sent_by_the_next_one(services: Services) -> None:
    send(services)
    now = clock.now()
    living, killed = f"{identity(os.getpid())} a", f"{os.getpid()}.17 a"  # its number is used again
    for token, sent in ((living, 0), (killed, 1)):
        services.store.connect().execute("UPDATE outbox SET held = NULL")
        services.writer.run(outbox.claim, id=entries(services)[0]["id"], token=token, until=now + HOLD, now=now)
        assert carry(services, Desk("desk"), now=now + SECOND) == sent


@pytest.mark.parametrize("ahead", [HOUR, 3 * DAY, 3 * 365 * DAY])
def test_a_delivery_that_failed_while_the_clock_was_ahead_comes_due_when_it_is_right(
    services: Services, ahead: int
) -> None:
    send(services)
    carry(services, Raising(lambda: DeliveryFailed("no", wait=3600.0)), now=clock.now() + ahead)
    assert carry(services, Desk("desk"), now=clock.now() + SECOND) == 1


@pytest.mark.parametrize("wait", [float("nan"), float("inf"), -5.0, 1e300])
def test_a_pause_that_is_no_time_is_no_trouble(services: Services, wait: float) -> None:
    send(services)
    now = clock.now() + SECOND
    carry(services, Raising(lambda: DeliveryFailed("no", wait=wait)), now=now)
    assert now <= entries(services)[0]["due"] <= now + HOUR + HOUR // 4


def test_a_sink_that_hangs_holds_up_no_other_and_the_end_is_bounded(tmp_path: Path) -> None:
    services = make_services(tmp_path, sinks=("hanging", "good", "better"))
    send(services, 2)
    hanging, good, better = Waiting(), Desk("good"), Desk("better")
    sinks = {"hanging": hanging, "good": good, "better": better}
    queues = Queues(services.settings, find=lambda name, _: sinks[name])
    queues.look()
    assert hanging.begun.wait(20)
    for name in ("good", "better"):
        thread = queues._queues[name].thread
        assert thread is not None
        thread.join(20)
    assert (len(good.took), len(better.took), hanging.took) == (2, 2, [])
    queues.finish(seconds=0.01)
    hanging.go.set()
    queues.finish(seconds=20)
    assert len(hanging.took) == 2
    close(services)
