"""Feeds of the latest changes, for all articles and for each topic (Atom, RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, g, render_template, url_for

from deflect.store.services import services
from kb.errors import NotFound
from kb.render.snapshot import Entry
from kb.site.frame import root, searcher, shelf, speaks
from kb.site.seo import machine_text

LONGEST = 50  # articles
NEVER = "1970-01-01T00:00:00Z"  # a feed must have a date, and where nothing is in git nothing has one

blueprint = Blueprint("feed", __name__)


@blueprint.get("/<lang>/feed.xml")
def of_all(lang: str) -> Response:
    """Return the feed of all articles that everybody may read, latest change first."""
    _speak(lang)
    title = services().settings.title
    return _feed(title, shelf(searcher().snapshot, lang).entries.values(), page=url_for("site.home", lang=lang))


@blueprint.get("/<lang>/categories/<path:name>/feed.xml")
def of_topic(lang: str, name: str) -> Response:
    """Return the feed of a topic, latest change first."""
    _speak(lang)
    known = shelf(searcher().snapshot, lang)
    topic = known.topic(name)
    if topic is None:
        raise NotFound(f"there is no category {name}")
    title = f"{services().settings.title}: {topic.title}"
    return _feed(title, known.all_of(topic), page=url_for("site.category", lang=lang, name=name))


def _speak(lang: str) -> None:
    if not speaks(lang):
        raise NotFound(f"there is no help center in {lang}")
    g.lang = lang


def _feed(title: str, entries: Iterable[Entry], *, page: str) -> Response:
    dated = [(entry.updated.isoformat(), entry) for entry in entries if entry.updated]
    latest = sorted(dated, key=lambda pair: (pair[0], pair[1].id), reverse=True)[:LONGEST]
    text = render_template("feed.xml", title=title, lang=g.lang, root=root(), page=page, latest=latest, never=NEVER)
    return machine_text(text, "application/atom+xml")
