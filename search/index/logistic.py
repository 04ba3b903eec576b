"""Logistic regression: binary, multinomial and conditional.

The same rows give the same weights on every machine. The binary and the conditional fit use Newton's method.
"""

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
    """Return the (weights, bias) that make `labels` most likely. `penalty` keeps the weights small.

    `features` is (rows, features). `weights` are the weights of the rows, 1 by default.
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


def fit_classes(
    features: Matrix, labels: NDArray[np.int64], *, classes: int, penalty: float, counts: Matrix | None = None
) -> Matrix:
    """Return the (features + 1, classes) weights of a multinomial regression. The last row holds the biases.

    `counts` are the weights of the rows, 1 by default.

    Every step divides the gradient by one matrix that bounds the Hessian from above (Böhning 1992), so it needs neither
    a line search nor a step size. Nesterov's momentum reduces the number of steps.
    """
    rows = np.hstack([features, np.ones((len(features), 1))])
    ridge = np.diag([penalty] * features.shape[1] + [penalty / 100.0])
    weigh = np.ones((len(rows), 1)) if counts is None else counts[:, None]
    bound = np.linalg.inv(0.5 * rows.T @ (weigh * rows) + ridge)
    target = np.zeros((len(rows), classes))
    target[np.arange(len(rows)), labels] = 1.0
    found = ahead = np.zeros((rows.shape[1], classes))
    pace = 1.0
    for _ in range(CLASS_STEPS):
        slope = rows.T @ (weigh * (softmax(rows @ ahead) - target)) + ridge @ ahead
        step = ahead - bound @ slope
        if float(np.sum(slope * (step - found))) > 0.0:  # momentum goes uphill: restart it from here
            pace = 1.0
        faster = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * pace * pace))
        ahead = step + (pace - 1.0) / faster * (step - found)
        found, pace = step, faster
        if float(np.abs(slope).max()) < CLASS_CLOSE:
            break
    return found


CLASS_STEPS = 80
CLASS_CLOSE = 1e-2


def softmax(values: Matrix) -> Matrix:
    """Return the softmax along the last axis: probabilities that sum to 1."""
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)


def fit_choice(
    features: Matrix, chosen: NDArray[np.int64], *, centre: Matrix, penalty: float = 1.0, counts: Matrix | None = None
) -> Matrix:
    """Return the weights that make the chosen one of each row's candidates most likely (conditional logit).

    `features` is (rows, candidates, features). `penalty` keeps the weights near `centre` while there are few rows.
    `counts` are the weights of the rows, 1 by default.
    """
    found = centre.astype(np.float64)
    weigh = np.ones(len(features)) if counts is None else counts
    right = features[np.arange(len(features)), chosen]
    flat = features.reshape(-1, features.shape[2])

    def loss(weights: Matrix) -> float:
        values = features @ weights
        peak = values.max(axis=1)
        total = peak + np.log(np.exp(values - peak[:, None]).sum(axis=1))
        return float(weigh @ (total - right @ weights) + 0.5 * penalty * (weights - centre) @ (weights - centre))

    for _ in range(STEPS):
        chance = softmax(features @ found)
        mean = np.stack([chance[row] @ features[row] for row in range(len(features))])
        slope = weigh @ (mean - right) + penalty * (found - centre)
        spread = flat.T @ (flat * (weigh[:, None] * chance).reshape(-1, 1)) - mean.T @ (weigh[:, None] * mean)
        bend = spread + penalty * np.eye(len(found))
        step = np.linalg.solve(bend, slope)
        size, now = 1.0, loss(found)
        while loss(found - size * step) > now and size > 1e-6:
            size *= 0.5
        found = found - size * step
        if float(np.abs(size * step).max()) < CLOSE * max(1.0, float(np.abs(found).max())):
            break
    return found
