"""A question as it is handed from step to step of a ranking.

An `Asked` is made once for a question: its text cut into tokens, its words in each language of the articles that may
answer it, and those articles as a mask. The searcher adds the language that the question is written in and the
vectors, where it can. Both legs, the stages and the completion read it, and none of them changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.failures import Degraded
from search.rank.collection import Collection, Mask
from search.rank.semantic import Questions
from search.text.analyzer import analyzer, detect, fold, tokens
from search.text.query import Query, Text, Word, parse

UNKNOWN = ""  # a language that we cannot name: it is compared across languages
MOST = 0.5  # share of a question's words that no article has: 91 to 100 % of short foreign questions have more on five
# collections of English articles, and 0 to 4 % of English ones


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, the documents that may answer it, and what is known of it to rank them."""

    text: Text
    page: str  # the language of the page that it was asked on
    lang: str  # the language that it is written in; only its vectors depend on it, so without any it is the page's
    mask: Mask  # the documents that may be found
    queries: Mapping[str, Query]  # its words, by the languages of these documents
    vectors: Questions = field(default_factory=dict)
    degraded: Degraded | None = None  # why it has no vectors

    @property
    def empty(self) -> bool:
        """Whether there is nothing to search for, or nothing to search in."""
        return not self.text.line or not self.mask.any()


def ask(collection: Collection, text: str, *, lang: str, mask: Mask, heavy: str = "") -> Asked:
    """Return what `text` asks on a page in `lang`, without vectors; the words of `heavy` count more."""
    said = Text.of(text)
    queries = parsed(collection, said, langs=collection.langs_of(mask), heavy=heavy)
    return Asked(said, lang, lang, mask, queries)


def instead(collection: Collection, asked: Asked, text: str) -> Asked:
    """Return `asked` with the words of another text; its vectors stay those of the first one."""
    said = Text.of(text)
    return replace(asked, text=said, queries=parsed(collection, said, langs=list(asked.queries)))


def parsed(collection: Collection, text: Text, *, langs: Sequence[str], heavy: str = "") -> dict[str, Query]:
    """Return `text` as the words of each of `langs`, with the synonyms of that language."""
    subject = frozenset(fold(token.text) for token in tokens(heavy))
    return {lang: parse(text, analyzer(lang), synonyms=collection.synonyms(lang), heavy=subject) for lang in langs}


def language_of(collection: Collection, asked: Asked) -> str:
    """Return the language that a question is written in, UNKNOWN where it is none of the articles' and none we name.

    Two or three words hold no stop word to detect it by. They are foreign when most of them are in no article and
    are not misspelt either.
    """
    found = detect(asked.text.line, usual=asked.page, found=asked.text.tokens)
    if found is not None or asked.page not in asked.queries or not collection.manifest.crosses:
        return found or asked.page
    words = {word.text: word for query in asked.queries.values() for word in query.asked if word.text.isalpha()}
    absent = [word for word in words.values() if not any(_has(collection, lang, word) for lang in asked.queries)]
    most = MOST * len(words)
    if len(absent) <= most:
        return asked.page
    slips = sum(any(collection.vocabulary(lang).correct(word.text) for lang in asked.queries) for word in absent)
    return UNKNOWN if len(absent) - slips > most else asked.page


def _has(collection: Collection, lang: str, word: Word) -> bool:
    postings = collection.postings[lang]
    terms = (*word.terms, word.text, *analyzer(lang).query(word.text))
    return any(postings.row(term) is not None for term in terms)
