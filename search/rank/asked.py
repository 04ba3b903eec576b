"""A parsed question, shared by all steps of a ranking.

An `Asked` is made once per question. It has the tokens of the text, its words in each language of the articles that may
answer, and a mask of these articles. If possible, the searcher adds the language of the question and its vectors. The
two legs, the stages and the completion read it without changing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.failures import Degraded
from search.rank.collection import Collection, Mask
from search.rank.semantic import Questions
from search.text.analyzer import analyzer, fold, tokens
from search.text.query import Query, Text, Word, parse

UNKNOWN = ""  # an unidentified language; such a question is compared across languages
# A question is foreign if a larger share of its words is in no article. On five collections of English articles that
# holds for 91 to 100 % of short foreign questions, and for 0 to 4 % of English ones.
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, the documents that may answer it, and the data to rank them by."""

    text: Text
    page: str  # the language of the page
    lang: str  # the language of the text, as far as it is known: its articles come first, and vectors depend on it
    mask: Mask  # the documents that may be found
    queries: Mapping[str, Query]  # the text in each language of these documents
    vectors: Questions = field(default_factory=dict)
    degraded: Degraded | None = None  # the reason if it has no vectors

    @property
    def empty(self) -> bool:
        """True if the text is empty or no document may be found."""
        return not self.text.line or not self.mask.any()


def ask(collection: Collection, text: str | Text, *, lang: str, mask: Mask, first: str = "", heavy: str = "") -> Asked:
    """Return `text` as a question asked on a page in `lang`, without vectors. Words of `heavy` weigh more.

    `first` is the language of the question, if it is known and not the page's.
    """
    said = Text.of(text) if isinstance(text, str) else text
    queries = parsed(collection, said, langs=collection.langs_of(mask), heavy=heavy)
    return Asked(said, lang, first or lang, mask, queries)


def instead(collection: Collection, asked: Asked, text: str) -> Asked:
    """Return `asked` with the words of another text. Its vectors stay those of the original text."""
    said = Text.of(text)
    return replace(asked, text=said, queries=parsed(collection, said, langs=list(asked.queries)))


def parsed(collection: Collection, text: Text, *, langs: Sequence[str], heavy: str = "") -> dict[str, Query]:
    """Return `text` as a query in each of `langs`, with the synonyms of that language."""
    subject = frozenset(fold(token.text) for token in tokens(heavy))
    return {lang: parse(text, analyzer(lang), synonyms=collection.synonyms(lang), heavy=subject) for lang in langs}


def language_of(collection: Collection, asked: Asked) -> str:
    """Return the language of a question, or UNKNOWN if it is foreign and can't be identified.

    Two or three words often have no stop word to detect a language by. They are foreign if most of them are in no
    article and are no misspellings either.
    """
    if asked.lang != asked.page:
        return asked.lang
    found = asked.text.told(asked.page)
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
