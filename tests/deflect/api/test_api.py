"""The JSON API: documents, errors, and the rights of other origins."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from deflect.api.http import WRITERS
from deflect.store.services import Services
from tests.support.fakes import NoWriter, close, make_app, make_services, sizes

OFFER = {"visitor": "v1", "subject": "password", "body": "I cannot reset it", "page": "/en/contact", "lang": "en"}
TICKET = {"visitor": "v1", "subject": "No code", "body": "Never arrives", "email": "jo@example.com"}
SHOP, EVIL = "https://shop.example", "https://evil.example"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, origins=(SHOP,))
    yield made
    close(made)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_app(services).test_client()


def event(type: str = "read", **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "type": type, "at": "2026-10-01T12:00:00Z", "article": "account/reset"} | fields


def send(client: FlaskClient, document: Any = TICKET, *, key: str = "k1") -> TestResponse:
    return client.post("/api/v1/tickets", json=document, headers={"Idempotency-Key": key})


def assert_problem(answer: TestResponse, status: int, words: str = "") -> None:
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert words in answer.json["detail"]


@pytest.mark.parametrize("call", ["search", "complete"])
def test_a_search_gives_the_contract_s_document(client: FlaskClient, call: str) -> None:
    document = client.get(f"/api/v1/{call}?q=password&lang=en&k=3").json
    assert {"query", "lang", "stage", "degraded", "ranker", "hits"} <= set(document)
    hit = {"article", "lang", "title", "url", "anchor", "heading", "snippet", "score", "language"}
    assert set(document["hits"][0]) == hit
    assert document["hits"][0]["snippet"] == [{"text": "Reset your password", "mark": True}]


def test_a_search_is_not_logged(client: FlaskClient, services: Services) -> None:
    client.get("/api/v1/search?q=password")
    assert sizes(services)["events"] == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "q is missing"),
        ("q=a&k=0", "k is not"),
        ("q=a&k=x", "k is not"),
        ("q=a&k=99", "k is not"),
        ("q=a&lang=%00", "lang is not"),
        (f"q={'a' * 1001}", "q is longer"),
    ],
)
def test_a_wrong_parameter_is_named(client: FlaskClient, query: str, words: str) -> None:
    assert_problem(client.get(f"/api/v1/search?{query}"), 400, words)


def test_an_article_comes_with_its_html_headings_and_revision(client: FlaskClient) -> None:
    assert client.get("/api/v1/articles/account/reset").json == {
        "article": "account/reset",
        "lang": "en",
        "title": "Reset your password",
        "html": "<p>Reset your password</p>",
        "headings": [],
        "revision": "0123456789ab",
        "url": "/en/articles/account/reset",
    }


@pytest.mark.parametrize("id", ["no/such", "account/erased", "../../etc/passwd"])
def test_an_article_that_is_not_there_or_not_for_everybody_is_404(client: FlaskClient, id: str) -> None:
    assert_problem(client.get(f"/api/v1/articles/{id}"), 404)


def test_an_offer_gives_the_contract_s_document(client: FlaskClient) -> None:
    document = client.post("/api/v1/offers", json=OFFER).json
    assert set(document) == {"episode", "abstained", "degraded", "ranker", "cards"}
    assert [card["article"] for card in document["cards"]] == ["account/reset"]


def test_an_episode_goes_on_with_its_visitor_only(client: FlaskClient) -> None:
    first = client.post("/api/v1/offers", json=OFFER).json["episode"]
    assert client.post("/api/v1/offers", json=OFFER | {"episode": first}).json["episode"] == first
    assert client.post("/api/v1/offers", json=OFFER | {"episode": first, "visitor": "v2"}).json["episode"] != first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"visitor": None}, "visitor is not an id"),
        ({"visitor": "a b"}, "visitor is not an id"),
        ({"visitor": 5}, "visitor is not text"),
        ({"subject": "", "body": " "}, "both empty"),
        ({"body": ["x"]}, "body is not text"),
        ({"episode": "a b"}, "episode is not an id"),
        ({"lang": "english!"}, "lang is not a language"),
    ],
)
def test_a_wrong_field_of_an_offer_is_named_and_starts_nothing(
    client: FlaskClient, services: Services, change: dict[str, Any], words: str
) -> None:
    assert_problem(client.post("/api/v1/offers", json=OFFER | change), 400, words)
    assert sizes(services)["episodes"] == 0


def test_an_offer_for_whom_a_token_does_not_prove_is_refused(client: FlaskClient, services: Services) -> None:
    answer = client.post("/api/v1/offers", json=OFFER | {"token": "a.b.c"})
    assert_problem(answer, 401, "tokens aren't set up")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert sizes(services)["episodes"] == 0


def test_events_are_stored_or_refused_one_by_one(client: FlaskClient) -> None:
    bad = event("sold")
    answer = client.post("/api/v1/events", json={"visitor": "v1", "events": [event(), bad, event()]})
    assert answer.status_code == 202
    assert answer.json["stored"] == 2
    assert [refused["id"] for refused in answer.json["refused"]] == [bad["id"]]


def test_an_event_sent_again_is_stored_once(client: FlaskClient, services: Services) -> None:
    posted = {"visitor": "v1", "events": [event()]}
    assert [client.post("/api/v1/events", json=posted).json["stored"] for _ in range(3)] == [1, 0, 0]
    assert sizes(services)["events"] == 1


def test_a_beacon_posts_events_as_text(client: FlaskClient) -> None:
    body = json.dumps({"visitor": "v1", "events": [event()]})
    assert client.post("/api/v1/events", data=body, content_type="text/plain;charset=UTF-8").json["stored"] == 1


def test_an_event_of_another_s_episode_is_refused(client: FlaskClient) -> None:
    episode = client.post("/api/v1/offers", json=OFFER).json["episode"]
    answer = client.post("/api/v1/events", json={"visitor": "v2", "events": [event("left", episode=episode)]}).json
    assert answer["stored"] == 0
    assert "episode is not one of this visitor's" in answer["refused"][0]["why"]


def test_the_server_s_time_stands_beside_the_client_s(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/events", json={"visitor": "v1", "events": [event(at="2001-01-01T00:00:00Z")]})
    row = services.store.one("SELECT at, received FROM events")
    assert row
    assert row["at"] == 978_307_200_000_000
    assert row["received"] > 1_700_000_000_000_000


def test_a_ticket_gives_its_id_and_channel(client: FlaskClient) -> None:
    answer = send(client)
    assert answer.status_code == 201
    assert set(answer.json) == {"ticket", "channel"}
    assert answer.json["channel"] == "web"


def test_a_ticket_needs_a_key_and_the_key_says_which(client: FlaskClient, services: Services) -> None:
    assert_problem(client.post("/api/v1/tickets", json=TICKET), 400, "Idempotency-Key is missing")
    first = send(client).json
    assert send(client).json == first
    assert_problem(send(client, TICKET | {"body": "Other"}), 422, "new key")
    assert sizes(services)["tickets"] == 1


def test_a_ticket_with_wrong_fields_says_which(client: FlaskClient) -> None:
    answer = send(client, TICKET | {"email": "jo", "subject": ""})
    assert_problem(answer, 400)
    assert {error["field"] for error in answer.json["errors"]} == {"email", "subject"}


@pytest.mark.parametrize(
    ("lang", "why"),
    [("fr", "Saisissez un message."), ("ja", "メッセージを入力してください。"), ("sv", "Enter a message.")],
)
def test_a_wrong_field_of_a_ticket_is_told_in_the_visitors_language(client: FlaskClient, lang: str, why: str) -> None:
    answer = client.post("/api/v1/tickets", json=TICKET | {"body": "", "lang": lang}, headers={"Idempotency-Key": "l"})
    assert answer.json["errors"] == [{"field": "body", "why": why}]


def test_a_ticket_that_cannot_be_kept_is_503_with_a_sentence(tmp_path: Path) -> None:
    services = make_services(tmp_path, writer=NoWriter())
    answer = send(make_app(services).test_client())
    assert_problem(answer, 503, "try again")
    assert answer.headers["Retry-After"] == "5"
    close(services)


@pytest.mark.parametrize("path", ["offers", "events", "tickets"])
def test_a_body_over_64_kb_is_413_and_one_below_is_read(client: FlaskClient, path: str) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    for length, status in ((65_537, 413), (65_536, 400)):
        body = json.dumps({"body": "x"}).ljust(length).encode()
        assert client.post(f"/api/v1/{path}", data=body, headers=headers).status_code == status


def test_a_long_body_without_a_length_is_413_too(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/offers",
        input_stream=BytesIO(b" " * 100_000),
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert_problem(answer, 413)


@pytest.mark.parametrize("path", ["offers", "events", "tickets"])
@pytest.mark.parametrize("type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/html", ""])
def test_a_form_of_another_page_cannot_post(client: FlaskClient, path: str, type: str) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": type}
    in_parts = path == "tickets" and type == "multipart/form-data"  # this type is accepted, but the body has no parts
    assert_problem(client.post(f"/api/v1/{path}", data=b"{}", headers=headers), 400 if in_parts else 415)


def test_a_form_in_parts_of_another_page_cannot_post_since_no_form_sends_a_key(client: FlaskClient) -> None:
    ticket = {"ticket": '{"subject": "S", "body": "B", "email": "jo@example.com"}'}
    assert_problem(client.post("/api/v1/tickets", data=ticket, content_type="multipart/form-data"), 400)
    headers = {"Idempotency-Key": "k", "Origin": "https://evil.example"}
    answer = client.post("/api/v1/tickets", data=ticket, content_type="multipart/form-data", headers=headers)
    assert_problem(answer, 403)


def test_tickets_are_not_taken_as_plain_text(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "text/plain"}
    assert_problem(client.post("/api/v1/tickets", data=b"{}", headers=headers), 415)


@pytest.mark.parametrize("path", ["offers", "events", "search", "complete", "context", "articles/account/reset"])
def test_what_the_widget_asks_while_writing_is_a_simple_request(client: FlaskClient, path: str) -> None:
    read = {"q": "password", "title": "Password", "k": 3, "lang": "en", "token": None}
    document = OFFER | {"events": [event()]} if path in ("offers", "events") else read
    answer = client.post(f"/api/v1/{path}", data=json.dumps(document), content_type="text/plain;charset=UTF-8")
    assert answer.status_code in (200, 202, 404), answer.json


@pytest.mark.parametrize("path", ["search", "complete", "context", "articles/account/reset"])
def test_a_token_in_the_body_is_checked_as_one_in_the_header(client: FlaskClient, path: str) -> None:
    document = {"q": "password", "token": "a.b.c"}
    assert_problem(client.post(f"/api/v1/{path}", data=json.dumps(document), content_type="text/plain"), 401)


@pytest.mark.parametrize("value", [["password"], {"a": 1}, 1.5, True])
def test_a_posted_parameter_is_text_or_a_whole_number(client: FlaskClient, value: object) -> None:
    answer = client.post("/api/v1/search", json={"q": value})
    assert_problem(answer, 400, "q is neither text nor a whole number")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 60_000, b"1" * 5000, b'{"visitor": NaN}'])
def test_what_is_no_json_object_is_400(client: FlaskClient, body: bytes) -> None:
    assert_problem(client.post("/api/v1/offers", data=body, content_type="application/json"), 400)


def test_an_unknown_method_is_a_problem_document(app: Flask) -> None:
    answer = app.test_client().delete("/api/v1/events")
    assert_problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("call", ["search?q=a", "complete?q=a", "articles/account/reset", "openapi.json"])
def test_any_origin_may_read(client: FlaskClient, call: str) -> None:
    answer = client.get(f"/api/v1/{call}", headers={"Origin": EVIL})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_any_origin_may_ask_for_offers_after_a_preflight_that_is_cached(client: FlaskClient) -> None:
    preflight = client.options("/api/v1/offers", headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    assert int(preflight.headers["Access-Control-Max-Age"]) >= 600
    assert (
        client.post("/api/v1/offers", json=OFFER, headers={"Origin": EVIL}).headers["Access-Control-Allow-Origin"]
        == "*"
    )


@pytest.mark.parametrize("path", ["events", "tickets"])
@pytest.mark.parametrize(
    "origin", [EVIL, "null", f"{SHOP}.evil.example", "http://shop.example", f"{SHOP}:444", "https://evil.example/"]
)
def test_an_unlisted_origin_is_refused_and_never_named_in_the_answer(
    client: FlaskClient, services: Services, path: str, origin: str
) -> None:
    posted = {"visitor": "v1", "events": [event()], **TICKET}
    for answer in (
        client.post(f"/api/v1/{path}", json=posted, headers={"Origin": origin, "Idempotency-Key": "k"}),
        client.options(f"/api/v1/{path}", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert_problem(answer, 403, "KB_ORIGINS")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert origin not in str(answer.headers)
    assert (sizes(services)["events"], sizes(services)["tickets"]) == (0, 0)


def test_a_beacon_from_an_unlisted_origin_is_refused_though_no_preflight_asked(
    client: FlaskClient, services: Services
) -> None:
    body = json.dumps({"visitor": "v1", "events": [event()]})
    answer = client.post("/api/v1/events", data=body, content_type="text/plain", headers={"Origin": EVIL})
    assert_problem(answer, 403)
    assert services.store.rows("SELECT id, path, times FROM refused_origins") == [
        {"id": EVIL, "path": "/api/v1/events", "times": 1}
    ]


@pytest.mark.parametrize("origin", [SHOP, "http://localhost"])
def test_a_listed_origin_and_our_own_may_post(client: FlaskClient, origin: str) -> None:
    answer = client.post("/api/v1/events", json={"visitor": "v1", "events": [event()]}, headers={"Origin": origin})
    assert answer.json["stored"] == 1
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in answer.headers["Vary"]
    preflight = client.options("/api/v1/tickets", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("path", "setting"), [("offers", "rate_offers"), ("events", "rate_events"), ("tickets", "rate_tickets")]
)
def test_a_rate_is_kept_with_a_clear_answer(tmp_path: Path, path: str, setting: str) -> None:
    services = make_services(tmp_path, **{setting: 2})
    client = make_app(services).test_client()
    posted = OFFER | TICKET | {"events": [event()]}
    answers = [client.post(f"/api/v1/{path}", json=posted, headers={"Idempotency-Key": str(n)}) for n in range(3)]
    assert [answer.status_code < 400 for answer in answers] == [True, True, False]
    assert_problem(answers[2], 429, f"the limit is 2 {path} a minute; try again in")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    close(services)


def found_from(client: FlaskClient, forwarded: str = "") -> tuple[int, str | None]:
    answer = client.get("/api/v1/search?q=password", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    return answer.status_code, answer.json.get("degraded")


def test_above_the_rate_searches_go_by_words_and_say_so_and_far_above_it_they_are_refused(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_search=2)
    client = make_app(services).test_client()
    answers = [found_from(client) for _ in range(9)]
    assert answers == [(200, None)] * 2 + [(200, "rate-limited")] * 6 + [(429, None)]
    refused = client.get("/api/v1/search?q=password")
    assert_problem(refused, 429, "the limit is 8 searches a minute; try again in")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    close(services)


def test_typing_has_ten_times_the_rate_of_searches_and_one_of_its_own(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_search=1)
    client = make_app(services).test_client()
    asked = ["/api/v1/complete?q=pass", "/api/v1/context?page=&title=password"]
    assert [client.get(asked[n % 2]).status_code for n in range(10)] == [200] * 10
    assert_problem(client.get(asked[0]), 429, "the limit is 10 requests while typing a minute")
    assert client.get(asked[1]).status_code == 429
    assert found_from(client) == (200, None)
    close(services)


def test_a_forged_forwarded_header_buys_no_searches(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_search=1)
    client = make_app(services).test_client()
    answers = [found_from(client, f"192.0.2.{n}") for n in range(5)]
    assert [status for status, _ in answers] == [200, 200, 200, 200, 429]
    close(services)


def test_rate_zero_never_refuses_a_search(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_search=0)
    client = make_app(services).test_client()
    assert {found_from(client) for _ in range(20)} == {(200, None)}
    close(services)


def post_from(client: FlaskClient, forwarded: str, *, visitor: str = "v1") -> int:
    headers = {"X-Forwarded-For": forwarded}
    return client.post("/api/v1/offers", json=OFFER | {"visitor": visitor}, headers=headers).status_code


def test_a_forged_forwarded_header_changes_nothing(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_offers=2)
    client = make_app(services).test_client()
    assert [post_from(client, f"192.0.2.{n}") for n in range(4)] == [200, 200, 429, 429]
    close(services)


def test_behind_a_proxy_the_address_that_it_saw_counts_and_what_the_client_wrote_does_not(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_offers=1, trusted_proxies=1)
    client = make_app(services).test_client()
    forged = [post_from(client, f"203.0.113.{n}, 192.0.2.1", visitor=f"v{n}") for n in range(WRITERS + 1)]
    assert forged == [200] * WRITERS + [429]
    assert post_from(client, "192.0.2.2", visitor="another") == 200
    assert post_from(client, "not an address", visitor="third") in (200, 429)
    close(services)


def test_one_episode_from_many_addresses_has_one_rate(tmp_path: Path) -> None:
    services = make_services(tmp_path, rate_offers=3, trusted_proxies=1)
    client = make_app(services).test_client()
    posted = OFFER | {"episode": client.post("/api/v1/offers", json=OFFER).json["episode"]}  # the first of its visitor
    statuses = [
        client.post("/api/v1/offers", json=posted, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(5)
    ]
    assert statuses == [200, 200, 429, 429, 429]
    close(services)


def test_no_answer_sets_a_cookie(client: FlaskClient) -> None:
    answers = [client.get("/api/v1/search?q=a"), client.post("/api/v1/offers", json=OFFER), send(client)]
    assert not any("Set-Cookie" in answer.headers for answer in answers)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*OFFER, *TICKET, "episode", "token", "category", "fields", "events", "name"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(path=st.sampled_from(["offers", "events", "tickets"]), document=st.dictionaries(NAMES, json_values, max_size=7))
def test_whatever_is_posted_has_an_answer_of_the_contract(
    client: FlaskClient, path: str, document: dict[str, Any]
) -> None:
    answer = client.post(f"/api/v1/{path}", json=document, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code in (200, 201, 202, 400, 401)


def test_a_wrong_method_is_answered_with_those_that_the_call_takes(client: FlaskClient) -> None:
    answer = client.put("/api/v1/offers", json=OFFER)
    assert_problem(answer, 405, "this call doesn't accept PUT; use OPTIONS or POST")
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_articles_without_an_id_are_no_call(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/articles/"), 404, "this call doesn't exist")


def test_a_time_may_be_written_with_small_letters_as_rfc_3339_says(client: FlaskClient) -> None:
    posted = {"visitor": "v1", "events": [event(at="2026-10-01t12:00:00z")]}
    assert client.post("/api/v1/events", json=posted).json == {"stored": 1, "refused": []}
