"""Check events against the catalogue and write them to the log.

`parse` checks the events of clients and of the server. `record` writes an event of the server; it never fails a page
or delays it for long. All writes can be repeated safely.
"""

from __future__ import annotations

import contextlib
import json
import re
import types
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from sqlite_utils import Database

from deflect.offers.episode import keys, new_id, page_address
from deflect.redaction.redaction import redact, redact_address
from deflect.store import clock, events
from deflect.store.clock import from_rfc3339
from deflect.store.database import Row, insert
from deflect.store.people import begin_episode, kept_under, link, owns
from deflect.store.services import Services
from deflect.store.writer import write
from kb.errors import HelpCenterError
from kb.failures import degraded
from kb.metrics import EVENTS, EVENTS_DROPPED
from kb.patterns import ID
from search.rank.hit import Results

HASTE = 0.4  # seconds that a page waits for the log at most
POSTED = 2.0  # seconds that posted events wait; a restart of the writer takes one
LONGEST_TEXT = 2000  # characters of redacted text stored with an event


class Refused(ValueError):
    """An event that does not fit the catalogue. The message names the field."""


def one_of(values: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a check that a text is one of `values`."""
    return lambda text: text in values


def like(pattern: str) -> Callable[[str], bool]:
    """Return a check that the whole text matches `pattern`."""
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "article": (like(r"[^\x00-\x1f\x7f\\]{1,300}"), "the id of an article, such as account/reset-password"),
    "episode": (like(ID.pattern), "an id from POST /offers"),
    "revision": (like(r"[\w.-]{1,64}"), "a revision of up to 64 letters, digits, dots, underscores and hyphens"),
    "source": (one_of(events.SOURCES), f"one of {', '.join(events.SOURCES)}"),
    "reason": (one_of(events.REASONS), f"one of {', '.join(events.REASONS)}"),
    "stage": (one_of(events.STAGES), f"one of {', '.join(events.STAGES)}"),
    "arm": (one_of(events.ARMS), f"one of {', '.join(events.ARMS)}"),
    "channel": (one_of(events.CHANNELS), f"one of {', '.join(events.CHANNELS)}"),
    "channels": (
        lambda values: all(value in events.CHANNELS for value in values),
        f"a list of {', '.join(events.CHANNELS)}",
    ),
    "comment": (
        lambda text: len(text) <= events.LONGEST_COMMENT,
        f"a text of at most {events.LONGEST_COMMENT} characters",
    ),
    "rank": (lambda rank: 1 <= rank <= 1000, "a whole number from 1 to 1000"),
    "hits": (lambda hits: 0 <= hits <= 100_000, "a whole number"),
}


def _slug(article: str) -> str:
    """Return the id of an article. Other text, which no article has as its id, is redacted."""
    return article if SLUG.fullmatch(article) else redact(article)


SLUG = re.compile(r"[\w./-]+")
FREE: Mapping[str, Callable[[str], str]] = {  # fields that may contain any text, and the form in which each is stored
    "page": lambda text: redact_address(page_address(text)),
    "category": redact,
    "article": _slug,
}


def parse(document: Any, *, by_client: bool) -> dict[str, Any]:
    """Return the row of one event: id, type, at (microseconds) and the fields of its type.

    A comment becomes its `text`. All free text is redacted. Raise Refused, whose message names the wrong field and its
    allowed values.
    """
    if not isinstance(document, dict):
        raise Refused("the event is not an object")
    kind = _kind(document.get("type"), by_client=by_client)
    row = {"id": _id(document.get("id")), "type": kind.type, "at": _time(document.get("at"))}
    hints = HINTS[kind.type]
    # A client may send the same fields for all types. Known fields that this type lacks are dropped.
    spare = {*events.ENVELOPE, *events.COLUMNS} - hints.keys()
    given = {name: value for name, value in document.items() if value is not None and name not in spare}
    for name in given:
        if name not in hints:
            raise Refused(f"{kind.type} has no field {name}; its fields are {', '.join(hints)}")
    for name in kind.needs:
        if name not in given:
            raise Refused(f"{name} is missing; {kind.type} needs {', '.join(kind.needs)}")
    checked = {name: check(name, value, hints[name]) for name, value in sorted(given.items())}
    checked |= {name: clean(checked[name]) for name, clean in FREE.items() if name in checked}
    comment = redact(checked.pop("comment", "")).strip()
    return row | checked | ({"text": comment} if comment else {})


def check(name: str, value: Any, hint: type) -> Any:
    """Return `value` in the form that the field `name` stores. Raise Refused with the allowed values."""
    test, takes = CHECKS.get(name, (lambda _: True, f"{_word(hint)}"))
    if name in ("reason", "source") and isinstance(value, str):
        value = re.sub(r"[ -]+", "_", value.strip().lower())
    if not _is(value, hint) or not test(value) or (isinstance(value, str) and not _clean(value)):
        raise Refused(f"{name} is not {takes}")
    return value


def _kind(name: Any, *, by_client: bool) -> events.Kind:
    kind = events.CATALOGUE.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refused(f"type is not one of {', '.join(events.CLIENT_TYPES if by_client else events.CATALOGUE)}")
    if by_client and not kind.client:
        raise Refused(f"{kind.type} is written by the server; a client can send {', '.join(events.CLIENT_TYPES)}")
    return kind


def _id(value: Any) -> str:
    if isinstance(value, str) and len(value) in (32, 36):
        with contextlib.suppress(ValueError):
            return str(uuid.UUID(value))
    raise Refused("id is not a UUID")


def _time(value: Any) -> int:
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):
            return from_rfc3339(value)
    raise Refused("at is not a time like 2026-10-01T12:00:00Z")


def _hints(shape: events.Shape) -> Mapping[str, type]:
    """Return the type of each field, without None for optional fields."""
    return {name: _bare(hint) for name, hint in get_type_hints(shape).items()}


def _bare(hint: Any) -> Any:
    if get_origin(hint) is types.UnionType:
        return next(part for part in get_args(hint) if part is not types.NoneType)
    return hint


def _is(value: Any, hint: Any) -> bool:
    """Return True if the JSON `value` has the field's type. Booleans do not count as numbers."""
    if get_origin(hint) is tuple:
        return (
            isinstance(value, (list, tuple))
            and len(value) <= 100
            and all(_is(item, get_args(hint)[0]) for item in value)
        )
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is hint


def _clean(text: str) -> bool:
    """Return True if `text` has at most 2,000 characters and no lone surrogates, which cannot be stored."""
    return len(text) <= 2000 and not any("\ud800" <= c <= "\udfff" for c in text)


def _word(hint: Any) -> str:
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(hint, "a list")


# Computed once: get_type_hints() took a quarter of the time of a posted event.
HINTS = {kind.type: _hints(kind.shape) for kind in events.CATALOGUE.values()}


def record_search(services: Services, visitor: str | None, text: str, results: Results) -> bool:
    """Log a search with its redacted text, hits, stage and ranker. Return True if it was stored."""
    fields = {"hits": len(results.hits), "stage": results.stage, "ranker": results.ranker, "lang": results.lang}
    return record(services, visitor, "search", text=text, **fields)


def record(services: Services, visitor: str | None, type: str, *, text: str = "", **fields: Any) -> bool:
    """Log one event of any type, with its text redacted. Return True if it was stored; without a visitor it is not.

    >>> record(services(), visitor, "read", article="account/reset-password")  # doctest: +SKIP
    """
    try:
        return _kept(services, visitor, type, text, fields, hasty=True)
    except HelpCenterError as error:
        dropped(1, error)
        return False


def dropped(count: int, error: HelpCenterError) -> None:
    """Count events that were not stored because nothing could be saved. They are not tried again."""
    EVENTS_DROPPED.inc(count)
    degraded("not-logged", error)


def keep(services: Services, visitor: str | None, type: str, **fields: Any) -> bool:
    """Log one event that a person waits for, as `record` does. Raise HelpCenterError if it can't be stored."""
    return _kept(services, visitor, type, "", fields, hasty=False)


def _kept(
    services: Services, visitor: str | None, type: str, text: str, fields: Mapping[str, Any], *, hasty: bool
) -> bool:
    if visitor is None:
        return False
    now = clock.now()
    document = {"id": new_id(), "type": type, "at": clock.to_rfc3339(now), **fields}
    try:
        event = with_text(parse(document, by_client=False) | {"at": now}, text)
    except Refused:
        return False
    who = keys(services, visitor=visitor)
    if hasty:
        return bool(services.writer.run(log_event, keys=who, event=event, now=now)["stored"])
    return bool(services.writer.run(log_events, keys=who, events=[event], now=now)["stored"])


def with_text(row: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the event with its text, redacted and cut to 2,000 characters."""
    return row | {"text": redact(text).strip()[:LONGEST_TEXT]} if text.strip() else row


@write()
def log_events(db: Database, *, keys: Sequence[str], events: Sequence[Row], now: int) -> Row:
    """Append the events of one person. Known ids are skipped, and episodes of other people are refused."""
    person = link(db, keys, now=now)
    stored, refused = 0, []
    for event in events:
        if event.get("episode") and not owns(db, person, event["episode"]):
            refused.append(
                {"id": event["id"], "why": "episode is not one of this visitor's; send an episode from POST /offers"}
            )
        else:
            stored += append(db, kept_under(keys), event, now=now)
    return {"stored": stored, "refused": refused}


@write(patience=POSTED)
def log_posted(db: Database, *, keys: Sequence[str], events: Sequence[Row], now: int) -> Row:
    """Append the events of one person that a page posted. No one waits for the answer, so it holds a thread briefly."""
    return log_events(db, keys=keys, events=events, now=now)


@write(patience=HASTE)
def log_event(db: Database, *, keys: Sequence[str], event: Row, now: int) -> Row:
    """Append one event of the server, with little patience so that no page waits for it."""
    return log_events(db, keys=keys, events=[event], now=now)


@write(patience=HASTE)
def log_offer(
    db: Database, *, keys: Sequence[str], intent: Row, event: Row, now: int, episode: str | None = None
) -> Row:
    """Log an offer, and the contact intent if it starts an episode. Return the episode and the arm."""
    begun = begun_episode(db, keys, intent, episode=episode, now=now)
    append(db, kept_under(keys), event | {"episode": begun["id"], "arm": begun["arm"]}, now=now)
    return {"episode": begun["id"], "arm": begun["arm"]}


def append(db: Database, key: str, event: Row, *, now: int) -> int:
    """Append one event, with its text in a separate table. Return 1, or 0 if the id is stored already."""
    row = {name: event.get(name) for name in (*events.ENVELOPE, *events.COLUMNS)}
    rest = {name: value for name, value in event.items() if name not in row and name != "text"}
    data = json.dumps(rest, sort_keys=True) if rest else None
    new = insert(db, "events", row | {"key": key, "received": now, "data": data})
    EVENTS.inc(new)
    if new and event.get("text"):
        insert(db, "event_texts", {"event": event["id"], "text": event["text"], "received": now})
    return new


def begun_episode(db: Database, keys: Sequence[str], intent: Row, *, episode: str | None, now: int) -> Row:
    """Return the episode of a contact intent: the person's current episode, or a new one, which is logged."""
    person = link(db, keys, now=now)
    details = {name: intent[name] for name in ("fresh", "holdout", "page", "lang", "category", "channels")}
    begun = begin_episode(db, person, key=kept_under(keys), episode=episode, now=now, **details)
    if begun["new"]:
        names = ("id", "page", "lang", "channels", "holdout", "segment", "device", "text")
        event = {name: intent.get(name) for name in names}
        event |= {"type": "intent", "at": now, "episode": begun["id"], "arm": begun["arm"]}
        append(db, kept_under(keys), event, now=now)
    return begun
