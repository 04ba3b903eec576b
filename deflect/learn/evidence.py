"""Derive lessons of small weight from cards that people opened and kept. They train the ranking, but never evaluate it.

A card was kept if it was opened and read, and neither a ticket nor "Not this" followed. That alone does not show that
its article fits the question, because cards in upper slots are seen more often. So `examination` estimates from swapped
offers how often each slot is looked at, and `fitting` estimates the probability that each pair of question and article
fits, by expectation and maximisation. Pairs with a probability of at least 0.5 become lessons. They weigh at most 0.3
of an outcome, and half as much every 45 days. `everything` joins them with the lessons from outcomes, and `once` keeps
each pair of words and article once, so that a text that many people send does not outvote all others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deflect.learn.lessons import Lesson, lessons
from deflect.store.clock import DAY
from deflect.store.database import Row, Store
from search.index.logistic import Matrix, sigmoid

SLOTS = 3
USUAL = (0.7, 0.7)  # looks at a card as a share of those at the card above it, before enough swaps are measured
FEW = 20.0  # follows in swapped offers that weigh as much as the usual shares
LEAST = 30  # kept cards below which there are no lessons
STEPS = 60
OFTEN, SELDOM = 0.5, 0.05  # usual shares of seen cards that are kept: cards that fit, and others
LOOKS = 200.0  # looks that weigh as much as the usual shares; texts seen once cannot separate the two
SHARE = 0.3  # of pairs that fit, at the start

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Cards that were on a screen, one per row: pair, place, slot, propensity, and the person's actions.

    A pair is a question's text and an article. `followed` means that the card was opened. `kept` means that the article
    was also read, and that neither "Not this" nor a ticket followed.
    """

    pair: Counts
    place: Counts  # in the ranking, from 0
    slot: Counts  # on the screen, from 0
    propensity: Matrix
    followed: NDArray[np.bool_]
    kept: NDArray[np.bool_]


def examination(seen: Seen) -> Matrix:
    """Return the share of offers in which the card of each slot is looked at, relative to the first.

    Articles of neighbouring places are swapped between their slots at random, so their follows, each divided by its
    propensity, differ by the slot alone (intervention harvesting: Agarwal et al. 2019, WSDM, arXiv 1812.05161).
    With few swaps, the shares stay near the usual ones. A lower card never has a greater share.
    """
    shares = [1.0]
    for upper in range(SLOTS - 1):
        rows = (seen.place == upper) | (seen.place == upper + 1)
        rates = [_rate(seen, rows & (seen.slot == slot)) for slot in (upper, upper + 1)]
        swapped = rows & (seen.place != seen.slot) & (np.maximum(seen.place, seen.slot) == upper + 1)
        many = float((swapped & seen.followed).sum())
        measured = rates[1] / rates[0] if rates[0] else USUAL[upper]
        ratio = (many * measured + FEW * USUAL[upper]) / (many + FEW)
        shares.append(shares[-1] * float(np.clip(ratio, 0.1, 1.0)))
    return np.asarray(shares)


def fitting(seen: Seen, *, looked: Matrix) -> Matrix:
    """Return the probability that each pair's article fits its question, 0 for a pair that was never kept.

    A pair either fits or does not, and cards of fitting pairs are kept more often when they are looked at. Both rates
    and the share of fitting pairs are estimated by expectation and maximisation over all pairs (the position-based
    model with two kinds of pairs; Chuklin, Markov and de Rijke 2015, chapter 3). A card that was not kept counts
    against its pair, and less so in a lower slot.
    """
    pairs = int(seen.pair.max()) + 1 if len(seen.pair) else 0
    cells = seen.pair * SLOTS + seen.slot
    shown = np.bincount(cells, minlength=pairs * SLOTS).reshape(pairs, SLOTS).astype(np.float64)
    kept = np.bincount(cells, weights=seen.kept, minlength=pairs * SLOTS).reshape(pairs, SLOTS).astype(np.float64)
    total, looks = kept.sum(axis=1), shown @ looked
    often, seldom, share = OFTEN, SELDOM, SHARE
    chance = np.zeros(pairs)
    if total.sum() < LEAST:
        return chance
    for _ in range(STEPS):
        odds = (
            np.log(share / (1.0 - share)) + _likely(kept, shown, looked * often) - _likely(kept, shown, looked * seldom)
        )
        chance = sigmoid(np.clip(odds, -50.0, 50.0))
        often = _held(OFTEN, kept=float(chance @ total), looks=float(chance @ looks))
        seldom = min(
            0.9 * often, _held(SELDOM, kept=float((1.0 - chance) @ total), looks=float((1.0 - chance) @ looks))
        )
        share = float(np.clip(chance.mean(), 0.02, 0.9))
    return np.where(total > 0, chance, 0.0)


def _held(usual: float, *, kept: float, looks: float) -> float:
    """Return the share of looks after which the card is kept, near the usual share if there are few looks."""
    return min(0.98, float((kept + usual * LOOKS) / (looks + LOOKS)))


def _rate(seen: Seen, rows: NDArray[np.bool_]) -> float:
    """Return the share of followed cards among `rows`, each weighted by the inverse of its propensity."""
    weights = 1.0 / seen.propensity[rows]
    return float(weights @ seen.followed[rows] / weights.sum()) if len(weights) else 0.0


def _likely(kept: Matrix, shown: Matrix, rate: Matrix) -> Matrix:
    """Return the log-likelihood of each pair's observations, if its cards are kept at `rate` by slot."""
    return np.asarray((kept * np.log(rate) + (shown - kept) * np.log1p(-rate)).sum(axis=1), dtype=np.float64)


SOURCE = "followed"
WEIGHT = 0.3  # of a pair with a probability of 1; an outcome weighs 1
FITS = 0.5  # least probability of a pair that becomes a lesson
SPAN = 90 * DAY  # the default retention of texts
HALF_LIFE = 45 * DAY
MOST = 15_000  # the latest cards; with more, there are enough stated solutions

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
    """One card that was on a screen: its question, article, person and slot, and the person's actions."""

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
    """Return a lesson for each pair of question and article that fits according to people's actions, oldest first.

    Its weight is 0.3 times the pair's probability, halved every 45 days. A question with a stated solution is skipped,
    because its outcome is already a lesson. Ages are counted from the last card of the log, so that the same log always
    gives the same lessons.
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
    """Return all lessons for the ranking, from outcomes and from followed cards, oldest first."""
    return once([*lessons(store), *followed(store)])


def once(found: Iterable[Lesson]) -> list[Lesson]:
    """Return the lessons with each pair of words and article once, oldest first.

    A question that many people send, or a text that a form fills in, must not outvote all others. An article with
    less than half the weight of another for the same words is left out as a mistake.
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
    chances = fitting(seen, looked=examination(seen))
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
    """Yield the cards of an episode that were shown in the slot that their offer gave them."""
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
