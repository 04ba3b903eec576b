"""How each episode ended: solved, contacted, left after reading, left without reading, or pending.

An episode begins with a person's first contact intent and is pending for seven days. A contact by any
channel within that time outweighs everything else. Otherwise, the episode is solved if the person answered that an
article solved it and did not undo the answer. All other episodes were left; leaving silently never counts as solved.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from deflect.report.statistics import Arms
from deflect.store.clock import MINUTE
from deflect.store.database import Row, Store
from deflect.store.events import CHANNELS
from deflect.store.people import WINDOW
from kb.languages import without_region

Outcome = Literal["pending", "solved", "contacted", "left after reading", "left without reading"]
SPLITS = ("segment", "channel", "lang", "category", "device", "page")
VISIT = 30 * MINUTE  # a visit ends after 30 minutes without an action, as in analytics tools

EPISODES = """
    SELECT id, person, arm, channels, page, lang, category, started FROM episodes
    WHERE started >= :first AND started < :end ORDER BY person, started, id
    """

# An answer counts unless the person undid it before giving another one.
MARKS = """
    WITH said AS (
        SELECT id, episode, type, article, received, at,
               lead(type) OVER told AS next, lead(article) OVER told AS next_article
        FROM events
        WHERE type IN ('solved', 'not_this', 'undo') AND episode IS NOT NULL AND received >= :first
        WINDOW told AS (PARTITION BY episode ORDER BY received, at, id)
    ), kept AS (
        SELECT episode, max(type = 'solved') AS solved, max(type = 'not_this') AS not_this, 1 AS seen
        FROM said
        WHERE type != 'undo' AND NOT (coalesce(next, '') = 'undo' AND coalesce(next_article, article) = article)
        GROUP BY episode
    ), did AS (
        SELECT episode,
               max(type = 'offer' AND NOT json_extract(data, '$.abstained')) AS offered,
               max(type = 'shown' OR (type = 'follow' AND source = 'offer')) AS shown,
               max(type = 'follow' AND source = 'offer') AS followed,
               max(CASE WHEN type = 'follow' AND source = 'offer' THEN received END) AS last_follow,
               max(type = 'attempted' AND NOT coalesce(json_extract(data, '$.accepted'), 0)) AS attempted,
               max(CASE WHEN type = 'intent' THEN json_extract(data, '$.holdout') END) AS holdout,
               max(CASE WHEN type = 'intent' THEN json_extract(data, '$.segment') END) AS segment,
               max(CASE WHEN type = 'intent' THEN json_extract(data, '$.device') END) AS device
        FROM events
        WHERE episode IS NOT NULL AND received >= :first
          AND type IN ('intent', 'offer', 'shown', 'follow', 'attempted')
        GROUP BY episode
    )
    SELECT episodes.id, offered, max(coalesce(shown, 0), coalesce(seen, 0)) AS shown, followed, last_follow, attempted,
           holdout, segment, device, solved, not_this
    FROM episodes LEFT JOIN did ON did.episode = episodes.id LEFT JOIN kept ON kept.episode = episodes.id
    WHERE started >= :first AND started < :end
    """

CONTACTS = """
    SELECT person, created AS at FROM tickets WHERE created >= :first
    UNION SELECT person, at FROM contacts WHERE at >= :first
    UNION SELECT keys.person, events.received FROM events JOIN keys ON keys.id = events.key
    WHERE (type = 'sent' OR (type = 'attempted' AND json_extract(data, '$.accepted'))) AND events.received >= :first
    ORDER BY 1, 2
    """

READS = """
    WITH who AS (SELECT DISTINCT person FROM episodes WHERE started >= :first AND started < :end)
    SELECT keys.person, events.received AS at
    FROM who JOIN keys ON keys.person = who.person JOIN events ON events.key = keys.id
    WHERE type = 'read' AND events.received >= :first ORDER BY 1, 2
    """


@dataclass(frozen=True, slots=True)
class Ended:
    """One episode and its outcome; times are microseconds."""

    id: str
    person: str
    arm: str
    channels: tuple[str, ...]
    page: str
    lang: str
    category: str
    segment: str
    device: str
    holdout: float | None
    started: int
    outcome: Outcome
    offered: bool
    shown: bool
    followed: bool
    not_this: bool
    said_solved: bool
    attempted: bool
    sent_in_visit: bool
    contact_after: int | None

    @property
    def contacted(self) -> bool:
        """True if the person contacted us by any channel within the window."""
        return self.contact_after is not None

    @property
    def attributed(self) -> bool:
        """True if vendors would count it as deflected: shown, followed, and not sent in the visit."""
        return self.shown and self.followed and not self.sent_in_visit

    @property
    def returned(self) -> bool:
        """True if it looked solved but led to a contact within the window."""
        return self.contacted and (self.said_solved or self.attributed)


def ended(store: Store, *, start: int, end: int, now: int) -> list[Ended]:
    """Return the episodes that started from `start` to before `end`, oldest first, each with one outcome.

    If two keys turn out to be one person, a second episode within seven days is merged into the first.
    """
    first = start - WINDOW
    period = {"first": first, "end": end}
    marks = {row["id"]: row for row in store.rows(MARKS, period)}
    contacts, reads = times(store.rows(CONTACTS, period)), times(store.rows(READS, period))
    found = [_ended(rows, marks, contacts, reads, now) for rows in _by_episode(store.rows(EPISODES, period))]
    return sorted((e for e in found if e.started >= start), key=lambda e: (e.started, e.id))


def by_arm(episodes: Iterable[Ended]) -> Arms[list[Ended]]:
    """Return the episodes of each arm, in the same order."""
    found = list(episodes)
    return Arms([e for e in found if e.arm == "control"], [e for e in found if e.arm == "treatment"])


def values_of(episode: Ended, by: str) -> Sequence[str]:
    """Return the values of the split `by` under which an episode counts."""
    if by == "channel":
        return [c for c in CHANNELS if c in episode.channels] or ["none"]
    return [named(getattr(episode, by), by)]


def named(value: Any, by: str) -> str:
    """Return a value as the report names it: languages without their region, since browsers send "en-US" for "en"."""
    return without_region(value or "") if by == "lang" else str(value or "")


def times(rows: Iterable[Row]) -> dict[str, list[int]]:
    """Return each person's times, earliest first; the rows must be in that order."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["person"], []).append(row["at"])
    return found


def between(moments: Mapping[str, Sequence[int]], person: str, start: int, end: int) -> int | None:
    """Return a person's first time from `start` to `end` (both included), or None."""
    own = moments.get(person, ())
    place = bisect_left(own, start)
    return own[place] if place < len(own) and own[place] <= end else None


def before(moments: Mapping[str, Sequence[int]], person: str, start: int, end: int) -> int:
    """Return the number of a person's times from `start` to before `end`."""
    own = moments.get(person, ())
    return bisect_left(own, end) - bisect_left(own, start)


def _by_episode(rows: Sequence[Row]) -> list[list[Row]]:
    """Group the rows of each episode: the first, and the same person's rows in the seven days after it."""
    found: list[list[Row]] = []
    for row in rows:
        head = found[-1][0] if found else None
        if head and head["person"] == row["person"] and row["started"] < head["started"] + WINDOW:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _ended(
    rows: Sequence[Row],
    marks: Mapping[str, Row],
    contacts: Mapping[str, Sequence[int]],
    reads: Mapping[str, Sequence[int]],
    now: int,
) -> Ended:
    head, did = rows[0], [marks[row["id"]] for row in rows]
    person, started, until = head["person"], head["started"], head["started"] + WINDOW
    contact = between(contacts, person, started, until)
    last_follow = max((row["last_follow"] or 0 for row in did), default=0)
    solved, read = any(row["solved"] for row in did), between(reads, person, started, until) is not None
    episode = Ended(
        **{name: head[name] or "" for name in ("id", "person", "arm", "page", "lang", "category")},
        channels=tuple(json.loads(head["channels"])),
        segment=next((row["segment"] for row in did if row["segment"]), ""),
        device=next((row["device"] for row in did if row["device"]), ""),
        holdout=did[0]["holdout"],
        started=started,
        outcome="left after reading" if read else "left without reading",
        offered=any(row["offered"] for row in did),
        shown=any(row["shown"] for row in did),
        followed=any(row["followed"] for row in did),
        not_this=any(row["not_this"] for row in did),
        said_solved=solved,
        attempted=any(row["attempted"] for row in did),
        sent_in_visit=contact is not None and contact <= max(started, last_follow) + VISIT,
        contact_after=contact - started if contact is not None else None,
    )
    if now < until:
        return replace(episode, outcome="pending")
    if contact is not None:
        return replace(episode, outcome="contacted")
    return replace(episode, outcome="solved") if solved else episode
