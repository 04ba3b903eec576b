"""Read and convert times, which are stored as whole microseconds since 1970 in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """Return the current time. Other functions take it as an argument, so that tests can choose it."""
    return time.time_ns() // 1000


def from_rfc3339(text: str) -> int:
    """Return a time such as 2026-10-01T12:00:00Z in microseconds. Raise ValueError, also without a time zone."""
    moment = datetime.fromisoformat(text.upper())  # RFC 3339 allows a lower-case t and z
    if moment.tzinfo is None or "T" not in text.upper():
        raise ValueError(f"{text!r} is not an RFC 3339 time with a time zone")
    if not 1970 <= moment.year <= 2200:
        raise ValueError(f"{text!r} is not between 1970 and 2200")
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND + moment.microsecond


def to_rfc3339(micros: int) -> str:
    """Return a time as text, in UTC, without fractions of a second.

    >>> to_rfc3339(0)
    '1970-01-01T00:00:00Z'
    """
    return to_datetime(micros).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_datetime(micros: int) -> datetime:
    """Return a time as an aware datetime in UTC."""
    return datetime.fromtimestamp(micros / SECOND, tz=UTC)


def from_date(text: str) -> int:
    """Return a date or a time in microseconds, in UTC unless it has a time zone. Raise ValueError.

    >>> from_date("1970-01-02"), from_date("1970-01-01 00:00:01"), from_date("1970-01-01T01:00:00+01:00")
    (86400000000, 1000000, 0)
    """
    moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return from_rfc3339(aware.isoformat())
