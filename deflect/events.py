"""The closed catalogue of events: what may be logged, with which fields, and by whom."""

from __future__ import annotations

import re
import types
import uuid
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args, get_origin, get_type_hints

from deflect.clock import from_rfc3339

SOURCES = ("search", "offer", "related", "browse")
REASONS = ("wrong", "outdated", "not_my_problem", "cannot_follow_the_step")
STAGES = ("all", "enough", "corrected", "none")
ARMS = ("treatment", "control")
CHANNELS = ("web", "email", "chat", "phone")


@dataclass(frozen=True, slots=True)
class Search:
    """A search ran: redacted text, how many hits, and which stage answered."""

    hits: int
    stage: str
    ranker: str
    lang: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """A hit or an offer was opened, at its rank, from a search, an offer, related articles or by browsing."""

    article: str
    source: str
    rank: int | None = None
    revision: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Twenty seconds were spent on an article, or half of it was scrolled."""

    article: str
    source: str | None = None
    rank: int | None = None
    revision: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Helpful:
    """The article helped; the vote is bound to the revision that was read."""

    article: str
    revision: str
    source: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Unhelpful:
    """The article did not help, with a reason where one was given; bound to the revision that was read."""

    article: str
    revision: str
    reason: str | None = None
    source: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody began to write to us: arm, channels this person could use, and page; the episode starts."""

    episode: str
    arm: str
    channels: tuple[str, ...]
    page: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer was computed, shown or not: candidates, their scores, the cards, arm, ranker and propensity of the slots."""

    episode: str
    articles: tuple[str, ...]
    scores: tuple[float, ...]
    abstained: bool
    arm: str
    ranker: str
    cards: tuple[str, ...] = ()
    propensities: tuple[float, ...] = ()
    degraded: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The cards of an offer were on screen for 800 ms."""

    episode: str
    article: str | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Solved:
    """The person said that an offered article solved it."""

    episode: str
    article: str
    rank: int | None = None
    revision: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class NotThis:
    """The person said that an offered article is not it."""

    episode: str
    article: str
    rank: int | None = None
    revision: str | None = None
    source: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """The person took back the last thing said in this episode: solved, or not this."""

    episode: str
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """A foreign form was submitted; whether it was accepted is not known yet."""

    episode: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A ticket was created, with its channel and id."""

    episode: str
    ticket: str
    channel: str


@dataclass(frozen=True, slots=True)
class Left:
    """The page was left without solving and without sending."""

    episode: str


Event = (
    Search
    | Follow
    | Read
    | Helpful
    | Unhelpful
    | Intent
    | Offer
    | Shown
    | Solved
    | NotThis
    | Undo
    | Attempted
    | Sent
    | Left
)

Shape = type[Event]


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the catalogue: its name, its dataclass, and whether a client may post it."""

    type: str
    shape: Shape
    client: bool

    @property
    def doc(self) -> str:
        """The type's one sentence."""
        return (self.shape.__doc__ or "").strip()

    @property
    def fields(self) -> tuple[str, ...]:
        """All its fields, those first that must be there."""
        return self.needs + self.may

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields that must be there."""
        return tuple(f.name for f in fields(self.shape) if f.default is MISSING)

    @property
    def may(self) -> tuple[str, ...]:
        """The fields that may be there."""
        return tuple(f.name for f in fields(self.shape) if f.default is not MISSING)


_KINDS = (
    Kind("search", Search, client=False),
    Kind("follow", Follow, client=True),
    Kind("read", Read, client=True),
    Kind("helpful", Helpful, client=True),
    Kind("unhelpful", Unhelpful, client=True),
    Kind("intent", Intent, client=False),
    Kind("offer", Offer, client=False),
    Kind("shown", Shown, client=True),
    Kind("solved", Solved, client=True),
    Kind("not_this", NotThis, client=True),
    Kind("undo", Undo, client=True),
    Kind("attempted", Attempted, client=True),
    Kind("sent", Sent, client=False),
    Kind("left", Left, client=True),
)
CATALOGUE: Mapping[str, Kind] = {kind.type: kind for kind in _KINDS}
CLIENT_TYPES = tuple(kind.type for kind in _KINDS if kind.client)
COLUMNS = (
    "episode",
    "article",
    "rank",
    "source",
    "revision",
    "reason",
)  # the rest of an event's fields is kept as JSON
ENVELOPE = ("id", "type", "at")


class Refused(ValueError):
    """An event that is not in the catalogue as it stands; the message names the field."""


def one_of(values: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a check that a text is one of `values`."""
    return lambda text: text in values


def like(pattern: str) -> Callable[[str], bool]:
    """Return a check that a text matches `pattern` as a whole."""
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "article": (like(r"[^\x00-\x1f\x7f\\]{1,300}"), "the id of an article, such as account/reset-password"),
    "episode": (like(r"[\w.:-]{1,64}"), "the id that POST offers gave"),
    "revision": (like(r"[\w.-]{1,64}"), "the revision that the article was read in"),
    "source": (one_of(SOURCES), f"one of {', '.join(SOURCES)}"),
    "reason": (one_of(REASONS), f"one of {', '.join(REASONS)}"),
    "stage": (one_of(STAGES), f"one of {', '.join(STAGES)}"),
    "arm": (one_of(ARMS), f"one of {', '.join(ARMS)}"),
    "channel": (one_of(CHANNELS), f"one of {', '.join(CHANNELS)}"),
    "channels": (lambda values: all(value in CHANNELS for value in values), f"a list of {', '.join(CHANNELS)}"),
    "rank": (lambda rank: 1 <= rank <= 1000, "a whole number from 1 to 1000"),
    "hits": (lambda hits: 0 <= hits <= 100_000, "a whole number"),
}


def parse(document: Any, *, by_client: bool) -> dict[str, Any]:
    """Return the row of one posted event: id, type, at (microseconds) and the fields of its type.

    Raises Refused, whose message says which field is wrong and what it takes.
    """
    if not isinstance(document, dict):
        raise Refused("an event is an object")
    kind = _kind(document.get("type"), by_client=by_client)
    row = {"id": _id(document.get("id")), "type": kind.type, "at": _time(document.get("at"))}
    hints = _hints(kind.shape)
    spare = {
        *ENVELOPE,
        *COLUMNS,
    } - hints.keys()  # a client may send one shape for all types; what a type has no use for is left out
    given = {name: value for name, value in document.items() if value is not None and name not in spare}
    for name in given:
        if name not in hints:
            raise Refused(f"{name} is no field of {kind.type}; it takes {', '.join(hints)}")
    for name in kind.needs:
        if name not in given:
            raise Refused(f"{name} is missing; {kind.type} needs {', '.join(kind.needs)}")
    return row | {name: check(name, value, hints[name]) for name, value in sorted(given.items())}


def check(name: str, value: Any, hint: type) -> Any:
    """Return `value` as the field `name` keeps it, or raise Refused with what the field takes."""
    test, takes = CHECKS.get(name, (lambda _: True, f"{_word(hint)}"))
    if name in ("reason", "source") and isinstance(value, str):
        value = re.sub(r"[ -]+", "_", value.strip().lower())
    if not _is(value, hint) or not test(value) or (isinstance(value, str) and not _clean(value)):
        raise Refused(f"{name} is not {takes}")
    return value


def _kind(name: Any, *, by_client: bool) -> Kind:
    kind = CATALOGUE.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refused(f"type is not one of {', '.join(CLIENT_TYPES if by_client else CATALOGUE)}")
    if by_client and not kind.client:
        raise Refused(f"{kind.type} is written by the server; a client may post {', '.join(CLIENT_TYPES)}")
    return kind


def _id(value: Any) -> str:
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) and len(value) in (32, 36) else _no("id", "a UUID")
    except ValueError:
        return _no("id", "a UUID")


def _time(value: Any) -> int:
    try:
        return from_rfc3339(value) if isinstance(value, str) else _no("at", "a time, such as 2026-10-01T12:00:00Z")
    except (ValueError, OverflowError):
        return _no("at", "a time, such as 2026-10-01T12:00:00Z")


def _no(name: str, takes: str) -> Any:
    raise Refused(f"{name} is not {takes}")


def _hints(shape: Shape) -> dict[str, type]:
    """Return each field's type, without the None of optional ones."""
    return {name: _bare(hint) for name, hint in get_type_hints(shape).items()}


def _bare(hint: Any) -> Any:
    if get_origin(hint) is types.UnionType:
        return next(part for part in get_args(hint) if part is not types.NoneType)
    return hint


def _is(value: Any, hint: Any) -> bool:
    """Say whether JSON's `value` is of the field's type; true and false are no numbers."""
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
    """Say whether `text` is short and can be stored: no lone surrogates."""
    return len(text) <= 2000 and not any("\ud800" <= c <= "\udfff" for c in text)


def _word(hint: Any) -> str:
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(hint, "a list")
