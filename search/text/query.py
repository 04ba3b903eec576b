"""Parse a query into words, quoted phrases and codes. Quotes are the only syntax.

A `Text` is cleaned and split into tokens once. A `Query` holds the terms of these tokens in one language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from search.text import equivalents, joins
from search.text.analyzer import Analyzer, Token, codes, detect, fold, tokens

LONGEST = 10_000  # characters of a query or message that are read
LITTLE = 0.2  # weight of a stop word: hit@3 by words alone .41 -> .48 on thunderbird/train
HEAVY = 2.0  # weight of a word of the subject: hit@3 by words alone .48 -> .51 on thunderbird/train
_QUOTED = re.compile(r'["“„«]([^"“”„«»]{2,200})["”“»]')

Synonyms = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query, with its terms in the index and those of its synonyms."""

    text: str  # folded, as typed
    terms: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...] = ()  # the terms of each phrase that means the same
    joined: tuple[str, ...] = ()  # what it is written as together with its neighbours
    little: bool = False  # a stop word, emoji or arrow: an article needn't have it
    quoted: bool = False
    heavy: bool = False  # a word of a message's subject

    @property
    def weight(self) -> float:
        """The weight of the word relative to others."""
        return (LITTLE if self.little else 1.0) * (HEAVY if self.heavy else 1.0)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its tokens, which are the same for all languages."""

    line: str  # cleaned: one line, no control characters
    tokens: tuple[Token, ...]
    joined: Mapping[int, tuple[str, ...]]  # the joined forms of some tokens, by their number
    normal: str  # folded, without punctuation
    phrases: tuple[str, ...]  # quoted phrases, in the same form as `normal`
    codes: tuple[str, ...]
    _told: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, text: str) -> Text:
        """Clean `text` and split it into tokens."""
        line = clean(text)
        found = tuple(tokens(line))
        phrases = tuple(filter(None, map(normal, _QUOTED.findall(line))))
        folded = " ".join(fold(t.text) for t in found)
        return cls(line, found, joins.asked(line, found), folded, phrases, tuple(dict.fromkeys(codes(line))))

    def told(self, usual: str) -> str | None:
        """Return the language that its script or stop words show, as `detect` does, which is asked once."""
        if usual not in self._told:
            self._told[usual] = detect(self.line, usual=usual, found=self.tokens)
        return self._told[usual]


@dataclass(frozen=True, slots=True)
class Query:
    """The words and codes of a text, to be searched in one language."""

    words: tuple[Word, ...]
    codes: tuple[str, ...]
    only_little: bool = False  # only stop words: they are searched, but get no offer

    @property
    def asked(self) -> tuple[Word, ...]:
        """The words that an article should have: all except the little ones."""
        return tuple(word for word in self.words if not word.little)


def clean(text: str) -> str:
    """Return the first LONGEST characters of `text` in NFC, on one line, without control characters."""
    composed = unicodedata.normalize("NFC", text[:LONGEST].encode("utf-8", "replace").decode("utf-8"))
    if not composed.isprintable():
        composed = "".join(char if char.isprintable() else " " for char in composed)
    return " ".join(composed.split())


def normal(text: str) -> str:
    """Return `text` without case, accents and punctuation, with single spaces between tokens."""
    return " ".join(fold(token.text) for token in tokens(text))


def parse(text: Text, analyzer: Analyzer, *, synonyms: Synonyms = (), heavy: Collection[str] = ()) -> Query:
    """Return the query for `text`: its words with synonyms, and its codes. Folded words in `heavy` weigh more."""
    quoted = {word for phrase in text.phrases for word in phrase.split()}
    seen: dict[tuple[str, ...], Word] = {}
    for number, token in enumerate(text.tokens):
        word = _word(token, analyzer, quoted, joined=text.joined.get(number, ()))
        known = seen.setdefault(word.terms, word)
        if known is not word and word.joined:
            seen[word.terms] = replace(known, joined=(*known.joined, *word.joined))
    words = tuple(seen.values())
    only_little = bool(words) and all(word.little for word in words)
    if only_little:
        words = tuple(replace(word, little=False) for word in words)  # only little words: search for them
    if heavy:
        words = tuple(replace(word, heavy=word.text in heavy) for word in words)
    words = _with_synonyms(words, equivalents.stems(analyzer.lang, tuple(synonyms)))
    return Query(words, text.codes, only_little)


def _word(token: Token, analyzer: Analyzer, quoted: set[str], *, joined: tuple[str, ...]) -> Word:
    folded = fold(token.text)
    little = token.kind == "sign" or (token.kind == "word" and analyzer.is_stopword(token.text))
    exact = folded in quoted
    return Word(
        analyzer.plain(token.text), analyzer.asked(token), (), () if exact else joined, little and not exact, exact
    )


def _with_synonyms(words: tuple[Word, ...], groups: Sequence[equivalents.Stems]) -> tuple[Word, ...]:
    """Add synonyms to each word of a phrase in `groups`: the terms of the group's other phrases."""
    stems = [word.terms[0] for word in words if word.terms]
    there = frozenset(stems)
    extra: dict[str, list[tuple[str, ...]]] = {}
    for phrases in groups:
        for phrase in phrases:
            if there.issuperset(phrase) and _within(phrase, stems):
                for stem in phrase:
                    extra.setdefault(stem, []).extend(other for other in phrases if other != phrase)
    return tuple(_extended(word, extra) for word in words) if extra else words


def _extended(word: Word, extra: Mapping[str, list[tuple[str, ...]]]) -> Word:
    more = tuple(dict.fromkeys(extra.get(word.terms[0], ()))) if word.terms else ()
    return replace(word, synonyms=more) if more else word


def _within(phrase: tuple[str, ...], stems: list[str]) -> bool:
    size = len(phrase)
    return any(tuple(stems[i : i + size]) == phrase for i in range(len(stems) - size + 1))
