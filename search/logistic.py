"""Logistic regression by Newton's method: small, exact, and the same everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

STEPS = 50
CLOSE = 1e-8


def sigmoid(values: Matrix) -> Matrix:
    """Return 1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float64)


def fit(
    features: Matrix, labels: NDArray[np.bool_], *, weights: Matrix | None = None, penalty: float = 0.1
) -> tuple[Matrix, float]:
    """Return the (weights, bias) that make `labels` most likely, the weights held small by `penalty`.

    `features` is (rows, features); a row may count more or less by `weights`.
    """
    rows = np.hstack([features, np.ones((len(features), 1))])
    counts = np.ones(len(rows)) if weights is None else weights
    ridge = np.diag([penalty] * features.shape[1] + [1e-6])
    found = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = sigmoid(rows @ found)
        slope = rows.T @ (counts * (chance - labels)) + ridge @ found
        bend = (rows * (counts * chance * (1 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(bend, slope)
        found -= step
        if float(np.abs(step).max()) < CLOSE:
            break
    return found[:-1], float(found[-1])
