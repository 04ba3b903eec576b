"""Fit the floors: `python -m search.evaluate.calibrate COLLECTION OTHER…` prints the content of `floor.json`.

They are fitted on the train split of COLLECTION, and on no-answer questions: those of the OTHER products asked of
its articles, and its own asked of theirs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb import config
from search.evaluate import evaluation
from search.evaluate.beir import BeirQuestion, Folder
from search.evaluate.evaluation import Mode
from search.index import logistic
from search.rank import floor
from search.rank.floor import Calibration, Features, Odds
from search.rank.ranking import System
from search.rank.searcher import Searcher

Flags = NDArray[np.bool_]

CANDIDATES = 10
PENALTY = 1.0
TAUGHT = 0.7  # the first part of the train split, to learn from; the floor is fitted on the rest
RIGHT = {
    "": ("dense", "lexical", "covered", "margin"),
    "-multilingual": ("dense", "lexical", "covered", "margin"),
    "-words": ("lexical", "covered", "margin"),
    "-learned": (),
}
# Features of an offer: few and simple, so that the fit also holds on other articles.
MEANING = ("first", "cosine", "contrast", "mean_dense")
NEAR = ("first", "cosine", "mean_dense")
WORDS = ("first", "best_lexical", "contrast_lexical", "best_covered")


@dataclass(frozen=True, slots=True)
class Kind:
    """A mode to calibrate. `strangers` is the share of no-answer questions that may get an offer at its floor."""

    mode: Mode
    suffix: str
    system: System
    strangers: float
    offer: Sequence[str]  # the features of an offer
    embedder: str = "minilm"
    penalty: float = 1.0
    against: float = 1.0  # total weight of all no-answer questions relative to all answered ones

    @property
    def name(self) -> str:
        """The name in `floor.json`."""
        return f"{self.mode}{self.suffix}"


# The search page says so when it only shows similar articles, so a wrong one costs less than a wrong offer.
KINDS = (
    Kind("search", "", "hybrid", 0.25, MEANING),
    Kind("search", "-words", "bm25", 0.10, WORDS),
    Kind("search", "-multilingual", "hybrid", 0.25, MEANING, "multilingual"),
    Kind("suggest", "", "hybrid", 0.0125, NEAR, against=2.0),
    Kind("suggest", "-multilingual", "hybrid", 0.03, MEANING, "multilingual"),
    Kind("suggest", "-words", "bm25", 0.03, WORDS),
    Kind("suggest", "-learned", "learned", 0.015, ("three", "cosine", "solved"), penalty=0.1),
)


@dataclass(frozen=True, slots=True)
class Case:
    """The candidates of one question: their features, judgments and learned probabilities."""

    features: Features
    right: Flags
    own: logistic.Matrix | None


def main(folders: Sequence[str]) -> None:
    """Print the calibration of every mode as JSON."""
    settings = config.load()
    home, *others = (Folder(Path(folder)) for folder in folders)
    fitted = {kind.name: fit(*_cases(settings, home, others, kind), kind=kind) for kind in KINDS}
    print(json.dumps({name: _document(one) for name, one in fitted.items()}, indent=1))


def fit(own: Sequence[Case], visiting: Sequence[Case], abroad: Sequence[Case], *, kind: Kind) -> Calibration:
    """Return the calibration of a kind, fitted on answered questions (`own`) and no-answer questions.

    `visiting` are the questions of other collections, `abroad` the own questions asked of other collections. The floor
    is the least one at which no more than `kind.strangers` of the visiting questions would get an offer.
    """
    right = _right(own, RIGHT[kind.suffix])
    strange = [*visiting, *abroad]
    rows, labels = _offers([*own, *strange], right, kind.offer)
    balance = np.where(np.arange(len(rows)) < len(own), 1.0, kind.against * len(own) / max(len(strange), 1))
    offer = _odds(kind.offer, *logistic.fit(rows, labels, weights=balance, penalty=kind.penalty))
    untuned = Calibration(right, offer, 0.0)
    chances = [float(untuned.scores(case.features, own=case.own).max(initial=0.0)) for case in visiting]
    return Calibration(right, offer, round(float(np.quantile(chances, 1.0 - kind.strangers)), 3))


def _right(own: Sequence[Case], names: Sequence[str]) -> Odds:
    """Fit the odds of a candidate by its features. Without `names`, the odds are learned and not fitted here."""
    if not names:
        return Odds(0.0, {})
    rows = np.concatenate([np.stack([case.features[name] for name in names], axis=1) for case in own])
    return _odds(names, *logistic.fit(rows, np.concatenate([case.right for case in own]), penalty=PENALTY))


def _offers(cases: Sequence[Case], right: Odds, names: Sequence[str]) -> tuple[logistic.Matrix, Flags]:
    """Return the features of each case's offer, and True for each offer with a right article among its three."""
    rows, labels = [], []
    for case in cases:
        own = right.of(case.features) if case.own is None else case.own
        features = floor.offer_features(case.features, own)
        rows.append([float(features[name][0]) for name in names])
        labels.append(bool(case.right[np.argsort(-own, kind="stable")[: floor.SHOWN]].any()))
    return np.asarray(rows), np.asarray(labels)


def _odds(names: Sequence[str], weights: logistic.Matrix, bias: float) -> Odds:
    return Odds(round(bias, 3), {name: round(float(w), 3) for name, w in zip(names, weights, strict=True)})


def _cases(
    settings: config.Settings, home: Folder, others: Sequence[Folder], kind: Kind
) -> tuple[list[Case], list[Case], list[Case]]:
    """Return the answered questions of `home`, those of others asked of its articles, and its own asked of theirs."""
    settings = replace(settings, embedder=kind.embedder)
    train = home.qrels("train")
    searcher = evaluation.open_collection(settings, home, system=kind.system)
    ask = _asker(searcher, home, kind)
    first = list(train)[: int(TAUGHT * len(train))] if kind.system == "learned" else []
    if first:
        evaluation.teach(settings, searcher, home, {id: train[id] for id in first})
    own = [case for id in train if id not in set(first) for case in ask(home.questions[id], train[id])]
    visiting = [case for other in others for asked in other.questions.values() for case in ask(asked, {})]
    abroad: list[Case] = []
    for number, other in enumerate(others if not first else ()):
        there = _asker(evaluation.open_collection(settings, other, system=kind.system), other, kind)
        some = list(train)[number :: len(others)]
        abroad += [case for id in some for case in there(home.questions[id], {})]
    return own, visiting, abroad


def _asker(searcher: Searcher, folder: Folder, kind: Kind) -> Callable[[BeirQuestion, Any], Iterable[Case]]:
    ids = [folder.document_ids[d.version] for d in searcher.collection.documents]

    def ask(asked: BeirQuestion, judged: Any) -> Iterable[Case]:
        if kind.mode == "suggest":
            _, ranking = searcher.rank_message(*asked.message, lang=asked.lang, k=CANDIDATES, system=kind.system)
        else:
            text = asked.subject or asked.text
            _, ranking = searcher.rank_query(text, lang=asked.lang, k=CANDIDATES, system=kind.system)
        if ranking is not None:
            right = np.asarray([ids[n] in judged for n in ranking.order])
            yield Case(ranking.features(), right, ranking.own)

    return ask


def _document(fitted: Calibration) -> dict[str, Any]:
    return {
        "right": {"bias": fitted.right.bias, "weights": dict(fitted.right.weights)},
        "offer": {"bias": fitted.offer.bias, "weights": dict(fitted.offer.weights)},
        "floor": fitted.floor,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
