"""Commands that measure and learn: evaluate, report, gaps, forecast, tune, propose."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb import progress
from kb.cli.options import Finite, dates_option, emit, json_option, with_articles, with_database
from kb.config import Settings

if TYPE_CHECKING:
    from deflect.history.dates import Order


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="dev", show_default=True, help="Name of the qrels file.")
@click.option(
    "--mode",
    type=click.Choice(["search", "suggest"]),
    help="What to measure. Unset: suggest if queries have a body, else search.",
)
@click.option(
    "--system",
    type=click.Choice(["bm25", "dense", "hybrid", "learned", "all"]),
    help="Ranking to measure. Unset: hybrid; for a folder of several collections: all.",
)
@click.option("--learn-from", help="Splits, separated by commas, to learn from first.")
@click.option(
    "--part",
    type=click.Choice(["title", "body", "both"]),
    default="both",
    show_default=True,
    help="Part of a form's message to search with.",
)
@click.option(
    "--no-answer",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Collection of another product, whose questions should get no offer.",
)
@click.option("--run", type=click.Path(path_type=Path), help="Write a TREC run file.")
@click.option("--against", type=click.Path(exists=True, path_type=Path), help="Compare with the run in this file.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Write a chart of precision against coverage to this SVG file."
)
@json_option
@with_articles("looks")
def evaluate(
    settings: Settings,
    folder: Path,
    as_json: bool,
    plot: Path | None,
    system: Any,
    learn_from: str | None,
    **options: Any,
) -> None:
    """Measure rankings on questions with judged answers.

    FOLDER is a collection in the BEIR layout, or contains several.

    Example: kb evaluate eval/shop --split dev --system hybrid --json
    """
    from deflect.learn import installed
    from deflect.report import charts
    from search.evaluate import evaluation, figures

    document = evaluation.side_by_side(
        settings,
        folder,
        system=system,
        learn_from=tuple(filter(None, (learn_from or "").split(","))),
        installed=lambda encoder: installed.installed(settings, encoder),
        options=evaluation.Options(**options),
    )
    if plot is not None:
        plot.write_bytes(charts.coverage(document.get("collections", [document])))
    emit(document, as_json=as_json, text=figures.shown)


@click.command("report")
@click.option("--from", "start", help="First day or time, such as 2026-10-01; unset: the first event.")
@click.option("--to", "end", help="Last day (included) or time (excluded); unset: now.")
@click.option(
    "--by",
    type=click.Choice(["segment", "channel", "lang", "category", "device", "page"]),
    help="Also print the numbers for each value.",
)
@json_option
@with_database
def report_numbers(settings: Settings, start: str | None, end: str | None, by: str | None, as_json: bool) -> None:
    """Print the deflection numbers, each with its interval.

    Example: kb report --from 2026-10-01 --to 2026-10-31 --by lang
    """
    from deflect.report import numbers, report

    emit(report.of_period(settings, start=start, end=end, by=by), as_json=as_json, text=numbers.shown)


@click.command("gaps")
@click.option("--from", "start", help="First day or time, such as 2026-10-01; unset: the first event.")
@click.option("--to", "end", help="Last day (included) or time (excluded); unset: now.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Number of gaps.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write draft articles to.")
@json_option
@with_articles("looks")
def content_gaps(
    settings: Settings, start: str | None, end: str | None, limit: int, out: Path | None, as_json: bool
) -> None:
    """List the questions that no article answers well.

    The questions that led most people to write a message come first.

    Example: kb gaps --from 2026-10-01 --out drafts
    """
    from deflect.gaps import unanswered
    from search.rank.current import Current

    found = unanswered.of_period(settings, Current(settings).get(), start=start, end=end)[:limit]
    written = unanswered.save(found, out) if out else []
    emit({"gaps": [asdict(gap) for gap in found], "written": written}, as_json=as_json, text=unanswered.shown)


@click.command()
@click.argument("tickets", type=click.Path(exists=True, path_type=Path))
@click.option("--split", help="Name of the qrels file in a BEIR folder; unset: all.")
@dates_option
@click.option("--cost", type=Finite(min=0), default=0.0, help="Cost of a ticket, in any currency.")
@click.option("--cold", is_flag=True, help="Don't learn from earlier tickets.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("forecast.html"), help="File to write the page to."
)
@json_option
@with_articles("builds")
def forecast(
    settings: Settings,
    tickets: Path,
    split: str | None,
    order: Order | None,
    cost: float,
    cold: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Show the offers that past tickets would have got, and the savings.

    The result is one HTML page with the right offers, the wrong ones, the tickets without an offer, and the gaps.

    Example: kb forecast tickets.jsonl --cost 8
    """
    from deflect.history import forecast as replaying
    from kb.server.indexing import refresh

    if not tickets.is_dir():
        refresh(settings, words_only=False, now=datetime.now(UTC))
    done = replaying.forecast(
        settings, tickets, split=split, order=order, cost=cost, learn=not cold, label=progress.reporter
    )
    if not as_json:
        out.write_text(replaying.page(done), encoding="utf-8")
    emit(done, as_json=as_json, text=lambda d: f"{replaying.shown(d)}\nThe page is in {out}.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the gain, but keep the ranking as it is.")
@click.option(
    "--encoder", is_flag=True, help="Also fine-tune the encoder; takes up to an hour and needs shortstop[train]."
)
@json_option
@with_articles("uses")
def tune(settings: Settings, dry_run: bool, encoder: bool, as_json: bool) -> None:
    """Learn the ranking from outcomes.

    The new ranking is tested on later outcomes and kept only if it is clearly better.

    Example: kb tune --dry-run
    """
    from deflect.learn import tuning

    if encoder:
        from deflect.learn import fine_tuning

        done = fine_tuning.tune(settings, now=datetime.now(UTC), dry_run=dry_run)
        emit(done, as_json=as_json, text=fine_tuning.shown)
        return
    emit(tuning.tune(settings, dry_run=dry_run), as_json=as_json, text=tuning.shown)


@click.command()
@json_option
@with_articles("uses")
def propose(settings: Settings, as_json: bool) -> None:
    """Write proposals for authors to the folder _proposals of the articles.

    They are questions, synonyms, unused pins and similar articles.

    Example: kb propose
    """
    from deflect.learn import proposals
    from deflect.store import clock

    emit(proposals.propose(settings, now=clock.now()), as_json=as_json, text=proposals.shown)


@click.command()
@click.option("--visits", type=click.IntRange(1, 100_000), default=4000, show_default=True, help="Number of visits.")
@click.option(
    "--days", type=click.IntRange(14, 730), default=60, show_default=True, help="Number of days that the visits cover."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same visits.")
@json_option
@with_articles("builds")
def example(settings: Settings, visits: int, days: int, seed: int, as_json: bool) -> None:
    """Fill an empty data folder with made-up visits, to try the report.

    Example: kb example --data var/example
    """
    from deflect.history import example as made_up
    from kb.content import library
    from kb.server.indexing import refresh
    from search.rank.current import Current

    now = datetime.now(UTC)
    refresh(settings, words_only=False, now=now)
    found = library.load(settings.articles, default_lang=settings.lang).published(now)
    wanted = [
        made_up.Wanted(text, one.lang, one.id)
        for one in found
        if not one.audience
        for text in (*one.queries, one.title)
    ]
    report = progress.reporter("Making up visits")
    searcher = Current(settings).get()
    done = made_up.fill(settings, searcher, wanted, visits=visits, days=days, seed=seed, report=report)
    seen = f"{visits:,} visits, {done['stored']:,} events, all made up. To see them in /admin/report/, run:"
    emit(done, as_json=as_json, text=lambda _: f"{seen}\nKB_HOLDOUT={made_up.HOLDOUT} kb serve --data {settings.data}")
