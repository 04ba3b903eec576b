"""To everybody else, a help center with limited articles looks like one without them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import sample
from tests.support.signing import KEYS, bearer, sign

PUBLIC = dict(sample.ARTICLES.items())
PUBLIC.pop("account/clients.md")
LIMITED = {
    "secret/_category.yml": "title: Secret\noffers: none\n",
    "secret/plan.md": "---\ntitle: The plan\naudience: [client]\naliases: [/plan]\n---\n\nAn invoice of the plan.\n",
    "secret/night.ja.md": "---\ntitle: 夜勤\naudience: [client]\n---\n\n夜勤の当番表。\n",
    "account/passkey.fr.md": "---\ntitle: Clé d'accès\naudience: [client]\n---\n\nOuvrez les réglages.\n",
    "account/passkey.es.md": "---\ntitle: Llave de acceso\naudience: [client]\n---\n\nAbra los ajustes.\n",
}
PLACES = [
    "/",
    "/en/",
    "/es/",
    "/sv/",
    "/ja/",
    "/nothing",
    "/plan",
    "/sitemap.xml",
    "/llms.txt",
    "/es/feed.xml",
    "/ja/feed.xml",
    "/en/contact",
    "/es/search?q=passkey",
    "/es/categories/account",
    "/es/categories/secret",
    "/en/categories/secret/feed.xml",
    "/en/articles/account/passkey",
    "/es/articles/account/passkey",
    "/sv/articles/account/passkey",
    "/es/articles/secret/plan",
    "/ja/articles/secret/night",
    "/api/v1/articles/account/passkey?lang=es",
    "/api/v1/articles/account/passkey?lang=fr",
    "/api/v1/articles/secret/plan?lang=en",
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[FlaskClient, FlaskClient]:
    """Return clients of a help center with limited articles, and of one without."""
    folder = tmp_path_factory.mktemp("traces")
    every = sample.help_center(folder / "every", files=PUBLIC | LIMITED, token_keys=KEYS)
    some = sample.help_center(folder / "some", files=PUBLIC, token_keys=KEYS)
    return every.test_client(), some.test_client()


def said(client: FlaskClient, path: str) -> tuple[int, str, str]:
    """Return the status, the place and the text of an answer, without what differs between two requests."""
    answer = client.get(path, headers={"Accept-Language": "ja, fr;q=0.9, en;q=0.1"})
    text = re.sub(
        r'nonce="[^"]*"|name="key" value="[^"]*"|nonce-[\w-]+|<(updated|lastmod)>[^<]*|"revision":\s*"\w+"',
        "",
        answer.text,
    )
    return answer.status_code, answer.headers.get("Location", ""), text


@pytest.mark.parametrize("path", PLACES)
def test_a_page_does_not_tell_whether_limited_articles_exist(both: tuple[FlaskClient, FlaskClient], path: str) -> None:
    every, some = both
    assert said(every, path) == said(some, path)


def test_a_category_of_limited_articles_stops_no_offers_for_others(both: tuple[FlaskClient, FlaskClient]) -> None:
    offer: dict[str, Any] = {"visitor": "v1", "subject": "invoice", "body": "Where is my invoice?", "lang": "en"}
    every, some = (c.post("/api/v1/offers", json=offer | {"category": "secret"}).json for c in both)
    assert [card["article"] for card in every["cards"]] == [card["article"] for card in some["cards"]]
    assert every["cards"]
    token = sign(sub="u1", segment="client")
    assert both[0].post("/api/v1/offers", json=offer | {"category": "secret", "token": token}).json["cards"] == []


def test_who_may_read_a_translation_gets_it(both: tuple[FlaskClient, FlaskClient]) -> None:
    token = bearer(sign(sub="u1", segment="client"))
    titles = [
        both[0].get(f"/api/v1/articles/account/passkey?lang={lang}", headers=token).json["title"]
        for lang in ("en", "es", "fr")
    ]
    assert titles == ["Sign in with a passkey", "Llave de acceso", "Clé d'accès"]
