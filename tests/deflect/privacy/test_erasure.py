"""Erasure, retention and export: no trace of a person stays, old texts are removed, and no cell runs as a formula."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect.delivery import outbox
from deflect.history import import_writes
from deflect.history.imports import load_events
from deflect.learn.lessons import load as load_past
from deflect.mail.take import take
from deflect.mail.threads import mark
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.privacy.email_keys import email_hash
from deflect.privacy.erasure import OWNED, erase, forget, shown
from deflect.privacy.export import NOT_EXPORTED, QUERIES, rows, to_csv
from deflect.report.outcomes import ended
from deflect.store import clock
from deflect.store.attachments import keep
from deflect.store.clock import DAY
from deflect.store.services import Services
from deflect.store.tokens import Claims
from deflect.tickets import drafts, ticket_writes
from deflect.tickets.contact import check, create_ticket
from tests.support.fakes import close, make_services, sizes
from tests.support.mails import mail
from tests.support.redaction.corpus import secrets

JO, ANN = "jo@example.com", "ann@example.com"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, keep_text=90, keep_events=730)
    yield made
    close(made)


def live(services: Services, visitor: str, email: str, *, subject: str = "S") -> str:
    """Get an offer and send a message with a file. Returns the ticket's id."""
    make_offer(services, Visit(visitor, lang="en"), subject="", body="my password")
    files = [keep(services.settings, f"from {email}".encode(), name=f"{visitor}.txt")]
    message = check({"subject": subject, "body": "B", "email": email})
    return create_ticket(services, Visit(visitor), message, key=visitor, files=files).ticket


@pytest.mark.parametrize("name", [JO, "Jo@Example.com", "email:jo@example.com"])
def test_a_person_is_erased_by_address_with_the_tickets_of_every_browser(services: Services, name: str) -> None:
    live(services, "visitor-of-ann", ANN)
    others = sizes(services)
    live(services, "visitor-of-jo-1", JO)
    live(services, "visitor-of-jo-2", JO)
    report = erase(services.settings, name)
    assert (report["left"], report["removed"]["tickets"]) == (0, 2)
    for browser in ("visitor:visitor-of-jo-1", "visitor-of-jo-2"):
        erase(services.settings, browser)
    assert sizes(services) == others


def test_nothing_of_an_erased_person_is_left_in_the_files(services: Services) -> None:
    live(services, "visitor-of-jo-1", JO, subject="my-unique-subject")
    erase(services.settings, JO)
    erase(services.settings, "visitor-of-jo-1")
    data = b"".join(path.read_bytes() for path in services.settings.data.iterdir() if path.is_file())
    for trace in (b"jo@example.com", b"visitor-of-jo-1", b"my-unique-subject", b"my password"):
        assert trace not in data


def test_a_verified_person_is_erased_by_id_with_contacts_made_elsewhere(services: Services) -> None:
    claims = Claims("u-4711-jo", JO, "client", frozenset({"client"}))
    message = check({"subject": "S", "body": "B", "email": JO})
    create_ticket(services, Visit("visitor-of-jo-1", claims=claims), message, key="k")
    contact = {"id": "phone:Z1", "channel": "phone", "ticket": "Z1", "at": 1}
    token = {"id": "j1", "call": "c1", "expires": 2**60}
    services.writer.run(import_writes.take_contact, keys=["verified:u-4711-jo"], contact=contact, token=token, now=2)
    report = erase(services.settings, "u-4711-jo")
    assert (report["left"], report["removed"]["tickets"], report["removed"]["contacts"]) == (0, 1, 1)


def marked(services: Services, ticket: str) -> str:
    """Return the address that assigns an e-mail to a ticket."""
    return f"help+{mark(services.store.secret('email'), ticket)}@shop.example"


def everywhere(services: Services, name: str) -> None:
    """Write data of a person to every table with data about people."""
    visitor, email, call = f"visitor-of-{name}", f"{name}@example.com", services.writer.run
    ticket = live(services, visitor, email)
    answer = {"id": f"m-{name[:3]}", "ticket": ticket, "author": "agent", "channel": "web", "body": f"Dear {name}"}
    call(ticket_writes.add_message, message=answer, outbox=[], who="admin", now=5)
    to = marked(services, ticket)
    take(services, mail(f"I am {name}", sender=email, id=f"<{name}@mail>", Auto_Submitted="auto-replied", To=to))
    call(ticket_writes.close_ticket, id=f"c-{name[:3]}", ticket=ticket, article="a/b", who="admin", now=6)
    unsent = {"ticket": ticket, "agent": "admin", "text": f"Hi {name}", "article": "", "note": 0, "seen": 1}
    call(drafts.save_draft, draft=unsent | {"revision": 0}, form="", now=7)
    call(ticket_writes.audit, id=f"a-{name[:3]}", who="admin", did="read", what=ticket, now=7)
    keys = [email_hash(services.store.secret("email"), email)]
    contact = {"id": f"phone:{name}", "channel": "phone", "ticket": name, "at": 1}
    call(import_writes.import_contacts, rows=[{"keys": keys, "contact": contact}], now=8)
    question = {"subject": "S", "body": f"I am {name}", "lang": "en", "category": "", "article": "a/b"}
    question |= {"id": f"q:{name}", "source": "csv", "at": 1}
    call(import_writes.import_questions, rows=[{"keys": keys, "question": question}], now=9)
    own = [f"ticket:{ticket}"]
    call(ticket_writes.set_apart, id=f"p-{name[:3]}", ticket=ticket, own=own, other=f"email:{name}", who="admin", now=9)
    for delivery in services.store.rows("SELECT id FROM outbox WHERE ticket = ?", [ticket]):
        call(outbox.delivered, id=delivery["id"], note="", now=10)


def test_a_person_is_removed_from_every_table_and_nobody_else(services: Services) -> None:
    everywhere(services, "annette")
    others = {table: len(services.store.rows(f"SELECT 1 FROM {table}")) for table in OWNED}
    everywhere(services, "josephine")
    by_browser = erase(services.settings, "visitor-of-josephine")["removed"]
    report = erase(services.settings, "josephine@example.com")
    removed = report["removed"]
    assert [table for table, count in removed.items() if not count and not by_browser[table]] == []
    assert {table: len(services.store.rows(f"SELECT 1 FROM {table}")) for table in OWNED} == others
    assert report["left"] == 0
    assert b"josephine" not in b"".join(path.read_bytes() for path in services.settings.data.glob("shortstop.db*"))


def test_what_somebody_wrote_by_mail_into_another_s_ticket_is_erased_with_them(services: Services) -> None:
    ticket = take(services, mail(sender=ANN)).ticket or ""
    take(services, mail("I am josephine", sender="josephine@example.com", id="<2@x>", To=marked(services, ticket)))
    report = erase(services.settings, "josephine@example.com")
    assert (report["removed"]["messages"], report["removed"]["mails"], report["left"]) == (1, 1, 0)
    assert len(services.store.rows("SELECT 1 FROM messages WHERE ticket = ?", [ticket])) == 1


def test_an_e_mail_that_was_passed_over_is_forgotten_after_a_month(services: Services) -> None:
    take(services, mail(Auto_Submitted="auto-replied"))
    take(services, mail("kept", id="<2@x>"))
    forget(services.settings, now=clock.now() + 31 * DAY, sure=True)
    assert [row["what"] for row in services.store.rows("SELECT what FROM mails")] == ["new"]


def test_copies_that_a_sink_carried_away_are_named(tmp_path: Path) -> None:
    services = make_services(tmp_path, sinks=("inbox", "webhook"))
    everywhere(services, "josephine")
    report = erase(services.settings, "josephine@example.com")
    assert report["copies"] == {"webhook": 1}
    assert "webhook: 1 already delivered; delete them there" in shown(report)
    close(services)


def test_every_table_is_a_person_s_or_the_installation_s(services: Services) -> None:
    rows = services.store.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    )
    ours = {row["name"] for row in rows if not row["name"].startswith("sqlite_")}
    assert ours - set(OWNED) == {*NOT_EXPORTED, "active_users", "audit", "people"} - {"idempotency"}
    named = " ".join(" ".join(sql.split()) for sql in QUERIES.values())
    assert [table for table in sorted(ours - set(NOT_EXPORTED) - {"people"}) if table not in named] == []


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
    forget(services.settings, now=now + 89 * DAY, sure=True)
    assert sizes(services)["event_texts"] == 1
    forget(services.settings, now=now + 91 * DAY, sure=True)
    assert (sizes(services)["event_texts"], sizes(services)["events"]) == (0, 3)
    forget(services.settings, now=now + 731 * DAY, sure=True)
    assert (sizes(services)["events"], sizes(services)["episodes"]) == (0, 0)
    assert sizes(services)["tickets"] == 1


def test_a_closed_ticket_goes_after_its_days_with_all_that_hangs_on_it(tmp_path: Path) -> None:
    services = make_services(tmp_path, keep_tickets=30)
    everywhere(services, "josephine")
    services.writer.run(ticket_writes.reopen_ticket, id="r", ticket=live(services, "v2", ANN), who="admin", now=5)
    day = clock.now() + 31 * DAY
    services.store.connect().execute("UPDATE idempotency SET created = ?", [day])
    forget(services.settings, now=day, sure=True)
    left = {table: len(services.store.rows(f"SELECT 1 FROM {table}")) for table in OWNED}
    assert {left[table] for table in ("tickets", "messages", "outbox", "idempotency")} == {1}  # of the open ticket
    assert (left["outcomes"], left["past_questions"]) == (0, 0)
    assert services.store.rows("SELECT 1 FROM audit")
    assert b"josephine@" not in b"".join(path.read_bytes() for path in services.settings.data.glob("shortstop.db"))
    close(services)


def test_a_contact_still_counts_when_its_ticket_has_gone(tmp_path: Path) -> None:
    services = make_services(tmp_path, keep_tickets=1)
    everywhere(services, "josephine")
    now = clock.now() + 8 * DAY
    period = {"start": now - 9 * DAY, "end": now, "now": now}
    before = ended(services.store, **period)
    forget(services.settings, now=now, sure=True)
    assert sizes(services)["tickets"] == 0
    assert ended(services.store, **period) == before
    assert [one.outcome for one in before] == ["contacted"]
    close(services)


@pytest.mark.parametrize(("sinks", "left"), [(("inbox",), 1), (("webhook",), 0), (("inbox", "webhook"), 1)])
def test_a_ticket_that_is_worked_on_elsewhere_is_over_when_it_has_got_there(
    tmp_path: Path, sinks: tuple[str, ...], left: int
) -> None:
    services = make_services(tmp_path, keep_tickets=30, sinks=sinks)
    live(services, "v1", JO)
    month = clock.now() + 31 * DAY
    forget(services.settings, now=month, sure=True)
    assert sizes(services)["tickets"] == 1  # not delivered yet
    for delivery in services.store.rows("SELECT id FROM outbox"):
        services.writer.run(outbox.delivered, id=delivery["id"], note="", now=10)
    forget(services.settings, now=month, sure=True)
    assert sizes(services)["tickets"] == left
    close(services)


def test_a_receipt_that_was_sent_is_no_ticket_that_got_there(tmp_path: Path) -> None:
    services = make_services(tmp_path, keep_tickets=30, sinks=())
    live(services, "v1", JO)
    ticket = services.store.rows("SELECT id FROM tickets")[0]["id"]
    entry = {"id": "r", "sink": "receipt", "ticket": ticket, "message": "m", "state": "sent", "tries": 1}
    db = services.store.connect()
    db.table("outbox").insert(entry | {"due": 1, "created": 1, "changed": 1})
    db.close()
    forget(services.settings, now=clock.now() + 31 * DAY, sure=True)
    assert sizes(services)["tickets"] == 1
    close(services)


def test_tickets_and_the_audit_log_stay_for_ever_unless_a_setting_says_so(services: Services) -> None:
    everywhere(services, "josephine")
    forget(services.settings, now=clock.now() + 9999 * DAY, sure=True)
    assert sizes(services)["tickets"] == 1
    assert services.store.rows("SELECT 1 FROM past_questions")
    assert len(services.store.rows("SELECT 1 FROM audit")) == 4


def test_the_audit_log_goes_after_its_own_days(tmp_path: Path) -> None:
    services = make_services(tmp_path, keep_audit=30)
    services.writer.run(ticket_writes.audit, id="old", who="admin", did="log in", what="", now=clock.now() - 31 * DAY)
    services.writer.run(ticket_writes.audit, id="new", who="admin", did="log in", what="", now=clock.now() - 29 * DAY)
    forget(services.settings, sure=True)
    assert [row["id"] for row in services.store.rows("SELECT id FROM audit")] == ["new"]
    close(services)


TABLES = {"questions": "past_questions", "people": "keys", "deliveries": "outbox", "users": "active_users"}


@pytest.mark.parametrize("kind", sorted(QUERIES))
def test_an_export_has_a_head_and_a_line_for_each(services: Services, kind: str) -> None:
    everywhere(services, "josephine")
    services.writer.run(import_writes.import_users, rows=[{"id": "2026-09", "at": 1, "users": 7}])
    out = io.StringIO()
    to_csv(services.settings, kind, out)
    lines = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(lines) == len(services.store.rows(f"SELECT 1 FROM {TABLES.get(kind, kind)}")) > 0
    assert [json.loads(json.dumps(row)) for row in rows(services.settings, kind)]


def test_an_export_of_nothing_still_has_its_head(services: Services) -> None:
    out = io.StringIO()
    to_csv(services.settings, "tickets", out)
    assert out.getvalue().startswith("id,created,changed,state,channel")


def test_a_spreadsheet_runs_nothing(services: Services) -> None:
    live(services, "visitor-of-jo-1", JO, subject="=cmd|' /C calc'!A0")
    out = io.StringIO()
    to_csv(services.settings, "tickets", out)
    assert next(csv.DictReader(io.StringIO(out.getvalue())))["subject"] == "'=cmd|' /C calc'!A0"


def test_a_comment_of_a_vote_goes_with_its_person_and_after_the_days_of_texts(services: Services) -> None:
    for visitor in ("visitor-of-jo-1", "visitor-of-ann"):
        record(services, visitor, "unhelpful", article="a", revision="r", reason="wrong", comment=f"by {visitor}")
    assert erase(services.settings, "visitor-of-jo-1")["removed"]["event_texts"] == 1
    assert [row["text"] for row in rows(services.settings, "events")] == ["by visitor-of-ann"]
    forget(services.settings, now=clock.now() + 91 * DAY, sure=True)
    assert [row["text"] for row in rows(services.settings, "events")] == [None]


def test_none_of_500_secrets_is_in_database_log_or_export(services: Services) -> None:
    from tests.support.secrets_corpus import corpus

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


def test_no_secret_stays_from_any_field_with_free_text(
    services: Services, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    texts = [text for text in secrets()[::12] if not text.leaks() and all(len(secret) > 7 for secret in text.secrets)]
    for n, text in enumerate(texts):
        visit = Visit(f"w{n}", page=f"/p/{text.text}", title=text.text, category=text.text, lang="en")
        make_offer(services, visit, subject=text.text, body="")
        record(
            services, f"v{n % 5}", "unhelpful", article=f"my {text.text}"[:300], revision="r", comment=text.text[:500]
        )
    intents = [
        {"type": "intent", "id": f"{n}", "at": "2026-10-01T12:00:00Z", "visitor": f"i{n}", "episode": f"e{n}"}
        | {"arm": "control", "channels": ["web"], "page": text.text, "category": text.text, "text": text.text}
        for n, text in enumerate(texts)
    ]
    past = [
        {"id": f"p{n}", "subject": text.text, "body": text.text, "category": text.text, "date": "2026-10-01"}
        for n, text in enumerate(texts)
    ]
    for name, documents, load in (("intents", intents, load_events), ("past", past, load_past)):
        path = tmp_path / "read" / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(json.dumps(document) for document in documents), encoding="utf-8")
        assert load(services.settings, path)["stored"] > len(texts) * 0.9
    found = "".join(path.read_bytes().decode("utf-8", "replace") for path in _files(services)) + caplog.text
    found += "".join(json.dumps(row, ensure_ascii=False) for kind in QUERIES for row in rows(services.settings, kind))
    assert len(texts) > 60
    assert [text.text for text in texts if any(secret in found for secret in text.secrets)] == []


def _files(services: Services) -> list[Path]:
    return [path for path in services.settings.data.iterdir() if path.is_file()]
