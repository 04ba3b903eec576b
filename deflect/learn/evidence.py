"""What people followed and kept, read from the log as lessons of little weight; they teach, and never judge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from deflect.learn import clicks
from deflect.learn.clicks import SLOTS, Seen
from deflect.learn.lessons import Lesson, lessons
from deflect.store.clock import DAY
from deflect.store.store import Row, Store

SOURCE = "followed"
WEIGHT = 0.3  # of what surely fits, beside an outcome's 1
FITS = 0.5  # least probability of a pair to be learned from
SPAN = 90 * DAY  # as long as texts are kept, as delivered
HALF_LIFE = 45 * DAY
MOST = 15_000  # cards, the latest: where there are more, enough people say that they were helped

LATEST = "SELECT received AS at FROM events WHERE type = 'shown' AND received < :end ORDER BY received DESC LIMIT 1"

EPISODES = """
    WITH cards AS (
        SELECT episode FROM events
        WHERE type = 'shown' AND received >= :start AND received < :end AND episode IS NOT NULL
        ORDER BY received DESC, id LIMIT :most
    ), some AS (SELECT DISTINCT episode FROM cards)
    SELECT events.episode, events.type, article, rank, source, events.received AS at, data, text, person, lang
    FROM some JOIN events ON events.episode = some.episode JOIN episodes ON episodes.id = some.episode
    LEFT JOIN event_texts ON event_texts.event = events.id
    WHERE type IN ('offer', 'shown', 'follow', 'read', 'not_this', 'solved', 'sent', 'attempted')
      AND events.received < :end
    ORDER BY events.episode, events.received, events.id
    """


@dataclass(frozen=True, slots=True)
class Card:
    """One card that was on a screen: of which offer and article, where, and what became of it."""

    text: str
    article: str
    lang: str
    person: str
    at: int
    place: int
    slot: int
    propensity: float
    followed: bool
    kept: bool
    solved: bool


def followed(store: Store, *, before: int | None = None) -> list[Lesson]:
    """Return a lesson for each question and article that what people did says fit each other, the oldest first.

    Its weight is how sure that is, halved every 45 days, and never more than three tenths of an outcome's; a question
    that somebody said was solved needs none. The same log gives the same lessons: time is that of its last event.
    """
    end = before if before is not None else 2**62
    latest = store.one(LATEST, {"end": end})
    if latest is None:
        return []
    now = int(latest["at"])
    rows = store.rows(EPISODES, {"start": now - SPAN, "end": end, "most": MOST})
    cards = [card for _, own in groupby(rows, key=lambda row: row["episode"]) for card in _cards(list(own))]
    return _lessons(cards, now=now)


def everything(store: Store) -> list[Lesson]:
    """Return all that the ranking may learn from, outcomes and what was followed, the oldest first."""
    return once([*lessons(store), *followed(store)])


def once(found: Iterable[Lesson]) -> list[Lesson]:
    """Return lessons of which each question's words and article are there once, the oldest first.

    A question that is sent by many, or a text that a form puts there, must not outvote all others. Of the same words,
    an article that solved them less than half as often as another did is left out: somebody pressed it by mistake.
    """
    found = sorted(found, key=lambda one: (one.weight < 1.0, one.at, one.id))
    votes: dict[tuple[str, str, str], float] = {}
    most: dict[tuple[str, str], float] = {}
    first: dict[tuple[str, str, str], Lesson] = {}
    for one in found:
        name = (one.subject, one.body, one.article)
        first.setdefault(name, one)
        votes[name] = votes.get(name, 0.0) + one.weight
        most[name[:2]] = max(most.get(name[:2], 0.0), votes[name])
    kept = [one for name, one in first.items() if 2 * votes[name] >= most[name[:2]]]
    return sorted(kept, key=lambda one: (one.at, one.id))


def _lessons(cards: Sequence[Card], *, now: int) -> list[Lesson]:
    names = sorted({(card.text, card.article) for card in cards})
    numbers = {name: number for number, name in enumerate(names)}
    seen = Seen(
        pair=np.asarray([numbers[card.text, card.article] for card in cards], dtype=np.int64),
        place=np.asarray([card.place for card in cards], dtype=np.int64),
        slot=np.asarray([card.slot for card in cards], dtype=np.int64),
        propensity=np.asarray([card.propensity for card in cards], dtype=np.float64),
        followed=np.asarray([card.followed for card in cards], dtype=np.bool_),
        kept=np.asarray([card.kept for card in cards], dtype=np.bool_),
    )
    chances = clicks.fitting(seen, looked=clicks.examination(seen))
    said = {card.text for card in cards if card.solved}
    last = {(card.text, card.article): card for card in sorted(cards, key=lambda card: card.at) if card.kept}
    found = [
        _lesson(card, chance=float(chances[numbers[name]]), now=now)
        for name, card in last.items()
        if card.text not in said and chances[numbers[name]] >= FITS
    ]
    return sorted(found, key=lambda lesson: (lesson.at, lesson.id))


def _lesson(card: Card, *, chance: float, now: int) -> Lesson:
    weight = WEIGHT * chance * 0.5 ** ((now - card.at) / HALF_LIFE)
    id = f"{SOURCE}:{card.at}:{card.article}"
    return Lesson(id, "", card.text, card.lang, card.article, card.person, SOURCE, card.at, round(weight, 4))


def _cards(rows: Sequence[Row]) -> Iterator[Card]:
    """Yield the cards of an episode that stood on the screen where their offer had put them."""
    offers = [row | json.loads(row["data"] or "{}") for row in rows if row["type"] == "offer" and row["text"]]
    did = {(row["type"], row["article"], row["rank"] if row["type"] == "follow" else None) for row in rows}
    wrote = any(row["type"] in ("sent", "attempted") for row in rows)
    for row in rows:
        slot = (row["rank"] or 0) - 1
        offer = next((o for o in reversed(offers) if row["at"] >= o["at"] and _stood(o, row["article"], slot)), None)
        if row["type"] != "shown" or offer is None:
            continue
        article, ranked = row["article"], [id for id in offer["articles"] if id in offer["cards"]]
        opened = ("follow", article, row["rank"]) in did
        yield Card(
            text=offer["text"],
            article=article,
            lang=row["lang"],
            person=row["person"],
            at=row["at"],
            place=ranked.index(article) if article in ranked else slot,
            slot=slot,
            propensity=float(offer["propensities"][slot]),
            followed=opened,
            kept=opened and ("read", article, None) in did and not wrote and ("not_this", article, None) not in did,
            solved=("solved", article, None) in did,
        )


def _stood(offer: dict[str, Any], article: str | None, slot: int) -> bool:
    cards, chances = offer.get("cards", ()), offer.get("propensities", ())
    return 0 <= slot < min(len(cards), len(chances), SLOTS) and cards[slot] == article
