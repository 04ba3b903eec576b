"""Fitting the floor: `python -m search.calibrating COLLECTION OTHER…` prints what `floor.json` holds.

Fitted on the train split of COLLECTION, and on questions that nothing answers: those of the OTHER products put to
its articles, and its own put to theirs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb import config
from search import evaluation, floor, logistic
from search.beir import Asked, Folder
from search.evaluation import Mode
from search.floor import Calibration, Features, Odds
from search.ranking import System
from search.searcher import Searcher

Flags = NDArray[np.bool_]

CANDIDATES = 10
PENALTY = 0.1
STRANGERS = {"search": 0.1, "suggest": 0.05}  # share of no-answer questions that may get an offer at the floor
RIGHT = {
    "": ("dense", "lexical", "covered", "margin", "best_dense", "best_lexical", "mean_dense"),
    "-words": ("lexical", "covered", "margin", "best_lexical"),
}
OFFER = {
    "": ("first", "three", *floor.OF_QUESTION),
    "-words": ("first", "three", "best_lexical", "best_covered"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """The candidates of one question: their features, and which of them were judged right."""

    features: Features
    right: Flags


def main(folders: Sequence[str]) -> None:
    """Print the calibration of every mode as JSON."""
    settings = config.load()
    home, *others = (Folder(Path(folder)) for folder in folders)
    found = {}
    for mode in ("search", "suggest"):
        for words in ("", "-words"):
            system: System = "bm25" if words else "hybrid"
            own, visiting, abroad = _cases(settings, home, others, mode=mode, system=system)
            found[f"{mode}{words}"] = _document(fit(own, visiting, abroad, words=words, strangers=STRANGERS[mode]))
    print(json.dumps(found, indent=1))


def fit(
    own: Sequence[Case], visiting: Sequence[Case], abroad: Sequence[Case], *, words: str, strangers: float
) -> Calibration:
    """Return the calibration that answered questions and those of others (`visiting`) or to others (`abroad`) suggest.

    The floor is the least at which no more of the visiting questions than `strangers` would get an offer.
    """
    right = _right(own, RIGHT[words])
    strange = [*visiting, *abroad]
    rows, labels = _offers([*own, *strange], right, OFFER[words])
    balance = np.where(np.arange(len(rows)) < len(own), 1.0, len(own) / max(len(strange), 1))
    offer = _odds(OFFER[words], *logistic.fit(rows, labels, weights=balance, penalty=PENALTY))
    chances = [float(Calibration(right, offer, 0.0).scores(case.features).max()) for case in visiting]
    return Calibration(right, offer, round(float(np.quantile(chances, 1.0 - strangers)), 3))


def _right(own: Sequence[Case], names: Sequence[str]) -> Odds:
    rows = np.concatenate([np.stack([case.features[name] for name in names], axis=1) for case in own])
    return _odds(names, *logistic.fit(rows, np.concatenate([case.right for case in own]), penalty=PENALTY))


def _offers(cases: Sequence[Case], right: Odds, names: Sequence[str]) -> tuple[logistic.Matrix, Flags]:
    """Return the features of each case's offer, and whether one of its three articles is right."""
    rows, labels = [], []
    for case in cases:
        own = right.of(case.features)
        features = floor.offer_features(case.features, own)
        rows.append([float(features[name][0]) for name in names])
        labels.append(bool(case.right[np.argsort(-own, kind="stable")[: floor.SHOWN]].any()))
    return np.asarray(rows), np.asarray(labels)


def _odds(names: Sequence[str], weights: logistic.Matrix, bias: float) -> Odds:
    return Odds(round(bias, 3), {name: round(float(w), 3) for name, w in zip(names, weights, strict=True)})


def _cases(
    settings: config.Settings, home: Folder, others: Sequence[Folder], *, mode: Mode, system: System
) -> tuple[list[Case], list[Case], list[Case]]:
    """Return the answered questions of `home`, those of others put to its articles, and its own put to theirs."""
    train = home.qrels("train")
    searcher = evaluation.open_collection(settings, home, system=system)
    ask = _asker(searcher, home, mode=mode, system=system)
    own = [case for id, judged in train.items() for case in ask(home.questions[id], judged)]
    visiting = [case for other in others for asked in other.questions.values() for case in ask(asked, {})]
    abroad: list[Case] = []
    for number, other in enumerate(others):
        there = _asker(evaluation.open_collection(settings, other, system=system), other, mode=mode, system=system)
        some = list(train)[number :: len(others)]
        abroad += [case for id in some for case in there(home.questions[id], {})]
    return own, visiting, abroad


def _asker(searcher: Searcher, folder: Folder, *, mode: Mode, system: System) -> Callable[[Asked, Any], Iterable[Case]]:
    ids = [folder.document_ids[d.article, d.lang] for d in searcher.collection.documents]

    def ask(asked: Asked, judged: Any) -> Iterable[Case]:
        if mode == "suggest":
            found = searcher.ranked_message(*asked.message, lang=asked.lang, k=CANDIDATES, system=system)
        else:
            found = searcher.ranked_query(asked.subject or asked.text, lang=asked.lang, k=CANDIDATES, system=system)
        if found.ranking is not None:
            order = found.ranking.order
            yield Case(found.ranking.features(), np.asarray([ids[n] in judged for n in order]))

    return ask


def _document(fitted: Calibration) -> dict[str, Any]:
    return {
        "right": {"bias": fitted.right.bias, "weights": dict(fitted.right.weights)},
        "offer": {"bias": fitted.offer.bias, "weights": dict(fitted.offer.weights)},
        "floor": fitted.floor,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
