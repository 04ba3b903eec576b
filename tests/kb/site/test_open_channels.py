"""Contact channels on pages and in episodes, and the articles offered for the page of a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from deflect.offers.context_cards import with_context
from deflect.offers.episode import Visit, ways
from deflect.store.services import EXTENSION, Services
from kb.content.channels import Way
from kb.content.contexts import Context
from kb.content.library import load
from kb.errors import BadGeneration
from search.rank.hit import Suggestions
from tests.support import sample
from tests.support.fakes import FakeSearcher, FakeSnapshot, hit
from tests.support.signing import KEYS, bearer, sign

CHANNELS = """
reach: {phone: +49 30 1234567, chat: "https://shop.example/chat", email: help@shop.example}
rules:
  - segment: client
    channels: [phone, chat, web]
    why: Clients may call.
  - topic: security
    channels: [phone]
    why: Call us at once.
  - topic: billing
    channels: [web, email]
    why: Invoices are answered within a day.
  - lang: ar
    dates: {2000-01-01 to 2100-01-01: We are moving house}
    channels: [web]
    why: By telephone again in June.
  - lang: es
    channels: none
"""
CONTEXTS = """
- page: /checkout/*
  articles: [billing/invoice, account/clients, no/such]
- page: /parcels/*
  query: download an invoice
- page: /club/*
  audience: [client]
  articles: [account/passkey]
"""
FILES = sample.ARTICLES | {"_channels.yml": CHANNELS, "_contexts.yml": CONTEXTS}
OFFER = {
    "visitor": "v1",
    "subject": "Hello",
    "body": "",
    "lang": "en",
    "page": "https://shop.example/checkout/pay?step=2",
}
FLOOR = 1.0  # which no article clears: what is offered is the page's
MAYBE = {"phone": "tel:+49301234567", "chat": "https://shop.example/chat", "email": "mailto:help@shop.example"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return sample.help_center(
        tmp_path_factory.mktemp("ways"), files=FILES, token_keys=KEYS, floor_suggest=FLOOR
    ).test_client()


def services(client: FlaskClient) -> Services:
    found: Services = client.application.extensions[EXTENSION]
    return found


def offer(client: FlaskClient, visitor: str, **change: Any) -> Any:
    return client.post("/api/v1/offers", json=OFFER | {"visitor": visitor} | change).json


def cards(document: Any) -> list[str]:
    return [card["article"] for card in document["cards"]]


@pytest.mark.parametrize(
    ("path", "shown", "hidden"),
    [
        ("/en/articles/account/passkey", ["Contact us", "Write to us in your own words"], list(MAYBE.values())),
        ("/en/articles/security/stolen", ["Call us at once.", MAYBE["phone"]], [MAYBE["chat"], "A person reads"]),
        ("/help/invoices", ["within a day", MAYBE["email"]], [MAYBE["phone"]]),
        ("/en/search?q=password", ["Contact us"], list(MAYBE.values())),
        ("/en/contact", ['id="kb-contact"'], list(MAYBE.values())),
        ("/en/contact?category=billing", ['id="kb-contact"', MAYBE["email"], "within a day"], [MAYBE["phone"]]),
        ("/ar/contact", ["We are moving house: By telephone again in June."], list(MAYBE.values())),
        ("/en/contact?category=security", [MAYBE["phone"], "Call us at once."], ['id="kb-contact"', "contact.js"]),
        ("/es/contact", ["no podemos responder"], ['id="kb-contact"', "tel:"]),
        ("/es/articles/account/passkey", ["no podemos responder"], ["mailto:", "tel:"]),
    ],
)
def test_a_page_shows_the_ways_that_its_reader_has(
    client: FlaskClient, path: str, shown: list[str], hidden: list[str]
) -> None:
    main = client.get(path).text.split("<main", 1)[1].split("</main>")[0] + path
    text = main if "contact.js" not in hidden else client.get(path).text
    assert [words for words in shown if words not in text] == []
    assert [words for words in hidden if words in text] == []


def test_what_is_sent_though_the_form_is_hidden_is_kept(client: FlaskClient) -> None:
    form = {"subject": "S", "message": "B", "email": "jo@example.com", "offered": "1", "category": "security"}
    assert client.post("/en/contact", data=form).status_code == 303


@pytest.mark.parametrize(
    ("change", "channels"),
    [
        ({}, ["web"]),
        ({"category": "billing"}, ["web", "email"]),
        ({"segment": "client"}, ["phone", "chat", "web"]),
        ({"lang": "es"}, []),
    ],
)
def test_the_channels_are_kept_with_the_episode(
    client: FlaskClient, change: dict[str, Any], channels: list[str]
) -> None:
    token = {"token": sign(sub="u1", segment=change["segment"])} if "segment" in change else change
    episode = offer(client, f"who{len(str(change))}", **token)["episode"]
    (row,) = services(client).store.rows("SELECT channels FROM episodes WHERE id = ?", [episode])
    assert json.loads(row["channels"]) == channels


def test_the_widget_is_told_the_ways_of_who_is_signed_in(client: FlaskClient) -> None:
    path = "/api/v1/context?page=https://shop.example/&lang=en"
    assert client.get(path).json["channels"] == [{"channel": "web", "why": "", "address": ""}]
    told = client.get(path, headers=bearer(sign(sub="u1", segment="client"))).json["channels"]
    assert [(way["channel"], way["why"]) for way in told] == [
        (c, "Clients may call.") for c in ("phone", "chat", "web")
    ]
    about = client.get(f"{path}&category=security").json
    assert (client.get(path).json["form"], about["form"]) == (True, False)
    assert about["channels"] == [{"channel": "phone", "why": "Call us at once.", "address": MAYBE["phone"]}]


def test_without_articles_the_form_is_open_to_everybody() -> None:
    class Gone:
        def get(self) -> None:
            raise BadGeneration("there is no generation; run 'kb index'")

    class Here:
        current = Gone()

    here: Any = Here()
    assert ways(here, lang="en", now=datetime(2026, 11, 22, tzinfo=UTC)) == (Way("web"),)


def test_next_to_nothing_typed_is_offered_what_belongs_to_the_page(client: FlaskClient) -> None:
    document = offer(client, "c1")
    assert (cards(document), document["abstained"]) == (["billing/invoice"], False)
    assert document["ranker"].endswith("+context")
    assert document["cards"][0]["url"] == "/help/invoices"


def test_a_client_is_offered_what_belongs_to_the_page_for_clients(client: FlaskClient) -> None:
    token = sign(sub="u9", segment="client")
    assert cards(offer(client, "c2", token=token)) == ["billing/invoice", "account/clients"]
    club = {"page": "https://shop.example/club/x"}
    assert cards(offer(client, "c3", token=token, **club)) == ["account/passkey"]
    assert cards(offer(client, "c4", **club)) == []


def test_a_page_s_search_is_offered_where_no_article_is_named(client: FlaskClient) -> None:
    assert cards(offer(client, "c5", page="/parcels/7"))[:1] == ["billing/invoice"]


def test_a_page_adds_nothing_where_something_was_said(client: FlaskClient) -> None:
    document = offer(client, "c6", body="How do I sign in with a passkey and without any password?")
    assert (cards(document), document["abstained"]) == ([], True)


@pytest.mark.parametrize(("better", "first"), [(0.04, "billing/vat"), (0.06, "account/reset")])
def test_an_article_of_the_page_comes_first_among_equals_only(better: float, first: str) -> None:
    class Searcher(FakeSearcher):
        class snapshot(FakeSnapshot):  # noqa: N801 (a stand-in for the property)
            contexts = (Context("/pay", ("billing/vat",)),)
            category = staticmethod(lambda name, lang: None)

    found = Suggestions(False, None, "r", (hit("account/reset", 0.5 + better), hit("billing/vat", 0.5)), ())
    searcher: Any = Searcher()
    said = "a message that says what it is about"
    offered = with_context(searcher, Visit("v1", page="/pay"), found, text=said, lang="en", k=3)
    assert offered.cards[0].article == first


def test_a_page_adds_nothing_in_a_category_without_offers(client: FlaskClient) -> None:
    document = offer(client, "c7", category="security")
    assert (cards(document), document["abstained"]) == ([], True)


def test_a_page_without_a_context_changes_nothing(client: FlaskClient) -> None:
    assert cards(offer(client, "c8", page="https://shop.example/else")) == []


def test_the_check_names_what_is_wrong_with_both_files(client: FlaskClient) -> None:
    library = load(services(client).settings.articles, default_lang="en")
    found = {(problem.path, problem.why) for problem in library.problems}
    assert found == {("_contexts.yml", "no/such is not an article")}
