"""The table of channels: the first rule that fits a visitor decides which channels they may use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, MutableSequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kb import languages
from kb.content import article_keys, frontmatter
from kb.content.frontmatter import Value
from kb.errors import BadArticle, Problem
from kb.patterns import EMAIL

NAMES = ("web", "email", "chat", "phone")


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that a visitor may use, the reason, and its address; the contact form has no address."""

    channel: str
    why: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of days, such as holidays, with a note."""

    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: its conditions and its channels. An empty condition always fits."""

    channels: tuple[str, ...]
    why: str = ""
    segments: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None  # minutes of the day; 22:00 to 06:00 crosses midnight
    dates: tuple[Span, ...] = ()

    def fits(self, *, segment: str, topic: str, lang: str, now: datetime) -> bool:
        """Return True if the rule applies to this visitor at this time, given in the table's time zone."""
        return (
            (not self.segments or segment in self.segments)
            and (not self.topics or any(topic == name or topic.startswith(f"{name}/") for name in self.topics))
            and (not self.langs or lang in self.langs)
            and (not self.dates or self._span(now.date()) is not None)
            and (not self.days or now.weekday() in self.days)
            and (self.hours is None or _within(self.hours, now.hour * 60 + now.minute))
        )

    def reason(self, day: date) -> str:
        """Return the reason for the rule on a day: the note of the day and the rule's sentence."""
        span = self._span(day)
        return ": ".join(part for part in (span.note if span else "", self.why) if part)

    def _span(self, day: date) -> Span | None:
        return next((span for span in self.dates if span.first <= day <= span.last), None)


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table; `text` is the content of its file."""

    rules: tuple[Rule, ...] = ()
    reach: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    text: str = ""


def decide(table: Table, *, segment: str, topic: str, lang: str, now: datetime) -> tuple[Way, ...]:
    """Return the channels open to a segment for a topic now, in order of preference.

    If no rule fits, the contact form is open. The result is empty only if the rule has `channels: none`.
    """
    there = now.astimezone(zone_of(table.zone) or UTC)
    rule = next((r for r in table.rules if r.fits(segment=segment, topic=topic, lang=lang, now=there)), Rule(("web",)))
    return tuple(Way(channel, rule.reason(there.date()), table.reach.get(channel, "")) for channel in rule.channels)


def _within(hours: tuple[int, int], minute: int) -> bool:
    begin, end = hours
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of that name, or None if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


FILE = "_channels.yml"
KEYS = ("reach", "timezone", "rules")
RULE_KEYS = ("segment", "topic", "lang", "dates", "days", "hours", "channels", "why")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REACH = {"email": "an e-mail address", "phone": "a number such as +49 30 1234567", "chat": "an https:// address"}
A_DATE = r"\d{4}-\d\d-\d\d"
_SPAN = re.compile(rf"({A_DATE})(?:\s*(?:to|-|–|\.\.)\s*({A_DATE}))?(?:[:\s]\s*(\S.*))?", re.DOTALL)
_TIMES = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")


def read(
    text: str, *, topics: Collection[str] | None = None, problems: MutableSequence[Problem] | None = None
) -> Table:
    """Return the table in `_channels.yml`; invalid parts are left out and added to `problems`."""
    wrong: list[Problem] = []
    try:
        head = frontmatter.load(FILE, text, first_line=1)
    except BadArticle as error:
        wrong.append(Problem(error.path, error.line, error.why, "settings", "error"))
        head = frontmatter.FrontMatter()

    def say(key: str, why: str, *, error: bool = True) -> None:
        wrong.append(Problem(FILE, head.lines.get(key, 1), why, "settings" if error else "not-used",
                             "error" if error else "warning"))  # fmt: skip

    for name in head.values.keys() - set(KEYS):
        say(name, f"key '{name}' is unknown and ignored{article_keys.nearest(name, KEYS)}", error=False)
    zone = str(head.values.get("timezone") or "UTC")
    if zone_of(zone) is None:
        say("timezone", f"timezone is {zone!r}; it must be a name such as Europe/Berlin")
        zone = "UTC"
    reach = _reach(head.values.get("reach"), say)
    rules = _rules(head.values.get("rules"), reach, topics, say)
    if problems is not None:
        problems.extend(sorted(wrong, key=lambda problem: (problem.line, problem.why)))
    return Table(rules, reach, zone, text)


def _reach(written: Value, say: Any) -> dict[str, str]:
    """Return the link of each channel except the contact form."""
    found: dict[str, str] = {}
    for channel, value in (written if isinstance(written, dict) else {}).items():
        link = _link(channel, value.strip()) if isinstance(value, str) else None
        if channel not in REACH:
            say("reach", f"'{channel}' is not a channel with an address{article_keys.nearest(channel, REACH)}")
        elif link is None:
            say("reach", f"{channel} is {str(value)[:60]!r}; it must be {REACH[channel]}")
        else:
            found[channel] = link
    if written is not None and not isinstance(written, dict):
        say("reach", "reach must be a mapping such as 'phone: +49 30 1234567'")
    return found


def _link(channel: str, text: str) -> str | None:
    if channel == "email":
        address = text.removeprefix("mailto:")
        return f"mailto:{quote(address, safe='@+')}" if EMAIL.fullmatch(address) else None
    if channel == "phone":
        number = re.sub(r"[\s()./-]", "", text.removeprefix("tel:"))
        return f"tel:{number}" if re.fullmatch(r"\+?\d{3,20}", number) else None
    return text if re.fullmatch(r"https://[\w.-]+(:\d+)?(/[^\s\"'<>]*)?", text) else None


def _rules(written: Value, reach: Mapping[str, str], topics: Collection[str] | None, say: Any) -> tuple[Rule, ...]:
    if written is not None and not isinstance(written, list):
        say("rules", "rules must be a list; begin each rule with '- channels: [web]'")
    found = []
    for number, row in enumerate(written if isinstance(written, list) else (), 1):
        if not isinstance(row, dict):
            say("rules", f"rule {number} is not a mapping; it needs at least 'channels: [web]'")
            continue
        try:
            found.append(_rule(number, row, reach, topics, say))
        except ValueError as error:
            say("rules", f"rule {number} is ignored: {error}")
    return tuple(found)


def _rule(
    number: int, row: Mapping[str, Value], reach: Mapping[str, str], topics: Collection[str] | None, say: Any
) -> Rule:
    """Return a rule; raise ValueError if leaving out an invalid part would make the rule fit more visitors."""
    for name in row.keys() - set(RULE_KEYS):
        raise ValueError(f"key '{name}' is unknown{article_keys.nearest(name, RULE_KEYS)}")
    codes = [languages.normalise(name) for name in _texts(row, "lang")]
    if None in codes:
        raise ValueError("lang is not a language code such as es or pt-br")
    if unknown := sorted(set(_texts(row, "topic")) - set(topics)) if topics is not None else []:
        say(
            "rules",
            f"rule {number}: {unknown[0]} is not a category{article_keys.nearest(unknown[0], topics or ())}",
            error=False,
        )
    why = row.get("why") or ""
    if not isinstance(why, str):
        raise ValueError("why must be text")
    return Rule(
        channels=_channels(number, row, reach, say),
        why=" ".join(why.split()),
        segments=_texts(row, "segment"),
        topics=_texts(row, "topic"),
        langs=tuple(code for code in codes if code),
        days=_days(_texts(row, "days")),
        hours=_hours(row.get("hours")),
        dates=_dates(row.get("dates")),
    )


def _channels(number: int, row: Mapping[str, Value], reach: Mapping[str, str], say: Any) -> tuple[str, ...]:
    """Return the channels of a rule, without those that have no address; if none is left, the contact form."""
    if row.get("channels") == "none":
        return ()
    named = _texts(row, "channels")
    if not named:
        raise ValueError("channels is missing; it must be a list of web, email, chat and phone, or none")
    for name in named:
        if name not in NAMES:
            raise ValueError(f"'{name}' is not a channel; the channels are {', '.join(NAMES)}")
        if name != "web" and name not in reach:
            say("rules", f"rule {number}: {name} has no address; add {REACH[name]} under 'reach'")
    return tuple(dict.fromkeys(name for name in named if name == "web" or name in reach)) or ("web",)


def _texts(row: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = row.get(name)
    try:
        return article_keys.texts(value) if value is not None else ()
    except ValueError as error:
        raise ValueError(f"{name} must be text or a list of texts") from error


def _days(written: Iterable[str]) -> tuple[int, ...]:
    """Return days of the week; Monday is 0.

    >>> _days(["mon-wed", "sun"])
    (0, 1, 2, 6)
    """
    found: set[int] = set()
    for part in written:
        first, _, last = part.lower().replace(" ", "").partition("-")
        if first[:3] not in DAYS or (last or first)[:3] not in DAYS:
            raise ValueError("days must be days such as mon-fri or [sat, sun]")
        begin, end = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
        found |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return tuple(sorted(found))


def _hours(written: Value) -> tuple[int, int] | None:
    if written is None:
        return None
    match = _TIMES.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        raise ValueError("hours must be a span such as 09:00-17:30")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    return hour * 60 + minute, end_hour * 60 + end_minute


def _dates(written: Value) -> tuple[Span, ...]:
    """Return the days of a rule, written as a date or a span, with or without a note.

    >>> [(str(span.first), str(span.last), span.note) for span in _dates(["2026-12-24 to 2026-12-26 Christmas"])]
    [('2026-12-24', '2026-12-26', 'Christmas')]
    """
    found = []
    for part in written if isinstance(written, list) else [written] if written is not None else []:
        pairs = part.items() if isinstance(part, dict) else [(part, "")]  # "- 2026-12-25: Christmas" is a mapping
        found += [_span(" ".join(f"{day} {note or ''}".split())) for day, note in pairs]
    return tuple(found)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1])
    except ValueError:
        raise ValueError("dates must be days such as 2026-12-25, or '2026-12-24 to 2027-01-01 Holidays'") from None
    if last < first:
        raise ValueError(f"dates: {last} is before {first}")
    return Span(first, last, match[3] or "")
