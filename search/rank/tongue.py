"""The language of a question: told by its little words, the page's, or another than the articles are in."""

from __future__ import annotations

from collections.abc import Sequence

from search.rank.collection import Collection
from search.text.analyzer import analyzer
from search.text.language import detect
from search.text.query import Word, parse

UNKNOWN = ""  # a language that we cannot name: it is compared across languages
MOST = 0.5  # share of a question's words that no article has: 91 to 100 % of short foreign questions have more on five
# collections of English articles, and 0 to 4 % of English ones


def language_of(collection: Collection, text: str, *, lang: str, langs: Sequence[str]) -> str:
    """Return the language that a question is in, asked on a page in `lang` of articles in `langs`.

    Two or three words hold no little word to tell it by; but those of a language that no article is in are in no
    article, and are no slips of words that are.
    """
    told = detect(text, usual=lang)
    if told is not None or lang not in langs or not collection.manifest.crosses:
        return told or lang
    asked = {word.text: word for own in langs for word in parse(text, analyzer(own)).asked if word.text.isalpha()}
    absent = [word for word in asked.values() if not any(_has(collection, own, word) for own in langs)]
    most = MOST * len(asked)
    if len(absent) <= most:
        return lang
    slips = sum(any(collection.vocabulary(own).correct(word.text) for own in langs) for word in absent)
    return UNKNOWN if len(absent) - slips > most else lang


def _has(collection: Collection, lang: str, word: Word) -> bool:
    postings = collection.postings[lang]
    terms = (*word.terms, word.text, *analyzer(lang).query(word.text))
    return any(postings.row(term) is not None for term in terms)
