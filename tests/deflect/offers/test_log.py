"""Events of the server: redacted, checked against the catalogue, and unable to fail a page."""

from pathlib import Path

from deflect.offers.log import record, record_search
from tests.support.fakes import FakeSearcher, NoWriter, close, make_services, sizes


def test_a_search_is_kept_with_redacted_text_hits_and_stage(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    text = "password of jo@example.com"
    assert record_search(services, "v1", text, FakeSearcher().search(text, lang="en"))
    row = services.store.one("SELECT type, key, data, text FROM events JOIN event_texts ON event = events.id")
    assert row
    assert (row["type"], row["key"], row["text"]) == ("search", "visitor:v1", "password of [email]")
    assert '"hits": 1' in row["data"]
    close(services)


def test_an_event_outside_the_catalogue_is_not_kept(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    assert not record(services, "v1", "bought", article="a")
    assert not record(services, "v1", "unhelpful", article="a", revision="r", reason="because")
    assert sizes(services)["events"] == 0
    close(services)


def test_a_vote_is_kept(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    assert record(services, "v1", "unhelpful", article="a", revision="r", reason="outdated")
    assert services.store.one("SELECT type, article, revision, reason FROM events") == {
        "type": "unhelpful", "article": "a", "revision": "r", "reason": "outdated"
    }  # fmt: skip
    close(services)


def test_a_writer_that_is_not_there_fails_no_page(tmp_path: Path) -> None:
    services = make_services(tmp_path, writer=NoWriter())
    assert not record(services, "v1", "read", article="a")
    close(services)
