"""Past tickets come in as the world writes them: tables, other help desks' exports, dates of any kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deflect.history import import_tickets, records
from deflect.history.dates import AmbiguousDate
from deflect.history.dates import read as read_date
from deflect.history.import_tickets import Past
from deflect.history.records import References, Tally
from deflect.store.clock import to_rfc3339
from kb import progress
from kb.config import Settings

CASES = Path(__file__).parent / "cases"
BULB = References(ids=frozenset({"home/change-the-bulb"}), names={"change-the-bulb": "home/change-the-bulb"})


def imported(path: Path, order: Any = None) -> tuple[list[Past], list[Mapping[str, Any]]]:
    """Return the tickets of a file and its refused lines."""
    tally = Tally(str(path))
    settings = Settings(articles=CASES)
    found = import_tickets.read(path, tally, split=None, order=order, settings=settings, report=progress.silent)
    return [past for _, past in found], tally.bad


def one(document: Mapping[str, Any], references: References = BULB) -> Past:
    return import_tickets.ticket(dict(document), references)


@pytest.mark.parametrize("name", ["sep.csv", "tabs.csv", "pretty.json", "zendesk-export.json", "zendesk-view.csv"])
def test_a_lamp_that_broke_is_read_from_every_kind_of_file(name: str) -> None:
    (past,), bad = imported(CASES / name)

    assert (past.subject.split()[0], to_rfc3339(past.at)) == ("Lamp", "2026-10-02T08:30:00Z")
    assert past.body
    assert bad == []


@pytest.mark.parametrize("name", ["zendesk-export.json", "zendesk-view.csv", "intercom.jsonl"])
def test_the_requester_s_address_is_found(name: str) -> None:
    (past,), _ = imported(CASES / name)

    assert past.person == "ana@c.example"


def test_only_the_line_of_an_open_quote_is_refused() -> None:
    pasts, bad = imported(CASES / "openquote.csv")

    assert [row["line"] for row in bad] == [2]
    assert "a quote is opened and not closed" in bad[0]["why"]
    assert [past.id for past in pasts[:3]] == ["2", "3", "4"]
    assert len(pasts) == len((CASES / "openquote.csv").read_text().splitlines()) - 2


@pytest.mark.parametrize(
    ("text", "ids", "lines"),
    [
        ('id,body,at\n1,"two\nlines",2026-10-02\n2,b,2026-10-02\n', ["1", "2"], []),
        ('id,body,at\n1,"open,2026-10-02\n2,"whole, with comma",2026-10-02\n3,c,2026-10-02\n', ["2", "3"], [2]),
        ('id,body,at\n1,"say ""hi""",2026-10-02\n2,a 5" screen,2026-10-02\n', ["1", "2"], []),
        ('id,body,at\n1,"a" b,2026-10-02\n2,b,2026-10-02\n', ["1", "2"], []),
        ("id,body,at\n\n1,a,2026-10-02\n,,\n2,b,2026-10-02,more\n3,c,2026-10-02\n", ["1", "3"], [5]),
        ("id|body|at\r\n1|a|2026-10-02\r\n", ["1"], []),
        ('"sep=,"\nid,body,at\n1,"a;b;c",2026-10-02\n', ["1"], []),
        ('\n"Id";"Body, or text: body";"Created (at)"\n', [], []),
        ("", [], []),
        ("id,body,at", [], []),
    ],
)
def test_a_table_is_read_to_its_end(tmp_path: Path, text: str, ids: list[str], lines: list[int]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    tally = Tally("a.csv")

    assert [record.document.get("id") for record in records.read(path, tally)] == ids
    assert [row["line"] for row in tally.bad] == lines


def test_a_table_saved_as_unicode_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Id\tBody\tCreated at\n1\tGröße\t2026-10-02\n", encoding="utf-16")

    ((past,), bad) = imported(path)

    assert (past.id, past.body, bad) == ("1", "Größe", [])


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ('[{"body": "a", "at": "2026-10-02"}, {"body": "b", "at": "2026-10-02"}]', ["a", "b"]),
        ('{"tickets": [{"body": "a", "at": "2026-10-02"}], "next_page": null}', ["a"]),
        ('{\n"tickets":\n[{"body": "a", "at": "2026-10-02"}]}', ["a"]),
        ('{"type": "conversation.list", "conversations": [{"body": "a", "at": 1790929800}]}', ["a"]),
        ('{"_embedded": {"conversations": [{"body": "a", "createdAt": "2026-10-02"}]}}', ["a"]),
        ('{"id": 1, "body": "a", "at": "2026-10-02", "conversations": []}', ["a"]),
        ('\n{"body": "a", "at": "2026-10-02"}\n{"body": "b", "at": "2026-10-02"}\n', ["a", "b"]),
    ],
)
def test_json_of_every_build_is_read(tmp_path: Path, text: str, bodies: list[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")

    pasts, bad = imported(path)

    assert ([past.body for past in pasts], bad) == (bodies, [])


ZENDESK = json.loads((CASES / "zendesk-export.json").read_text())
INTERCOM = {
    "type": "conversation", "id": "9", "created_at": 1790929800,
    "source": {"subject": "<p>Dark</p>", "body": "<p>It is <b>broken</b></p>",
               "author": {"type": "user", "email": "ana@c.example"}},
    "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [
        {"part_type": "note", "body": "https://h.example/old-note", "author": {"type": "admin"}},
        {"part_type": "comment", "body": "https://h.example/mine", "author": {"type": "user"}},
        {"part_type": "comment", "body": '<a href="https://h.example/change-the-bulb">see</a>',
         "author": {"type": "admin"}},
    ]},
}  # fmt: skip
HELP_SCOUT = {
    "id": 7, "number": 12, "subject": "Dark", "createdAt": "2026-10-02T08:30:00Z",
    "primaryCustomer": {"id": 5, "email": "ana@c.example"},
    "_embedded": {"threads": [
        {"type": "message", "body": "See https://h.example/change-the-bulb.", "createdAt": "2026-10-02T09:30:00Z"},
        {"type": "note", "body": "https://h.example/old-note", "createdAt": "2026-10-02T09:00:00Z"},
        {"type": "customer", "body": "It is <b>broken</b>", "createdAt": "2026-10-02T08:30:00Z"},
    ]},
}  # fmt: skip
FRESHDESK = {
    "id": 3, "subject": "Dark", "description": "<div>It is <b>broken</b></div>", "description_text": "It is broken",
    "created_at": "2026-10-02T08:30:00Z", "requester": {"id": 5, "email": "ana@c.example"},
    "url": "https://shop.freshdesk.example/a/tickets/3",
    "conversations": [
        {"body_text": "https://h.example/old-note", "private": True, "incoming": False},
        {"body_text": "https://h.example/mine", "private": False, "incoming": True},
        {"body": '<a href="https://h.example/change-the-bulb">see</a>', "body_text": "see", "incoming": False},
    ],
}  # fmt: skip

FRESHDESK_NOTES = {name: value for name, value in FRESHDESK.items() if name != "conversations"} | {
    "helpdesk_notes": [{"helpdesk_note": part} for part in FRESHDESK["conversations"]]  # type: ignore[union-attr]
}


@pytest.mark.parametrize(
    "text",
    [
        "Ticket ID,Ticket created - Timestamp,Ticket subject\n7,2026-10-02T08:30:00,Dark\n",
        "ID,Subject,Requester,Requested,Status\n7,Dark,Ana,2026-10-02 08:30,Solved\n",
        "Conversation ID,Conversation started at (UTC),First message\n7,2026-10-02 08:30:00,Dark\n",
        "conversation_id,created_at,message_body\n7,1790929800,Dark\n",
        'Number,Customer Email,Subject,Created\n7,ana@c.example,Dark,"Oct 2, 2026 8:30 am"\n',
        "Ticket ID,Subject,Created time\n7,Dark,2026-10-02 08:30:00\n",
    ],
    ids=["zendesk-explore", "zendesk-requested", "intercom", "intercom-names", "help-scout", "freshdesk"],
)
def test_the_columns_of_each_help_desk_are_known(tmp_path: Path, text: str) -> None:
    (tmp_path / "tickets.csv").write_text(text)

    (past,), bad = imported(tmp_path / "tickets.csv")

    assert (past.id, past.subject or past.body, to_rfc3339(past.at), bad) == ("7", "Dark", "2026-10-02T08:30:00Z", [])


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("tickets.xml", b'\xef\xbb\xbf<?xml version="1.0"?>\n<tickets/>', "XML"),
        ("tickets.xlsx", b"PK\x03\x04\x14", "a workbook or an archive"),
        ("tickets.csv", b"\xd0\xcf\x11\xe0\xa1", "an old workbook"),
        ("tickets.json.gz", b"\x1f\x8b\x08", "compressed"),
    ],
)
def test_another_kind_of_file_is_named_once(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(records.BadFile, match=kind):
        imported(tmp_path / name)


@pytest.mark.parametrize(
    "document",
    [INTERCOM, HELP_SCOUT, FRESHDESK, {"helpdesk_ticket": FRESHDESK}, FRESHDESK_NOTES],
    ids=["intercom", "help-scout", "freshdesk", "freshdesk-old", "freshdesk-notes"],
)
def test_each_help_desk_s_ticket_has_its_text_person_time_and_article(document: Mapping[str, Any]) -> None:
    past = one(document)

    assert (past.subject, past.body, past.person) == ("Dark", "It is broken", "ana@c.example")
    assert to_rfc3339(past.at) == "2026-10-02T08:30:00Z"
    assert (past.article, past.known) == ("home/change-the-bulb", True)


def test_zendesk_s_own_address_is_not_the_article() -> None:
    past = one(ZENDESK)

    assert (past.subject, past.body, past.lang) == ("Lamp broken", "It does not light", "en-US")
    assert (past.article, past.known) == ("home/change-the-bulb", True)
    assert one({**ZENDESK, "comments": []}).article is None


@pytest.mark.parametrize(
    ("field", "value", "article"),
    [
        ("url", "https://h.example/change-the-bulb", "home/change-the-bulb"),
        ("link", "home/change-the-bulb", "home/change-the-bulb"),
        ("answer", "Please see https://h.example/change-the-bulb.", "home/change-the-bulb"),
        ("answer", "Please switch it off and on", None),
        ("url", "https://desk.example/tickets/9", None),
        ("article", "home/gone", "home/gone"),
    ],
)
def test_a_link_is_an_article_only_if_it_leads_to_one(field: str, value: str, article: str | None) -> None:
    assert one({"body": "dark", "at": "2026-10-02", field: value}).article == article


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-10-02 08:30", "2026-10-02T08:30:00Z"),
        ("2026/10/02 08:30", "2026-10-02T08:30:00Z"),
        ("20261002", "2026-10-02T00:00:00Z"),
        ("2026-10-02T08:30:00+0200", "2026-10-02T06:30:00Z"),
        ("2026-10-02 08:30:00 UTC", "2026-10-02T08:30:00Z"),
        ("2026-10-02 08:30:00 +0200", "2026-10-02T06:30:00Z"),
        ("2026-10-02 08:30:00 CEST", "2026-10-02T06:30:00Z"),
        ("Fri, 02 Oct 2026 08:30:00 +0000", "2026-10-02T08:30:00Z"),
        ("Fri Oct 02 2026 08:30:00 GMT+0200", "2026-10-02T06:30:00Z"),
        ("2 Oct 2026", "2026-10-02T00:00:00Z"),
        ("Oct 2, 2026, 8:30 AM", "2026-10-02T08:30:00Z"),
        ("October 2nd, 2026", "2026-10-02T00:00:00Z"),
        ("2-Oct-26", "2026-10-02T00:00:00Z"),
        ("02-OCT-26 08:30", "2026-10-02T08:30:00Z"),
        ("1790929800", "2026-10-02T08:30:00Z"),
        ("1790929800000", "2026-10-02T08:30:00Z"),
        ("46297.5", "2026-10-02T12:00:00Z"),
    ],
)
def test_a_date_is_read_whatever_wrote_it(text: str, time: str) -> None:
    assert to_rfc3339(read_date(text)) == time


@pytest.mark.parametrize("text", ["02.10.2026 08:30", "10/2/2026 8:30 AM", "02/10/2026", "2-10-26", "13/10/2026"])
def test_a_date_in_numbers_needs_the_order_of_day_and_month(text: str) -> None:
    with pytest.raises(AmbiguousDate):
        read_date(text)


@pytest.mark.parametrize(
    ("order", "text", "time"),
    [
        ("dmy", "02.10.2026 08:30", "2026-10-02T08:30:00Z"),
        ("mdy", "10/2/2026 8:30 AM", "2026-10-02T08:30:00Z"),
        ("mdy", "10/2/26", "2026-10-02T00:00:00Z"),
        ("dmy", "2026/10/02", "2026-10-02T00:00:00Z"),
    ],
)
def test_with_the_order_such_a_date_is_read(order: Any, text: str, time: str) -> None:
    assert to_rfc3339(read_date(text, order)) == time


@pytest.mark.parametrize(
    "text", ["soon", "2 Oct", "31/02/2026", "13/10/2026", "2 Oct 2026 XYZ", "9" * 20, "-1", "2026"]
)
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the caller's
        read_date(text, "mdy")


def test_refused_dates_name_the_option(tmp_path: Path) -> None:
    pasts, bad = imported(CASES / "dates.csv")

    assert [past.id for past in pasts] == ["3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14"]
    assert [row["line"] for row in bad] == [2, 3, 14, 16]
    assert all("--dates dmy or --dates mdy" in bad[place]["why"] for place in (0, 1, 3))
    assert "created_at is missing" in bad[2]["why"] or "date is missing" in bad[2]["why"]
