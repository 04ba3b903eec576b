"""A document that was found, as the hit that is shown: the section that answers, its anchor and its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from search.index.postings import Postings
from search.rank import snippet
from search.rank.collection import Collection
from search.rank.hit import Fragment, Hit
from search.rank.semantic import Semantic
from search.text.analyzer import analyzer
from search.text.query import Query

LOOKED_AT = 6  # sections of an article whose words are weighed, those nearest in meaning first
DENSE = 0.6  # of a section's score, where there are vectors

Wanted = Mapping[str, float]  # term -> how rare it is


def hits(
    collection: Collection,
    scored: Iterable[tuple[int, float]],
    *,
    queries: Mapping[str, Query],
    semantic: Semantic | None,
) -> tuple[Hit, ...]:
    """Return documents with their scores as hits for a question, which has a query in each language of theirs."""
    wanted = _wanted(collection, queries)
    return tuple(
        _hit(collection, n, wanted=wanted.get(collection.documents[n].lang, {}), semantic=semantic, score=score)
        for n, score in scored
    )


def title_hits(
    collection: Collection, scored: Iterable[tuple[int, float]], *, queries: Mapping[str, Query]
) -> tuple[Hit, ...]:
    """Return documents as they are shown while typing."""
    wanted = _wanted(collection, queries)
    return tuple(
        _title_hit(collection, n, wanted=wanted[collection.documents[n].lang], score=score) for n, score in scored
    )


def _hit(collection: Collection, number: int, *, wanted: Wanted, semantic: Semantic | None, score: float) -> Hit:
    document = collection.documents[number]
    anchor, heading, text = _section(collection, number, wanted, semantic)
    return Hit(
        article=document.article,
        lang=document.lang,
        title=document.title,
        url=f"{document.url}#{anchor}" if anchor else document.url,
        anchor=anchor,
        heading=heading,
        snippet=snippet.snippet(text, wanted=wanted, analyzer=analyzer(document.lang)),
        score=round(float(score), 4),
    )


def _wanted(collection: Collection, queries: Mapping[str, Query]) -> Mapping[str, Wanted]:
    """Return the terms to be marked in each language; little words only where there are no others."""
    return {lang: _terms(collection.postings[lang], query) for lang, query in queries.items()}


def _terms(postings: Postings, query: Query) -> Wanted:
    wanted: dict[str, float] = {}
    for word in query.asked:
        for term in (*word.terms, word.text):
            wanted[term] = max(0.1, postings.rarity(term) if postings.row(term) is not None else 0.1)
        wanted |= {term: 0.5 * max(0.1, postings.rarity(term)) for term in word.synonyms if term not in wanted}
    return wanted


def _section(collection: Collection, number: int, wanted: Wanted, semantic: Semantic | None) -> tuple[str, str, str]:
    """Return the (anchor, heading, text) of the section that answers best; the summary where there is none.

    Sections come by meaning, then in order, so that none is read once no later one can be better, had it all words.
    """
    document = collection.documents[number]
    rows = [i for i in range(document.first, document.last) if collection.units.kinds[i] == 2]
    if not rows:
        return "", "", document.summary or document.title
    near = dict.fromkeys(rows, 0.0)
    if semantic is not None:
        near = {i: DENSE * float(semantic.units[i]) for i in rows}
        rows = sorted(rows, key=lambda i: (-near[i], i))[:LOOKED_AT]
    share = 0.0 if not wanted else 1.0 if semantic is None else 1 - DENSE
    total = sum(wanted.values()) or 1.0
    best, found = (-2.0, 0), ("", "", "")
    for i in rows:
        if best > (near[i] + share, -i):
            break
        anchor, heading, text = collection.units[i]
        worth = near[i] + share * (snippet.weigh(f"{heading}\n{text}", wanted) / total)
        if (worth, -i) > best:
            best, found = (worth, -i), (anchor, heading, text)
    return found


def _title_hit(collection: Collection, number: int, *, wanted: Wanted, score: float) -> Hit:
    """Return a document by its title, or a heading that has more of the words."""
    document = collection.documents[number]
    in_title = snippet.weigh(document.title, wanted)
    best, total = (in_title, 0, "", ""), sum(wanted.values())
    for i in range(document.first, document.last):
        if best[0] >= total:
            break
        if collection.units.kinds[i] == 2:
            anchor, heading, _ = collection.units[i]
            best = max(best, (snippet.weigh(heading, wanted), -i, anchor, heading)) if heading else best
    anchor, heading = best[2:]
    shown = (Fragment(document.summary, False),) if document.summary else ()
    url = f"{document.url}#{anchor}" if anchor else document.url
    return Hit(document.article, document.lang, document.title, url, anchor, heading, shown, round(float(score), 4))
