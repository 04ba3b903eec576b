"""Questions without a good answer from forms, searches, tickets and imported history, each with a diagnosis."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deflect.gaps import gaps, marks
from deflect.gaps.clusters import Floats, unit
from deflect.gaps.gaps import Diagnosis, Gap, Help, Question
from deflect.redaction.redaction import redact, unmarked
from deflect.report.outcomes import CONTACTS, Ended, between, ended, times
from deflect.report.report import earliest, moment
from deflect.report.statistics import wilson
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.database import Row, Store, reading
from deflect.store.people import WINDOW
from kb.config import Settings
from kb.files import shared_with_others

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

SURE = 0.5  # score from which a first card counts as the right article even if it was not opened
ENOUGH = 100  # offers that must have been shown before their success rate is used as the estimate
ENCODED = 300  # wordings that a page has time to encode, in 0.8 s; more are compared by words alone

OFFERS = """
    SELECT * FROM (
        SELECT offer.episode, offer.received AS at, offer.data, text, episodes.lang, episodes.category,
               (SELECT id FROM tickets WHERE tickets.episode = offer.episode ORDER BY created, id LIMIT 1) AS ticket,
               row_number() OVER (PARTITION BY offer.episode ORDER BY offer.received DESC, offer.id) AS place,
               (SELECT outcomes.article FROM outcomes JOIN tickets ON tickets.id = outcomes.ticket
                WHERE tickets.episode = offer.episode AND withdrawn IS NULL
                ORDER BY outcomes.created DESC LIMIT 1) AS solved_by,
               (SELECT article FROM events AS follow WHERE follow.episode = offer.episode AND follow.type = 'follow'
                ORDER BY follow.received DESC, follow.id LIMIT 1) AS followed
        FROM events AS offer JOIN event_texts ON event_texts.event = offer.id
             JOIN episodes ON episodes.id = offer.episode
        WHERE offer.type = 'offer' AND offer.received >= :start AND offer.received < :end
    ) WHERE place = 1 ORDER BY episode
    """

TICKETS = """
    SELECT id, person, subject, lang, category, created AS at, id AS ticket,
           (SELECT body FROM messages WHERE ticket = tickets.id ORDER BY created, id LIMIT 1) AS body,
           (SELECT article FROM outcomes WHERE ticket = tickets.id AND withdrawn IS NULL
            ORDER BY created DESC LIMIT 1) AS solved_by
    FROM tickets
    WHERE created >= :start AND created < :end
      AND NOT EXISTS (SELECT 1 FROM events WHERE events.episode = tickets.episode AND type = 'offer')
    ORDER BY id
    """

SEARCHES = """
    SELECT events.id, keys.person, events.received AS at, text, json_extract(data, '$.lang') AS lang
    FROM events JOIN keys ON keys.id = events.key JOIN event_texts ON event_texts.event = events.id
    WHERE type = 'search' AND NOT json_extract(data, '$.hits') AND events.received >= :start AND events.received < :end
    ORDER BY events.id
    """

FIRST_PAST = "SELECT min(at) AS at FROM past_questions"

PAST = """
    SELECT id, subject, body, lang, category, person, article, at FROM past_questions
    WHERE at >= :start AND at < :end ORDER BY id
    """

OUTDATED = """
    SELECT DISTINCT article FROM events
    WHERE type IN ('unhelpful', 'not_this') AND reason = 'outdated' AND received >= :start AND received < :end
    """


def find(
    store: Store, searcher: Searcher | None, *, start: int, end: int, encode: int = ENCODED, now: int | None = None
) -> list[Gap]:
    """Return the gaps of a period that are neither ignored nor done; up to `encode` wordings are compared by vectors.

    Done questions come back once they are asked again.
    """
    known = {entry.id for entry in searcher.snapshot.entries(searcher.snapshot.default_lang)} if searcher else set()
    now = now or clock.now()
    asked = marks.still_open(store, questions(store, known, start=start, end=end, now=now))
    return gaps.gaps(
        list(asked),
        days=_heard(store, start=start, end=end, now=now),
        help=_help(store, start=start, end=end, now=now),
        encode=_encoder(searcher),
        encoded=encode,
    )


def marked(store: Store, *, start: int, end: int) -> list[Row]:
    """Return the gaps that are done or ignored, each with the `text` of one of its questions in a period, or ""."""
    return marks.marked(store, questions(store, frozenset(), start=start, end=end, now=clock.now()))


def keys(store: Store, gap: Gap, *, start: int, end: int) -> list[str]:
    """Return the keys of the wordings of a gap of a period, by which it is marked as done or ignored."""
    members, secret = frozenset(gap.members), store.secret("email")
    asked = questions(store, frozenset(), start=start, end=end, now=clock.now())
    return sorted({marks.key(secret, question) for question in asked if question.id in members})


def of_period(settings: Settings, searcher: Searcher, *, start: str | None, end: str | None) -> list[Gap]:
    """Return the gaps of a period given as text, by default since the first event; raise BadRequest."""
    with reading(settings) as store:
        first, last = moment(start, last=False), moment(end, last=True) or clock.now()
        first = first if first is not None else earliest(store) or last - DAY
        return find(store, searcher, start=first, end=last, encode=gaps.MOST)


def save(found: Sequence[Gap], folder: Path) -> list[str]:
    """Write the drafts of gaps without an article into a folder, keeping existing files; return the new names."""
    written = []
    with shared_with_others():
        folder.mkdir(parents=True, exist_ok=True)
        for gap in found:
            name = re.sub(r"[^\w]+", "-", gap.label.lower()).strip("-")[:60] + ".md"
            if gap.diagnosis == "missing" and not (folder / name).exists():
                (folder / name).write_text(gap.draft, encoding="utf-8")
                written.append(name)
    return written


def shown(document: Mapping[str, Any]) -> str:
    """Return gaps as lines for a terminal."""
    lines: list[str] = []
    for number, gap in enumerate(document["gaps"], 1):
        about = f" {gap['article']}" if gap["article"] else ""
        lines.append(f"{number:2}. {gap['label']}  [{gap['diagnosis']}{about}]")
        lines.append(f"    {gap['people']} asked, {gap['contacts']} wrote. {gaps.worded(_avoided(gap))}.")
        lines += [f"    > {' '.join(question.split())[:150]}" for question in gap["questions"]]
    lines += [f"written: {name}" for name in document["written"]]
    return "\n".join(lines) or "no gaps found"


def _avoided(gap: Mapping[str, Any]) -> gaps.Avoided | None:
    return gaps.Avoided(**gap["avoided"]) if gap["avoided"] else None


def questions(store: Store, known: Collection[str], *, start: int, end: int, now: int) -> Iterator[Question]:
    """Yield the questions of a period without a good answer; `known` holds the ids of the articles."""
    period = {"start": start, "end": end}
    episodes = {e.id: e for e in ended(store, start=start, end=end, now=now)}
    outdated = {row["article"] for row in store.rows(OUTDATED, period)}
    for row in store.rows(OFFERS, period):
        if row["episode"] in episodes:
            yield from _offered(row, episodes[row["episode"]], outdated)
    for row in store.rows(TICKETS, period):
        row = row | {"category": redact(row["category"] or "")}
        text = redact(f"{row['subject']}\n{row['body'] or ''}")
        yield _question(row, text, contacted=True, diagnosis="not found" if row["solved_by"] else "missing")
    contacts = times(store.rows(CONTACTS, {"first": start}))
    for row in store.rows(SEARCHES, period):
        contacted = between(contacts, row["person"], row["at"], row["at"] + WINDOW) is not None
        yield _question(row, row["text"], contacted=contacted)
    for row in store.rows(PAST, period):
        if row["article"] is None or row["article"] not in known:
            yield _question(
                row | {"person": row["person"] or row["id"]}, f"{row['subject']}\n{row['body']}", contacted=True
            )


def _offered(row: Row, episode: Ended, outdated: Collection[str]) -> Iterator[Question]:
    """Yield the question of an episode, unless its offer (or withheld offer) may have been right."""
    data, truth, followed = json.loads(row["data"]), row["solved_by"] or "", row["followed"] or ""
    row = row | {"id": episode.id, "person": episode.person}
    if data["abstained"] and episode.outcome != "solved":
        diagnosis: Diagnosis = "not found" if truth else "missing"
        yield _question(row, row["text"], contacted=episode.contacted, diagnosis=diagnosis, article=truth)
    elif episode.contacted and not data["abstained"] and episode.arm == "treatment":
        cards = tuple(data.get("cards") or ())
        sure = cards[:1] if (data.get("scores") or [0.0])[0] >= SURE else ()
        diagnosis, article = _failed(truth or "".join(sure), followed, cards=cards, outdated=outdated)
        yield _question(row, row["text"], contacted=True, diagnosis=diagnosis, article=article)


def _failed(truth: str, followed: str, *, cards: Collection[str], outdated: Collection[str]) -> tuple[Diagnosis, str]:
    """Return the reason why the person wrote despite an offer, and the article at fault."""
    if truth and truth not in cards:
        return "not found", truth
    if followed:
        return ("outdated" if followed in outdated else "content fails"), followed
    return ("title", truth) if truth else ("missing", "")


def _question(
    row: Mapping[str, Any], text: str, *, contacted: bool, diagnosis: Diagnosis = "missing", article: str = ""
) -> Question:
    subject, _, rest = text.strip().partition("\n")
    known: dict[str, Any] = {"category": row.get("category") or "", "subject": subject if rest else ""}
    article = article or (row.get("solved_by") or "" if diagnosis == "not found" else "")
    known |= {"at": row["at"], "ticket": row.get("ticket") or ""}
    return Question(row["id"], text.strip(), row["lang"] or "en", row["person"], contacted, diagnosis, article, **known)


def _encoder(searcher: Searcher | None) -> Callable[[Sequence[str]], Floats] | None:
    """Return a function that encodes questions, or None if the index has no vectors."""
    encoder = searcher.encoder if searcher else None
    if encoder is None or (searcher and searcher.degraded):
        return None
    return lambda texts: unit(np.asarray(encoder.encode([unmarked(t)[:2000] for t in texts]), dtype=np.float32))


def _help(store: Store, *, start: int, end: int, now: int) -> Help:
    """Return the share of shown offers that solved the problem, or ASSUMED if too few were shown."""
    shown = [e for e in ended(store, start=start, end=end, now=now) if e.shown and e.outcome != "pending"]
    solved = sum(e.outcome == "solved" for e in shown)
    if len(shown) < ENOUGH or not solved:
        return gaps.ASSUMED
    return Help(wilson(solved, len(shown)), f"if it helps as often as your offers do ({solved} of {len(shown)})")


def _heard(store: Store, *, start: int, end: int, now: int) -> float:
    """Return the length in days of the part of a period with records: from the first one up to now."""
    past = store.one(FIRST_PAST) or {"at": None}
    began = max(start, min((at for at in (earliest(store), past["at"]) if at is not None), default=start))
    return max(0, min(end, now) - began) / DAY
