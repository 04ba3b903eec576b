"""Old data and a wrong clock: nothing is deleted by a clock that jumped, nor a large share without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect.history.imports import load_events
from deflect.offers.episode import Visit
from deflect.privacy import erasure, retention
from deflect.privacy.erasure import forget, past_retention, sweep
from deflect.store import attachments, clock
from deflect.store.clock import DAY, HOUR, SECOND
from deflect.store.services import Services
from deflect.tickets.contact import check, create_ticket
from tests.support.fakes import close, make_services

YEARS = 3 * 365 * DAY


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, keep_tickets=365)
    yield made
    close(made)


def event(services: Services, id: str, at: int) -> None:
    with services.store.connect().conn as db:
        row = {"id": id, "type": "read", "key": "visitor:v", "at": at, "received": at}
        db.execute("INSERT INTO events (id, type, key, at, received) VALUES (:id, :type, :key, :at, :received)", row)
        db.execute("INSERT INTO event_texts (event, text, received) VALUES (:id, 'x', :received)", row)


def left(services: Services) -> int:
    return len(services.store.rows("SELECT 1 FROM event_texts"))


def set_clock(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: at)


def test_old_texts_go_while_the_clock_is_right(services: Services) -> None:
    now = clock.now()
    event(services, "old", now - 91 * DAY)
    event(services, "new", now - HOUR)
    assert forget(services.settings, now=now) == 1
    assert left(services) == 1


def test_a_clock_that_is_three_years_ahead_at_the_start_deletes_nothing_and_doctor_s_sentence_says_why(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    event(services, "today", now)
    set_clock(monkeypatch, now + YEARS)
    erasure.look_at_clock(services.settings)
    event(services, "visit with the wrong time", now + YEARS)
    for hour in (0, 1, 30):
        set_clock(monkeypatch, now + YEARS + hour * HOUR)
        assert forget(services.settings) == 0
    (why,) = retention.what_waits(services.store)
    assert "days after the newest data and the last run" in why
    assert "kb forget --yes" in why
    assert past_retention(services.settings)["wait"] == [why.replace(why[15:35], past_time(services))]
    set_clock(monkeypatch, now + 2 * HOUR)  # the clock is right again
    assert forget(services.settings) == 0
    assert retention.what_waits(services.store) == []
    assert left(services) == 2


def past_time(services: Services) -> str:
    return clock.to_rfc3339(clock.now())


def test_a_clock_that_jumps_while_it_runs_deletes_nothing(services: Services) -> None:
    now = clock.now()
    event(services, "today", now)
    forget(services.settings, now=now)
    assert forget(services.settings, now=now + YEARS) == 0
    event(services, "later", now + YEARS)
    assert forget(services.settings, now=now + YEARS + HOUR) == 0
    assert left(services) == 2


def test_a_visit_with_the_wrong_time_before_the_next_run_is_no_proof_of_the_clock(services: Services) -> None:
    now = clock.now()
    event(services, "today", now)
    forget(services.settings, now=now)
    event(services, "the clock has jumped", now + YEARS)
    for hour in (0, 1, 30):
        assert forget(services.settings, now=now + YEARS + hour * HOUR) == 0
    assert left(services) == 2


def test_a_fortnight_without_power_needs_no_word(services: Services) -> None:
    now = clock.now()
    event(services, "last", now)
    forget(services.settings, now=now)
    forget(services.settings, now=now + 14 * DAY)
    (why,) = retention.what_waits(services.store)
    assert why.endswith("nothing old is deleted; that goes on after the next visit or message")


def test_old_events_that_are_imported_at_first_are_no_sign_of_a_wrong_clock(services: Services, tmp_path: Path) -> None:
    fields = '"hits": 1, "stage": "all", "ranker": "r", "lang": "en"'
    event = f'{{"type": "search", "visitor": "v", "at": "2024-05-01T10:00:00Z", {fields}}}'
    (tmp_path / "events.jsonl").write_text(event)
    assert load_events(services.settings, tmp_path / "events.jsonl")["stored"] == 1
    erasure.look_at_clock(services.settings)
    assert retention.what_waits(services.store) == []


def test_the_operator_s_word_is_enough(services: Services) -> None:
    now = clock.now()
    event(services, "today", now)
    assert forget(services.settings, now=now + YEARS) == 0
    assert forget(services.settings, now=now + YEARS, sure=True) == 2
    event(services, "tomorrow", now + YEARS + DAY)
    assert forget(services.settings, now=now + YEARS + DAY) == 0
    assert retention.what_waits(services.store) == []


def test_a_clock_that_was_behind_for_a_while_changes_nothing(services: Services) -> None:
    now = clock.now()
    event(services, "old", now - 89 * DAY)
    event(services, "today", now)
    forget(services.settings, now=now)
    assert forget(services.settings, now=now - YEARS) == 0
    event(services, "two days later", now + 2 * DAY)
    assert forget(services.settings, now=now + 2 * DAY) == 1
    assert retention.what_waits(services.store) == []


def test_a_week_without_power_is_over_with_the_first_new_row(services: Services) -> None:
    now = clock.now()
    event(services, "old", now - 89 * DAY)
    event(services, "last", now)
    forget(services.settings, now=now)
    assert forget(services.settings, now=now + 7 * DAY) == 0
    event(services, "new", now + 7 * DAY)
    assert forget(services.settings, now=now + 7 * DAY + HOUR) == 1


def test_a_large_share_waits_and_the_other_kinds_do_not(services: Services) -> None:
    now = clock.now()
    row = {"person": "p", "subject": "s", "email": "a@b.example", "channel": "web", "state": "closed"}
    with services.store.connect().conn as db:
        for n in range(40):
            at = now - 400 * DAY if n < 30 else now
            db.execute(
                "INSERT INTO tickets (id, person, subject, email, channel, state, created, changed)"
                " VALUES (:id, :person, :subject, :email, :channel, :state, :at, :at)",
                row | {"id": f"T{n}", "at": at},
            )
    event(services, "old", now - 91 * DAY)
    event(services, "new", now)
    assert forget(services.settings, now=now) == 1
    (why,) = retention.what_waits(services.store)
    assert why == f"30 of 40 rows of tickets are past their days, too many at once; {retention.AGREE}"
    assert past_retention(services.settings)["old"] == {"tickets": 30}
    assert forget(services.settings, now=now, sure=True) == 30


def test_a_sweep_with_a_clock_ahead_keeps_the_files_of_forms_that_are_being_written(services: Services) -> None:
    now = clock.now()
    event(services, "today", now)
    file = attachments.path_of(services.settings, "ab" + "0" * 62)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    assert sweep(services.settings, now=(now + YEARS) / SECOND) == 0
    assert file.exists()
    assert sweep(services.settings, now=now / SECOND + 2 * 3600) == 1


def test_tickets_dated_by_a_wrong_clock_count_for_no_limit(services: Services) -> None:
    message = check({"subject": "S", "body": "B", "email": "jo@example.com"})
    create_ticket(services, Visit("v"), message, key="k")
    with services.store.connect().conn as db:
        db.execute("UPDATE episodes SET started = started + ?", [YEARS])
    create_ticket(services, Visit("v"), message, key="k2")
    assert len(services.store.rows("SELECT 1 FROM episodes")) == 2
