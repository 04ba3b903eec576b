"""The page of an article, with its contents, review date and related articles, and the article as Markdown.

A page takes some milliseconds to make and is the same for all visitors, so it is cached. `ArticlePage` holds everything
that the page depends on, and is the cache's key: `html` reads no other state. A new generation, language, day or
opening hour gives another key and so another page.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from weakref import ref

from flask import Response, make_response, request
from markupsafe import Markup
from werkzeug.urls import iri_to_uri

from deflect.store.services import services, state
from kb import i18n
from kb.content import heads
from kb.content.channels import Way
from kb.errors import NotFound
from kb.failures import degraded
from kb.render.snapshot import Entry, Heading, Snapshot
from kb.render.topics import Topics, for_everybody, review
from kb.site import seo
from kb.site.frame import Frame, page, respond, root, searcher, this_frame, today, ways_about
from search.rank.hit import Hit
from search.rank.searcher import Searcher

KEPT = 500  # pages in memory, about 15 KB each


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Everything that the page of an article depends on."""

    generation: ref[Searcher]  # weak, so that a cached page does not keep an old generation open
    entry: Entry
    topics: Topics
    frame: Frame
    today: date
    ways: tuple[Way, ...]
    thanked: str  # "helpful" or "unhelpful" after a vote

    @property
    def searcher(self) -> Searcher:
        """The generation. The current request keeps it alive."""
        found = self.generation()
        assert found is not None
        return found


class ArticlePages:
    """An application's cache of article pages, which drops the least recently used ones."""

    def __init__(self) -> None:
        self._kept = lru_cache(maxsize=KEPT)(html)

    def html(self, asked: ArticlePage) -> str:
        """Return the HTML of a page. If the search for related articles fails, the page is not cached."""
        try:
            return self._kept(asked)
        except NoRelated as error:
            degraded("search-failed", error.__cause__)
            return html(asked, related=())


class NoRelated(Exception):
    """The search for related articles failed."""


def show(entry: Entry) -> Response:
    """Return an article as a page."""
    thanked = request.args.get("thanks", "")
    asked = ArticlePage(
        generation=ref(searcher()),
        entry=entry,
        topics=state(Topics),
        frame=this_frame(),
        today=today(),
        ways=ways_about(entry.category),
        thanked=thanked if thanked in ("helpful", "unhelpful") else "",
    )
    response = respond(state(ArticlePages).html(asked))
    response.vary.add("Accept")
    return response


def html(asked: ArticlePage, *, related: tuple[Hit, ...] | None = None) -> str:
    """Return the HTML of an article's page. Search for related articles unless `related` is given; raise NoRelated."""
    entry, frame, snapshot = asked.entry, asked.frame, asked.searcher.snapshot
    shelf = asked.topics.shelf(snapshot, frame.lang)
    topic = shelf.topic(entry.category)
    return page(
        "article.html",
        frame,
        entry=entry,
        html=Markup(snapshot.html(entry)),  # sanitised when it was rendered
        category=topic,
        tree=shelf.tree(topic, entry=entry) if topic and len(shelf.entries) > 1 else (),
        headings=contents(snapshot, entry),
        original=original(snapshot, entry),
        neighbours=topic.neighbours(entry) if topic else (None, None),
        review=review(entry, today=asked.today),
        related=nearest(asked) if related is None else related,
        reasons=reasons(frame.lang),
        thanked=asked.thanked,
        comment="",
        ways=lambda _topic: asked.ways,
        canonical=frame.root + entry.address,
        alternates=seo.translations(snapshot, entry),
        description=entry.summary,
        og_type="article",
        linked_data=seo.linked_data(frame, entry, topic),
        markdown_url=f"{entry.address}.md",
    )


def show_markdown(entry: Entry) -> Response:
    """Return an article's Markdown source. Raise NotFound if the file is newer than the published article."""
    folder = services().settings.articles.resolve()
    path = (folder / entry.path).resolve()
    data = path.read_bytes() if path.is_relative_to(folder) and path.is_file() else b""
    if not hashlib.sha256(data).hexdigest().startswith(entry.revision):
        raise NotFound("the Markdown of this article is being published; ask again in a minute")
    body = heads.parted(entry.path, heads.decoded(entry.path, data)[0]).body
    response = make_response(f"# {entry.title}\n\n{body.strip()}\n")
    response.content_type = "text/markdown; charset=utf-8"
    response.headers["Link"] = f'<{iri_to_uri(root() + entry.address)}>; rel="canonical"'
    response.vary.add("Accept")
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


def wants_markdown() -> bool:
    """Return True if the request prefers Markdown to HTML."""
    kinds = ["text/html", "text/markdown"]
    return request.accept_mimetypes.best_match(kinds, default=kinds[0]) == "text/markdown"


def original(snapshot: Snapshot, entry: Entry) -> Entry | None:
    """Return the original of an outdated translation if it is for everyone, else None."""
    found = snapshot.entry(entry.id, snapshot.default_lang) if entry.outdated else None
    return found if found and for_everybody(found) else None


def contents(snapshot: Snapshot, entry: Entry) -> list[Heading]:
    """Return the headings of the table of contents, which are those of the first two levels."""
    return [heading for heading in snapshot.headings(entry) if heading.level <= 3]


def nearest(asked: ArticlePage) -> tuple[Hit, ...]:
    """Return related articles. Raise NoRelated if the search fails."""
    try:
        return asked.searcher.related(asked.entry.id, lang=asked.frame.lang)
    except Exception as error:  # the article itself can still be shown
        raise NoRelated from error


def reasons(lang: str) -> dict[str, str]:
    """Return the codes and labels of the reasons for an unhelpful vote, in the interface language for `lang`."""
    _ = i18n.speech(lang).gettext
    return {
        "wrong": _("It's wrong"),
        "outdated": _("It's out of date"),
        "not_my_problem": _("It doesn't answer my question"),
        "cannot_follow_the_step": _("I can't follow a step"),
    }
