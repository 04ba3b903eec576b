"""Turn ranked documents into hits with a section, its anchor and a snippet.

A hit shows the section of an article that scores best, by its vector and by its share of the query's words, weighted by
rarity. The snippet is the sentence of that section with the most of these words, which are marked. It is cut to two
lines on a phone. Words are matched at the beginnings of words in the folded text. This takes a tenth of the time of
comparing tokens, and nearly always chooses the same sentence. While a query is typed, a hit shows the article's title
and summary, or a heading that has more of the words.
"""

from __future__ import annotations

import re
from collections.abc import Collection as Collection_
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from search.index.passage import split_sentences
from search.index.postings import Postings
from search.rank import fusion
from search.rank.collection import Collection
from search.rank.hit import Fragment, Hit
from search.rank.prose import is_prose, opened, plain
from search.rank.semantic import Semantic
from search.text.analyzer import Analyzer, Token, analyzer, fold, tokens
from search.text.query import Query

LONGEST = 220  # characters: two lines on a phone
_BORDER = re.compile(r"[\W_]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SHORTEST = 40  # a shorter sentence is shown with the one after it


class _Folded(dict[int, str | None]):
    """The folded form of each character: None for an accent, a space for a character between words."""

    def __missing__(self, point: int) -> str | None:
        # An empty string instead of None would cost str.translate its quick way.
        self[point] = folded = _BORDER.sub(" ", fold(chr(point))) or None
        return folded


_FOLDED = _Folded()  # on a section, a twentieth of the time of fold() and a pattern


def snippet(
    text: str, *, wanted: Mapping[str, float], analyzer: Analyzer, headings: Collection_[str] = ()
) -> tuple[Fragment, ...]:
    """Return the sentence of `text` with the most of `wanted` (term -> weight), cut to LONGEST characters.

    Without a match, it is the first sentence. Code is shown only if nothing else matches, and a sentence that repeats
    one of the `headings` isn't shown if there is another.
    """
    text = opened(text)
    sentences = split_sentences(text)
    if not sentences:
        return ()
    best = _best(text, sentences, wanted)
    if not _is_shown(sentences[best], headings):  # rarely, so that most sections are weighed once
        sentences = _prose(sentences, wanted, headings)
        best = _best(text, sentences, wanted)
    shown = plain(sentences[best]).strip(" ·")  # the separator of table cells
    if len(shown) < SHORTEST and best + 1 < len(sentences):
        shown = f"{shown} {plain(sentences[best + 1])}".strip()
    return _marked(_window(" ".join(shown.split()), wanted, analyzer), wanted, analyzer)


def _is_shown(sentence: str, headings: Collection_[str]) -> bool:
    return is_prose(sentence) and sentence.strip(" .:") not in headings


def _prose(sentences: list[str], wanted: Mapping[str, float], headings: Collection_[str]) -> list[str]:
    """Return the sentences without code and headings, or those that match if no prose does."""
    prose = [sentence for sentence in sentences if _is_shown(sentence, headings)]
    if any(weigh(sentence, wanted) for sentence in prose):
        return prose
    return [sentence for sentence in sentences if weigh(sentence, wanted)] or prose or sentences


def _best(text: str, sentences: Sequence[str], wanted: Mapping[str, float]) -> int:
    """Return the number of the first sentence of `text` that has the most of the wanted terms."""
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
    """Return the total weight of the wanted terms in `text`, at the beginning of a word or within an unspaced run."""
    return sum(_held(text, wanted).values())


def _held(text: str, wanted: Mapping[str, float]) -> Mapping[str, float]:
    """Return the wanted terms that `text` contains."""
    folded = f" {text}".translate(_FOLDED)
    return {term: weight for term, weight in wanted.items() if _begun(term) in folded}


@lru_cache(maxsize=4096)
def _begun(term: str) -> str:
    """Return the string to find in a folded text: `term` after a space, or anywhere if its script is unspaced."""
    return term if _UNSPACED.match(term) else f" {term}"


def _is_wanted(token: Token, wanted: Mapping[str, float], analyzer: Analyzer) -> bool:
    folded = fold(token.text)
    if token.kind == "run" and len(folded) > 1:
        return any(folded[i : i + 2] in wanted for i in range(len(folded) - 1))
    return folded in wanted or (token.kind != "run" and not wanted.keys().isdisjoint(analyzer.stems(token.text)))


def _window(text: str, wanted: Mapping[str, float], analyzer: Analyzer) -> str:
    """Cut a long sentence around its first wanted word, at spaces if possible."""
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
    for start, end in sorted(_spans(text, wanted, analyzer)):
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
    """Return where the wanted words are, and the pairs of words, such as Wi-Fi for wifi, which have a space."""
    found: list[tuple[int, int]] = []
    before: Token | None = None
    apart = {term for term in wanted if " " in term}
    for token in tokens(text):
        if apart and before and token.start - before.end <= 1 and f"{fold(before.text)} {fold(token.text)}" in apart:
            found.append((before.start, token.end))
        before = token
        if token.kind == "run" and len(token.text) > 1:
            pairs = range(token.start, token.end - 1)
            found += [(i, i + 2) for i in pairs if fold(text[i : i + 2]) in wanted]
        elif _is_wanted(token, wanted, analyzer):
            found.append((token.start, token.end))
    return found


LOOKED_AT = 6  # sections of an article whose words are compared, nearest in meaning first

Wanted = Mapping[str, float]  # term -> weight, by its rarity


def hits(
    collection: Collection,
    scored: Iterable[tuple[int, float]],
    *,
    queries: Mapping[str, Query],
    semantic: Semantic | None,
) -> tuple[Hit, ...]:
    """Return the hits of (document, score) pairs. `queries` has the query in each of their languages."""
    wanted = _wanted(collection, queries)
    return tuple(
        _hit(collection, n, wanted=wanted.get(collection.documents[n].lang, {}), semantic=semantic, score=score)
        for n, score in scored
    )


def title_hits(
    collection: Collection, scored: Iterable[tuple[int, float]], *, queries: Mapping[str, Query]
) -> tuple[Hit, ...]:
    """Return the hits that are shown while a query is typed."""
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
        snippet=snippet(
            text,
            wanted=wanted,
            analyzer=analyzer(document.lang),
            headings=(document.title, *heading.split(" > ")),
        ),
        score=round(float(score), 4),
    )


def _wanted(collection: Collection, queries: Mapping[str, Query]) -> Mapping[str, Wanted]:
    """Return the terms to mark in each language, with their weights, without stop words."""
    return {lang: _terms(collection.postings[lang], query, analyzer(lang)) for lang, query in queries.items()}


def _terms(postings: Postings, query: Query, analyzer: Analyzer) -> Wanted:
    wanted: dict[str, float] = {}
    if query.only_little and not any(word.quoted for word in query.words):
        return wanted
    for word in query.asked:
        for term in (*word.terms, word.text):
            wanted[term] = max(0.1, postings.rarity(term) if postings.row(term) is not None else 0.1)
        same = {term for phrase in word.synonyms for term in phrase if term not in wanted}
        wanted |= {term: 0.5 * max(0.1, postings.rarity(term)) for term in same if not analyzer.is_stopword(term)}
        wanted |= {form: postings.rarity(form) for form in word.joined if postings.row(form) is not None}
        row = postings.row(word.text)
        if row is not None and len(postings.field(row, "joined")[0]):  # "wifi" is also marked as Wi-Fi
            apart = (f"{word.text[:at]} {word.text[at:]}" for at in range(1, len(word.text)))
            wanted |= dict.fromkeys(apart, wanted[word.text])
    return wanted


def _section(collection: Collection, number: int, wanted: Wanted, semantic: Semantic | None) -> tuple[str, str, str]:
    """Return the (anchor, heading, text) of the best section, or the summary if there are no sections.

    Sections are read nearest in meaning first, then in order, until no later one could win even with all words.
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
    """Return the hit of a document with its title, or with a heading that has more of the words."""
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
