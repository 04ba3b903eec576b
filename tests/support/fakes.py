"""Fakes whose results a reader can compute by hand, and an application that serves the API with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from deflect.api import api, context
from deflect.store.database import Store
from deflect.store.services import EXTENSION, Limiter, Services, add_state
from deflect.store.writer import DirectWriter
from deflect.tickets.uploads import Uploads
from kb.config import Settings
from kb.content.channels import Table
from kb.content.contexts import Context
from kb.errors import BadGeneration, Unavailable
from kb.failures import Degraded
from search.rank.hit import Fragment, Hit, Results, Suggestions

ARTICLES = {
    "account/reset": "Reset your password",
    "billing/vat": "VAT on invoices",
    "account/erased": "Delete your account",
}


def hit(article: str, score: float) -> Hit:
    """Return a hit on one of the three articles."""
    title = ARTICLES[article]
    return Hit(article, "en", title, f"/en/articles/{article}", "", "", (Fragment(title, True),), score)


@dataclass(frozen=True)
class FakeEntry:
    """An article of the fake snapshot."""

    id: str
    lang: str = "en"
    title: str = "Reset your password"
    address: str = "/en/articles/account/reset"
    revision: str = "0123456789ab"
    audience: tuple[str, ...] = ()
    summary: str = ""
    offers: bool = True


class FakeSnapshot:
    """Three articles, one of them for clients only."""

    channels = Table()
    contexts: tuple[Context, ...] = ()

    def category(self, name: str, lang: str) -> None:
        """Return no category."""

    def best(self, id: str, lang: str, *, audience: frozenset[str] | None = None) -> FakeEntry | None:
        """Return the article, if it is for the audience; None may see all."""
        limited = id == "account/erased"
        if id not in ARTICLES or (limited and audience is not None and "client" not in audience):
            return None
        for_whom = ("client",) if limited else ()
        return FakeEntry(id, title=ARTICLES[id], address=f"/en/articles/{id}", audience=for_whom)

    def entries(self, lang: str) -> tuple[FakeEntry, ...]:
        """Return all articles."""
        return tuple(entry for id in ARTICLES if (entry := self.best(id, lang)))

    def html(self, entry: FakeEntry) -> str:
        """Return the article's body."""
        return f"<p>{entry.title}</p>"

    def headings(self, entry: FakeEntry) -> tuple[Any, ...]:
        """Return no headings."""
        return ()


class FakeSearcher:
    """A searcher that scores an article by the share of its title's words that are in the query."""

    snapshot = FakeSnapshot()

    def search(self, text: str, *, lang: str, k: int = 10, degraded: Degraded | None = None, **_: Any) -> Results:
        """Return the articles whose titles share a word with the text."""
        hits = tuple(hit(id, score) for id, score in self._scored(text)[:k])
        return Results(text, lang, "all" if hits else "none", degraded, "fake-1", hits)

    complete = search

    def suggest(
        self, subject: str, body: str, *, lang: str, k: int = 3, category: str | None = None, **_: Any
    ) -> Suggestions:
        """Return cards for articles whose titles share a word with the message; none in the category `security`."""
        found = tuple(self._scored(f"{subject} {body}"))
        cards = () if category == "security" else tuple(hit(id, score) for id, score in found[:k])
        return Suggestions(not cards, None, "fake-1", cards, found)

    def _scored(self, text: str) -> list[tuple[str, float]]:
        words = {word.strip(".,?!") for word in text.lower().split()}
        scores = {id: len(words & set(title.lower().split())) / len(title.split()) for id, title in ARTICLES.items()}
        return sorted(((id, score) for id, score in scores.items() if score), key=lambda pair: (-pair[1], pair[0]))


class BrokenSearcher(FakeSearcher):
    """A searcher whose index files are gone."""

    def suggest(self, *_: Any, **__: Any) -> Suggestions:
        """Raise BadGeneration."""
        raise BadGeneration("the index is gone; run 'kb index'")


@dataclass
class FakeCurrent:
    """A fake `Current` with one searcher."""

    searcher: FakeSearcher = field(default_factory=FakeSearcher)

    def get(self) -> FakeSearcher:
        """Return the searcher."""
        return self.searcher

    def snapshot(self) -> FakeSnapshot:
        """Return the searcher's snapshot."""
        return self.searcher.snapshot


def sizes(services: Services) -> dict[str, int]:
    """Return the number of rows of each table about people."""
    tables = ("people", "keys", "episodes", "events", "event_texts", "tickets", "messages", "outbox", "outcomes")
    return {table: len(services.store.rows(f"SELECT 1 FROM {table}")) for table in tables}


def make_services(
    folder: Path, *, searcher: FakeSearcher | None = None, writer: Any = None, **settings: Any
) -> Services:
    """Return services over a new store in `folder`."""
    chosen = Settings(
        **({"data": folder, "rate_offers": 0, "rate_events": 0, "rate_tickets": 0, "rate_search": 0} | settings)
    )
    store = Store.open(chosen.database)
    current: Any = FakeCurrent(searcher or FakeSearcher())
    return Services(chosen, current, store, writer or DirectWriter(store), Limiter())


def make_app(services: Services) -> Flask:
    """Return an application with the API on these services."""
    app = Flask("tests")
    app.extensions[EXTENSION] = services
    add_state(app, Uploads())
    app.secret_key = services.store.secret("session")
    app.register_blueprint(api.blueprint)
    app.register_blueprint(context.blueprint)
    return app


class NoWriter:
    """A writer that is unavailable."""

    def run(self, write: Any, *_: Any, **__: Any) -> Any:
        """Raise Unavailable."""
        raise Unavailable("nothing can be saved right now; try again in a minute")

    def close(self) -> None:
        """Do nothing."""


def close(services: Services) -> None:
    """Close what `make_services` opened."""
    closing: Any = services.writer
    closing.close()
    services.store.close()
