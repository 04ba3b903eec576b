"""Limited articles: only their audience finds, gets offers of and reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from deflect.store.services import EXTENSION
from deflect.tickets.file_links import ARTICLE_LIFE as LIFE
from deflect.tickets.file_links import opens_article_file as opens
from deflect.tickets.file_links import with_keys
from tests.support import sample
from tests.support.signing import KEYS, bearer, sign

SECRET = "clandestine"  # a word of the limited articles, and of nothing else
FILES = sample.ARTICLES | {
    "_pins.yml": "rebate: account/clients\n",
    "_redirects.yml": "/discount: /en/articles/account/clients\n",
    "account/clients.md": "---\ntitle: Clandestine rebate\naudience: [client, partner]\naliases: [/rebate]\n"
    "queries: [how do I get the clandestine rebate]\n---\n\nClients get a clandestine rebate on each invoice. "
    "[Passkeys](passkey.md) ![The rebate](our%20rebate.png) ![A page](../billing/page.png) [List](list.pdf)\n\n"
    "## Clandestine terms\n\nAsk for them.\n",
    "account/our rebate.png": "clandestine picture",
    "account/list.pdf": "clandestine list",
    "account/clients.es.md": "---\ntitle: Rebaja clandestine\n---\n\nLos clientes tienen una rebaja clandestine.\n",
    "account/closed.md": "---\ntitle: Clandestine old rebate\naudience: [client]\nstatus: archived\n---\n\nGone.\n",
    "inner/_category.yml": "title: Clandestine matters\nsummary: Clandestine.\n",
    "inner/only.md": "---\ntitle: Clandestine handbook\naudience: [client]\n---\n\nClandestine.\n",
}
ARTICLE = "account/clients"
OFFER = {"visitor": "v1", "subject": "Clandestine rebate", "body": "How do I get the clandestine rebate?", "lang": "en"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("audience")
    client = sample.help_center(folder, files=FILES, token_keys=KEYS).test_client()
    articles = client.application.extensions[EXTENSION].settings.articles
    (articles / "link.pdf").symlink_to(articles / "account" / "list.pdf")
    return client


def a_client() -> str:
    """Return a token that is valid for five minutes, signed when it is used."""
    return sign(sub="u1", segment="client")


def a_stranger() -> str:
    return sign(sub="u2", segment="visitor", audience=["freelancer"])


def nobody() -> str:
    return ""


def articles(document: Any, key: str = "hits") -> list[str]:
    return [hit["article"] for hit in document[key]]


@pytest.mark.parametrize("call", ["search", "complete"])
def test_a_client_finds_what_is_for_clients(client: FlaskClient, call: str) -> None:
    answer = client.get(f"/api/v1/{call}?q=clandestine&lang=en", headers=bearer(a_client()))
    assert ARTICLE in articles(answer.json)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer.headers["Vary"]


def test_an_audience_of_the_token_counts_as_its_segment_does(client: FlaskClient) -> None:
    token = sign(audience=["partner"])
    answer = client.get("/api/v1/search?q=clandestine&lang=en", headers=bearer(token))
    found = articles(answer.json)
    assert (found[0], "inner/only" in found) == (ARTICLE, False)  # the handbook is for clients only


def test_a_client_reads_what_is_for_clients(client: FlaskClient) -> None:
    document = client.get(f"/api/v1/articles/{ARTICLE}?lang=en", headers=bearer(a_client())).json
    assert (document["title"], "rebate on each invoice" in document["html"]) == ("Clandestine rebate", True)


def test_a_client_is_offered_what_is_for_clients(client: FlaskClient) -> None:
    assert articles(client.post("/api/v1/offers", json=OFFER | {"token": a_client()}).json, "cards")[0] == ARTICLE
    by_header = client.post("/api/v1/offers", json=OFFER, headers=bearer(a_client())).json
    assert articles(by_header, "cards")[0] == ARTICLE


PLACES = [
    "/en/",
    "/es/",
    "/en/categories/account",
    "/es/categories/account",
    "/en/categories/inner",
    "/en/articles/account/passkey",
    "/en/articles/account/passkey.md",
    "/en/articles/account/clients",
    "/es/articles/account/clients",
    "/en/articles/account/clients.md",
    "/en/articles/account/closed",
    "/en/articles/inner/only",
    "/rebate",
    "/discount",
    "/en/search?q=rebate",
    "/en/search?q=invoice+terms",
    "/en/search?q=clandestin+rebat",
    "/en/search?q=clandestne",
    "/en/contact",
    "/sitemap.xml",
    "/robots.txt",
    "/llms.txt",
    "/feed.xml",
    "/api/v1/search?q=rebate&lang=en&k=50",
    "/api/v1/search?q=clandestne&lang=en",
    "/api/v1/search?q=clandestinas&lang=es",
    "/api/v1/complete?q=cland&lang=en",
    "/api/v1/complete?q=reb&lang=es",
    "/api/v1/articles/account/clients",
    "/api/v1/articles/account/clients?lang=es",
    "/api/v1/articles/inner/only",
    "/api/v1/openapi.json",
    "/healthz",
    "/files/account/our%20rebate.png",
    "/files/account/list.pdf",
    "/files/billing/../account/list.pdf",
    "/files/account//list.pdf",
    "/files/account/./list.pdf",
    "/files/link.pdf",
    "/files/account/list.pdf?key=ffffffff-" + 64 * "0",
    "/files/account/list.pdf?key=f____w." + 43 * "A",
]


@pytest.mark.parametrize("who", [nobody, a_stranger])
@pytest.mark.parametrize("path", PLACES)
def test_what_is_for_clients_is_nowhere_else(client: FlaskClient, path: str, who: Callable[[], str]) -> None:
    answer = client.get(path, headers=bearer(token) if (token := who()) else {})
    assert SECRET not in answer.text.lower()
    assert ARTICLE in path or ARTICLE not in answer.text
    assert SECRET not in str(answer.headers).lower()


@pytest.mark.parametrize(
    "path", ["/en/articles/account/clients", "/en/articles/account/closed", "/rebate", "/discount"]
)
def test_where_it_stands_looks_as_if_nothing_were_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == client.get("/en/articles/account/no-such").status_code == 404


def test_an_article_that_is_not_theirs_is_refused_as_one_that_is_not_there(client: FlaskClient) -> None:
    refused = client.get(f"/api/v1/articles/{ARTICLE}", headers=bearer(a_stranger()))
    missing = client.get("/api/v1/articles/account/missing", headers=bearer(a_stranger()))
    assert refused.json == missing.json | {"detail": f"there is no article {ARTICLE}"}


@pytest.mark.parametrize("who", [nobody, a_stranger])
def test_it_is_offered_to_nobody_else(client: FlaskClient, who: Callable[[], str]) -> None:
    answer = client.post("/api/v1/offers", json=OFFER | {"token": who() or None})
    assert answer.status_code == 200
    assert SECRET not in answer.text.lower()


def test_it_is_not_among_the_popular_however_often_clients_open_it(client: FlaskClient) -> None:
    for n in range(3):
        event = {"id": f"00000000-0000-4000-8000-00000000000{n}", "type": "read", "at": "2026-10-01T12:00:00Z"}
        client.post("/api/v1/events", json={"visitor": f"v{n}", "events": [event | {"article": ARTICLE}]})
    assert SECRET not in client.get("/en/").text.lower()


def test_nobody_votes_on_it_through_the_site(client: FlaskClient) -> None:
    assert client.post("/en/vote", data={"article": ARTICLE, "vote": "helpful"}).status_code == 404


def test_a_token_in_an_address_opens_nothing(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/articles/{ARTICLE}?token={a_client()}").status_code == 404


def test_a_token_that_expired_is_refused_and_opens_nothing(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/articles/{ARTICLE}", headers=bearer(sign(segment="client", exp=1)))
    assert (answer.status_code, "has expired" in answer.json["detail"]) == (401, True)


def test_a_file_of_an_article_for_some_comes_with_that_article(client: FlaskClient) -> None:
    html = client.get(f"/api/v1/articles/{ARTICLE}?lang=en", headers=bearer(a_client())).json["html"]
    files = re.findall(r'"(/files/[^"]+)"', html)
    assert [address.split("?")[0] for address in files] == [
        "/files/account/our%20rebate.png", "/files/billing/page.png", "/files/account/list.pdf",
    ]  # fmt: skip
    for address in files:
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert ("public" in answer.headers["Cache-Control"]) == ("billing" in address), address
    picture, _page, pdf = files
    assert client.get(f"/files/account/list.pdf?{picture.split('?')[1]}").status_code == 404, "a key opens one file"
    assert client.get(pdf.replace("key=", "key=0")).status_code == 404


def test_a_key_runs_out(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    here = client.application.extensions[EXTENSION]
    monkeypatch.setattr("time.time", lambda: 1000.0)
    html = with_keys(here, '<img src="/files/a.png">', {"a.png"})
    key = html.split("key=")[1].split('"')[0]
    assert not opens(here, "b.png", key)
    monkeypatch.setattr("time.time", lambda: 1000.0 + LIFE)
    assert opens(here, "a.png", key)
    monkeypatch.setattr("time.time", lambda: 1001.0 + LIFE)
    assert not opens(here, "a.png", key)


def test_a_file_that_everybody_s_articles_show_too_is_everybody_s(client: FlaskClient) -> None:
    with client.get("/files/billing/page.png") as answer:
        assert answer.status_code == 200
