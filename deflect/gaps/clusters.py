"""Group questions that ask the same. The same questions always give the same groups.

Wordings that differ only in endings, order or typing errors are one. These are compared by their vectors and words. The
vectors of questions about one product are all alike, so their mean is taken away first; before, one group held 172 of
Thunderbird's 443 dev questions. Terms that only one question has count in its length; without them, a question in which
only "article" was left was equal to all others about articles.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deflect.redaction.redaction import unmarked
from search.text.analyzer import analyzer
from search.text.spelling import Vocabulary

Floats = NDArray[np.float32]
SHORT = 6  # terms of a question that is compared as a search; more make it a message
# The least cosine of questions that ask the same. Of Thunderbird's dev messages, .587 of the pairs that vectors joined
# at .35 were right, .478 at .3 and .069 before the mean was taken away; by words .479 at .15, and .350 before.
NEAR = {"words": (0.35, 0.15), "vectors": (0.4, 0.3)}  # for searches, and for messages
VECTORS = 0.7  # weight of the vectors beside the words
STEADY = 20  # questions from which the mean is known well enough to be taken away by half
CORE = 40  # terms of a message to compare: the rarest
SHORTEST = 5  # letters; in shorter words, one slip makes another word
OFTEN = 4  # times as often as a word must another be, to be its right spelling


@dataclass(frozen=True, slots=True)
class Wording:
    """Questions in the same words: their terms with counts, and their positions."""

    terms: Mapping[str, int]
    members: tuple[int, ...]


def wordings(texts: Sequence[str], langs: Sequence[str]) -> list[Wording]:
    """Return the questions in the same words, after correcting typing errors; those asked most come first."""
    split = [_words(text) for text in texts]
    right = corrections(split)
    found: dict[tuple[str, ...], list[int]] = {}
    terms: dict[tuple[str, ...], Counter[str]] = {}
    for n, (words, lang) in enumerate(zip(split, langs, strict=True)):
        counted = _terms([right.get(word, word) for word in words], lang)
        key = (*sorted(counted),) or ("", texts[n])
        found.setdefault(key, []).append(n)
        terms.setdefault(key, counted)
    order = sorted(found, key=lambda key: (-len(found[key]), key))
    return [Wording(terms[key], tuple(found[key])) for key in order]


def corrections(split: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the likely right spelling of words: one that is near and at least OFTEN times as frequent.

    >>> corrections([["bank", "drafts"]] * 4 + [["bank", "drfts"]])
    {'drfts': 'drafts'}
    """
    counts = Counter(word for words in split for word in set(words))
    found = {}
    for times in sorted({count.bit_length() for count in counts.values()}):
        few = sorted(word for word, count in counts.items() if count.bit_length() == times and len(word) >= SHORTEST)
        often = sorted(word for word, count in counts.items() if count >= OFTEN * 2 ** (times - 1))
        vocabulary = Vocabulary(often, np.array([counts[word] for word in often], dtype=np.int32))
        for word in few:
            meant = vocabulary.correct(word)
            if meant and meant[0] == word[0] and counts[meant] >= OFTEN * counts[word]:
                found[word] = meant
    return found


def by_words(counted: Sequence[Mapping[str, int]]) -> Floats:
    """Return a row of term weights for each question's terms, of length one if all terms are shared with others.

    Terms that only one question has are part of the length, but have no column.
    """
    frequency = Counter(term for terms in counted for term in terms)
    place = {term: n for n, term in enumerate(sorted(term for term, n in frequency.items() if n > 1))}
    rows = np.zeros((len(counted), len(place)), dtype=np.float32)
    for row, terms in zip(rows, counted, strict=True):
        rare = sorted(terms, key=lambda t: (frequency[t], t))[:CORE]
        weights = {t: (1 + math.log(terms[t])) * math.log(1 + len(counted) / frequency[t]) for t in rare}
        length = math.sqrt(sum(weight**2 for weight in weights.values()))
        for term, weight in weights.items():
            if term in place:
                row[place[term]] = weight / length
    return rows


def together(counted: Sequence[Mapping[str, int]]) -> NDArray[np.bool_]:
    """Return which questions share two terms, or all terms of one of them: one shared word is often chance.

    >>> together([{"read": 1, "report": 1}, {"read": 1, "language": 1}, {"report": 1}])[0].tolist()
    [True, False, True]
    """
    place = {term: n for n, term in enumerate(sorted({term for terms in counted for term in terms}))}
    has = np.zeros((len(counted), len(place)), dtype=np.float32)
    for row, terms in zip(has, counted, strict=True):
        row[[place[term] for term in terms]] = 1
    sizes = has.sum(axis=1)
    return np.asarray(has @ has.T >= np.minimum(2, np.minimum.outer(sizes, sizes)), dtype=np.bool_)


def combined(vectors: Floats, words: Floats) -> Floats:
    """Return rows whose products weigh the cosine of the centred vectors and that of the words."""
    mean = vectors.mean(axis=0) * (len(vectors) / (len(vectors) + STEADY))
    return np.hstack([unit(vectors - mean) * VECTORS**0.5, words * (1 - VECTORS) ** 0.5])


def unit(rows: Floats) -> Floats:
    """Return rows of length one; an empty row stays empty."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def limits(counted: Sequence[Mapping[str, int]], by: Literal["words", "vectors"]) -> list[float]:
    """Return the least cosine to be in the group of each question: long ones that ask the same share less."""
    return [NEAR[by][len(terms) > SHORT] for terms in counted]


def grouped(rows: Floats, *, near: Sequence[float], together: NDArray[np.bool_] | None = None) -> list[list[int]]:
    """Return the row numbers in groups; each begins with its head.

    The row with the most near rows becomes a head, and takes the nearest of those that are free, as long as each is
    near to the group on average. Then the next one, until every row is in a group. `near` has each head's least cosine;
    rows that `together` denies are not alike.
    """
    if not len(rows):
        return []
    alike, least = rows @ rows.T, np.array(near, dtype=np.float32)
    alike = alike if together is None else np.where(together, alike, np.float32(0))
    free, groups = np.ones(len(rows), dtype=bool), []
    for head in np.argsort(-(alike >= least[:, None]).sum(axis=1), kind="stable"):
        if not free[head]:
            continue
        free[head], members, total = False, [int(head)], alike[head].copy()
        for other in np.argsort(-alike[head], kind="stable"):
            if alike[head, other] < least[head]:
                break
            if free[other] and total[other] / len(members) >= least[head]:
                free[other] = False
                members.append(int(other))
                total += alike[other]
        groups.append(members)
    return groups


def terms_of(text: str, lang: str) -> Counter[str]:
    """Return the terms of a question with their counts, without correcting typing errors."""
    return _terms(_words(text), lang)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,40}", unmarked(text).lower())


def _terms(words: Sequence[str], lang: str) -> Counter[str]:
    known = analyzer(lang)
    return Counter(term for word in words if not known.is_stopword(word) for term in known.query(word))
