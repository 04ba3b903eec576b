"""Erasure at shared browsers: what goes, what only perhaps belongs to the same person, and what the audit log keeps."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from deflect.history import import_writes
from deflect.mail.take import take
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.privacy.email_keys import email_hash
from deflect.privacy.erasure import erase, plan, shown
from deflect.store.database import Store
from deflect.store.people import position
from deflect.store.schema import migrations
from deflect.store.services import Services
from deflect.store.tokens import NOBODY, Claims
from deflect.tickets import drafts, ticket_writes
from deflect.tickets.contact import check, create_ticket
from kb.cli import main
from kb.errors import BadRequest
from tests.support.fakes import close, make_services
from tests.support.mails import mail

JO, ANN = "jo@example.com", "ann@example.com"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, holdout=0.5)
    yield made
    close(made)


def write(services: Services, browser: str, email: str, *, text: str = "B", claims: Claims = NOBODY) -> str:
    """Type a message, get an offer for it and send it. Returns the ticket's id."""
    visit = Visit(browser, lang="en", claims=claims)
    make_offer(services, visit, subject="", body=f"my password {text}")
    message = check({"subject": "S", "body": text, "email": email})
    return create_ticket(services, visit, message, key=str(uuid.uuid4())).ticket


def signed(id: str, email: str = "") -> Claims:
    return Claims(id, email, "", frozenset())


def tickets(services: Services) -> set[str]:
    return {row["id"] for row in services.store.rows("SELECT id FROM tickets")}


def test_an_address_does_not_take_the_browser_s_other_tickets_and_events_along(services: Services) -> None:
    write(services, "family-pc", JO)
    of_ann = write(services, "family-pc", ANN)
    record(services, "family-pc", "search", text="how to divorce", hits=0, stage="none", ranker="r")
    report = erase(services.settings, JO)
    assert tickets(services) == {of_ann}
    assert [row["text"] for row in services.store.rows("SELECT text FROM event_texts WHERE text LIKE 'how%'")]
    near = report["perhaps"]
    assert [(t["id"], t["why"]) for t in near["tickets"]] == [(of_ann, ["same browser"])]
    assert f"--ticket {of_ann}" in shown(report)
    assert "--person visitor:family-pc" in shown(report)


def test_a_browser_takes_no_ticket_along_and_leaves_no_link_to_it(services: Services) -> None:
    one, other = write(services, "family-pc", JO), write(services, "family-pc", ANN)
    report = erase(services.settings, "family-pc")
    assert tickets(services) == {one, other}
    assert {t["id"] for t in report["perhaps"]["tickets"]} == {one, other}
    assert [tuple(r.values()) for r in services.store.rows("SELECT DISTINCT browser, episode FROM tickets")] == [
        (None, None)
    ]
    assert services.store.rows("SELECT 1 FROM events") == []
    assert b"family-pc" not in b"".join(path.read_bytes() for path in services.settings.data.glob("shortstop.db*"))


def test_what_offers_kept_of_a_message_goes_with_it_and_what_others_typed_there_stays(services: Services) -> None:
    write(services, "family-pc", ANN, text="ann asks")
    write(services, "family-pc", JO, text="jo asks")
    erase(services.settings, JO)
    assert [row["text"] for row in services.store.rows("SELECT text FROM event_texts")] == ["my password ann asks"]


def test_a_verified_id_takes_its_tickets_and_not_those_of_its_browsers(services: Services) -> None:
    own = write(services, "family-pc", JO, claims=signed("u-1"))
    other, of_ann = write(services, "family-pc", ANN, claims=signed("u-2")), write(services, "family-pc", ANN)
    assert {t["id"] for t in plan(services.settings, "u-1")["tickets"]} == {own}
    erase(services.settings, "u-1")
    assert tickets(services) == {other, of_ann}


def test_an_address_typed_by_somebody_signed_in_is_named_and_goes_only_when_named(services: Services) -> None:
    typed = write(services, "v1", JO, claims=signed("u-1"))
    report = erase(services.settings, JO)
    assert tickets(services) == {typed}
    assert (report["perhaps"]["tickets"][0]["why"], report["left"] > 0) == (
        ["same address", "mentions the address"],
        True,
    )
    assert erase(services.settings, JO, named=[typed])["left"] == 0
    assert tickets(services) == set()


def test_the_address_of_a_token_is_its_owner_s(services: Services) -> None:
    write(services, "v1", JO, claims=signed("u-1", JO))
    assert erase(services.settings, JO)["removed"]["tickets"] == 1


def test_a_browser_that_calls_itself_by_another_s_verified_id_must_be_told_apart(services: Services) -> None:
    write(services, "v1", JO, claims=signed("u-1"))
    record(services, "u-1", "search", text="words", hits=0, stage="none", ranker="r")
    with pytest.raises(BadRequest, match="visitor:u-1 or verified:u-1"):
        erase(services.settings, "u-1")
    assert erase(services.settings, "visitor:u-1")["removed"]["tickets"] == 0
    assert erase(services.settings, "verified:u-1")["removed"]["tickets"] == 1


@pytest.mark.parametrize("person", ["  ", "@", "visitor:", "email:", "email:jo", "@example.com", "jo@"])
def test_a_name_of_nobody_stops_the_erasure(services: Services, person: str) -> None:
    write(services, "v1", JO)
    with pytest.raises(BadRequest, match="names nobody"):
        plan(services.settings, person)


def test_the_plan_counts_the_people_who_are_left_without_anything(services: Services) -> None:
    write(services, "", JO)
    write(services, "family-pc", ANN)
    for person in (JO, ANN, "family-pc"):
        planned = plan(services.settings, person)["removed"]
        assert planned == erase(services.settings, person)["removed"]
    assert services.store.rows("SELECT id FROM people") == []


def test_an_e_mail_of_others_that_became_no_ticket_and_names_the_address_is_named(services: Services) -> None:
    about = {"Auto_Submitted": "auto-replied", "subject": f"Undelivered: {JO}"}
    take(services, mail("x", sender="robot@mx.example", id="<r@x>", **about))
    take(services, mail("x", sender=ANN, id="<a@x>", Auto_Submitted="auto-replied", subject="Away"))
    ((id,),) = [(r["id"],) for r in plan(services.settings, JO)["perhaps"]["records"]]
    report = erase(services.settings, JO, named=[id])
    assert (report["removed"]["mails"], report["files"]["removed"], report["left"]) == (1, 1, 0)
    assert len(services.store.rows("SELECT 1 FROM mails")) == 1


def test_a_draft_that_names_the_address_is_found_with_its_ticket(services: Services) -> None:
    of_ann = write(services, "v2", ANN)
    draft = {"ticket": of_ann, "agent": "admin", "text": f"Ask {JO}", "article": "", "note": 0, "seen": 1}
    services.writer.run(drafts.save_draft, draft=draft | {"revision": 0}, form="", now=7)
    (found,) = plan(services.settings, JO)["perhaps"]["tickets"]
    assert (found["id"], found["why"]) == (of_ann, ["mentions the address"])


def test_an_unknown_ticket_stops_the_erasure(services: Services) -> None:
    write(services, "v1", JO)
    with pytest.raises(BadRequest, match="there is no ticket, contact or past question T999"):
        erase(services.settings, JO, named=["T999"])
    assert len(tickets(services)) == 1


def test_contacts_and_past_questions_go_by_the_key_that_they_came_under(services: Services) -> None:
    write(services, "family-pc", JO)
    write(services, "family-pc", ANN)
    for name in (JO, ANN):
        keys = [email_hash(services.store.secret("email"), name)]
        contact = {"id": f"phone:{name[:2]}", "channel": "phone", "ticket": name[:2], "at": 1}
        services.writer.run(import_writes.import_contacts, rows=[{"keys": keys, "contact": contact}], now=8)
    erase(services.settings, JO)
    assert [row["id"] for row in services.store.rows("SELECT id FROM contacts")] == ["phone:an"]


def test_who_stays_keeps_the_arm_when_the_one_who_was_counted_with_them_goes(services: Services) -> None:
    salt = services.store.secret("salt")
    for n in range(20):
        browser = f"v{n}"
        record(services, browser, "search", text="words", hits=0, stage="none", ranker="r")
        write(services, browser, f"a{n}@example.com")
        place = position(f"visitor:{browser}", salt=salt)
        erase(services.settings, browser)
        sql = "SELECT person, drawn FROM keys JOIN people ON people.id = keys.person WHERE keys.id = ?"
        key = email_hash(services.store.secret("email"), f"a{n}@example.com")
        row = services.store.one(sql, [key]) or {}
        assert (row["drawn"], browser in row["person"]) == (place, False)
        arm = "control" if place < 0.5 else "treatment"
        again = create_ticket(
            services, Visit("new"), check({"subject": "S", "body": "B", "email": f"a{n}@example.com"}), key=browser
        )
        episode = "SELECT arm FROM episodes JOIN tickets ON tickets.episode = episodes.id WHERE tickets.id = ?"
        assert (services.store.one(episode, [again.ticket]) or {})["arm"] == arm
        erase(services.settings, "visitor:new")
        erase(services.settings, f"a{n}@example.com")


def test_the_audit_log_keeps_that_somebody_was_erased_and_what_agents_did_but_nobody_s_name(services: Services) -> None:
    ticket = write(services, "v1", JO)
    services.writer.run(ticket_writes.close_ticket, id="c", ticket=ticket, article="a/b", who="Ana", now=6)
    erase(services.settings, JO, who="operator (root)")
    log = services.store.rows("SELECT who, did, what FROM audit ORDER BY created")
    assert log[0] == {"who": "Ana", "did": "solved by a/b", "what": "an erased ticket"}
    assert (log[1]["who"], log[1]["did"], log[1]["what"][:10]) == ("operator (root)", "erase", "tickets: 1")
    assert not any(trace in str(log) for trace in (ticket, "jo@", email_hash(services.store.secret("email"), JO)))


def run(services: Services, *arguments: str, answer: str | None = None) -> Result:
    environ = {"KB_DATA": str(services.settings.data), "KB_EMBEDDER": "none"}
    return CliRunner().invoke(main.kb, ["erase", *arguments], env=environ, input=answer)


def test_a_dry_run_names_what_would_go_and_removes_nothing(services: Services) -> None:
    own, other = write(services, "family-pc", JO), write(services, "family-pc", ANN)
    said = run(services, "--person", JO, "--dry-run").output
    assert f"ticket {own} of " in said
    assert "“S”: would be removed" in said
    assert "messages: 1 would be removed" in said
    assert f"if it is theirs: --ticket {other}" in said
    assert tickets(services) == {own, other}


def test_several_addresses_are_asked_about_and_a_script_without_yes_is_refused(services: Services) -> None:
    write(services, "v1", JO, claims=signed("u-1"))
    write(services, "v1", ANN, claims=signed("u-1"))
    refused = run(services, "--person", "u-1")
    assert refused.exit_code == 1
    assert "2 addresses wrote the tickets to delete: ann@example.com, jo@example.com" in str(refused.exception)
    assert len(tickets(services)) == 2
    assert run(services, "--person", "u-1", "--yes").exit_code == 0
    assert tickets(services) == set()


def test_a_terminal_is_asked(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    from kb.cli import desk

    monkeypatch.setattr(desk, "_has_terminal", lambda: True)
    for address in (JO, ANN):
        write(services, "v1", address, claims=signed("u-1"))
    assert run(services, "--person", "u-1", answer="n\n").exit_code == 1
    assert len(tickets(services)) == 2
    assert run(services, "--person", "u-1", answer="y\n").exit_code == 0
    assert tickets(services) == set()


def test_nobody_named_is_a_sentence(services: Services) -> None:
    assert "name a person with --person" in run(services).output


def test_an_older_database_tells_keys_apart_where_it_can(tmp_path: Path) -> None:
    path = tmp_path / "shortstop.db"
    old = Database(sqlite3.connect(path))
    migrations.apply(old, stop_before="m018_proven")
    old.execute("INSERT INTO secrets (name, value) VALUES ('email', ?)", ["00" * 32])
    jo, ann = (email_hash("00" * 32, name) for name in (JO, ANN))
    for key, person in (("verified:u-1", "p1"), (jo, "p1"), ("visitor:a", "p1"), (ann, "p2"), ("visitor:b", "p2")):
        old.execute("INSERT INTO keys (id, person, created) VALUES (?, ?, 1)", [key, person])
    row = "INSERT INTO tickets (id, person, email, verified, episode, subject, channel, state, created, changed)"
    old.execute(f"{row} VALUES ('T1', 'p1', ' JO@example.com', 'u-1', 'e1', 'S', 'web', 'open', 1, 1)")
    old.execute(f"{row} VALUES ('T2', 'p2', 'ann@example.com', 'ann@example.com', 'e2', 'S', 'web', 'open', 1, 1)")
    event = "INSERT INTO events (id, type, key, episode, at, received, data) VALUES"
    old.execute(f"""{event} ('s2', 'sent', 'visitor:b', 'e2', 1, 1, '{{"ticket": "T2"}}')""")
    for person in ("p1", "p2"):
        old.execute(
            "INSERT INTO contacts (id, person, channel, at, created) VALUES (?, ?, 'phone', 1, 1)", [person, person]
        )
    old.conn.commit()
    old.close()
    store = Store.open(path)
    assert [
        tuple(r.values()) for r in store.rows("SELECT signed, address, browser, proven FROM tickets ORDER BY id")
    ] == [
        ("verified:u-1", jo, None, None),
        (None, ann, "visitor:b", "token"),
    ]
    assert [row["key"] for row in store.rows("SELECT key FROM contacts ORDER BY id")] == [None, ann]
    store.close()
