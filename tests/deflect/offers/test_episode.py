"""Episodes and people: keys seen together belong to one person, who keeps the first arm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.offers import episode, log
from deflect.offers.episode import Visit, intent, keys, page_address
from deflect.privacy.email_keys import email_key
from deflect.store.clock import DAY
from deflect.store.people import arm
from deflect.store.services import Services
from tests.support.fakes import close, make_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, holdout=0.5)
    yield made
    close(made)


def begin(services: Services, *who: str, now: int = DAY, episode_id: str | None = None) -> dict[str, Any]:
    """Log an offer for a person with these keys, and return its episode and arm."""
    event = {"id": episode.new_id(), "type": "offer", "at": now, "abstained": True}
    answer: dict[str, Any] = services.writer.run(
        log.log_offer, keys=list(who), intent=intent(services, Visit()), episode=episode_id, event=event, now=now
    )
    return answer


def test_an_episode_goes_on_for_seven_days(services: Services) -> None:
    first = begin(services, "visitor:a", now=DAY)
    assert begin(services, "visitor:a", now=7 * DAY, episode_id=first["episode"]) == first
    assert begin(services, "visitor:a", now=8 * DAY, episode_id=first["episode"])["episode"] != first["episode"]


def test_an_episode_goes_on_where_the_browser_forgot_its_id(services: Services) -> None:
    assert begin(services, "visitor:a") == begin(services, "visitor:a")


def test_another_visitor_s_episode_starts_anew(services: Services) -> None:
    first = begin(services, "visitor:a")
    assert begin(services, "visitor:b", episode_id=first["episode"])["episode"] != first["episode"]


def test_an_unknown_episode_is_not_taken(services: Services) -> None:
    assert begin(services, "visitor:a", episode_id="made-up")["episode"] != "made-up"


def test_the_first_offer_of_an_episode_is_the_intent(services: Services) -> None:
    for _ in range(3):
        begin(services, "visitor:a")
    assert [row["type"] for row in services.store.rows("SELECT type FROM events ORDER BY type")] == [
        "intent",
        *["offer"] * 3,
    ]


def test_the_arm_is_drawn_for_the_person(services: Services) -> None:
    salt = services.store.secret("salt")
    people = [f"visitor:{n}" for n in range(40)]
    arms = [begin(services, person)["arm"] for person in people]
    assert arms == [arm(person, salt=salt, holdout=0.5) for person in people]
    assert set(arms) == {"treatment", "control"}


def test_keys_that_meet_are_one_person(services: Services) -> None:
    begin(services, "visitor:a", now=1)
    begin(services, "visitor:b", now=2)
    begin(services, "email:x", "visitor:a", now=3)
    begin(services, "email:x", "visitor:b", now=4)
    assert services.store.rows("SELECT DISTINCT person FROM keys") == [{"person": "visitor:a"}]
    assert services.store.rows("SELECT id FROM people") == [{"id": "visitor:a"}]


def test_an_episode_keeps_its_first_arm_when_people_become_one(services: Services) -> None:
    arms = {person: begin(services, person, now=n)["arm"] for n, person in enumerate(f"visitor:{n}" for n in range(20))}
    one = next(person for person, drawn in arms.items() if drawn == "treatment")
    other = next(person for person, drawn in arms.items() if drawn == "control")
    begin(services, "email:x", one, now=30)
    begin(services, "email:x", other, now=31)
    kept = {row["page"]: row["arm"] for row in services.store.rows("SELECT id AS page, arm FROM episodes")}
    assert sorted(kept.values()) == sorted(arms.values())


def test_a_person_s_next_episode_has_the_same_arm(services: Services) -> None:
    first = begin(services, "visitor:a", now=DAY)
    later = begin(services, "email:x", "visitor:a", now=20 * DAY)
    assert (later["episode"] != first["episode"], later["arm"]) == (True, first["arm"])


def test_two_verified_people_stay_two_on_one_browser(services: Services) -> None:
    begin(services, "verified:ann", "visitor:a")
    begin(services, "verified:bob", "visitor:b")
    begin(services, "verified:bob", "visitor:a")
    people = {row["id"]: row["person"] for row in services.store.rows("SELECT id, person FROM keys")}
    assert people["verified:ann"] != people["verified:bob"]


def test_an_e_mail_key_is_keyed_and_without_case(services: Services, tmp_path: Path) -> None:
    key = email_key(services.store, "Jo@Example.com ")
    assert key == email_key(services.store, "jo@example.com")
    assert "example" not in key
    other = make_services(tmp_path / "other")
    assert email_key(other.store, "jo@example.com") != key
    close(other)


def test_keys_come_strongest_first(services: Services) -> None:
    assert [key.split(":")[0] for key in keys(services, visitor="a", email="jo@example.com")] == ["email", "visitor"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://shop.example/contact?email=jo@example.com#x", "https://shop.example/contact"),
        ("/en/contact?subject=secret", "/en/contact"),
        ("javascript:alert(1)", ""),
        ("https://jo:pw@shop.example/", ""),
        ("http://[bad", ""),
        ("", ""),
    ],
)
def test_a_page_is_kept_without_query_fragment_and_user(text: str, kept: str) -> None:
    assert page_address(text) == kept
