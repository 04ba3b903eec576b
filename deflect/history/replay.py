"""Replay a help desk's past tickets in order of time, with the offer that each would have got."""

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
LEAST = 100  # solved tickets needed before the ranking learns from them
# The ranking learns again when the history has grown by half, so a replay costs about three times its last training.
GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past ticket and its offer; `past` has the article that solved it, if any."""

    past: Past
    cards: tuple[str, ...]
    chance: float
    learned: bool

    @property
    def judged(self) -> bool:
        """True if the history names one of our articles as the solution."""
        return self.past.article is not None and self.past.known

    @property
    def verdict(self) -> Verdict:
        """The verdict on the offer; "offered" if the history does not name one of our articles."""
        if not self.cards:
            return "nothing"
        if not self.judged:
            return "offered"
        return "right" if self.past.article in self.cards else "wrong"


class Encoded:
    """Vectors of texts in the space that the ranking learns in; each is computed once."""

    def __init__(self, searcher: Searcher) -> None:
        self._encoder = searcher.main_encoder
        self._known: dict[str, Floats] = {}

    @property
    def there(self) -> bool:
        """True if the index has vectors."""
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
    """Return each ticket with its offer, oldest first; the ranking learns only from earlier tickets."""
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
    """Train the ranking on earlier tickets. Return False if they are too few."""
    from search.learn.learn import Solved, learn

    solved = [Solved(p.past.subject, p.past.body, p.past.lang or lang, p.past.article or "") for p in earlier]
    try:
        searcher.learned, _ = learn(searcher, solved, encode=encode)
    except HelpCenterError:
        return False
    return True
