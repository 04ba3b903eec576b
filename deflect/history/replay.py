"""A help desk's past tickets, asked again in the order in which they came: what would have been offered to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from deflect.gaps.clusters import Floats, unit
from deflect.history.import_tickets import Past
from kb import progress
from kb.errors import HelpCenterError

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

Verdict = Literal["right", "wrong", "nothing", "offered"]
CARDS = 3
LEAST = 100  # solved tickets before anything is learned from them
GROWTH = 1.5  # it is learned anew when the history has grown by half, and a year costs little more than the last time


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past ticket and what would have been offered; the article that solved it, if one did, is in `past`."""

    past: Past
    cards: tuple[str, ...]
    chance: float
    learned: bool

    @property
    def judged(self) -> bool:
        """Whether the history says which of our articles solved it."""
        return self.past.article is not None and self.past.known

    @property
    def verdict(self) -> Verdict:
        """Right, wrong or nothing; an offer that the history cannot judge is only an offer."""
        if not self.cards:
            return "nothing"
        if not self.judged:
            return "offered"
        return "right" if self.past.article in self.cards else "wrong"


class Encoded:
    """Vectors of texts, each computed once."""

    def __init__(self, searcher: Searcher) -> None:
        self._encoder = None if searcher.degraded else searcher.encoder
        self._known: dict[str, Floats] = {}

    @property
    def there(self) -> bool:
        """Whether there are vectors at all."""
        return self._encoder is not None

    def encode(self, texts: Sequence[str], *, report: progress.Report = progress.silent) -> Floats:
        """Return a row of length one for each text."""
        assert self._encoder is not None
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(missing), 32):
            batch = missing[start : start + 32]
            report(start, len(missing))
            self._known |= dict(zip(batch, np.asarray(self._encoder.encode(batch), dtype=np.float32), strict=True))
        return unit(np.stack([self._known[text] for text in texts]))


def replay(
    searcher: Searcher,
    history: Sequence[Past],
    *,
    lang: str,
    encoded: Encoded,
    learn: bool,
    report: progress.Report = progress.silent,
) -> list[Replayed]:
    """Return each ticket with its offer, the oldest first; what is learned comes from earlier tickets only."""
    found: list[Replayed] = []
    due, taught = float(LEAST), False
    for done, past in enumerate(sorted(history, key=lambda p: (p.at, p.id)), 1):
        earlier = [one for one in found if one.judged and one.past.at < past.at] if learn and encoded.there else []
        if len(earlier) >= due:
            taught = _teach(searcher, earlier, lang=lang, encode=encoded.encode) or taught
            due = len(earlier) * GROWTH
        found.append(_asked(searcher, past, lang=past.lang or lang, learned=taught))
        report(done, len(history))
    return found


def _asked(searcher: Searcher, past: Past, *, lang: str, learned: bool) -> Replayed:
    system: Literal["learned", "hybrid"] = "learned" if learned else "hybrid"
    ranked = searcher.ranked_message(past.subject, past.body, lang=lang, k=10, system=system)
    floor = searcher.settings.floor_suggest
    cards = tuple(searcher.collection.documents[n].article for n, _ in ranked.cards(CARDS, floor=floor))
    return Replayed(past, cards, ranked.ranked[0][1] if ranked.ranked else 0.0, learned)


def _teach(
    searcher: Searcher, earlier: Sequence[Replayed], *, lang: str, encode: Callable[[Sequence[str]], Floats]
) -> bool:
    """Teach the ranking what earlier tickets say; say whether that was enough to learn from."""
    from search.learn.learn import Solved, learn

    solved = [Solved(p.past.subject, p.past.body, p.past.lang or lang, p.past.article or "") for p in earlier]
    try:
        searcher.learned, _ = learn(searcher, solved, encode=encode)
    except HelpCenterError:
        return False
    return True
