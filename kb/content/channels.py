"""Who may use which channel: a decision table, read top down, of which the first row that fits decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAMES = ("web", "email", "chat", "phone")


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that somebody may use, why, and the address to call, mail or open; our own form needs none."""

    channel: str
    why: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, such as holidays, and what they are."""

    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: whom it is for, and what they may use; what is empty fits everybody and every time."""

    channels: tuple[str, ...]
    why: str = ""
    segments: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None  # minutes of the day; from 22:00 to 06:00 goes over midnight
    dates: tuple[Span, ...] = ()

    def fits(self, *, segment: str, topic: str, lang: str, now: datetime) -> bool:
        """Say whether the rule is for this person, at this moment of the table's time zone."""
        return (
            (not self.segments or segment in self.segments)
            and (not self.topics or any(topic == name or topic.startswith(f"{name}/") for name in self.topics))
            and (not self.langs or lang in self.langs)
            and (not self.dates or self._span(now.date()) is not None)
            and (not self.days or now.weekday() in self.days)
            and (self.hours is None or _within(self.hours, now.hour * 60 + now.minute))
        )

    def reason(self, day: date) -> str:
        """Return why it is so on a day: what the day is, and the rule's own sentence."""
        span = self._span(day)
        return ": ".join(part for part in (span.note if span else "", self.why) if part)

    def _span(self, day: date) -> Span | None:
        return next((span for span in self.dates if span.first <= day <= span.last), None)


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table; `text` is the file that it was read from."""

    rules: tuple[Rule, ...] = ()
    reach: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    text: str = ""


def decide(table: Table, *, segment: str, topic: str, lang: str, now: datetime) -> tuple[Way, ...]:
    """Return the channels that somebody of this segment may use about this topic now, the first one first.

    Where no rule fits it is our own form. It is nothing only where the rule that fits says `channels: none`.
    """
    there = now.astimezone(zone_of(table.zone) or UTC)
    rule = next((r for r in table.rules if r.fits(segment=segment, topic=topic, lang=lang, now=there)), Rule(("web",)))
    return tuple(Way(channel, rule.reason(there.date()), table.reach.get(channel, "")) for channel in rule.channels)


def _within(hours: tuple[int, int], minute: int) -> bool:
    begin, end = hours
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of that name, None where this machine knows none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
