"""Compiled postings give Whoosh's scores."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from search.index.keyword import WordDocument, WordIndex, counted
from search.index.postings import FIELDS, Postings, compile_postings

WEIGHTS = {"title": 2.0, "body": 1.0, "headings": 1.5}
TEXTS = {
    "reset": ("reset your password", "open the page and follow the link to reset the password of your account"),
    "vat": ("tax on invoices", "the invoice shows the tax and the tax rate of your country " * 3),
    "refund": ("refunds", "money returns to your card"),
    "card": ("change your card", "open your account and change the card"),
}


def document(key: str, title: str, body: str, *, hash: str = "1") -> WordDocument:
    words = {"title": title.split(), "body": body.split(), "headings": title.split()[:1]}
    return WordDocument(key, hash, {name: Counter(words.get(name, ())) for name in FIELDS})


def compiled(index: WordIndex, folder: Path, keys: list[str]) -> Postings:
    compile_postings(
        index.segments(folder / "segments", {}), {key: n for n, key in enumerate(keys)}, folder / "postings"
    )
    return Postings.open(folder / "postings")


def scores(postings: Postings, terms: list[str], count: int) -> np.ndarray:
    found = np.zeros(count, dtype=np.float32)
    for term in terms:
        row = postings.row(term)
        if row is not None:
            postings.add(row, found, weights=WEIGHTS)
    return found


def assert_same_as_whoosh(index: WordIndex, folder: Path, keys: list[str], terms: list[str]) -> None:
    ours = scores(compiled(index, folder, keys), terms, len(keys))
    theirs = index.scores([(field, term, weight) for field, weight in WEIGHTS.items() for term in terms])
    assert {key: ours[n] for n, key in enumerate(keys) if ours[n]} == pytest.approx(theirs, rel=1e-5)


@pytest.fixture
def index(tmp_path: Path) -> WordIndex:
    made = WordIndex(tmp_path / "whoosh")
    made.update(remove=[], add=[document(key, *texts) for key, texts in TEXTS.items()])
    return made


@pytest.mark.parametrize("terms", [["password"], ["the", "tax"], ["your", "card", "account"], ["missing"]])
def test_scores_are_those_of_whoosh(index: WordIndex, tmp_path: Path, terms: list[str]) -> None:
    assert_same_as_whoosh(index, tmp_path, list(TEXTS), terms)


def test_scores_stay_those_of_whoosh_when_an_article_changes(index: WordIndex, tmp_path: Path) -> None:
    compiled(index, tmp_path, list(TEXTS))
    index.update(remove=["vat"], add=[document("vat", "vat", "a new text about the card", hash="2")])
    index.update(remove=["refund"], add=[])
    assert index.hashes([*TEXTS, "none"]) == {"reset": "1", "card": "1", "vat": "2"}
    assert_same_as_whoosh(index, tmp_path, ["card", "reset", "vat"], ["the", "card", "tax"])


def test_a_deleted_article_has_no_postings(index: WordIndex, tmp_path: Path) -> None:
    index.update(remove=["refund"], add=[])
    postings = compiled(index, tmp_path, ["card", "reset", "vat"])
    row = postings.row("refunds")
    assert row is None or not len(postings.field(row, "title")[0])


def test_rarity_falls_with_the_number_of_articles_that_have_a_term(index: WordIndex, tmp_path: Path) -> None:
    postings = compiled(index, tmp_path, list(TEXTS))
    assert postings.rarity("nowhere") == postings.rarest > postings.rarity("tax") > postings.rarity("your") > 0.0


def test_postings_counted_directly_are_those_that_whoosh_keeps(index: WordIndex, tmp_path: Path) -> None:
    (kept,) = index.segments(tmp_path / "segments", {})
    direct = counted(document(key, *TEXTS[key]) for key in kept.keys)
    assert list(direct.keys) == list(kept.keys)
    for name, field in kept.fields.items():
        own = direct.fields[name]
        assert list(own.terms) == list(field.terms)
        for part in ("indptr", "docs", "weights", "lengths"):
            assert np.array_equal(getattr(own, part), getattr(field, part)), f"{name}.{part}"
