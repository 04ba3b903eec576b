"""`kb events import`: past events become episodes once, and bad lines do not stop the import."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.history import imports, records
from deflect.history.imports import load_contacts, load_users
from deflect.privacy.export import rows, to_csv
from deflect.store.clock import from_rfc3339
from deflect.store.events import CATALOGUE
from deflect.store.services import Services
from kb.errors import StorageFull
from tests.support.fakes import close, make_services, sizes


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path / "data")
    yield made
    close(made)


def write(folder: Path, *documents: Any, name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(d if isinstance(d, str) else json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    return path


def event(type: str, at: str, n: int, **fields: Any) -> dict[str, Any]:
    return {"visitor": "v1", "id": str(uuid.UUID(int=n)), "type": type, "at": f"2026-09-{at}Z", **fields}


INTENT = event("intent", "01T10:00:00", 1, episode="e1", arm="control", channels=["web", "phone"], lang="es")
SENT = event("sent", "03T10:00:00", 2, episode="e1", ticket="T1", channel="web")


def test_an_intent_makes_its_episode_even_where_it_stands_last(services: Services, tmp_path: Path) -> None:
    done = imports.load_events(services.settings, write(tmp_path, SENT, INTENT))
    assert (done["stored"], done["refused"], done["records"]) == (2, 0, 2)
    episode = services.store.one("SELECT * FROM episodes")
    assert episode is not None
    assert (episode["arm"], episode["channels"], episode["lang"]) == ("control", '["web", "phone"]', "es")
    assert episode["started"] == from_rfc3339("2026-09-01T10:00:00Z")
    assert episode["last"] == from_rfc3339("2026-09-03T10:00:00Z")


def test_the_same_file_again_changes_nothing(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path, INTENT, SENT)
    imports.load_events(services.settings, path)
    before = sizes(services)
    done = imports.load_events(services.settings, path)
    assert (done["stored"], done["known"]) == (0, 2)
    assert sizes(services) == before


def test_every_type_of_the_catalogue_comes_in(services: Services, tmp_path: Path) -> None:
    fields = {
        "episode": "e1",
        "article": "a/b",
        "source": "offer",
        "revision": "r1",
        "arm": "treatment",
        "channels": ["web"],
        "hits": 3,
        "stage": "all",
        "ranker": "x",
        "articles": ["a/b"],
        "scores": [0.5],
        "abstained": False,
        "ticket": "T9",
        "channel": "web",
    }
    events = [
        event(kind.type, f"0{1 + (kind.type != 'intent')}T10:00:00", n, **{name: fields[name] for name in kind.needs})
        for n, kind in enumerate(CATALOGUE.values())
    ]
    done = imports.load_events(services.settings, write(tmp_path, *events))
    assert (done["stored"], done["bad"]) == (len(CATALOGUE), [])


def test_bad_lines_are_named_and_good_ones_kept(services: Services, tmp_path: Path) -> None:
    stranger = event("shown", "01T10:00:00", 3, episode="e9")
    done = imports.load_events(
        services.settings,
        write(tmp_path, INTENT, "not json\n", event("clicked", "01T10:00:00", 4), stranger, "[1]\n", SENT),
    )
    assert done["stored"] == 2
    assert [bad["line"] for bad in done["bad"]] == [2, 3, 4, 5]
    assert done["bad"][1]["why"].startswith("type is not one of search, follow")
    assert done["bad"][2]["why"] == "episode is unknown; put its intent into the same file"


def test_an_id_that_is_missing_or_no_uuid_is_the_same_the_next_time(services: Services, tmp_path: Path) -> None:
    bare = {key: value for key, value in SENT.items() if key != "id"}
    path = write(tmp_path, INTENT | {"id": "first"}, bare)
    assert imports.load_events(services.settings, path)["stored"] == 2
    assert imports.load_events(services.settings, path)["known"] == 2


def test_a_visitor_s_batch_is_taken_as_the_api_takes_it(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path, {"visitor": "v1", "events": [INTENT, SENT]})
    assert imports.load_events(services.settings, path)["stored"] == 2


def test_without_a_visitor_an_event_is_of_whoever_the_episode_is(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path, INTENT, {key: value for key, value in SENT.items() if key != "visitor"})
    assert imports.load_events(services.settings, path)["refused"] == 0
    assert {row["key"] for row in services.store.rows("SELECT key FROM events")} == {"visitor:v1"}


def test_an_address_links_two_browsers_and_is_nowhere_in_the_store(services: Services, tmp_path: Path) -> None:
    one = event("read", "01T10:00:00", 5, article="a", email="jo@example.com")
    two = event("read", "02T10:00:00", 6, article="a", email="JO@example.com") | {"visitor": "v2"}
    imports.load_events(services.settings, write(tmp_path, one, two))
    assert len(services.store.rows("SELECT * FROM people")) == 1
    assert b"jo@example" not in services.settings.database.read_bytes().lower()


def test_a_text_is_redacted(services: Services, tmp_path: Path) -> None:
    search = event("search", "01T10:00:00", 7, hits=1, stage="all", ranker="x", text="mail jo@example.com")
    imports.load_events(services.settings, write(tmp_path, search))
    assert services.store.rows("SELECT text FROM event_texts") == [{"text": "mail [email]"}]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_was_exported_can_be_imported_elsewhere(services: Services, tmp_path: Path, form: str) -> None:
    imports.load_events(
        services.settings, write(tmp_path, INTENT, SENT, event("shown", "01T10:00:02", 8, episode="e1", rank=2))
    )
    path = tmp_path / f"export.{form}"
    with path.open("w", encoding="utf-8") as out:
        to_csv(services.settings, "events", out) if form == "csv" else json.dump(
            list(rows(services.settings, "events")), out
        )
    other = make_services(tmp_path / "other")
    done = imports.load_events(other.settings, path)
    assert (done["stored"], done["bad"]) == (3, [])
    assert len(other.store.rows("SELECT * FROM episodes WHERE arm = 'control'")) == 1
    close(other)


def test_contacts_come_as_csv_or_json_lines_and_join_the_person(services: Services, tmp_path: Path) -> None:
    imports.load_events(services.settings, write(tmp_path, INTENT | {"email": "jo@example.com"}))
    table = "email,at,channel,ticket\nJO@example.com,2026-09-04 10:00:00,telephone,77\nx@example.com,soon,phone,78\n"
    done = load_contacts(services.settings, write(tmp_path, table, name="calls.csv"))
    assert (done["stored"], done["refused"]) == (1, 1)
    assert done["bad"][0]["line"] == 3
    assert "is not a time" in done["bad"][0]["why"]
    chat = {"episode": "e1", "time": "2026-09-05T10:00:00Z", "channel": "chat"}
    stranger = {"episode": "e9", "time": "2026-09-05T10:00:00Z", "channel": "chat"}
    again = load_contacts(services.settings, write(tmp_path, chat, stranger, name="chats.jsonl"))
    assert (again["stored"], again["bad"][0]["line"]) == (1, 2)
    people = services.store.rows("SELECT DISTINCT contacts.person = episodes.person AS same FROM contacts, episodes")
    assert people == [{"same": 1}]


def test_the_same_contact_is_kept_once(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path, {"person": "u1", "at": "2026-09-05", "channel": "phone", "ticket": 5}, name="c.jsonl")
    assert load_contacts(services.settings, path)["stored"] == 1
    assert load_contacts(services.settings, path)["known"] == 1


def test_active_users_are_kept_by_month_and_the_last_count_holds(services: Services, tmp_path: Path) -> None:
    load_users(services.settings, write(tmp_path, "month,users\n2026-09,1000\n2026-13,5\n", name="u.csv"))
    load_users(services.settings, write(tmp_path, {"month": "2026-09", "users": 1200}, name="u.jsonl"))
    assert [row["users"] for row in services.store.rows("SELECT users FROM active_users")] == [1200]


def test_a_full_disk_tells_what_was_saved_before() -> None:
    def send(batch: list[dict[str, Any]]) -> dict[str, Any]:
        if batch[0]["n"] > 4:
            raise StorageFull("the disk is full, so nothing was saved")
        return {"stored": len(batch)}

    tally = records.Tally("t.jsonl")
    with pytest.raises(StorageFull, match=r"^the disk is full; 4 records were saved before; make room and import the"):
        records.keep([(n, {"n": n}) for n in range(1, 9)], tally, send=send, size=2)
    with pytest.raises(StorageFull, match=r"so nothing was saved$"):
        records.keep([(5, {"n": 5})], records.Tally("t.jsonl"), send=send)
