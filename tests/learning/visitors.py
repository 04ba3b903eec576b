"""Simulate visitors with known problems and click behaviour, who see the cards of our own ranker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deflect.learn.evidence import SLOTS, Seen
from deflect.offers.offer import propensity
from tests.learning.world import Numbers, World

Flags = NDArray[np.bool_]
Model = Literal["position", "cascade"]


@dataclass(frozen=True)
class People:
    """Probabilities of visitors' actions; of two values, the first is for the judged article, the second for others."""

    looks: tuple[float, ...] = (1.0, 0.65, 0.45)  # at the card of each slot (position model)
    opens: tuple[float, float] = (0.8, 0.15)  # a card that is looked at
    goes_on: tuple[float, float] = (0.1, 0.6)  # looks further after opening (cascade model)
    passes: float = 0.8  # looks further after not opening (cascade model)
    reads: tuple[float, float] = (0.8, 0.35)
    rejects: tuple[float, float] = (0.02, 0.15)
    helped: tuple[float, float] = (0.7, 0.02)  # by an article that was opened
    says_so: float = 0.1
    writes: tuple[float, float] = (0.05, 0.75)  # sends the form: if helped, if not


@dataclass(frozen=True, slots=True)
class Log:
    """A log with offers in rows and cards in columns: questions, columns of articles, and actions."""

    question: Numbers
    article: Numbers
    place: Numbers  # of the card in the ranking
    opened: Flags
    kept: Flags  # opened and read, not rejected, and no ticket
    solved: Flags
    swaps: float

    def seen(self) -> tuple[Seen, Numbers]:
        """Return the click model's input, and the key of each of its pairs: question * 10,000 + article."""
        keys, pair = np.unique(self.question[:, None] * 10_000 + self.article, return_inverse=True)
        slot = np.tile(np.arange(SLOTS), len(self.question))
        chances = [[propensity(card, at, of=SLOTS, share=self.swaps) for at in range(SLOTS)] for card in range(SLOTS)]
        place = self.place.ravel()
        return Seen(
            pair.ravel(), place, slot, np.asarray(chances)[place, slot], self.opened.ravel(), self.kept.ravel()
        ), keys


def visit(
    world: World, people: People, *, sessions: int, published: Flags, model: Model, swaps: float, seed: int
) -> Log:
    """Return the log of `sessions` contact forms, filled in while only `published` articles exist.

    A few questions are asked often and most rarely. Questions without an offer above the floor are not logged.
    """
    random = np.random.default_rng(seed)
    pool = random.permutation(np.flatnonzero(world.known & published[world.label]))
    often = 1.0 / np.arange(1, len(pool) + 1) ** 0.7
    question = random.choice(pool, size=sessions, p=often / often.sum())
    question = question[world.offered[question]]
    best = np.stack([row[published[row]][:SLOTS] for row in world.order])
    place = _swapped(random, len(question), swaps)
    article = np.take_along_axis(best[question], place, axis=1)
    fits = article == world.label[question][:, None]
    log = Log(question, article, place, _opened(random, people, fits, model), fits, fits, swaps)
    return _ended(random, people, log, fits)


def _swapped(random: np.random.Generator, offers: int, share: float) -> Numbers:
    """Return the ranking's place in each slot, swapped with the probabilities of `deflect.offers.offer.arranged`."""
    place = np.tile(np.arange(SLOTS), (offers, 1))
    moved = np.zeros(offers, dtype=np.bool_)
    for upper in range(SLOTS - 1):
        now = ~moved & (random.random(offers) < share)
        place[now, upper], place[now, upper + 1] = upper + 1, upper
        moved |= now
    return place


def _opened(random: np.random.Generator, people: People, fits: Flags, model: Model) -> Flags:
    wants = random.random(fits.shape) < np.where(fits, *people.opens)
    if model == "position":
        return wants & (random.random(fits.shape) < np.asarray(people.looks))
    opened, looking = np.zeros_like(fits), np.ones(len(fits), dtype=np.bool_)
    for slot in range(SLOTS):
        opened[:, slot] = looking & wants[:, slot]
        further = np.where(opened[:, slot], np.where(fits[:, slot], *people.goes_on), people.passes)
        looking &= random.random(len(fits)) < further
    return opened


def _ended(random: np.random.Generator, people: People, log: Log, fits: Flags) -> Log:
    """Return the log with the kept and the solved cards."""

    def chance(of: tuple[float, float]) -> Flags:
        return random.random(fits.shape) < np.where(fits, *of)

    helped = log.opened & chance(people.helped)
    wrote = random.random(len(fits)) < np.where(helped.any(axis=1), *people.writes)
    kept = log.opened & chance(people.reads) & ~chance(people.rejects) & ~wrote[:, None]
    solved = helped & (random.random(len(fits)) < people.says_so)[:, None] & ~wrote[:, None]
    return replace(log, kept=kept, solved=solved)
