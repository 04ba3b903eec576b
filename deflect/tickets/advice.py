"""Suggest articles to the agent of a ticket: hits for the message, and articles that the requester read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from deflect.store.database import Row
from deflect.store.services import Services
from deflect.tickets import queries
from deflect.tickets.timeline import Step
from kb.failures import degraded
from kb.render.snapshot import Entry

MOST = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate answer: `seen` if the requester read it, `refused` after "Not this" or an unhelpful vote."""

    article: str
    title: str
    url: str
    seen: bool
    refused: bool


def choices(services: Services, ticket: Row, steps: Sequence[Step], *, words: str = "") -> list[Choice]:
    """Return articles to answer with: hits for `words`, then suggestions for the message, then articles already read.

    Return an empty list if the index cannot be read.
    """
    seen = [id for step in reversed(steps) if step.what in ("read", "follow") for id in step.articles]
    refused = {id for step in steps if step.what in ("not_this", "unhelpful") for id in step.articles}
    wanted = [*_found(services, ticket, words), *_suggested(services, ticket), *seen]
    made = []
    for id in list(dict.fromkeys(wanted))[:MOST]:
        if title := title_of(services, id, ticket["lang"]):
            url = address_of(services, id, ticket["lang"])
            made.append(Choice(id, title, url, id in seen, id in refused))
    return made


def title_of(services: Services, article: str, lang: str | None) -> str:
    """Return an article's title, or "" if there is no such article."""
    entry = _entry(services, article, lang)
    return entry.title if entry else ""


def address_of(services: Services, article: str, lang: str | None) -> str:
    """Return an article's address, or "" if there is no such article."""
    entry = _entry(services, article, lang)
    return entry.address if entry else ""


def _entry(services: Services, article: str, lang: str | None) -> Entry | None:
    with _without():
        return services.current.get().snapshot.best(article, lang or services.settings.lang, audience=None)
    return None


def _found(services: Services, ticket: Row, words: str) -> list[str]:
    with _without():
        lang = ticket["lang"] or services.settings.lang
        hits = services.current.get().search(words, lang=lang, k=MOST).hits if words else ()
        return [hit.article for hit in hits]
    return []


def _suggested(services: Services, ticket: Row) -> list[str]:
    first = next((m["body"] for m in queries.messages(services.store, ticket["id"]) if m["author"] == "requester"), "")
    with _without():
        lang = ticket["lang"] or services.settings.lang
        found = services.current.get().suggest(ticket["subject"], first[:8000], lang=lang, k=3)
        return [id for id, _ in found.candidates[:4]]
    return []


@contextmanager
def _without() -> Iterator[None]:
    """Ignore any error of the index and log it as "no-advice", so that the agent's page works without articles."""
    try:
        yield
    except Exception as error:
        degraded("no-advice", error)
