"""What a visitor finds does not depend on the articles that the visitor may not see."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.index.build import Content
from search.index.learned import FEATURES, Learned
from search.rank.searcher import Audience, Searcher
from tests.support.shelf_of_articles import Part, WordEmbedder, article, shelf

PUBLIC = [
    article("account/reset", "Reset your password", "Open the login page and follow the link in the letter."),
    article("account/reset", "Restablecer la contraseña", "Abra la página de inicio.", lang="es"),
    article("billing/refund", "Money back", "A refund takes five days.", parts=[Part("tax", ("Tax",), "Tax is paid.")]),
    article("billing/card", "Change your card", "The new card is used at once. Error PAY_402 means no money."),
    article("apps/export", "Export a file", "Open the settings and choose the old format.", queries=("save as csv",)),
    article("start/project", "Post a project", "Describe the work, then freelancers send their offers."),
]
STAFF = [
    article(
        "staff/merger", "Zanzibar merger", "Project Kestrel buys the warehouse in Zanzibar. Passwerd refunds stop.",
        queries=("kestrel closing date",), audience=("staff",),
    ),
    article("staff/rota", "Rota of the night shift", "The login refund password rota.", audience=("staff", "lead")),
    article("staff/rota", "倉庫の夜勤", "ザンジバルの倉庫。", lang="ja", audience=("staff",)),
    article("staff/silent", "Layoffs", "Write to nobody.", audience=("staff",), offers=False, category="layoffs"),
]  # fmt: skip
LEAD = [
    article("lead/pay", "Bonus of the quarter", "The quarterly bonus formula mentions Kestrel.", audience=("lead",))
]
EVERY = [*PUBLIC, *STAFF, *LEAD]
WORDS = sorted({w for a in EVERY for t in (a.article.title, a.article.markdown) for w in t.replace(".", "").split()})


def probes(count: int) -> Iterator[str]:
    """Yield words of all articles, their beginnings, misspellings and combinations, and a word of no article."""
    draw = random.Random(11)
    for word in WORDS:
        yield word
        yield word[: max(2, len(word) - 3)]
        yield word[:2] + word[3:]
    for _ in range(count - 3 * len(WORDS)):
        yield " ".join(draw.choices([*WORDS, "xylophone"], k=draw.randint(2, 5)))


def answers(searcher: Searcher, text: str, audience: Audience) -> list[Any]:
    """Return all that the search says of a text, without the name of the generation."""
    asked = {"lang": "en", "audience": audience}
    found = [searcher.search(text, **asked).document(), searcher.complete(text, **asked).document()]
    offered = searcher.suggest(text, f"{text} please", **asked)
    told = [(hit.article, hit.snippet, hit.score) for hit in offered.cards], offered.candidates
    return [*({k: v for k, v in one.items() if k != "ranker"} for one in found), told]


def pair(folder: Path, without: Sequence[Content], *, encoder: WordEmbedder | None) -> tuple[Searcher, Searcher]:
    """Return a searcher over all articles, and one over some of them."""
    return tuple(shelf(folder / n, some, encoder=encoder, name=n) for n, some in (("all", EVERY), ("some", without)))


@pytest.mark.parametrize("encoder", [None, WordEmbedder()], ids=["words", "vectors"])
@pytest.mark.parametrize(
    ("audience", "seen"),
    [(frozenset(), PUBLIC), (frozenset({"lead", "no-such"}), [*PUBLIC, STAFF[1], *LEAD])],
    ids=["everybody", "lead"],
)
def test_two_hundred_probes_cannot_tell_whether_hidden_articles_exist(
    tmp_path: Path, audience: Audience, seen: list[Content], encoder: WordEmbedder | None
) -> None:
    every, some = pair(tmp_path, seen, encoder=encoder)
    for text in probes(200):
        assert answers(every, text, audience) == answers(some, text, audience), text
    near = [one.related("account/reset", lang="en", audience=audience) for one in (every, some)]
    assert near[0] == near[1]


def test_somebody_of_every_audience_searches_all_articles_with_their_own_words(tmp_path: Path) -> None:
    searcher = shelf(tmp_path, EVERY)
    everything = frozenset({"staff", "lead"})
    assert searcher.collection.seen_by(everything) is searcher.collection
    assert searcher.search("zanzibra", lang="en", audience=everything).hits[0].article == "staff/merger"
    assert not searcher.search("zanzibra", lang="en").corrected


def test_without_limited_articles_there_is_one_view(tmp_path: Path) -> None:
    searcher = shelf(tmp_path, PUBLIC)
    assert searcher.collection.seen_by(frozenset({"staff"})) is searcher.collection


def test_a_question_that_a_hidden_article_solved_teaches_the_public_search_nothing(tmp_path: Path) -> None:
    searcher = shelf(tmp_path, EVERY, encoder=WordEmbedder())
    encode = WordEmbedder().encode
    ids = tuple(sorted({a.article.id for a in EVERY}))
    memory = encode(["the kestrel question", "my money back"])
    solved = np.asarray([ids.index("staff/merger"), ids.index("billing/refund")], dtype=np.int32)
    meant = np.zeros((len(ids), 64), dtype=np.float16)
    head = np.random.default_rng(1).normal(size=(65, len(ids))).astype(np.float32)
    searcher.learned = Learned(
        "words-64", ids, memory.mean(axis=0), head, memory, solved, dict.fromkeys(FEATURES, 1.0), 2, meant
    )
    public = searcher.collection.seen_by(frozenset()).taught_by(searcher.learned)
    assert set(public.articles) == {a.article.id for a in PUBLIC}
    (asked,) = encode(["the kestrel question"])
    assert (searcher.learned.nearest(asked), public.nearest(asked)) == (pytest.approx(1.0), pytest.approx(0.0))
    assert searcher.ranked_message("the kestrel question", "", lang="en", k=9, system="learned").ranked
