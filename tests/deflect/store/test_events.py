"""The catalogue of events, and the errors for events that are refused."""

import uuid
from dataclasses import is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deflect.offers.log import Refused, parse
from deflect.store.events import CATALOGUE, CLIENT_TYPES

FULL = {
    "episode": "e1",
    "article": "account/reset",
    "rank": 1,
    "source": "offer",
    "revision": "0123abcd",
    "reason": "wrong",
}


def event(type: str, **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.UUID(int=1)), "type": type, "at": "2026-10-01T12:00:00Z", **fields}


def test_the_catalogue_is_the_design_s() -> None:
    assert set(CATALOGUE) == {
        *("search", "follow", "read", "helpful", "unhelpful", "intent", "offer", "shown", "solved", "not_this", "undo"),
        *("attempted", "sent", "left"),
    }


def test_a_client_may_post_ten_types() -> None:
    assert set(CLIENT_TYPES) == set(CATALOGUE) - {"search", "intent", "offer", "sent"}


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.type)
def test_each_type_is_a_frozen_dataclass_with_one_sentence(kind: Any) -> None:
    assert is_dataclass(kind.shape)
    assert kind.shape.__dataclass_params__.frozen
    assert kind.doc.endswith(".")
    assert "\n" not in kind.doc


@pytest.mark.parametrize("type", CLIENT_TYPES)
def test_a_client_may_send_all_fields_of_the_contract_with_each_type(type: str) -> None:
    row = parse(event(type, **FULL), by_client=True)
    assert set(row) == {"id", "type", "at", *CATALOGUE[type].needs, *CATALOGUE[type].may} - {"accepted", "comment"}


@pytest.mark.parametrize("type", CLIENT_TYPES)
def test_each_field_that_a_type_needs_is_asked_for(type: str) -> None:
    for name in CATALOGUE[type].needs:
        document = event(type, **{key: value for key, value in FULL.items() if key != name})
        with pytest.raises(Refused, match=f"{name} is missing; {type} needs"):
            parse(document, by_client=True)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("x", "the event is not an object"),
        (event("sold"), "type is not one of follow"),
        (event("search", hits=1, stage="all", ranker="r"), "search is written by the server"),
        (event("left", episode="e1") | {"id": "1"}, "id is not a UUID"),
        (event("left", episode="e1") | {"id": None}, "id is not a UUID"),
        (event("left", episode="e1") | {"at": "yesterday"}, "at is not a time"),
        (event("left", episode="e1") | {"at": "2026-10-01T12:00:00"}, "at is not a time"),
        (event("left", episode="e1") | {"at": "9999-10-01T12:00:00Z"}, "at is not a time"),
        (event("left", episode="e1") | {"at": 5}, "at is not a time"),
        (event("left", episode="e1", text="secret"), "left has no field text"),
        (event("left", episode=5), "episode is not"),
        (event("follow", article="a", source="mail"), "source is not one of search, offer, related, browse"),
        (event("follow", article="a", source="offer", rank=0), "rank is not a whole number"),
        (event("follow", article="a", source="offer", rank=True), "rank is not a whole number"),
        (event("follow", article="a" * 301, source="offer"), "article is not"),
        (event("follow", article="a\ud800", source="offer"), "article is not"),
        (event("unhelpful", article="a", revision="r", reason="bad"), "reason is not one of wrong, outdated"),
        (event("unhelpful", article="a", revision="r", comment="x" * 501), "comment is not a text of at most 500"),
        (event("helpful", article="a", revision="r", comment="good"), "helpful has no field comment"),
    ],
)
def test_what_is_wrong_is_said(document: Any, why: str) -> None:
    with pytest.raises(Refused, match=why):
        parse(document, by_client=True)


def test_a_comment_is_text_and_redacted_before_anything_else_is_done_with_it() -> None:
    said = " Step 2 lacks the button, write to jo@example.com "
    row = parse(event("unhelpful", article="a", revision="r", comment=said), by_client=True)
    assert row["text"] == "Step 2 lacks the button, write to [email]"
    assert "comment" not in row
    assert "text" not in parse(event("unhelpful", article="a", revision="r", comment="  "), by_client=True)


def test_a_reason_may_be_spelled_as_people_say_it() -> None:
    row = parse(event("unhelpful", article="a", revision="r", reason="Not my problem"), by_client=True)
    assert row["reason"] == "not_my_problem"


def test_the_client_s_time_is_kept_to_the_microsecond() -> None:
    row = parse(event("left", episode="e") | {"at": "2026-10-01T14:00:00.123456+02:00"}, by_client=True)
    assert row["at"] == 1790856000123456


def test_the_server_may_write_every_type() -> None:
    fields = {"episode": "e", "articles": ["a"], "scores": [0.5], "abstained": False, "arm": "control", "ranker": "r"}
    assert parse(event("offer", **fields), by_client=False)["arm"] == "control"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "at", *FULL]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_is_posted_is_stored_or_refused(document: Any) -> None:
    try:
        row = parse(document, by_client=True)
    except Refused:
        return
    assert row["type"] in CLIENT_TYPES


@given(st.dictionaries(st.sampled_from([*FULL, "text"]), json_values, max_size=6), st.sampled_from(CLIENT_TYPES))
def test_fields_of_any_kind_are_stored_or_refused(fields: dict[str, Any], type: str) -> None:
    try:
        row = parse(event(type, **fields), by_client=True)
    except Refused:
        return
    assert set(row) <= {"id", "type", "at", *CATALOGUE[type].needs, *CATALOGUE[type].may}
