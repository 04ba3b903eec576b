"""The outbox: growing pauses, no loss while a help desk is down, and retries of dead deliveries."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.delivery import outbox
from deflect.delivery.delivery import Delivery, DeliveryFailed
from deflect.delivery.outbox import MOST_TRIES, deliver, next_try
from deflect.offers import log
from deflect.offers.episode import Visit
from deflect.store import clock
from deflect.store.clock import HOUR, MINUTE, SECOND
from deflect.store.database import Row
from deflect.store.services import Services
from deflect.tickets.contact import check, create_ticket
from kb.errors import StorageFull
from tests.support.fakes import close, make_services


class Desk:
    """A sink that fails while `down` is set, and keeps accepted deliveries."""

    def __init__(self, name: str, down: Callable[[], bool] = lambda: False, wait: float = 0.0) -> None:
        self.name, self.down, self.wait = name, down, wait
        self.took: list[str] = []
        self.asked = 0

    def deliver(self, delivery: Delivery) -> str:
        self.asked += 1
        if self.down():
            raise DeliveryFailed("desk.example answered 500", wait=self.wait)
        self.took.append(delivery.id)
        return f"their-{delivery.ticket}"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, sinks=("desk",))
    yield made
    close(made)


def send(services: Services, count: int = 1) -> None:
    for n in range(count):
        message = check({"subject": f"S{n}", "body": "B", "email": "jo@example.com"})
        create_ticket(services, Visit(f"v{n}"), message, key=f"k{n}")


def carry(services: Services, *desks: Desk, now: int | None = None) -> int:
    by_name = {desk.name: desk for desk in desks}
    when = now or clock.now() + SECOND
    return deliver(
        services.settings,
        services.store,
        services.writer,
        now=when,
        draw=lambda: 0.5,
        find=lambda name, _: by_name[name],
    )


def entries(services: Services) -> list[Row]:
    return services.store.rows("SELECT id, state, tries, due, note FROM outbox ORDER BY created, id")


def test_a_ticket_is_carried_once_and_its_receipt_kept(services: Services) -> None:
    send(services)
    desk = Desk("desk")
    assert [carry(services, desk), carry(services, desk)] == [1, 0]
    (entry,) = entries(services)
    assert desk.took == [entry["id"]]
    assert (entry["state"], entry["tries"]) == ("sent", 1)
    assert entry["note"].startswith("their-T")


def test_pauses_grow_to_an_hour_and_are_spread() -> None:
    pauses = [next_try(n, now=0, draw=0.5) for n in range(1, MOST_TRIES)]
    assert pauses[:4] == [5 * SECOND, 10 * SECOND, 20 * SECOND, 40 * SECOND]
    assert max(pauses) == HOUR  # type: ignore[type-var]
    assert next_try(1, now=0, draw=0.0) == int(3.75 * SECOND)
    assert next_try(1, now=0, draw=0.999) == int(5 * SECOND * (0.75 + 0.999 / 2))
    assert next_try(MOST_TRIES, now=0, draw=0.5) is None


def test_a_receiver_s_pause_is_kept_for_all_that_goes_there(services: Services) -> None:
    send(services, 3)
    start = clock.now() + SECOND
    busy = Desk("desk", down=lambda: busy.asked == 1, wait=120.0)
    for second in range(0, 120, 10):
        carry(services, busy, now=start + second * SECOND)
    assert (busy.asked, busy.took) == (1, [])
    assert carry(services, busy, now=start + 121 * SECOND) == 3


def test_a_receiver_that_asks_for_a_week_is_asked_again_in_an_hour() -> None:
    assert next_try(1, now=0, draw=0.5, wait=7 * 86400.0) == HOUR


def test_trying_goes_on_for_two_days() -> None:
    assert sum(next_try(n, now=0, draw=0.5) or 0 for n in range(1, MOST_TRIES)) > 48 * HOUR


def test_a_desk_that_answers_500_for_an_hour_loses_nothing(services: Services) -> None:
    send(services, 20)
    start = now = clock.now() + SECOND
    desk = Desk("desk", down=lambda: now < start + HOUR)
    while any(entry["state"] != "sent" for entry in entries(services)) and now < start + 10 * HOUR:
        carry(services, desk, now=now)
        now += 20 * SECOND
    assert sorted(desk.took) == sorted(entry["id"] for entry in entries(services))
    assert now < start + 2 * HOUR


def test_a_desk_that_is_down_costs_one_wait_a_round_and_holds_up_no_other(tmp_path: Path) -> None:
    services = make_services(tmp_path, sinks=("down", "up"))
    send(services, 10)
    down, up = Desk("down", down=lambda: True), Desk("up")
    assert carry(services, down, up) == 10
    assert (down.asked, len(up.took)) == (1, 10)
    close(services)


def test_after_its_last_try_a_delivery_is_dead_listed_and_can_be_retried(services: Services) -> None:
    send(services)
    desk, now = Desk("desk", down=lambda: True), clock.now()
    for _ in range(MOST_TRIES):
        now += 2 * HOUR
        carry(services, desk, now=now)
    (waiting,) = outbox.waiting(services.settings)
    assert (waiting["state"], waiting["attempts"], waiting["error"]) == (
        "dead",
        MOST_TRIES,
        "desk.example answered 500",
    )
    assert carry(services, desk, now=now + 100 * HOUR) == 0
    assert outbox.retry(services.settings, ids=[waiting["id"]]) == 1
    assert carry(services, Desk("desk"), now=now + 101 * HOUR) == 1
    assert outbox.waiting(services.settings) == []


def test_a_clock_set_back_by_a_day_holds_up_nothing(services: Services) -> None:
    send(services)
    assert carry(services, Desk("desk"), now=clock.now() - 24 * HOUR) == 1


def test_a_retry_of_what_went_out_does_nothing(services: Services) -> None:
    send(services)
    carry(services, Desk("desk"))
    assert outbox.retry(services.settings) == 0


def test_a_sink_that_is_set_wrongly_waits_for_its_setting(services: Services) -> None:
    send(services)
    deliver(services.settings, services.store, services.writer, now=clock.now() + SECOND, draw=lambda: 0.5)
    (entry,) = entries(services)
    assert entry["state"] == "pending"
    assert "there is no sink desk" in entry["note"]


def test_nothing_is_sent_while_nothing_can_be_kept(services: Services) -> None:
    """A full disk must not send the same ticket every second."""

    class Full:
        def run(self, write: object, *_: object, **__: object) -> Any:
            raise StorageFull("the disk is full")

    send(services)
    desk = Desk("desk")
    for minute in range(5):
        deliver(services.settings, services.store, Full(), now=clock.now() + minute * MINUTE, find=lambda *_: desk)
    assert desk.asked == 0


def test_the_requester_s_trail_goes_along(services: Services) -> None:
    services.writer.run(
        log.log_events,
        keys=["visitor:v0"],
        events=[{"id": "r", "type": "read", "at": 1, "article": "account/reset"}],
        now=clock.now(),
    )
    send(services)
    seen: list[Delivery] = []

    class Keeper(Desk):
        def deliver(self, delivery: Delivery) -> str:
            seen.append(delivery)
            return ""

    carry(services, Keeper("desk"))
    assert seen[0].trail == ("read account/reset",)
    assert (seen[0].subject, seen[0].body, seen[0].author) == ("S0", "B", "requester")
