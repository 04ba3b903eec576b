"""The language of a text, detected by its script or its stop words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from whoosh.lang.stopwords import stoplists

from search.text.analyzer import Token, fold, tokens

LOOKED_AT = 4000  # characters
LEAST = 0.12  # share of little words among all words of a text in that language
LEAD = 1.3  # times as many as in any other language

# Where no list of stop words comes with Whoosh: the commonest words, folded.
_MORE = {
    "pl": "i w z na nie sie jest do to ze jak co po mi moja moje czy dla od przez przy tak juz tylko mam mozna byc",
    "cs": "a v na se je to ze s z do jak co po mi moje pro od pri tak jsem jsou byt bylo ale prosim kdyz nebo mam",
}
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)


def detect(text: str, *, usual: str = "", found: Iterable[Token] | None = None) -> str | None:
    """Return the language of `text`, or None where neither its script nor its stop words show it.

    Another language than the `usual` one needs twice as many stop words. `found` are the tokens of `text`, where
    the caller has them.

    >>> detect("¿Cómo puedo cambiar mi contraseña?"), detect("error 42")
    ('es', None)
    """
    sample = text[:LOOKED_AT]
    script = _script(sample)
    if script:
        return script
    found = tokens(sample) if found is None else (token for token in found if token.end <= LOOKED_AT)
    words = [fold(token.text) for token in found if token.kind == "word"]
    counts = {lang: sum(_weight(word) for word in words if word in small) for lang, small in little_words().items()}
    best, second = sorted(counts, key=lambda lang: (-counts[lang], lang))[:2]
    clear = counts[best] >= max(2.0, LEAST * len(words)) and counts[best] > LEAD * counts[second]
    if clear and best != usual and counts[best] < 2.0 * counts.get(usual, 0.0) + (1.0 if usual else 0.0):
        return None
    return best if clear else None


@cache
def little_words() -> dict[str, frozenset[str]]:
    """Return the stop words of each language, folded."""
    lists = {lang: frozenset(fold(word) for word in words) for lang, words in stoplists.items() if words}
    return lists | {lang: frozenset(words.split()) for lang, words in _MORE.items()}


def _weight(word: str) -> float:
    """Return how much a stop word counts: a single letter less, since it may be an initial."""
    return 0.5 if len(word) == 1 else 1.0


def _script(text: str) -> str | None:
    letters = sum(char.isalpha() for char in text)
    found = (lang for lang, pattern in _SCRIPTS if len(pattern.findall(text)) > 0.3 * max(letters, 1))
    return next(found, None)
