"""Visitors with known eyes and known problems: what they do with the cards that our own ranker put before them."""

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
    """What people are like: probabilities where the card is the judged article, and where it is not."""

    looks: tuple[float, ...] = (1.0, 0.65, 0.45)  # at the card of each slot (position model)
    opens: tuple[float, float] = (0.8, 0.15)  # a card that is looked at
    goes_on: tuple[float, float] = (0.1, 0.6)  # looks further after opening (cascade model)
    passes: float = 0.8  # looks further after not opening (cascade model)
    reads: tuple[float, float] = (0.8, 0.35)
    rejects: tuple[float, float] = (0.02, 0.15)
    helped: tuple[float, float] = (0.7, 0.02)  # by an article that was opened
    says_so: float = 0.1
    writes: tuple[float, float] = (0.05, 0.75)  # sends the form after all: helped, not helped


@dataclass(frozen=True, slots=True)
class Log:
    """Offers in rows, cards in columns: questions, columns of articles, and what was done."""

    question: Numbers
    article: Numbers
    place: Numbers  # that the ranking gave the card
    opened: Flags
    kept: Flags  # opened and read, not rejected, and no ticket
    solved: Flags
    swaps: float

    def seen(self) -> tuple[Seen, Numbers]:
        """Return the cards as the click model takes them, and question * articles + article of each of its pairs."""
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
    """Return the log of so many contact forms, filled in while only the `published` articles were there.

    A few questions are asked often and most seldom; where the floor lets nothing through there is nothing to log.
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
    """Return which place of the ranking stands in each slot, by the chances of `deflect.offers.offer.arranged`."""
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
    """Return the log with what was kept and what was said to be solved."""

    def chance(of: tuple[float, float]) -> Flags:
        return random.random(fits.shape) < np.where(fits, *of)

    helped = log.opened & chance(people.helped)
    wrote = random.random(len(fits)) < np.where(helped.any(axis=1), *people.writes)
    kept = log.opened & chance(people.reads) & ~chance(people.rejects) & ~wrote[:, None]
    solved = helped & (random.random(len(fits)) < people.says_so)[:, None] & ~wrote[:, None]
    return replace(log, kept=kept, solved=solved)
