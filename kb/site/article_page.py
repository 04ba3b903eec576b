"""The page of an article: its text, its contents, where it stands with its owner, and what is near it."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache

from flask import Response, g, make_response, request
from markupsafe import Markup
from werkzeug.urls import iri_to_uri

from deflect.store.services import services, state
from kb.content import frontmatter
from kb.content.channels import Way
from kb.errors import HelpCenterError, NotFound
from kb.i18n import gettext as _
from kb.render.snapshot import Entry, Heading
from kb.render.topics import for_everybody, review
from kb.site import seo
from kb.site.frame import page, respond, root, searcher, shelf, today, ways_about
from search.rank.hit import Hit

KEPT = 500  # pages in memory, some 15 KB each


class ArticlePages:
    """The pages of articles that an application keeps in memory, the least recently read first to go."""

    def __init__(self) -> None:
        self.html = lru_cache(maxsize=KEPT)(html)


def show(entry: Entry) -> Response:
    """Return an article as a page."""
    thanked = request.args.get("thanks", "")
    said = thanked if thanked in ("helpful", "unhelpful") else ""
    made = (searcher().generation, g.lang, root(), today(), request.path, ways_about(entry.category))
    response = respond(state(ArticlePages).html(*made, id=entry.id, lang=entry.lang, thanked=said))
    response.vary.add("Accept")
    return response


def html(
    _generation: str,
    _reader: str,
    _root: str,
    today: date,
    _path: str,
    _ways: tuple[Way, ...],
    *,
    id: str,
    lang: str,
    thanked: str,
) -> str:
    """Return the HTML of an article's page; what it depends on is what it is kept by."""
    snapshot = searcher().snapshot
    entry = snapshot.entry(id, lang)
    assert entry is not None
    topic = shelf(snapshot, g.lang).topic(entry.category)
    return page(
        "article.html",
        entry=entry,
        html=text(entry),
        category=topic,
        headings=contents(entry),
        original=original(entry),
        neighbours=topic.neighbours(entry) if topic else (None, None),
        review=review(entry, today=today),
        related=related(entry),
        reasons=reasons(),
        thanked=thanked,
        canonical=root() + entry.address,
        alternates=seo.translations(entry),
        description=entry.summary,
        og_type="article",
        linked_data=seo.linked_data(entry, topic),
        markdown_url=f"{entry.address}.md",
    )


def text(entry: Entry) -> Markup:
    """Return the text of an article, which was sanitised when it was rendered."""
    return Markup(searcher().snapshot.html(entry))


def show_markdown(entry: Entry) -> Response:
    """Return an article as its author wrote it; while the file is newer than what is published, it is not there."""
    folder = services().settings.articles.resolve()
    path = (folder / entry.path).resolve()
    data = path.read_bytes() if path.is_relative_to(folder) and path.is_file() else b""
    if not hashlib.sha256(data).hexdigest().startswith(entry.revision):
        raise NotFound("the Markdown of this article is being published; ask again in a minute")
    _head, body, _line = frontmatter.split(data.decode("utf-8-sig", "replace"))
    response = make_response(f"# {entry.title}\n\n{body.strip()}\n")
    response.content_type = "text/markdown; charset=utf-8"
    response.headers["Link"] = f'<{iri_to_uri(root() + entry.address)}>; rel="canonical"'
    response.vary.add("Accept")
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


def wants_markdown() -> bool:
    """Tell whether the request asks for Markdown rather than for a page."""
    kinds = ["text/html", "text/markdown"]
    return request.accept_mimetypes.best_match(kinds, default=kinds[0]) == "text/markdown"


def original(entry: Entry) -> Entry | None:
    """Return the article that an outdated translation was made from, if everybody may read it."""
    found = searcher().snapshot.entry(entry.id, searcher().snapshot.default_lang) if entry.outdated else None
    return found if found and for_everybody(found) else None


def contents(entry: Entry) -> list[Heading]:
    """Return the headings of the table of contents: the two upper levels."""
    return [heading for heading in searcher().snapshot.headings(entry) if heading.level <= 3]


def related(entry: Entry) -> tuple[Hit, ...]:
    """Return the articles nearest to this one; none where that cannot be told."""
    try:
        return searcher().related(entry.id, lang=g.lang)
    except HelpCenterError:
        return ()


def reasons() -> dict[str, str]:
    """Return the reasons why an article did not help."""
    return {
        "wrong": _("It is wrong"),
        "outdated": _("It is outdated"),
        "not_my_problem": _("It is not my problem"),
        "cannot_follow_the_step": _("I cannot follow a step"),
    }
