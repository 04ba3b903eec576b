"""What a visitor typed, as words, quoted phrases and codes; nothing in it is syntax but quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.analyzer import Analyzer, Token, codes, fold, tokens

LONGEST = 10_000  # characters of a query or message that are looked at
RAREST = 20  # terms of a long text that are searched: they rank as well as all, at half the cost
_QUOTED = re.compile(r'["“„«]([^"“”„«»]{2,200})["”“»]')

Synonyms = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query: the terms that it stands for in the index, and the terms of its synonyms."""

    text: str  # folded, as typed
    terms: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    little: bool = False  # a stop word: it is not missed
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A text as it is searched in one language."""

    text: str  # cleaned: one line, no control characters
    words: tuple[Word, ...]
    phrases: tuple[str, ...]  # folded, spaces single
    codes: tuple[str, ...]

    @property
    def asked(self) -> tuple[Word, ...]:
        """The words that an answer should have: all but the little ones, unless there are no others."""
        large = tuple(word for word in self.words if not word.little)
        return large or self.words


def clean(text: str) -> str:
    """Return `text` composed, on one line, without control characters, and not longer than is looked at."""
    composed = unicodedata.normalize("NFC", text[:LONGEST].encode("utf-8", "replace").decode("utf-8"))
    return " ".join("".join(char if char.isprintable() else " " for char in composed).split())


def normal(text: str) -> str:
    """Return what two texts have in common that differ in case, accents, punctuation and spaces only."""
    return " ".join(fold(token.text) for token in tokens(text))


def parse(text: str, analyzer: Analyzer, *, synonyms: Synonyms = ()) -> Query:
    """Return `text` as words with their synonyms, quoted phrases and codes."""
    line = clean(text)
    phrases = tuple(normal(found) for found in _QUOTED.findall(line))
    quoted = {word for phrase in phrases for word in phrase.split()}
    seen: dict[tuple[str, ...], Word] = {}
    for token in tokens(line):
        word = _word(token, analyzer, quoted)
        seen.setdefault(word.terms, word)
    words = _with_synonyms(tuple(seen.values()), analyzer, synonyms)
    return Query(line, words, tuple(filter(None, phrases)), tuple(dict.fromkeys(codes(line))))


def _word(token: Token, analyzer: Analyzer, quoted: set[str]) -> Word:
    folded = fold(token.text)
    little = token.kind == "word" and analyzer.is_stopword(token.text)
    return Word(folded, analyzer.asked(token), (), little and folded not in quoted, folded in quoted)


def _with_synonyms(words: tuple[Word, ...], analyzer: Analyzer, groups: Synonyms) -> tuple[Word, ...]:
    """Give the first word of what is in a group the terms of all that is said instead."""
    if not groups:
        return words
    stems = [word.terms[0] for word in words if word.terms]
    extra: dict[str, list[str]] = {}
    for group in groups:
        phrases = [tuple(analyzer.query(phrase)) for phrase in group]
        for phrase in phrases:
            if phrase and _within(phrase, stems):
                others = [term for other in phrases if other != phrase for term in other]
                extra.setdefault(phrase[0], []).extend(term for term in others if term not in stems)
    return tuple(_extended(word, extra) for word in words)


def _extended(word: Word, extra: Mapping[str, list[str]]) -> Word:
    more = tuple(dict.fromkeys(extra.get(word.terms[0], ()))) if word.terms else ()
    return Word(word.text, word.terms, more, word.little, word.quoted) if more else word


def _within(phrase: tuple[str, ...], stems: list[str]) -> bool:
    size = len(phrase)
    return any(tuple(stems[i : i + size]) == phrase for i in range(len(stems) - size + 1))
