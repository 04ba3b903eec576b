"""Data for search engines and other programs: sitemap, robots.txt, llms.txt, Atom feeds, and an article's linked data.

One feed has the latest changes of all articles; each topic has a feed, too (RFC 4287).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request

from deflect.store.services import services
from kb.errors import NotFound
from kb.render.snapshot import Entry, Snapshot
from kb.render.topics import Topic, for_everybody
from kb.site.frame import Frame, Place, languages, root, searcher, shelf, speaks, this_look, title, url

LONGEST = 50  # articles in a feed
NEVER = "1970-01-01T00:00:00Z"  # the date of a feed without dated articles, because a feed must have one

blueprint = Blueprint("seo", __name__)


def translations(snapshot: Snapshot, entry: Entry) -> tuple[Place, ...]:
    """Return an article's pages in all its languages, or none if it has only one."""
    places = [Place(e.lang, e.address) for e in snapshot.translations(entry.id) if for_everybody(e)]
    return tuple(places) if len(places) > 1 else ()


def linked_data(frame: Frame, entry: Entry, topic: Topic | None) -> dict[str, Any]:
    """Return an article and its breadcrumbs as schema.org data."""
    article = {
        "@type": "Article",
        "headline": entry.title,
        "description": entry.summary or None,
        "inLanguage": entry.lang,
        "dateModified": entry.updated.isoformat() if entry.updated else None,
        "mainEntityOfPage": frame.root + entry.address,
        "publisher": {"@type": "Organization", "name": frame.title},
    }
    way = [(frame.title, url("site.home", lang=entry.lang))]
    for part in topic.way if topic else ():
        way.append((part.title, url("site.category", lang=entry.lang, name=part.name)))
    steps = [*way, (entry.title, entry.address)]
    crumbs = [
        {"@type": "ListItem", "position": at, "name": name, "item": frame.root + address}
        for at, (name, address) in enumerate(steps, 1)
    ]
    graph = [
        {name: value for name, value in article.items() if value is not None},
        {"@type": "BreadcrumbList", "itemListElement": crumbs},
    ]
    return {"@context": "https://schema.org", "@graph": graph}


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Return the sitemap: every public page with its languages and last change."""
    homes = [Place(lang, url("site.home", lang=lang)) for lang in languages()]
    text = render_template("sitemap.xml", root=root(), homes=homes, topics=_topics(), articles=_articles().values())
    return _machine_text(text, "application/xml")


def _topics() -> list[Place]:
    snapshot = searcher().snapshot
    return [
        Place(lang, url("site.category", lang=lang, name=topic.name))
        for lang in languages()
        for topic in shelf(snapshot, lang).topics
    ]


def _articles() -> dict[str, list[Entry]]:
    """Return the versions of each article, by its id."""
    versions: dict[str, list[Entry]] = defaultdict(list)
    for lang in languages():
        for entry in shelf(searcher().snapshot, lang).entries.values():
            if entry.lang == lang:
                versions[entry.id].append(entry)
    return versions


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Return robots.txt with the sitemap's address and the paths that robots should skip."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /api/",
        "Disallow: /*/search",
        "",
        f"Sitemap: {root()}/sitemap.xml",
        "",
    ]
    return _machine_text("\n".join(lines), "text/plain")


@blueprint.get("/llms.txt")
def llms() -> Response:
    """Return llms.txt, which links to the Markdown of all articles in the default language."""
    g.lang = services().settings.lang
    lines = [f"# {title(this_look())}"]
    for topic in shelf(searcher().snapshot, services().settings.lang).topics:
        if not topic.entries:
            continue
        lines += ["", f"## {' › '.join(part.title for part in topic.way)}", ""]
        lines += [
            f"- [{e.title}]({root()}{e.address}.md)" + (f": {e.summary}" if e.summary else "") for e in topic.entries
        ]
    return _machine_text("\n".join(lines) + "\n", "text/plain")


@blueprint.get("/<lang>/feed.xml")
def feed(lang: str) -> Response:
    """Return the feed of all public articles, latest change first."""
    _speak(lang)
    entries = shelf(searcher().snapshot, lang).entries.values()
    return _feed(title(this_look()), entries, page=url("site.home", lang=lang))


@blueprint.get("/<lang>/categories/<path:name>/feed.xml")
def topic_feed(lang: str, name: str) -> Response:
    """Return the feed of a topic, latest change first."""
    _speak(lang)
    known = shelf(searcher().snapshot, lang)
    topic = known.topic(name)
    if topic is None:
        raise NotFound(f"there is no category {name}")
    name_of_feed = f"{title(this_look())}: {topic.title}"
    return _feed(name_of_feed, known.all_of(topic), page=url("site.category", lang=lang, name=name))


def _speak(lang: str) -> None:
    if not speaks(lang):
        raise NotFound(f"there is no help center in {lang}")
    g.lang = lang


def _feed(title: str, entries: Iterable[Entry], *, page: str) -> Response:
    dated = [(entry.updated.isoformat(), entry) for entry in entries if entry.updated]
    latest = sorted(dated, key=lambda pair: (pair[0], pair[1].id), reverse=True)[:LONGEST]
    text = render_template("feed.xml", title=title, lang=g.lang, root=root(), page=page, latest=latest, never=NEVER)
    return _machine_text(text, "application/atom+xml")


def _machine_text(text: str, kind: str) -> Response:
    """Return a text that caches may keep for an hour if KB_URL is set; else it names the host of the request."""
    response = make_response(text)
    response.content_type = f"{kind}; charset=utf-8"
    if services().settings.url:
        response.cache_control.public, response.cache_control.max_age = True, 3600
    else:
        response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
