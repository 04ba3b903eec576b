"""Commands for articles: index, check, search and suggest."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from kb.cli.options import emit, json_option, judge, lang_option, names_articles, with_articles
from kb.config import Settings


@click.command()
@click.option("--words", is_flag=True, help="Index words only, without vectors; takes seconds.")
@click.option("--quiet", is_flag=True, help="Print nothing when the index is up to date.")
@click.option("--stay", is_flag=True, hidden=True, help="Index again for each byte on standard input, a socket.")
@json_option
@with_articles("builds")
def index(settings: Settings, words: bool, quiet: bool, stay: bool, as_json: bool) -> None:
    """Index the articles and make the new generation current.

    Example: kb index
    """
    from kb.server import indexing

    def say(done: dict[str, Any]) -> None:
        if as_json or not (quiet and not done["built"]):
            emit(done, as_json=as_json, text=lambda d: d["sentence"])

    if stay:
        indexing.stay(settings, socket.socket(fileno=sys.stdin.fileno()), say)
    else:
        say(indexing.refresh(settings, words_only=words, now=datetime.now(UTC)))


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="Output format.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--queries", is_flag=True, help="Also check that each question in `queries:` finds its article in the top three."
)
@click.option(
    "--against",
    metavar="REF",
    help="Also check that every address and anchor published at this commit, branch or tag still works.",
)
@click.option("--external", is_flag=True, help="Also check links to other sites; takes up to a minute.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@with_articles(None)
def check(settings: Settings, folder: Path | None, style: str, as_json: bool, **what: Any) -> None:
    """Check articles: keys, links, anchors, images, redirects, reviews.

    The exit code is 1 if there are errors.

    Example: kb check articles --queries --against origin/main --format github
    """
    from kb.check import check as checks

    judge(settings, "reads", named=folder is not None or names_articles())
    articles = folder or settings.articles
    report = checks.check(settings, articles, **what, now=datetime.now(UTC))
    click.echo(checks.shown(report, style="json" if as_json else style, folder=articles))
    sys.exit(1 if checks.failed(report) else 0)


@click.command()
@click.argument("text")
@lang_option
@click.option("-k", type=click.IntRange(1, 50), default=10, show_default=True, help="Number of hits.")
@json_option
@with_articles("looks")
def search(settings: Settings, text: str, lang: str | None, k: int, as_json: bool) -> None:
    """Search the articles as the search page does.

    Example: kb search "reset my password" --json
    """
    from search.rank.current import Current

    results = Current(settings).get().search(text, lang=lang or settings.lang, k=k)
    emit(results.document(), as_json=as_json, text=_shown_results)


def _shown_results(document: dict[str, Any]) -> str:
    head = f"stage: {document['stage']}" + (f", degraded: {document['degraded']}" if document["degraded"] else "")
    return "\n".join([head, *(_shown_hit(rank, hit) for rank, hit in enumerate(document["hits"], 1))])


def _shown_hit(rank: int, hit: dict[str, Any]) -> str:
    where = " > ".join(part for part in (hit["title"], hit["heading"]) if part)
    snippet = "".join(f"[{f['text']}]" if f["mark"] else f["text"] for f in hit["snippet"])
    return f"{rank:2}. {hit['score']:.3f}  {where}\n    {hit['url']}\n    {snippet}"


@click.command()
@click.option("--subject", default="", help="Subject of the message.")
@click.option("--body", default="", help="Text of the message; '-' reads standard input.")
@click.option("--category", help="Category chosen on the form.")
@lang_option
@json_option
@with_articles("looks")
def suggest(settings: Settings, subject: str, body: str, category: str | None, lang: str | None, as_json: bool) -> None:
    """Show the articles that the contact form would offer for a message, without logging.

    Example: kb suggest --subject "No code" --body "The login code never arrives" --json
    """
    from search.rank.current import Current

    text = sys.stdin.read() if body == "-" else body
    found = Current(settings).get().suggest(subject, text, lang=lang or settings.lang, category=category)
    emit(found.document(), as_json=as_json, text=_shown_offer)


def _shown_offer(document: dict[str, Any]) -> str:
    if document["abstained"]:
        return "no offer: no article reaches the floor"
    return "\n".join(_shown_hit(rank, card) for rank, card in enumerate(document["cards"], 1))
