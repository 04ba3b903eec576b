"""Read the dates of other systems: ISO, RFC 2822, seconds or milliseconds since 1970, and dates with a month's name.

02/10/2026 is the 2nd of October or the 10th of February, so a date in numbers that doesn't begin with the year is read
only if the order of day and month is given.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from dateutil import parser

from deflect.store import clock

Order = Literal["dmy", "mdy"]
NUMBER = re.compile(r"\d{1,16}(\.\d+)?")
COMPACT = re.compile(r"(19|2[01])\d{6}")  # 20261002
IN_NUMBERS = re.compile(r"(\d{1,2})[./-]\s?(\d{1,2})[./-]\s?(\d{4}|\d{2})\b")
SHORT_YEAR = re.compile(r"(\d{1,2})[-\s]([a-z]{3,9})\.?[-\s](\d{2})\b(?!:)", re.IGNORECASE)  # 7-Sep-26, as Excel writes
SIGNED_ZONE = re.compile(r"\b(GMT|UTC)(?=[+-]\d)")  # read with the other sign by dateutil, as POSIX does
YEAR = re.compile(r"\b(19[7-9]\d|2[01]\d\d)\b")
DAYS_OF_SHEETS = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of Excel and others
LAST_DAY = 110_000  # of sheets: the year 2201
LAST_SECOND = 7_258_118_400  # of 2199
ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "WET": 0, "WEST": 1,
}  # fmt: skip


class AmbiguousDate(ValueError):
    """A date whose day and month cannot be told apart."""


def read(text: str, order: Order | None = None) -> int:
    """Return a date or time in microseconds, in UTC unless it has a time zone.

    Raise AmbiguousDate if the order of day and month is needed, and ValueError for anything else that is no time.

    >>> from deflect.store.clock import to_rfc3339
    >>> to_rfc3339(read("2 Oct 2026")), to_rfc3339(read("1790929800000")), to_rfc3339(read("10/2/2026 8:30 AM", "mdy"))
    ('2026-10-02T00:00:00Z', '2026-10-02T08:30:00Z', '2026-10-02T08:30:00Z')
    """
    text = text.strip()
    if NUMBER.fullmatch(text) and not COMPACT.fullmatch(text):
        return _from_number(float(text))
    with contextlib.suppress(ValueError):
        return clock.from_date(text)
    if numbers := IN_NUMBERS.match(text):
        text = _year_first(numbers, order) + text[numbers.end() :]
    elif named := SHORT_YEAR.match(text):
        text = f"{named[1]} {named[2]} 20{named[3]}" + text[named.end() :]
    if not YEAR.search(text):
        raise ValueError(f"{text!r} has no year")
    return _parsed(text)


def _from_number(number: float) -> int:
    """Return the time of a number: days in a spreadsheet, or seconds, milliseconds or microseconds since 1970."""
    if number < LAST_DAY:
        moment = DAYS_OF_SHEETS + timedelta(days=number)
    else:
        while number > LAST_SECOND:
            number /= 1000
        moment = datetime.fromtimestamp(number, tz=UTC)
    return clock.from_rfc3339(moment.isoformat())


def _year_first(numbers: re.Match[str], order: Order | None) -> str:
    """Return a date such as 02.10.2026 as 2026-10-02."""
    if order is None:
        raise AmbiguousDate(f"{numbers[0]!r} may begin with the day or with the month")
    first, second, year = numbers.groups()
    day, month = (first, second) if order == "dmy" else (second, first)
    return f"{int(year) + (2000 if len(year) == 2 else 0)}-{int(month):02}-{int(day):02}"


def _parsed(text: str) -> int:
    """Return the time of a text whose day and month are clear. Raise ValueError."""
    nothing = datetime(1, 1, 1, tzinfo=UTC)
    try:
        moment = parser.parse(SIGNED_ZONE.sub("", text), yearfirst=True, default=nothing, tzinfos=_zone)
    except (parser.ParserError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return clock.from_rfc3339(moment.isoformat())


def _zone(name: str | None, offset: int | None) -> timezone:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if (hours := ZONES.get(name or "UTC")) is None:
        raise ValueError(f"{name!r} is not a known time zone")
    return timezone(timedelta(hours=hours))
