"""The articles and limits for a page of the owner's site."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.deflect.offers.test_popular import opened_by_enough
from tests.support.logging_in import services_of
from tests.support.sample import ARTICLES, fresh, help_center
from tests.support.signing import KEYS, bearer, sign

CONTEXTS = "- page: /checkout\n  articles: [billing/invoice, account/clients]\n- page: /parcels\n  query: passkey\n"
POPULAR = ("account/passkey", "account/clients", "billing/invoice", "security/stolen")
TRICK = b"<html><script>1</script></html>"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center with contexts."""
    files = {**ARTICLES, "_contexts.yml": CONTEXTS}
    return help_center(tmp_path_factory.mktemp("context"), files=files, token_keys=KEYS, attachments=2)


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same with an empty store."""
    return fresh(built, tmp_path)


def context(app: Flask, page: str = "", title: str = "", *, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the answer about a page, with the ids of its articles."""
    query = {"page": f"https://shop.example{page}", "title": title, "lang": "en"}
    answer = app.test_client().get("/api/v1/context", query_string=query, headers=headers).json
    lists = {name: [hit["article"] for hit in answer[name]] for name in ("hits", "promoted", "popular")}
    return {**answer, **lists}


@pytest.mark.parametrize(
    ("page", "title", "hits"),
    [
        ("/checkout", "Pay", ["billing/invoice"]),  # the other article is for clients
        ("/parcels", "Parcels", ["account/passkey"]),
        ("/a", "Download an invoice", ["billing/invoice"]),
        ("/a", "Download shop", []),  # a part of a page's title matches by chance
        ("/a", "", []),
    ],
)
def test_a_page_has_its_articles_or_else_the_author_s(app: Flask, page: str, title: str, hits: list[str]) -> None:
    found = context(app, page, title)
    assert found["hits"] == hits
    assert bool(found["promoted"]) == (not hits)
    assert found["popular"] == []


def test_popular_articles_are_those_that_this_person_may_read(app: Flask) -> None:
    opened_by_enough(services_of(app).store, POPULAR)
    assert context(app)["popular"] == ["account/passkey", "billing/invoice", "security/stolen"]
    signed = bearer(sign(segment="client"))
    assert context(app, headers=signed)["popular"] == ["account/clients", *POPULAR[:1], *POPULAR[2:]]


def test_it_has_the_limits_for_files(app: Flask) -> None:
    files = context(app)["files"]
    assert (files["most"], files["each"], files["total"]) == (2, 10, 20)
    assert {".png", ".pdf", ".txt"} <= set(files["accept"].split(","))


@pytest.mark.parametrize(
    ("lang", "start"),
    [("en", "trick.png: This file type isn't accepted."), ("es", "trick.png: "), ("xx", "trick.png: This file")],
)
def test_a_refused_file_is_explained_in_the_visitor_s_language(app: Flask, lang: str, start: str) -> None:
    ticket = json.dumps({"subject": "S", "body": "B", "email": "jo@example.com", "lang": lang})
    data = {"ticket": ticket, "files": (io.BytesIO(TRICK), "trick.png")}
    answer = app.test_client().post("/api/v1/tickets", data=data, headers={"Idempotency-Key": "k"})
    (error,) = answer.json["errors"]
    assert (answer.status_code, error["field"]) == (400, "files")
    assert error["why"].startswith(start)
    assert ("This file" in error["why"]) == (lang != "es")
