"""The sentence of a section that answers, with what was asked marked in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from search.index.passage import split_sentences
from search.rank.hit import Fragment
from search.text.analyzer import Analyzer, Token, fold, tokens

LONGEST = 220  # characters: two lines on a phone
_BORDER = re.compile(r"[\W_]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SHORTEST = 40  # a shorter sentence is shown with the one after it


class _Folded(dict[int, str]):
    """What each character is in a folded text: an accent nothing, what stands between words a space."""

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
    """Return which of the sentences of `text` holds the most of what was asked, the first of those that are equal."""
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
    """Return how much of what was asked `text` holds, each term once: as the beginning of a word, or in a run.

    Looked for in the folded text as it is: a tenth of the time that its tokens take, for the same choice nearly always.
    """
    return sum(_held(text, wanted).values())


def _held(text: str, wanted: Mapping[str, float]) -> Mapping[str, float]:
    """Return those of the asked terms that `text` holds."""
    folded = f" {text}".translate(_FOLDED)
    return {term: weight for term, weight in wanted.items() if _begun(term) in folded}


@lru_cache(maxsize=4096)
def _begun(term: str) -> str:
    """Return what a folded text holds where a word begins as `term`, or a run has it."""
    return term if _UNSPACED.match(term) else f" {term}"


def _is_wanted(token: Token, wanted: Mapping[str, float], analyzer: Analyzer) -> bool:
    folded = fold(token.text)
    if token.kind == "run" and len(folded) > 1:
        return any(folded[i : i + 2] in wanted for i in range(len(folded) - 1))
    return folded in wanted or (token.kind != "run" and not wanted.keys().isdisjoint(analyzer.stems(token.text)))


def _window(text: str, wanted: Mapping[str, float], analyzer: Analyzer) -> str:
    """Cut a long sentence around its first asked word, at spaces where there are any."""
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
