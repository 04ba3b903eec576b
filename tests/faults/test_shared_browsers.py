"""Erasure at shared browsers: one person's rows go, all of them, and nobody else's."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from deflect.privacy.email_keys import email_hash
from deflect.privacy.erasure import erase, plan
from deflect.store.people import position
from deflect.store.services import Services
from kb.config import SHARED_MEMORY
from tests.support.fakes import close, make_services
from tests.support.families import Family, live

pytestmark = pytest.mark.faults
SEEDS = range(60)


def ids(services: Services, table: str, where: str = "1 = 1") -> set[str]:
    return {row["id"] for row in services.store.rows(f"SELECT id FROM {table} WHERE {where}")}


def bytes_of(services: Services) -> bytes:
    return b"".join(path.read_bytes() for path in services.settings.data.glob("shortstop.db*"))


def places(services: Services) -> dict[str, float]:
    """Return the place of each key in the draw of arms."""
    sql = "SELECT keys.id, people.id AS person, drawn FROM keys JOIN people ON people.id = keys.person"
    salt = services.store.secret("salt")
    rows = services.store.rows(sql)
    return {r["id"]: position(r["person"], salt=salt) if r["drawn"] is None else r["drawn"] for r in rows}


def everybody(family: Family) -> list[str]:
    """Return every name that somebody may ask to have erased."""
    names = {name for t in family.tickets for name in (t.address, t.signed, t.browser)}
    return sorted((names | set(family.contacts.values()) | set(family.questions.values())) - {""})


def check_tables(services: Services, family: Family, person: str) -> None:
    """Assert that exactly the rows of this person are gone."""
    assert ids(services, "tickets") == {t.id for t in family.tickets if not family.owner_is(t, person)}
    assert ids(services, "contacts") == {id for id, name in family.contacts.items() if name != person}
    assert ids(services, "past_questions") == {id for id, name in family.questions.items() if name != person}
    left = ids(services, "tickets")
    for table in ("messages", "attachments", "outbox", "mails", "outcomes"):
        rows = services.store.rows(f"SELECT DISTINCT ticket AS id FROM {table} WHERE ticket IS NOT NULL")
        assert {row["id"] for row in rows} <= left
    kept = " ".join(row["body"] for row in services.store.rows("SELECT body FROM messages"))
    for word, (sender, ticket) in family.letters.items():
        owner = next(t for t in family.tickets if t.id == ticket)
        stays = ticket in left and (sender != person or owner.address == person)
        assert (word in kept) is stays, "what somebody wrote into another's ticket goes with its writer"


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """A data folder with an empty database, in memory if possible: a disk would take most of the time."""
    with TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        made = Path(folder) / "empty"
        made.mkdir()
        close(make_services(made))
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_one_person_s_rows_go_and_nobody_else_s(empty: Path, seed: int) -> None:
    services = make_services(shutil.copytree(empty, empty.with_name(str(seed))), holdout=0.5)
    family = live(services, seed)
    erased(services, family, random.Random(seed).choice(everybody(family)))
    close(services)


def erased(services: Services, family: Family, person: str) -> None:
    """Erase one person and compare what is left with what the family did."""
    key = email_hash(services.store.secret("email"), person) if "@" in person else ""
    before, events = places(services), count(services)
    planned = plan(services.settings, person)
    report = erase(services.settings, person)
    check_tables(services, family, person)
    assert planned["files"] == report["files"]
    gone = [t for t in family.tickets if family.owner_is(t, person)]
    assert [t["id"] for t in planned["tickets"]] == [t["id"] for t in report["tickets"]]
    assert {t["id"] for t in report["tickets"]} == {t.id for t in gone}
    assert planned["removed"] == report["removed"]
    assert count(services) == {
        name: n for name, n in events.items() if name not in (f"visitor:{person}", f"verified:{person}", key)
    }
    assert {k: place for k, place in places(services).items() if before[k] != place} == {}, "somebody changed arm"
    data = bytes_of(services)
    assert [t.word for t in gone if t.word.encode() in data] == []
    named = [t["id"] for t in report["perhaps"]["tickets"] if holds(t, family, person)]
    if named:
        report = erase(services.settings, person, named=named)
    if "@" in person:
        assert person.encode() not in bytes_of(services)
        assert key.encode() not in bytes_of(services)
        assert report["left"] == 0


def holds(row: dict[str, Any], family: Family, person: str) -> bool:
    """Return True if a ticket of somebody else holds this person's address."""
    ticket = next(t for t in family.tickets if t.id == row["id"])
    return person in (ticket.address, ticket.signed) or "mentions the address" in row["why"]


def count(services: Services) -> dict[str, int]:
    rows = services.store.rows("SELECT key, count(*) AS n FROM events GROUP BY key")
    return {row["key"]: row["n"] for row in rows}
