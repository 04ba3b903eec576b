"""The processes of one `kb serve` know each other by a word in their environment that nobody else has."""

from __future__ import annotations

import os
import secrets

NAME = "SHORTSTOP_FAMILY"


def founded() -> dict[str, str]:
    """Return the environment variable with which a new family is begun."""
    return {NAME: secrets.token_hex(16)}


def word() -> str:
    """Return the word of the family that this process belongs to, nothing outside of any."""
    return os.environ.get(NAME, "")
