"""The OpenAPI document and the API: each call answers any request as described, without an internal error."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from deflect.api import openapi
from tests.support import sample
from tests.support.signing import KEYS, bearer, sign, sign_call


def closed(schema: Any) -> Any:
    """Return a schema that forbids additional fields."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    own = {name: closed(part) for name, part in schema.items()}
    return own | ({"additionalProperties": False} if "properties" in own else {})


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every answer closed to fields that are not described."""
    schemas = document["components"]["schemas"]
    answers = {name: closed(schema) for name, schema in schemas.items() if name in ANSWERS}
    return document | {"components": document["components"] | {"schemas": schemas | answers}}


DOCUMENT = openapi.document()
ANSWERS = {call[6] for call in openapi.CALLS} | {"Hit", "Problem"}
DESCRIBED = schemathesis.openapi.from_dict(strict(DOCUMENT))
SCHEMAS = DOCUMENT["components"]["schemas"]
CALLS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
TOKENS = {
    "nobody": dict,
    "nonsense": lambda: bearer("a.b.c"),
    "person": lambda: bearer(sign(sub="u1", email="jo@example.com", segment="client")),
    "server": lambda: bearer(sign_call()),
    "expired": lambda: bearer(sign(sub="u1", exp=1)),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return sample.help_center(tmp_path_factory.mktemp("openapi"), token_keys=KEYS)


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.faults
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method} {path}" for method, path in CALLS])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_sent_is_answered_as_described(
    app: Flask, method: str, path: str, mode: GenerationMode, data: st.DataObject
) -> None:
    case = data.draw(DESCRIBED[path][method].as_strategy(generation_mode=mode))
    given = {"Idempotency-Key": str(uuid.uuid4())} | TOKENS[data.draw(st.sampled_from(["server", *TOKENS]))]()
    answer = case.call(app=app, base_url="http://localhost/api/v1", headers=given)
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "post"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=200), media=st.sampled_from(["application/json", "text/plain", "text/html", ""]))
def test_a_body_that_is_nothing_is_refused_in_words(client: FlaskClient, path: str, body: bytes, media: str) -> None:
    given = {"Idempotency-Key": str(uuid.uuid4())} | bearer(sign_call())
    answer = client.post(f"/api/v1{path.replace('{id}', 'a')}", data=body, content_type=media, headers=given)
    assert answer.status_code in (400, 415)
    assert answer.json["detail"]


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "post"])
def test_a_body_over_64_kb_is_refused(client: FlaskClient, path: str) -> None:
    given = {"Idempotency-Key": "k"} | bearer(sign_call())
    address = f"/api/v1{path.replace('{id}', 'a')}"
    assert client.post(address, json={"body": "x" * 70_000}, headers=given).status_code == 413


def test_every_call_of_the_api_is_described(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    there = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")) for rule in rules}
    assert there - {"/openapi.json", "/", "/{rest}"} == set(DOCUMENT["paths"])


def test_the_document_is_openapi_by_its_own_schema() -> None:
    DESCRIBED.validate()


@pytest.mark.parametrize(("method", "path"), [(m, p.replace("{id}", "a/b")) for m, p in CALLS])
def test_a_method_that_a_call_does_not_take_is_refused_with_those_that_it_takes(
    client: FlaskClient, method: str, path: str
) -> None:
    taken = {known for known, called in CALLS if called.replace("{id}", "a/b") == path}
    assert method in taken
    for other in {"get", "post", "put", "patch", "delete"} - taken:
        answer = client.open(f"/api/v1{path}", method=other, headers={"Origin": "https://any.example"})
        assert (answer.status_code, answer.content_type) == (405, "application/problem+json"), other
        assert set(answer.headers["Allow"].split(", ")) - {"HEAD"} == {*map(str.upper, taken), "OPTIONS"}


@pytest.mark.parametrize("path", ["/nothing", "/", "/search/more", "/offers/1"])
def test_what_is_no_call_is_a_problem_document_that_any_page_may_read(client: FlaskClient, path: str) -> None:
    for method in ("GET", "POST", "PUT"):
        answer = client.open(f"/api/v1{path}", method=method, headers={"Origin": "https://any.example"})
        assert (answer.status_code, answer.json["title"]) == (404, "Not Found")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


GIVEN: dict[str, dict[str, Any]] = {
    "/search": {"query_string": {"q": "passwort reset"}},
    "/complete": {"query_string": {"q": "pass"}},
    "/articles/{id}": {"path": "/articles/account/reset-password"},
    "/context": {"query_string": {"page": "https://shop.example/cart", "title": "password"}},
    "/offers": {"json": {"visitor": "v1", "subject": "password", "body": "I cannot reset it"}},
    "/events": {"json": {"visitor": "v1", "events": [{"id": "no"}]}},
    "/tickets": {"json": {"subject": "Hello", "body": "there", "email": "jo@example.com"}},
    "/contacts": {"json": {"external_id": "Z1", "channel": "phone", "at": "2026-10-01T12:00:00Z", "person": "u1"}},
}


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method} {path}" for method, path in CALLS])
def test_a_good_answer_has_exactly_the_fields_that_the_document_names(
    client: FlaskClient, method: str, path: str
) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())} | (bearer(sign_call()) if path == "/contacts" else {})
    given = {"path": path} | GIVEN[path]
    if method == "post" and "json" not in given:
        given["json"] = given.pop("query_string", {})
    answer = client.open(f"/api/v1{given.pop('path')}", method=method, headers=headers, **given)
    status, name = next((call[5], call[6]) for call in openapi.CALLS if call[1] == path)
    assert answer.status_code == status
    schema = SCHEMAS[name]
    assert set(answer.json) == set(schema["properties"]) == set(schema["required"])
    for field in ("hits", "cards", "refused", "headings", "channels"):
        parts = schema["properties"].get(field, {"items": {}})["items"]
        described = SCHEMAS["Hit"] if "$ref" in parts else parts
        assert all(set(part) == set(described["properties"]) for part in answer.json.get(field, ()))


def test_every_reference_leads_somewhere() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    named = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert named <= set(SCHEMAS)
