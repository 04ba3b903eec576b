"""Proposals for authors: planted needs are found with their evidence, without texts of a single person."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from deflect.history import imports
from deflect.learn import lessons, proposals
from deflect.store.clock import from_rfc3339
from kb.config import Settings
from kb.content.library import load
from kb.server.indexing import refresh
from tests.conftest import write_articles

NOW = from_rfc3339("2026-10-30T00:00:00Z")
ARTICLES = {
    "login.md": "# Restore access\n\nOpen the sign-in form and follow the link that comes by mail.\n",
    "vat.md": "# Tax on invoices\n\nThe invoice shows the tax of your country.\n",
    "card.md": "# Change your card\n\nBilling uses the new card at once. Remove the old one later on.\n",
    "card-again.md": "# Change your card\n\nBilling uses the new card at once. Remove the old one later.\n",
    "parcel.md": "# Where is my parcel\n\nTrack it with the number of the shipment.\n",
    "_pins.yml": "parcel tracking: parcel\nshop hours: vat\nnever searched: card\n",
    "_synonyms.yml": "en:\n  - [parcel, package]\n",
}


@pytest.fixture
def center(tmp_path: Path) -> Settings:
    """A help center with vectors that a reader can compute by hand."""
    settings = Settings(
        articles=write_articles(tmp_path / "articles", ARTICLES),
        data=tmp_path / "var",
        embedder="tests.support.shelf_of_articles:WordEmbedder",
    )
    refresh(settings, words_only=False, now=datetime(2026, 10, 1, tzinfo=UTC))
    return settings


def solved(center: Settings, texts: list[tuple[str, str]], article: str) -> None:
    rows = [
        {"subject": subject, "body": body, "article": article, "date": "2026-09-01", "email": f"p{n}@example.com"}
        for n, (subject, body) in enumerate(texts)
    ]
    file = center.data / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    lessons.load(center, file)


def happened(center: Settings, visitors: int, steps: list[dict[str, Any]], *, seed: int = 0) -> None:
    """Let each of some visitors do the steps, a minute apart."""
    rows = [
        {"visitor": f"v{seed}-{n}", "id": str(uuid.UUID(int=seed * 10_000 + n * 10 + minute)), **step}
        | {"at": f"2026-10-2{n % 9}T10:0{minute}:00Z"}
        for n in range(visitors)
        for minute, step in enumerate(steps)
    ]
    file = center.data / f"events-{seed}.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    done = imports.load_events(center, file)
    assert not done["refused"], done


def search(text: str) -> dict[str, Any]:
    return {"type": "search", "text": text, "hits": 0, "stage": "none", "ranker": "x", "lang": "en"}


def follow(article: str) -> dict[str, Any]:
    return {"type": "follow", "source": "search", "article": article, "rank": 1}


def proposed(center: Settings, name: str) -> Any:
    proposals.propose(center, now=NOW)
    file = center.articles / proposals.FOLDER / f"{name}.yml"
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None


LOCKED = [
    ("I am locked out", "Locked out of my account since today, I am stuck"),
    ("I am locked out", "I am locked out again"),
    ("Hopelessly locked out", "I am locked out, says Wilhelmina"),
]


def test_what_several_asked_and_the_article_misses_is_a_question_for_it(center: Settings) -> None:
    solved(center, LOCKED, "login")
    assert proposed(center, "queries") == {"login": ["I am locked out"]}
    text = (center.articles / proposals.FOLDER / "queries.yml").read_text(encoding="utf-8")
    assert "3 like it; not among the first ten" in text


def test_a_word_of_one_person_is_never_proposed(center: Settings) -> None:
    solved(center, [(f"locked out {name}", "") for name in ("Wilhelmina", "Balthasar", "Eulalia")], "login")
    assert proposed(center, "queries") is None


def test_what_two_people_asked_is_not_proposed(center: Settings) -> None:
    solved(center, LOCKED[:2], "login")
    assert proposed(center, "queries") is None


def test_a_question_that_finds_its_article_is_not_proposed(center: Settings) -> None:
    solved(center, [("tax on my invoices", "")] * 4, "vat")
    assert proposed(center, "queries") is None


def test_a_word_that_people_replaced_by_another_is_a_synonym(center: Settings) -> None:
    happened(center, 3, [search("bill of may"), search("invoice of may"), follow("vat")])
    assert proposed(center, "synonyms") == {"en": [["bill", "invoice"]]}


@pytest.mark.parametrize(
    ("before", "after", "people"),
    [
        ("bill of may", "invoice of may", 2),  # too few
        ("invioce of may", "invoice of may", 3),  # a typing error
        ("invoices of may", "invoice of may", 3),  # a form of the word
        ("parcel of may", "package of may", 3),  # known already
        ("bill of may", "invoice for june", 3),  # more than one word
    ],
)
def test_what_is_no_new_synonym_is_not_proposed(center: Settings, before: str, after: str, people: int) -> None:
    happened(center, people, [search(before), search(after), follow("vat")])
    assert proposed(center, "synonyms") is None


def test_a_search_that_led_somewhere_was_not_replaced(center: Settings) -> None:
    happened(center, 3, [search("bill of may"), follow("vat"), search("invoice of may"), follow("vat")])
    assert proposed(center, "synonyms") is None


def test_pins_that_change_nothing_and_pins_that_nobody_opens_may_go(center: Settings) -> None:
    happened(center, 20, [search("shop hours")], seed=1)
    assert proposed(center, "pins") == {"en": {"parcel tracking": ["parcel"], "shop hours": ["vat"]}}
    text = (center.articles / proposals.FOLDER / "pins.yml").read_text(encoding="utf-8")
    assert "it comes first without its pin" in text
    assert "20 searches, and no one opened it" in text


def test_a_pin_that_somebody_opens_stays(center: Settings) -> None:
    happened(center, 20, [search("shop hours")], seed=1)
    happened(center, 1, [search("Shop hours"), follow("vat")], seed=2)
    assert proposed(center, "pins") == {"en": {"parcel tracking": ["parcel"]}}


def test_articles_that_say_nearly_the_same_are_named(center: Settings) -> None:
    assert proposed(center, "duplicates") == [["card", "card-again"]]


def test_the_same_events_give_the_same_bytes_and_what_is_settled_goes(center: Settings) -> None:
    solved(center, LOCKED, "login")
    happened(center, 3, [search("bill of may"), search("invoice of may"), follow("vat")])
    folder = center.articles / proposals.FOLDER
    proposals.propose(center, now=NOW)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(first) == {"queries.yml", "synonyms.yml", "pins.yml", "duplicates.yml"}
    proposals.propose(center, now=NOW)
    assert first == {file.name: file.read_bytes() for file in folder.iterdir()}
    (center.articles / "card-again.md").unlink()
    refresh(center, words_only=False, now=datetime(2026, 10, 2, tzinfo=UTC))
    proposals.propose(center, now=NOW)
    assert not (folder / "duplicates.yml").exists()


def test_proposals_are_no_articles_and_change_none(center: Settings) -> None:
    before = load(center.articles, default_lang="en")
    proposals.propose(center, now=NOW)
    after = load(center.articles, default_lang="en")
    assert (after.articles, after.problems) == (before.articles, before.problems)
