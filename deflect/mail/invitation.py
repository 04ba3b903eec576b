"""Tell in words what a calendar invitation says: title, time, place and organizer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

LONGEST = 200_000  # characters that are read
MOST = 5  # events of one file
TITLES = {"CANCEL": "Canceled", "REPLY": "Answer to an invitation", "COUNTER": "Another time proposed"}
PROPERTY = re.compile(r"([A-Za-z-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)
PARAMETER = re.compile(r';([A-Za-z-]+)=(?:"([^"]*)"|([^;:"]*))')
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
FORMS = (("%Y%m%dT%H%M%S", "%A, %d %B %Y, %H:%M"), ("%Y%m%d", "%A, %d %B %Y"))

Property = tuple[str, dict[str, str], str]  # name, parameters, value


def told(calendar: str) -> str:
    """Return the events of an iCalendar file (RFC 5545) as lines, "" if there are none.

    >>> told("METHOD:REQUEST\\nBEGIN:VEVENT\\nSUMMARY:Call\\nDTSTART:20261109T090000Z\\nEND:VEVENT")
    'Invitation: Call\\nStart: Monday, 09 November 2026, 09:00 UTC'
    """
    lines = list(_properties(calendar[:LONGEST]))
    method = next((value.strip().upper() for name, _, value in lines if name == "METHOD"), "")
    title = TITLES.get(method, "Invitation")
    return "\n\n".join(_event(event, title) for event in _events(lines))


def _events(lines: list[Property]) -> Iterator[list[Property]]:
    """Yield the properties of each event, without those of its alarms."""
    event: list[Property] | None = None
    inside, count = 0, 0
    for one in lines:
        name, what = one[0], one[2].strip().upper()
        if name == "BEGIN" and what in ("VEVENT", "VTODO") and event is None:
            event = []
        elif name == "END" and what in ("VEVENT", "VTODO") and event is not None and count < MOST:
            yield event
            event, count = None, count + 1
        elif name in ("BEGIN", "END"):
            inside += 1 if name == "BEGIN" else -1
        elif event is not None and inside <= 1:
            event.append(one)
    if event and count < MOST:  # its end is cut off
        yield event


def _event(event: list[Property], title: str) -> str:
    first = {name: (given, value) for name, given, value in reversed(event)}
    lines = [f"{title}: {_text(first, 'SUMMARY') or 'without a title'}"]
    lines += [
        f"{label}: {when}" for label, name in (("Start", "DTSTART"), ("End", "DTEND")) if (when := _time(first, name))
    ]
    lines += [f"Place: {place}"] if (place := _text(first, "LOCATION")) else []
    lines += [f"Organizer: {who}"] if (who := _organizer(first)) else []
    lines += ["Repeats"] if "RRULE" in first else []
    lines += ["", about] if (about := _text(first, "DESCRIPTION")) else []
    return "\n".join(lines)


def _properties(calendar: str) -> Iterator[Property]:
    """Yield the properties; a line that begins with a space continues the one before it."""
    for one in re.sub(r"\r?\n[ \t]", "", calendar).splitlines():
        if found := PROPERTY.fullmatch(one.strip()):
            given = {name.upper(): quoted or plain for name, quoted, plain in PARAMETER.findall(found[2])}
            yield found[1].upper(), given, found[3]


def _text(event: dict[str, tuple[dict[str, str], str]], name: str) -> str:
    _, value = event.get(name, ({}, ""))
    return ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _time(event: dict[str, tuple[dict[str, str], str]], name: str) -> str:
    """Return a time with its zone, as written if it can't be read."""
    given, value = event.get(name, ({}, ""))
    value = value.strip()
    zone = "UTC" if value.endswith("Z") else given.get("TZID", "")
    for form, shown in FORMS:
        try:
            return f"{datetime.strptime(value.removesuffix('Z'), form).strftime(shown)} {zone}".strip()
        except ValueError:
            continue
    return f"{value} {zone}".strip()


def _organizer(event: dict[str, tuple[dict[str, str], str]]) -> str:
    given, value = event.get("ORGANIZER", ({}, ""))
    address = re.sub(r"(?i)^mailto:", "", value.strip())
    name = given.get("CN", "").strip()
    return f"{name} <{address}>" if name and name != address else address
