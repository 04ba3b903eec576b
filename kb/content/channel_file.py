"""The file `_channels.yml` at the top of the articles: who may use which channel, checked row by row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, MutableSequence
from datetime import date
from typing import Any

from kb import languages
from kb.content import frontmatter, schema
from kb.content.channels import NAMES, Rule, Span, Table, zone_of
from kb.content.frontmatter import Value
from kb.content.problem import Problem
from kb.errors import BadArticle

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
    """Return the table that `_channels.yml` says; what is wrong with it is left out and added to `problems`."""
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
        say(name, f"key '{name}' is unknown and not used{schema.nearest(name, KEYS)}", error=False)
    zone = str(head.values.get("timezone") or "UTC")
    if zone_of(zone) is None:
        say("timezone", f"timezone is {zone!r}; it takes a name such as Europe/Berlin")
        zone = "UTC"
    reach = _reach(head.values.get("reach"), say)
    rules = _rules(head.values.get("rules"), reach, topics, say)
    if problems is not None:
        problems.extend(sorted(wrong, key=lambda problem: (problem.line, problem.why)))
    return Table(rules, reach, zone, text)


def _reach(written: Value, say: Any) -> dict[str, str]:
    """Return the address of each channel but our own form, as a link has it."""
    found: dict[str, str] = {}
    for channel, value in (written if isinstance(written, dict) else {}).items():
        link = _link(channel, value.strip()) if isinstance(value, str) else None
        if channel not in REACH:
            say("reach", f"'{channel}' is no channel with an address{schema.nearest(channel, REACH)}")
        elif link is None:
            say("reach", f"{channel} is {str(value)[:60]!r}; it takes {REACH[channel]}")
        else:
            found[channel] = link
    if written is not None and not isinstance(written, dict):
        say("reach", "reach is a mapping, such as 'phone: +49 30 1234567'")
    return found


def _link(channel: str, text: str) -> str | None:
    if channel == "email":
        address = text.removeprefix("mailto:")
        return f"mailto:{address}" if re.fullmatch(r"[^\s@<>\"'?&%]+@[\w.-]+\.\w+", address) else None
    if channel == "phone":
        number = re.sub(r"[\s()./-]", "", text.removeprefix("tel:"))
        return f"tel:{number}" if re.fullmatch(r"\+?\d{3,20}", number) else None
    return text if re.fullmatch(r"https://[\w.-]+(:\d+)?(/[^\s\"'<>]*)?", text) else None


def _rules(written: Value, reach: Mapping[str, str], topics: Collection[str] | None, say: Any) -> tuple[Rule, ...]:
    if written is not None and not isinstance(written, list):
        say("rules", "rules is a list; begin each rule with '- channels: [web]'")
    found = []
    for number, row in enumerate(written if isinstance(written, list) else (), 1):
        if not isinstance(row, dict):
            say("rules", f"rule {number} is no mapping; it says 'channels: [web]' at least")
            continue
        try:
            found.append(_rule(number, row, reach, topics, say))
        except ValueError as error:
            say("rules", f"rule {number} is left out: {error}")
    return tuple(found)


def _rule(
    number: int, row: Mapping[str, Value], reach: Mapping[str, str], topics: Collection[str] | None, say: Any
) -> Rule:
    """Return a rule; raises ValueError where leaving a part out would let it fit whom it is not for."""
    for name in row.keys() - set(RULE_KEYS):
        raise ValueError(f"key '{name}' is unknown{schema.nearest(name, RULE_KEYS)}")
    codes = [languages.normalise(name) for name in _texts(row, "lang")]
    if None in codes:
        raise ValueError("lang is no language code such as es or pt-br")
    if unknown := sorted(set(_texts(row, "topic")) - set(topics)) if topics is not None else []:
        say(
            "rules",
            f"rule {number}: {unknown[0]} is no category{schema.nearest(unknown[0], topics or ())}",
            error=False,
        )
    why = row.get("why") or ""
    if not isinstance(why, str):
        raise ValueError("why is no text")
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
    """Return what a rule allows; a channel without an address is left out, and our form stands in for the last."""
    if row.get("channels") == "none":
        return ()
    named = _texts(row, "channels")
    if not named:
        raise ValueError("channels is missing; it takes a list of web, email, chat and phone, or none")
    for name in named:
        if name not in NAMES:
            raise ValueError(f"'{name}' is no channel; there are {', '.join(NAMES)}")
        if name != "web" and name not in reach:
            say("rules", f"rule {number}: {name} has no address; add it below 'reach', as {REACH[name]}")
    return tuple(dict.fromkeys(name for name in named if name == "web" or name in reach)) or ("web",)


def _texts(row: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = row.get(name)
    try:
        return schema.texts(value) if value is not None else ()
    except ValueError as error:
        raise ValueError(f"{name} is no text and no list of texts") from error


def _days(written: Iterable[str]) -> tuple[int, ...]:
    """Return the days of the week, Monday is 0.

    >>> _days(["mon-wed", "sun"])
    (0, 1, 2, 6)
    """
    found: set[int] = set()
    for part in written:
        first, _, last = part.lower().replace(" ", "").partition("-")
        if first[:3] not in DAYS or (last or first)[:3] not in DAYS:
            raise ValueError("days takes days such as mon-fri or [sat, sun]")
        begin, end = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
        found |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return tuple(sorted(found))


def _hours(written: Value) -> tuple[int, int] | None:
    if written is None:
        return None
    match = _TIMES.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        raise ValueError("hours takes a span such as 09:00-17:30")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    return hour * 60 + minute, end_hour * 60 + end_minute


def _dates(written: Value) -> tuple[Span, ...]:
    """Return the days that a rule is for, each by itself, as a span, or with what it is.

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
        raise ValueError("dates takes days such as 2026-12-25, or '2026-12-24 to 2027-01-01 Holidays'") from None
    if last < first:
        raise ValueError(f"dates: {last} is before {first}")
    return Span(first, last, match[3] or "")
