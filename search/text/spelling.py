"""Correct the spelling of typed words that are in no article."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SHORTEST = 4  # letters; shorter words are just as likely names or codes
TWO = 8  # letters from which two slips are allowed
ENDINGS = ("er", "ers", "or", "ors", "ing", "able", "ment", "ments", "less", "ful", "ness")  # of English words
MOST = 200  # candidates that are compared


class Vocabulary:
    """The folded, unstemmed words of all articles in one language, with the number of documents that have each."""

    def __init__(self, words: Sequence[str], counts: NDArray[np.int32]) -> None:
        self._words, self._counts = words, counts

    @cached_property
    def _lengths(self) -> NDArray[np.int16]:
        return np.fromiter((len(word) for word in self._words), dtype=np.int16, count=len(self._words))

    @cached_property
    def _letters(self) -> NDArray[np.uint64]:
        return np.fromiter((_bits(word) for word in self._words), dtype=np.uint64, count=len(self._words))

    def correct(self, word: str) -> str | None:
        """Return the nearest known word, or None if no word is near, or if `word` is short or not only letters.

        Words of four to seven letters may have one slip, longer words two. A different first letter counts half a slip
        more, and people rarely mistake it. A form of a known word, such as "printer" beside "print", is no slip. Of
        equally near words, the most frequent one is returned.
        """
        if len(word) < SHORTEST or not word.isalpha() or not self._words or self._is_form(word):
            return None
        allowed = 2 if len(word) >= TWO else 1
        found = [(slips(word, self._words[i], most=allowed), i) for i in self._near(word, allowed)]
        costs = ((cost + 0.5 * (self._words[i][0] != word[0]), i) for cost, i in found)
        ranked = sorted((cost, -int(self._counts[i]), self._words[i]) for cost, i in costs if cost <= allowed)
        return ranked[0][2] if ranked else None

    def _is_form(self, word: str) -> bool:
        """Return True if `word` is a known word with another ending, and so rather meant as it is."""
        bases = (word[: -len(end)] for end in ENDINGS if word.endswith(end) and len(word) - len(end) >= SHORTEST)
        return any(self._has(base) or self._has(base + "e") for base in bases)

    def _has(self, word: str) -> bool:
        at = bisect.bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def continue_(self, word: str) -> str | None:
        """Return the most frequent word that starts with `word`, allowing one slip after the first letter."""
        if len(word) < SHORTEST or not word.isalpha():
            return None
        start, end = bisect.bisect_left(self._words, word[0]), bisect.bisect_left(self._words, word[0] + chr(0x10FFFF))
        often = start + np.argsort(-self._counts[start:end], kind="stable")[:MOST]
        for known in (self._words[int(i)] for i in often):
            if any(slips(word, known[: len(word) + more], most=1) <= 1 for more in (0, 1, -1)):
                return known
        return None

    def _near(self, word: str, allowed: int) -> list[int]:
        """Return the indexes of up to MOST words similar in length and letters, the most frequent first.

        Words that differ more can't be within `allowed` slips.
        """
        lengths = np.abs(self._lengths - len(word)) <= allowed
        apart = np.bitwise_count(self._letters ^ np.uint64(_bits(word))) <= 2 * allowed
        near = np.flatnonzero(lengths & apart)
        return [int(i) for i in near[np.argsort(-self._counts[near], kind="stable")][:MOST]]


def slips(typed: str, meant: str, *, most: int) -> int:
    """Return the number of letters left out, added, replaced or swapped with a neighbour; `most` + 1 if there are more.

    >>> slips("pasword", "password", most=2), slips("recieve", "receive", most=2)
    (1, 1)
    """
    if abs(len(typed) - len(meant)) > most:
        return most + 1
    typed, meant = _apart(typed, meant)
    if most == 1 and max(len(typed), len(meant)) > 2:  # one slip leaves a letter, or two that are swapped
        return most + 1
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        row = [i]
        for j, b in enumerate(meant, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]


def _apart(one: str, two: str) -> tuple[str, str]:
    """Return two words without the letters with which both begin and end. The rest takes a fifth of the time."""
    first, shorter = 0, min(len(one), len(two))
    while first < shorter and one[first] == two[first]:
        first += 1
    last = 0
    while last < shorter - first and one[-1 - last] == two[-1 - last]:
        last += 1
    return one[first : len(one) - last], two[first : len(two) - last]


def _bits(word: str) -> int:
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) % 61)
    return bits
