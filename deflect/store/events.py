"""The closed catalogue of events: every type with its fields, and if a client may post it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

SOURCES = ("search", "offer", "related", "browse")
REASONS = ("wrong", "outdated", "not_my_problem", "cannot_follow_the_step")
LONGEST_COMMENT = 500  # characters of a vote's comment, which is redacted and stored in the table of texts
STAGES = ("all", "enough", "corrected", "none")
ARMS = ("treatment", "control")
CHANNELS = ("web", "email", "chat", "phone")


@dataclass(frozen=True, slots=True)
class Search:
    """A visitor searched. Holds the redacted query, the number of hits and the stage of the search."""

    hits: int
    stage: str
    ranker: str
    lang: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """A visitor opened an article from a search, an offer, related articles or a list. Holds its rank there."""

    article: str
    source: str
    rank: int | None = None
    revision: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A visitor spent twenty seconds on an article, or scrolled through half of it."""

    article: str
    source: str | None = None
    rank: int | None = None
    revision: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Helpful:
    """A visitor voted that an article helped. The vote counts for the revision that was read."""

    article: str
    revision: str
    source: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True)
class Unhelpful:
    """A visitor voted that an article did not help, with an optional reason and comment."""

    article: str
    revision: str
    reason: str | None = None
    source: str | None = None
    episode: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A visitor started a message, and with it an episode. Holds the arm, the open channels and the page."""

    episode: str
    arm: str
    channels: tuple[str, ...]
    page: str | None = None
    lang: str | None = None
    category: str | None = None
    segment: str | None = None
    device: str | None = None
    holdout: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer was computed, even if not shown. Holds candidates, scores, cards, arm, ranker and propensities."""

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
    """The visitor answered "This solved it" to an offered article."""

    episode: str
    article: str
    rank: int | None = None
    revision: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class NotThis:
    """The visitor answered "Not this" to an offered article."""

    episode: str
    article: str
    rank: int | None = None
    revision: str | None = None
    source: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """The visitor took back the last answer in this episode, "This solved it" or "Not this"."""

    episode: str
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """The form of another site was submitted. `accepted` is true if its page reported that the form was sent."""

    episode: str
    accepted: bool | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A ticket was created. Holds its channel and id."""

    episode: str
    ticket: str
    channel: str


@dataclass(frozen=True, slots=True)
class Left:
    """The visitor left the page without a solution and without sending the message."""

    episode: str


Shape = type[Any]  # one of the dataclasses above


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of the catalogue: its name and dataclass. `client` is True if a client may post it."""

    type: str
    shape: Shape
    client: bool

    @property
    def doc(self) -> str:
        """The sentence that describes the type."""
        return (self.shape.__doc__ or "").strip()

    @property
    def needs(self) -> tuple[str, ...]:
        """The required fields."""
        return tuple(f.name for f in fields(self.shape) if f.default is MISSING)

    @property
    def may(self) -> tuple[str, ...]:
        """The optional fields."""
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
)  # other fields are stored as JSON
ENVELOPE = ("id", "type", "at")
