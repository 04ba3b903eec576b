"""`kb example`: generate visits to your articles, so that the report has data before real visitors come."""

from __future__ import annotations

import json
import random
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deflect.history import imports
from deflect.store import clock
from deflect.store.clock import DAY, HOUR, MINUTE, SECOND, to_rfc3339
from deflect.store.database import reading
from deflect.store.people import arm
from kb import progress
from kb.config import Settings
from kb.errors import HelpCenterError

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

MARK = "made-up"  # a file in the data folder that marks its data as generated
HOLDOUT = 0.25
BUSY = (1.0, 1.1, 1.1, 1.0, 0.9, 0.45, 0.4)  # from Monday
LOOKS = (1.0, 0.6, 0.4, 0.3, 0.2)  # the chance that a visitor looks at the n-th result
NOWHERE = (  # questions without an article, so that the report has gaps
    "can I pay by cheque",
    "do you take cheques or bank drafts",
    "the app crashes on my watch",
    "watch app closes by itself",
    "where is your office, can I come by",
    "student discount",
)
DEVICES = ("phone", "phone", "computer", "computer", "computer", "tablet")

Event = dict[str, Any]


class NotEmpty(HelpCenterError):
    """The data folder has events or tickets, which must not be mixed with generated ones."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question in a visitor's words; `article` answers it, or is None."""

    text: str
    lang: str
    article: str | None


class _Visits:
    """Generates visits one by one; the same seed, articles and day give the same visits."""

    def __init__(self, searcher: Searcher, wanted: Sequence[Wanted], draw: random.Random) -> None:
        self.searcher = searcher
        self.wanted = wanted
        self.draw = draw
        self.events: list[Event] = []
        self._search = cache(lambda text, lang: searcher.search(text, lang=lang))
        self._suggest = cache(lambda text, lang: searcher.suggest("", text, lang=lang))

    def visit(self, at: int) -> None:
        """Add a visit. Six in ten search first; if that fails, four in ten of them write. All others write at once."""
        who, wanted = f"{self.draw.getrandbits(128):032x}", self.draw.choice(self.wanted)
        if self.draw.random() < 0.6 and (self._searched(who, wanted, at) or self.draw.random() < 0.6):
            return
        self._wrote(who, wanted, at + 3 * MINUTE)

    def _add(self, who: str, type: str, at: int, **more: Any) -> None:
        if at > clock.now():
            return
        id = str(uuid.UUID(int=self.draw.getrandbits(128), version=4))
        self.events.append({"visitor": who, "id": id, "type": type, "at": to_rfc3339(at), **more})

    def _searched(self, who: str, wanted: Wanted, at: int) -> bool:
        """Add one or two searches. Return True if the right article was read."""
        for attempt in range(2):
            typed = self._typed(wanted.text, short=attempt > 0)
            found = self._search(typed, wanted.lang)
            about = {"hits": len(found.hits), "stage": found.stage, "ranker": found.ranker, "lang": found.lang}
            self._add(who, "search", at + attempt * 40 * SECOND, text=typed, **about)
            for rank, (hit, look) in enumerate(zip(found.hits, LOOKS, strict=False), 1):
                right = hit.article == wanted.article
                if self.draw.random() < look * (0.85 if right else 0.06):
                    self._read(who, hit.article, at + MINUTE, helps=right, source="search", rank=rank)
                    return right
        return False

    def _typed(self, text: str, *, short: bool) -> str:
        words = text.split()
        if short or self.draw.random() < 0.3:
            words = words[: max(2, len(words) // 2)]
        if self.draw.random() < 0.1 and len(words[-1]) > 5:
            words[-1] = words[-1][:2] + words[-1][3:]  # a typing error
        return " ".join(words)

    def _read(self, who: str, article: str, at: int, *, helps: bool, **about: Any) -> None:
        self._add(who, "follow", at, article=article, **about)
        if self.draw.random() < (0.85 if helps else 0.4):
            self._add(who, "read", at + 20 * SECOND, article=article, **about)
        if self.draw.random() < 0.12:
            entry = self.searcher.snapshot.best(article, self.searcher.settings.lang)
            vote: Event = {} if helps else {"reason": "not_my_problem"}
            if entry is not None:
                vote |= {"article": article, "revision": entry.revision}
                self._add(who, "helpful" if helps else "unhelpful", at + MINUTE, **vote)

    def _wrote(self, who: str, wanted: Wanted, at: int) -> None:
        """Add an episode: the computed offer, the actions on it, and the end."""
        found = self._suggest(wanted.text, wanted.lang)
        group = arm(f"visitor:{who}", salt="example", holdout=HOLDOUT)
        inside: Event = {"episode": f"example-{who[:12]}"}
        cards = [card.article for card in found.cards]
        place = {"channels": ["web"], "page": "/contact", "lang": wanted.lang, "device": self.draw.choice(DEVICES)}
        self._add(who, "intent", at, arm=group, holdout=HOLDOUT, **place, **inside)
        offer = {
            "cards": cards,
            "abstained": found.abstained,
            "ranker": found.ranker,
            "propensities": [1.0] * len(cards),
        }
        offer |= {"articles": [id for id, _ in found.candidates], "scores": [score for _, score in found.candidates]}
        self._add(who, "offer", at + SECOND, arm=group, text=wanted.text, lang=wanted.lang, **offer, **inside)
        solved = group == "treatment" and bool(cards) and self._offered(who, wanted, cards, at, inside)
        back = solved and self.draw.random() < 0.08
        if back or (not solved and self.draw.random() < 0.8):
            later = 2 * DAY if back else 2 * MINUTE + int(self.draw.lognormvariate(1.0, 0.6) * MINUTE)
            self._add(who, "sent", at + later, ticket=f"example-{who[:8]}", channel="web", **inside)
        elif not solved:
            self._add(who, "left", at + 4 * MINUTE, **inside)

    def _offered(self, who: str, wanted: Wanted, cards: Sequence[str], at: int, inside: Event) -> bool:
        """Add the actions on the cards. Return True if one solved the problem."""
        self._add(who, "shown", at + 2 * SECOND, article=cards[0], rank=1, **inside)
        picked = next((card for card in cards if card == wanted.article), cards[0])
        right = picked == wanted.article
        if self.draw.random() > (0.7 if right else 0.25):
            return False
        card: Event = {"source": "offer", "rank": cards.index(picked) + 1, **inside}
        self._read(who, picked, at + MINUTE, helps=right, **card)
        solved = right and self.draw.random() < 0.6
        if solved or self.draw.random() < 0.2:
            self._add(who, "solved" if solved else "not_this", at + 2 * MINUTE, article=picked, **card)
        return solved


def fill(
    settings: Settings,
    searcher: Searcher,
    wanted: Sequence[Wanted],
    *,
    visits: int,
    days: int,
    seed: int,
    report: progress.Report = progress.silent,
) -> dict[str, Any]:
    """Write generated visits of the last `days` into an empty log, mark the data folder, and return the totals.

    Results and offers come from the real search. Raise NotEmpty if the data folder has events or tickets.
    """
    with reading(settings) as store:
        if store.one("SELECT 1 FROM events LIMIT 1") or store.one("SELECT 1 FROM tickets LIMIT 1"):
            raise NotEmpty(
                f"{settings.database} has events or tickets, which must not be mixed with generated ones; "
                "name a new folder with --data"
            )
    (settings.data / MARK).touch()
    nowhere = [Wanted(text, settings.lang, None) for text in NOWHERE]
    made = _Visits(searcher, [*wanted, *nowhere * max(1, len(wanted) // 40)], random.Random(seed))
    for done, at in enumerate(_times(made.draw, visits, days), 1):
        made.visit(at)
        report(done, visits)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in made.events), encoding="utf-8")
        return imports.load_events(settings, path)


def is_made_up(settings: Settings) -> bool:
    """Return True if the data folder is marked as generated."""
    return (settings.data / MARK).exists()


def _times(draw: random.Random, visits: int, days: int) -> Iterator[int]:
    """Yield the start of each visit, oldest first, up to an hour ago; weekdays are busier than weekends."""
    end = clock.now() - HOUR
    span = range(days)
    weights = [BUSY[clock.to_datetime(end - day * DAY).weekday()] for day in span]
    moments = (
        end - draw.choices(span, weights)[0] * DAY - int(abs(draw.gauss(0, 4 * HOUR))) % DAY for _ in range(visits)
    )
    yield from sorted(moments)
