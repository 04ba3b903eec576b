"""The experiment: which arm a person is in, for good."""

from __future__ import annotations

import hashlib
from typing import Literal

Arm = Literal["treatment", "control"]


def arm(person: str, *, salt: str, holdout: float) -> Arm:
    """Return the arm of `person`; a share of `holdout` is in the control arm.

    A larger holdout moves people from treatment to control only, never back.

    >>> arm("visitor:a", salt="s", holdout=0.0)
    'treatment'
    """
    return "control" if position(person, salt=salt) < holdout else "treatment"


def position(person: str, *, salt: str) -> float:
    """Return where `person` stands in [0, 1), evenly spread and the same on every machine."""
    digest = hashlib.sha256((salt + person).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
