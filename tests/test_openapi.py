"""The OpenAPI document against the API: whatever is sent, each call answers as described, and never breaks."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from deflect import openapi
from tests import sample
from tests.signing import KEYS, bearer, sign, sign_call

DOCUMENT = openapi.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
CALLS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
WORDS = st.sampled_from(["password", "invoice", "account/reset-password", "en", "es", "web", "v1", "T1"])
TEXT = st.text(max_size=40) | WORDS | st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return sample.help_center(tmp_path_factory.mktemp("openapi"), token_keys=KEYS).test_client()


def meant(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference names, or the schema itself."""
    found: dict[str, Any] = SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return found


def kinds(schema: dict[str, Any]) -> list[str]:
    """Return the types that a schema allows, all where it names none."""
    named = schema.get("type", list(TYPES))
    return [named] if isinstance(named, str) else list(named)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that fit a schema."""
    schema = meant(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return st.one_of([of_kind(kind, schema) for kind in kinds(schema)])


def of_kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "object":
        parts = {name: fitting(part) for name, part in schema.get("properties", {}).items()}
        needed = {name: parts.pop(name) for name in schema.get("required", ()) if name in parts}
        return (
            st.fixed_dictionaries(needed, optional=parts)
            if needed or parts
            else st.dictionaries(TEXT, TEXT, max_size=3)
        )
    if kind == "array":
        return st.lists(fitting(schema["items"]), max_size=3)
    if kind == "string":
        return of_text(schema)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(schema.get("minimum"), schema.get("maximum")),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return simple[kind]


def of_text(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "jwt":
        return st.builds(lambda: sign(sub="u1", segment="client"))
    if schema.get("format") == "email":
        return st.emails() | st.just("jo@example.com")
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"))
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return TEXT.filter(lambda text: schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**6))


def sloppy(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return documents that nearly fit: with a part that is something else, or missing, or too much."""
    parts = meant(schema).get("properties", {})
    wrong = st.dictionaries(st.sampled_from(sorted(parts)) | TEXT, ANYTHING, min_size=1, max_size=3)
    return st.tuples(fitting(schema), wrong).map(lambda pair: {**pair[0], **pair[1]}) | ANYTHING


WHO = ("", "", "person", "server", "server", "nonsense", "expired")


def headers(who: str, key: str | None) -> dict[str, str]:
    tokens = {
        "nonsense": "a.b.c",
        "person": sign(sub="u1", email="jo@example.com", segment="client"),
        "server": sign_call(),
        "expired": sign(sub="u1", exp=1),
    }
    return (bearer(tokens[who]) if who else {}) | ({"Idempotency-Key": key} if key is not None else {})


def filled(path: str, parameters: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: quote(str(parameters.pop(name[1], "x")).encode("utf-8", "replace")), path)


def assert_described(answer: TestResponse, operation: dict[str, Any]) -> None:
    """Assert that an answer is one of those that the document names, and of the shape that it says."""
    status = str(answer.status_code)
    assert status in operation["responses"], (status, answer.text[:300])
    ((media, content),) = operation["responses"][status]["content"].items()
    assert answer.mimetype == media
    assert misfit(answer.json, content["schema"]) == ""


def misfit(value: Any, schema: dict[str, Any], where: str = "answer") -> str:
    """Return where a value is not as its schema says, "" where it is."""
    schema = meant(schema)
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{where} is {value!r}"
    if not any(isinstance(value, TYPES[kind]) for kind in kinds(schema)):
        return f"{where} is a {type(value).__name__}"
    if isinstance(value, dict):
        missing = set(schema.get("required", ())) - set(value)
        parts = schema.get("properties", {})
        below = (misfit(value[name], part, f"{where}.{name}") for name, part in parts.items() if name in value)
        return f"{where} has no {missing}" if missing else next(filter(None, below), "")
    if isinstance(value, list):
        return next(filter(None, (misfit(one, schema["items"], f"{where}[]") for one in value)), "")
    return ""


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method} {path}" for method, path in CALLS])
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_sent_is_answered_as_described(
    client: FlaskClient, method: str, path: str, data: st.DataObject
) -> None:
    operation = DOCUMENT["paths"][path][method]
    parameters = {
        one["name"]: data.draw(fitting(one["schema"]) | fitting(one["schema"]) | TEXT, label=one["name"])
        for one in operation["parameters"]
        if one["in"] != "header" and (one["required"] or data.draw(st.booleans()))
    }
    key = str(uuid.uuid4()) if method == "post" and data.draw(st.integers(0, 9), label="key") else None
    who = data.draw(st.sampled_from(WHO if operation["security"][0] == {} else (*WHO, *["server"] * 9)), label="who")
    options: dict[str, Any] = {"headers": headers(who, key)}
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        options["json"] = data.draw(fitting(schema) | fitting(schema) | sloppy(schema), label="body")
    address = filled(path, parameters)
    query = {name: str(value).encode("utf-8", "replace") for name, value in parameters.items()}
    assert_described(client.open(f"/api/v1{address}", method=method.upper(), query_string=query, **options), operation)


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "post"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=200), media=st.sampled_from(["application/json", "text/plain", "text/html", ""]))
def test_a_body_that_is_nothing_is_refused_in_words(client: FlaskClient, path: str, body: bytes, media: str) -> None:
    given = {"Idempotency-Key": str(uuid.uuid4())} | bearer(sign_call())
    answer = client.post(f"/api/v1{path}", data=body, content_type=media, headers=given)
    assert answer.status_code in (400, 415)
    assert answer.json["detail"]


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "post"])
def test_a_body_over_64_kb_is_refused(client: FlaskClient, path: str) -> None:
    given = {"Idempotency-Key": "k"} | bearer(sign_call())
    assert client.post(f"/api/v1{path}", json={"body": "x" * 70_000}, headers=given).status_code == 413


def test_every_call_of_the_api_is_described(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    there = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")) for rule in rules}
    assert there - {"/openapi.json"} == set(DOCUMENT["paths"])


def test_every_reference_leads_somewhere() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    named = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert named <= set(SCHEMAS)
