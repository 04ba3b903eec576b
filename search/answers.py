"""A document that was found, as the hit that is shown: the section that answers, its anchor and its sentence."""

from __future__ import annotations

from collections.abc import Mapping

from search import snippet
from search.analyzer import analyzer
from search.collection import Collection
from search.hit import Fragment, Hit
from search.query import Query
from search.semantic import Semantic

LOOKED_AT = 6  # sections of an article whose words are weighed, those nearest in meaning first
DENSE = 0.6  # of a section's score, where there are vectors


def hit(collection: Collection, number: int, *, query: Query | None, semantic: Semantic | None, score: float) -> Hit:
    """Return document `number` as a hit for `query`."""
    document = collection.documents[number]
    wanted = terms_wanted(collection, document.lang, query)
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


def terms_wanted(collection: Collection, lang: str, query: Query | None) -> Mapping[str, float]:
    """Return the terms to be marked, with the rarity of each; little words only where there are no others."""
    if query is None or lang not in collection.postings:
        return {}
    postings = collection.postings[lang]
    wanted: dict[str, float] = {}
    for word in query.asked:
        for term in (*word.terms, word.text):
            wanted[term] = max(0.1, postings.rarity(term) if postings.row(term) is not None else 0.1)
        wanted |= {term: 0.5 * max(0.1, postings.rarity(term)) for term in word.synonyms if term not in wanted}
    return wanted


def _section(
    collection: Collection, number: int, wanted: Mapping[str, float], semantic: Semantic | None
) -> tuple[str, str, str]:
    """Return the (anchor, heading, text) of the section that answers best; the summary where there is none."""
    document = collection.documents[number]
    rows = [i for i in range(document.first, document.last) if collection.units.kinds[i] == 2]
    if not rows:
        return "", "", document.summary or document.title
    if semantic is not None:
        rows.sort(key=lambda i: (-float(semantic.units[i]), i))
        rows = rows[:LOOKED_AT]
    texts = {i: collection.units[i] for i in rows}
    weights = {i: snippet.weigh(f"{texts[i][1]}\n{texts[i][2]}", wanted) for i in rows} if wanted else {}
    total = sum(wanted.values()) or 1.0

    def worth(i: int) -> float:
        words = weights.get(i, 0.0) / total
        return words if semantic is None else DENSE * float(semantic.units[i]) + (1 - DENSE) * words

    anchor, heading, text = texts[max(rows, key=lambda i: (worth(i), -i))]
    return anchor, heading, text


def title_hit(collection: Collection, number: int, *, query: Query, score: float) -> Hit:
    """Return a document as it is shown while typing: by its title, or a heading that has more of the words."""
    document = collection.documents[number]
    wanted = terms_wanted(collection, document.lang, query)
    in_title = snippet.weigh(document.title, wanted)
    best = (in_title, 0, "", "")
    for i in range(document.first, document.last):
        if collection.units.kinds[i] == 2:
            anchor, heading, _ = collection.units[i]
            best = max(best, (snippet.weigh(heading, wanted), -i, anchor, heading)) if heading else best
    anchor, heading = (best[2], best[3]) if best[0] > in_title else ("", "")
    shown = (Fragment(document.summary, False),) if document.summary else ()
    url = f"{document.url}#{anchor}" if anchor else document.url
    return Hit(document.article, document.lang, document.title, url, anchor, heading, shown, round(float(score), 4))
