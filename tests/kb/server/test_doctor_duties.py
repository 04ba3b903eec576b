"""`kb doctor`, `/metrics` and `kb forget` name deliveries, duties and old data that wait or fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from deflect.delivery import outbox
from deflect.privacy import erasure
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.services import Services
from kb import metrics
from kb.cli.main import kb
from kb.config import Settings
from kb.server import doctor_duties
from tests.deflect.delivery.test_outbox import send
from tests.support.fakes import close, make_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path / "var", sinks=("smtp",))
    yield made
    close(made)


def found(settings: Settings) -> list[tuple[str, str, str]]:
    return [(what, state, sentence) for what, state, sentence in doctor_duties.look(settings)]


def test_nothing_is_said_of_an_outbox_that_works(services: Services) -> None:
    send(services, 2)
    assert found(services.settings) == []


def test_dead_and_hanging_and_perhaps_sent_deliveries_are_counted(services: Services) -> None:
    send(services, 3)
    dead, unsure, hanging = (row["id"] for row in services.store.rows("SELECT id FROM outbox ORDER BY id"))
    now = clock.now()
    note = "perhaps sent; mail.example:25 did not answer in time"
    services.writer.run(outbox.failed, id=dead, note=note, due=None, unsure=4, now=now)
    services.writer.run(outbox.failed, id=unsure, note=note, due=now + DAY, unsure=1, now=now)
    before = now - 2 * doctor_duties.LONG
    services.writer.run(outbox.claim, id=hanging, token="a", until=before + outbox.HOLD, now=before)
    said = found(services.settings)
    assert [(what, state) for what, state, _ in said] == [("outbox", "wrong"), ("outbox", "note"), ("outbox", "wrong")]
    assert said[0][2] == f"1 deliveries are dead, 1 of them perhaps sent; the last, to smtp: {note}; see 'kb outbox'"
    assert said[1][2].startswith("1 deliveries were perhaps sent and are tried again")
    assert said[2][2].startswith("1 deliveries have been on their way since before")


def test_old_data_that_waits_is_named_and_goes_on_a_word(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    send(services)
    right = clock.now()
    monkeypatch.setattr(clock, "now", lambda: right + 1000 * DAY)
    erasure.look_at_clock(services.settings)
    ((what, state, sentence),) = found(services.settings)
    assert (what, state) == ("retention", "wrong")
    assert "kb forget --yes" in sentence
    data = ["--data", str(services.settings.data)]
    shown = json.loads(CliRunner().invoke(kb, ["forget", "--json", *data]).output)
    assert shown["old"]["events"] > 0
    assert shown["wait"] == [sentence]
    done = CliRunner().invoke(kb, ["forget", "--yes", *data])
    assert done.output.endswith("rows removed\n")
    assert found(services.settings) == []


def test_failing_duties_are_named(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_duties, "failing", lambda _: {"mailbox": 3})
    assert found(services.settings) == [
        ("duties", "wrong", "failing, and tried again: mailbox (3 times in a row); the log of 'kb serve' says why")
    ]


def test_a_folder_without_counters_has_no_failing_duties(tmp_path: Path) -> None:
    assert metrics.failing(tmp_path / "none") == {}
