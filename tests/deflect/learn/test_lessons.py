"""A help desk's history in several formats, and the lessons that the ranking learns from it."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.history import imports
from deflect.history.records import References
from deflect.learn.lessons import Lesson, lessons, load, shown
from deflect.privacy import erasure
from deflect.store.clock import from_rfc3339, now
from deflect.store.services import Services
from deflect.tickets import ticket_writes
from kb.content import library
from tests.conftest import ARTICLES, write_articles
from tests.support.fakes import close, make_services

ADDRESS = "https://help.example.com/hc/en-us/articles/360012345-Reset-your-password"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path / "data", articles=write_articles(tmp_path / "articles", ARTICLES))
    yield made
    close(made)


def write(folder: Path, text: str | list[Any], name: str = "history.jsonl") -> Path:
    path = folder / name
    path.write_text(text if isinstance(text, str) else "\n".join(map(json.dumps, text)), encoding="utf-8")
    return path


def learned(services: Services) -> list[tuple[str, str]]:
    return [(lesson.subject or lesson.body, lesson.article) for lesson in lessons(services.store)]


@pytest.mark.parametrize(
    "reference",
    [
        "account/reset-password",
        "account/reset-password.md",
        "/en/articles/account/reset-password",
        "https://help.example.com/en/articles/account/reset-password?from=mail#code",
        "/old/reset.html",
        "reset-password",
        ADDRESS,
    ],
)
def test_an_article_is_known_by_each_of_its_names(tmp_path: Path, reference: str) -> None:
    known = References.of(library.load(write_articles(tmp_path, ARTICLES), default_lang="en"))
    assert known.article(reference) == "account/reset-password"


def test_a_link_elsewhere_is_none_of_ours(tmp_path: Path) -> None:
    known = References.of(library.load(write_articles(tmp_path, ARTICLES), default_lang="en"))
    assert known.article("https://example.org/blog/holiday") is None
    assert known.linked(f"Look at https://example.org/x, then at {ADDRESS}.") == "account/reset-password"


def test_csv_of_text_article_and_date_becomes_lessons(services: Services, tmp_path: Path) -> None:
    table = (
        'text,article,date\n"My code, jo@example.com, never came",account/reset-password,2026-09-01\n,x,2026-09-01\n'
    )
    done = load(services.settings, write(tmp_path, table, "history.csv"))
    assert (done["stored"], done["solved"], done["unknown"]) == (1, 1, 0)
    assert done["bad"] == [
        {
            "line": 3,
            "why": "text is missing; give it in one of the fields subject, title, body, description, message, text",
        }
    ]
    assert learned(services) == [("My code, [email], never came", "account/reset-password")]


def test_semicolons_and_tabs_are_read_too(services: Services, tmp_path: Path) -> None:
    load(services.settings, write(tmp_path, "text;article;date\nOne;billing/vat;2026-09-01\n", "a.csv"))
    load(services.settings, write(tmp_path, "text\tarticle\tdate\nTwo\tbilling/vat\t2026-09-02\n", "b.tsv"))
    assert learned(services) == [("One", "billing/vat"), ("Two", "billing/vat")]


ZENDESK = {
    "id": 35436,
    "subject": "I cannot log in",
    "description": "The code never arrives",
    "created_at": "2026-09-01T10:00:00Z",
    "requester_id": 1,
    "requester": {"id": 1, "email": "jo@example.com", "locale": "en"},
    "comments": [
        {"author_id": 1, "public": True, "body": "I read https://help.example.com/en/articles/billing/vat"},
        {"author_id": 2, "public": False, "body": "see https://help.example.com/en/articles/billing/refund"},
        {"author_id": 2, "public": True, "html_body": f'Please <a href="{ADDRESS}">look here</a>'},
    ],
}


@pytest.mark.parametrize("shape", ["lines", "page", "list", "wrapped"])
def test_zendesk_s_truth_is_the_first_link_in_an_agent_s_public_reply(
    services: Services, tmp_path: Path, shape: str
) -> None:
    texts = {
        "lines": json.dumps(ZENDESK),
        "page": json.dumps({"tickets": [ZENDESK], "next_page": None}, indent=1),
        "list": json.dumps([ZENDESK]),
        "wrapped": json.dumps({"ticket": ZENDESK}),
    }
    done = load(services.settings, write(tmp_path, texts[shape], "tickets.json"))
    assert (done["stored"], done["solved"]) == (1, 1)
    assert learned(services) == [("I cannot log in", "account/reset-password")]


def test_a_ticket_without_an_article_is_kept_and_teaches_nothing(services: Services, tmp_path: Path) -> None:
    done = load(services.settings, write(tmp_path, [{"text": "Help", "date": "2026-09-01"}]))
    assert (done["stored"], done["solved"]) == (1, 0)
    assert learned(services) == []


def test_an_article_that_we_do_not_have_is_counted_and_a_foreign_address_refused(
    services: Services, tmp_path: Path
) -> None:
    rows = [
        {"text": "One", "date": "2026-09-01", "article": "never/written"},
        {"text": "Two", "date": "2026-09-01", "article": "https://elsewhere.example/x"},
    ]
    done = load(services.settings, write(tmp_path, rows))
    assert (done["stored"], done["unknown"], done["refused"]) == (1, 1, 1)
    assert "not one of our articles" in shown(done)


def test_a_beir_split_is_a_history_and_comes_in_once(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "qrels").mkdir(parents=True)
    write(folder, [{"_id": "vat", "title": "VAT", "text": "The invoice shows it."}], "corpus.jsonl")
    asked = {"_id": "q1", "text": "VAT?\nWhere?", "title": "VAT?", "body": "Where?", "created": "2026-01-02"}
    write(folder, [asked, asked | {"_id": "q2"}], "queries.jsonl")
    write(folder / "qrels", "query-id\tcorpus-id\tscore\nq1\tvat\t1\n", "train.tsv")
    write(folder / "qrels", "query-id\tcorpus-id\tscore\nq2\tvat\t1\n", "dev.tsv")
    assert load(services.settings, folder, split="train")["stored"] == 1
    assert load(services.settings, folder, split="train")["known"] == 1
    assert lessons(services.store) == [
        Lesson("shop:q1", "VAT?", "Where?", "en", "vat", "", "shop", from_rfc3339("2026-01-02T00:00:00Z"))
    ]


def test_later_lessons_are_not_seen_by_whoever_asks_what_was_known_before(services: Services, tmp_path: Path) -> None:
    rows = [{"text": f"{day}", "date": f"2026-09-0{day}", "article": "billing/vat"} for day in (1, 2, 3)]
    load(services.settings, write(tmp_path, rows))
    found = lessons(services.store, before=from_rfc3339("2026-09-03T00:00:00Z"))
    assert [lesson.body for lesson in found] == ["1", "2"]


def test_what_a_visitor_said_is_a_lesson_unless_it_was_taken_back(services: Services, tmp_path: Path) -> None:
    def event(n: int, type: str, minute: int, **fields: Any) -> dict[str, Any]:
        at = f"2026-09-01T10:{minute:02}:00Z"
        return {"visitor": "v1", "id": str(uuid.UUID(int=n)), "type": type, "at": at, "episode": "e1", **fields}

    offer = {"articles": ["billing/vat"], "scores": [0.9], "abstained": False, "arm": "treatment", "ranker": "x"}
    events = [
        event(1, "intent", 0, arm="treatment", channels=["web"]),
        event(2, "offer", 1, text="Where is the VAT", **offer),
        event(3, "solved", 2, article="billing/vat"),
    ]
    imports.load_events(services.settings, write(tmp_path, events))
    assert [(lesson.body, lesson.source) for lesson in lessons(services.store)] == [("Where is the VAT", "visitor")]
    assert lessons(services.store, before=from_rfc3339("2026-09-08T10:00:00Z")) == []  # it is pending
    imports.load_events(services.settings, write(tmp_path, [event(4, "undo", 3)]))
    assert lessons(services.store) == []


@pytest.mark.parametrize(("day", "counts"), [("2026-09-05", False), ("2026-09-20", True)])
def test_what_a_visitor_said_is_no_lesson_when_they_wrote_to_us_within_a_week(
    services: Services, tmp_path: Path, day: str, counts: bool
) -> None:
    common = {"visitor": "v1", "episode": "e1"}
    offer = {"articles": ["billing/vat"], "scores": [0.9], "abstained": False, "arm": "treatment", "ranker": "x"}
    rows = [
        {"type": "intent", "at": "2026-09-01T10:00:00Z", "arm": "treatment", "channels": ["web"]},
        {"type": "offer", "at": "2026-09-01T10:01:00Z", "text": "Where is the VAT", **offer},
        {"type": "solved", "at": "2026-09-01T10:02:00Z", "article": "billing/vat"},
        {"type": "sent", "at": f"{day}T10:00:00Z", "ticket": "T1", "channel": "web"},
    ]
    events = [{"id": str(uuid.UUID(int=n)), **common, **row} for n, row in enumerate(rows, 1)]
    assert not imports.load_events(services.settings, write(tmp_path, events))["refused"]
    assert bool(lessons(services.store)) is counts


def test_what_an_agent_said_is_a_lesson_with_its_text_redacted(services: Services) -> None:
    ticket = {"id": "T1", "subject": "VAT", "email": "jo@example.com", "channel": "web", "lang": "en"}
    services.writer.run(
        ticket_writes.create_ticket,
        keys=["visitor:v1"],
        intent={"id": "i", "fresh": "e", "holdout": 0.0, "page": "", "lang": "en", "category": "", "channels": ["web"]},
        ticket=ticket,
        message={"id": "m", "author": "requester", "channel": "web", "body": "I am jo@example.com"},
        outbox=[],
        sent={"id": "s", "type": "sent", "at": 1, "ticket": "T1", "channel": "web"},
        idempotency={"key": "k", "digest": "d"},
        now=1,
    )
    services.writer.run(ticket_writes.close_ticket, id="c", ticket="T1", article="billing/vat", who="admin", now=now())
    (found,) = lessons(services.store)
    assert (found.body, found.article, found.source) == ("I am [email]", "billing/vat", "agent")


def test_erasing_a_person_takes_their_past_questions_and_contacts(services: Services, tmp_path: Path) -> None:
    load(services.settings, write(tmp_path, [{"text": "One", "date": "2026-09-01", "email": "jo@example.com"}]))
    done = erasure.erase(services.settings, "jo@example.com")
    assert done["removed"]["past_questions"] == 1
    assert services.store.rows("SELECT 1 FROM past_questions") == []
