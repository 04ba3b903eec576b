"""Erasing, forgetting, exporting: a person goes from everywhere, old texts go, a spreadsheet runs nothing."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect import clock
from deflect.clock import DAY
from deflect.contact import check, create_ticket
from deflect.episode import Visit
from deflect.erasure import erase
from deflect.export import rows, to_csv
from deflect.log import record
from deflect.offer import make_offer
from deflect.retention import forget
from deflect.services import Services
from deflect.tokens import Claims
from tests.fakes import close, make_services, sizes

JO, ANN = "jo@example.com", "ann@example.com"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, keep_text=90, keep_events=730)
    yield made
    close(made)


def live(services: Services, visitor: str, email: str, *, subject: str = "S") -> str:
    """Be offered something, and write."""
    make_offer(services, Visit(visitor, lang="en"), subject="", body="my password")
    return create_ticket(
        services, Visit(visitor), check({"subject": subject, "body": "B", "email": email}), key=visitor
    ).ticket


@pytest.mark.parametrize("name", [JO, "Jo@Example.com", "visitor-of-jo-1", "visitor-of-jo-2"])
def test_a_person_is_erased_by_any_of_the_keys_and_others_stay(services: Services, name: str) -> None:
    live(services, "visitor-of-ann", ANN)
    others = sizes(services)
    live(services, "visitor-of-jo-1", JO)
    live(services, "visitor-of-jo-2", JO)
    report = erase(services.settings, name)
    assert sizes(services) == others
    assert report["left"] == 0
    assert report["removed"]["tickets"] == 2


def test_nothing_of_an_erased_person_is_left_in_the_files(services: Services) -> None:
    live(services, "visitor-of-jo-1", JO, subject="my-unique-subject")
    erase(services.settings, JO)
    data = b"".join(path.read_bytes() for path in services.settings.data.iterdir() if path.is_file())
    for trace in (b"jo@example.com", b"visitor-of-jo-1", b"my-unique-subject", b"my password"):
        assert trace not in data


def test_a_verified_person_is_erased_by_id_with_contacts_made_elsewhere(services: Services) -> None:
    claims = Claims("u-4711-jo", JO, "client", frozenset({"client"}))
    message = check({"subject": "S", "body": "B", "email": JO})
    create_ticket(services, Visit("visitor-of-jo-1", claims=claims), message, key="k")
    contact = {"id": "phone:Z1", "channel": "phone", "ticket": "Z1", "at": 1}
    token = {"id": "j1", "call": "c1", "expires": 2**60}
    services.writer.call("take_contact", keys=["verified:u-4711-jo"], contact=contact, token=token, now=2)
    report = erase(services.settings, "u-4711-jo")
    assert (report["left"], report["removed"]["tickets"], report["removed"]["contacts"]) == (0, 1, 1)


def test_a_mention_in_somebody_else_s_ticket_is_counted_as_left(services: Services) -> None:
    live(services, "visitor-of-ann", ANN, subject=f"about {JO}")
    live(services, "visitor-of-jo-1", JO)
    assert erase(services.settings, JO)["left"] > 0


def test_erasing_nobody_removes_nothing(services: Services) -> None:
    live(services, "visitor-of-ann", ANN)
    before = sizes(services)
    assert not any(erase(services.settings, "nobody@example.com")["removed"].values())
    assert sizes(services) == before


def test_texts_go_after_their_days_and_events_after_theirs(services: Services) -> None:
    live(services, "visitor-of-jo-1", JO)
    now = clock.now()
    forget(services.settings, now=now + 89 * DAY)
    assert sizes(services)["event_texts"] == 1
    forget(services.settings, now=now + 91 * DAY)
    assert (sizes(services)["event_texts"], sizes(services)["events"]) == (0, 3)
    forget(services.settings, now=now + 731 * DAY)
    assert (sizes(services)["events"], sizes(services)["episodes"]) == (0, 0)
    assert sizes(services)["tickets"] == 1


@pytest.mark.parametrize("kind", ["tickets", "events", "episodes"])
def test_an_export_has_a_head_and_a_line_for_each(services: Services, kind: str) -> None:
    live(services, "visitor-of-jo-1", JO)
    out = io.StringIO()
    to_csv(services.settings, kind, out)
    lines = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(lines) == sizes(services)[kind]
    assert [json.loads(json.dumps(row)) for row in rows(services.settings, kind)]


def test_an_export_of_nothing_still_has_its_head(services: Services) -> None:
    out = io.StringIO()
    to_csv(services.settings, "tickets", out)
    assert out.getvalue().startswith("id,created,changed,state,channel")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)"])
def test_a_spreadsheet_runs_nothing(services: Services, text: str) -> None:
    live(services, "visitor-of-jo-1", JO, subject=text)
    out = io.StringIO()
    to_csv(services.settings, "tickets", out)
    assert next(csv.DictReader(io.StringIO(out.getvalue())))["subject"] == "'" + text


def test_none_of_500_secrets_is_in_database_log_or_export(services: Services) -> None:
    from tests.secrets_corpus import corpus

    pairs = corpus(500, seed=11)
    for n, (text, _) in enumerate(pairs):
        record(services, f"v{n % 7}", "search", text=text, hits=0, stage="none", ranker="r")
    make_offer(services, Visit("v1", lang="en"), subject=pairs[0][0], body="\n".join(text for text, _ in pairs[:40]))
    out = io.StringIO()
    to_csv(services.settings, "events", out)
    files = [path.read_bytes() for path in services.settings.data.iterdir() if path.is_file()]
    assert any(path.name.endswith("-wal") for path in services.settings.data.iterdir())
    assert [secret for _, secret in pairs if secret in out.getvalue()] == []
    assert [secret for _, secret in pairs if any(secret.encode() in data for data in files)] == []
