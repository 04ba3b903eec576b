"""Documents as the hits that are shown: with the section that answers, its anchor and a sentence of it.

A hit shows the section of an article that scores best, by its vector and by its share of the asked words, of which
rare ones count more. The snippet is the sentence of that section with the most of these words, which are marked, cut
to two lines of a phone. The words are looked for in the folded text as it is, at the beginnings of words. This takes
a tenth of the time that tokens would, and the choice is nearly always the same. While a query is typed, a hit shows
the title of an article and its summary, or a heading that holds more of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from search.index.passage import split_sentences
from search.index.postings import Postings
from search.rank import fusion
from search.rank.collection import Collection
from search.rank.hit import Fragment, Hit
from search.rank.semantic import Semantic
from search.text.analyzer import Analyzer, Token, analyzer, fold, tokens
from search.text.query import Query

LONGEST = 220  # characters: two lines on a phone
_BORDER = re.compile(r"[\W_]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SHORTEST = 40  # a shorter sentence is shown with the one after it


class _Folded(dict[int, str]):
    """The folded form of each character: "" for an accent, a space for a character between words."""

    def __missing__(self, point: int) -> str:
        self[point] = folded = _BORDER.sub(" ", fold(chr(point)))
        return folded


_FOLDED = _Folded()  # a twentieth of the time of folding and a pattern, on a section


def snippet(text: str, *, wanted: Mapping[str, float], analyzer: Analyzer) -> tuple[Fragment, ...]:
    """Return the sentence of `text` that holds the most of `wanted` (term to weight), cut to a readable length.

    The first sentence is shown when none holds any.
    """
    sentences = split_sentences(text)
    if not sentences:
        return ()
    best = _best(text, sentences, wanted)
    shown = sentences[best].strip(" ·")  # which stands between the cells of a table
    if len(shown) < SHORTEST and best + 1 < len(sentences):
        shown = f"{shown} {sentences[best + 1].strip()}"
    return _marked(_window(" ".join(shown.split()), wanted, analyzer), wanted, analyzer)


def _best(text: str, sentences: Sequence[str], wanted: Mapping[str, float]) -> int:
    """Return the number of the sentence of `text` that holds the most of the asked words; the first of equal ones."""
    there = _held(text, wanted)
    total = sum(there.values())
    best, most = 0, 0.0
    for number, sentence in enumerate(sentences):
        if most >= total:
            break
        worth = weigh(sentence, there)
        if worth > most:
            best, most = number, worth
    return best


def weigh(text: str, wanted: Mapping[str, float]) -> float:
    """Return the weight of the asked terms that `text` holds, as the beginning of a word or within a run."""
    return sum(_held(text, wanted).values())


def _held(text: str, wanted: Mapping[str, float]) -> Mapping[str, float]:
    """Return those of the asked terms that `text` holds."""
    folded = f" {text}".translate(_FOLDED)
    return {term: weight for term, weight in wanted.items() if _begun(term) in folded}


@lru_cache(maxsize=4096)
def _begun(term: str) -> str:
    """Return the string to look for in a folded text: a word that begins as `term`, or a run that holds it."""
    return term if _UNSPACED.match(term) else f" {term}"


def _is_wanted(token: Token, wanted: Mapping[str, float], analyzer: Analyzer) -> bool:
    folded = fold(token.text)
    if token.kind == "run" and len(folded) > 1:
        return any(folded[i : i + 2] in wanted for i in range(len(folded) - 1))
    return folded in wanted or (token.kind != "run" and not wanted.keys().isdisjoint(analyzer.stems(token.text)))


def _window(text: str, wanted: Mapping[str, float], analyzer: Analyzer) -> str:
    """Cut a long sentence around its first asked word, at spaces if there are any."""
    if len(text) <= LONGEST:
        return text
    first = next((token.start for token in tokens(text) if _is_wanted(token, wanted, analyzer)), 0)
    start = max(0, min(first - LONGEST // 3, len(text) - LONGEST))
    if start:
        space = text.find(" ", start, start + 30)
        start = space + 1 if space >= 0 else start
    end = start + LONGEST
    if end < len(text):
        space = text.rfind(" ", end - 30, end)
        end = space if space > start else end
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")


def _marked(text: str, wanted: Mapping[str, float], analyzer: Analyzer) -> tuple[Fragment, ...]:
    spans: list[list[int]] = []
    for start, end in _spans(text, wanted, analyzer):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(end, spans[-1][1])
        else:
            spans.append([start, end])
    parts, at = [], 0
    for start, end in spans:
        if start > at:
            parts.append(Fragment(text[at:start], False))
        parts.append(Fragment(text[start:end], True))
        at = end
    if at < len(text):
        parts.append(Fragment(text[at:], False))
    return tuple(parts)


def _spans(text: str, wanted: Mapping[str, float], analyzer: Analyzer) -> list[tuple[int, int]]:
    found = []
    for token in tokens(text):
        if token.kind == "run" and len(token.text) > 1:
            pairs = range(token.start, token.end - 1)
            found += [(i, i + 2) for i in pairs if fold(text[i : i + 2]) in wanted]
        elif _is_wanted(token, wanted, analyzer):
            found.append((token.start, token.end))
    return found


LOOKED_AT = 6  # sections of an article whose words are weighed, those nearest in meaning first

Wanted = Mapping[str, float]  # term -> how rare it is


def hits(
    collection: Collection,
    scored: Iterable[tuple[int, float]],
    *,
    queries: Mapping[str, Query],
    semantic: Semantic | None,
) -> tuple[Hit, ...]:
    """Return documents with their scores as hits for a question; `queries` has each of their languages."""
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
        snippet=snippet(text, wanted=wanted, analyzer=analyzer(document.lang)),
        score=round(float(score), 4),
    )


def _wanted(collection: Collection, queries: Mapping[str, Query]) -> Mapping[str, Wanted]:
    """Return the terms to mark in each language, with their weights; stop words only if there are no others."""
    return {lang: _terms(collection.postings[lang], query) for lang, query in queries.items()}


def _terms(postings: Postings, query: Query) -> Wanted:
    wanted: dict[str, float] = {}
    for word in query.asked:
        for term in (*word.terms, word.text):
            wanted[term] = max(0.1, postings.rarity(term) if postings.row(term) is not None else 0.1)
        wanted |= {term: 0.5 * max(0.1, postings.rarity(term)) for term in word.synonyms if term not in wanted}
    return wanted


def _section(collection: Collection, number: int, wanted: Wanted, semantic: Semantic | None) -> tuple[str, str, str]:
    """Return the (anchor, heading, text) of the section that answers best; the summary of an article without sections.

    Sections come by meaning, then in order. None is read once no later one could be better even if it had all words.
    """
    document = collection.documents[number]
    rows = [i for i in range(document.first, document.last) if collection.passages.kinds[i] == 2]
    if not rows:
        return "", "", document.summary or document.title
    near = dict.fromkeys(rows, 0.0)
    if semantic is not None:
        near = {i: fusion.IN_SECTION * float(semantic.passages[i]) for i in rows}
        rows = sorted(rows, key=lambda i: (-near[i], i))[:LOOKED_AT]
    share = 0.0 if not wanted else 1.0 if semantic is None else 1 - fusion.IN_SECTION
    total = sum(wanted.values()) or 1.0
    best, found = (-2.0, 0), ("", "", "")
    for i in rows:
        if best > (near[i] + share, -i):
            break
        anchor, heading, text = collection.passages[i]
        worth = near[i] + share * (weigh(f"{heading}\n{text}", wanted) / total)
        if (worth, -i) > best:
            best, found = (worth, -i), (anchor, heading, text)
    return found


def _title_hit(collection: Collection, number: int, *, wanted: Wanted, score: float) -> Hit:
    """Return a document by its title, or a heading that has more of the words."""
    document = collection.documents[number]
    in_title = weigh(document.title, wanted)
    best, total = (in_title, 0, "", ""), sum(wanted.values())
    for i in range(document.first, document.last):
        if best[0] >= total:
            break
        if collection.passages.kinds[i] == 2:
            anchor, heading, _ = collection.passages[i]
            best = max(best, (weigh(heading, wanted), -i, anchor, heading)) if heading else best
    anchor, heading = best[2:]
    shown = (Fragment(document.summary, False),) if document.summary else ()
    url = f"{document.url}#{anchor}" if anchor else document.url
    return Hit(document.article, document.lang, document.title, url, anchor, heading, shown, round(float(score), 4))
