"""The command `kb`: each command reads its options, calls one function and prints what it gave."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from kb import config, languages, progress
from kb.config import Settings
from kb.errors import HelpCenterError

EXPORTS = (
    *("tickets", "events", "episodes", "messages", "outcomes", "contacts", "questions", "people", "deliveries"),
    *("users", "audit"),
)  # as in deflect.export, which --help has no time to import
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _lang(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value and (known := languages.normalise(value)) is None:
        raise click.BadParameter(f"{value!r} is no language code, such as en or pt-BR")
    return known if value else None


lang_option = click.option(
    "--lang", callback=_lang, help="Language of the question; the default language where it is not given."
)


def main() -> None:
    """Run `kb`: 0 when all is well, 1 with one line for what a person can mend, 2 for wrong usage."""
    try:
        kb(prog_name="kb")
    except HelpCenterError as error:
        click.echo(f"kb: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(0)  # the reader of our output has gone; nothing is left to say
    except OSError as error:  # a full disk, a folder that may not be written to
        _end(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


def _end(sentence: str) -> None:
    click.echo(f"kb: {sentence}", err=True)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(1)  # what is left in the buffer of our output cannot be written either


def emit(document: Any, *, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print `document` as JSON or as `text` makes it."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str) if as_json else text(document))


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command the settings as its first argument."""

    @wraps(command)
    def wrapped(**options: Any) -> Any:
        return command(config.load(), **options)

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="shortstop", prog_name="kb")
def kb() -> None:
    """Shortstop: a self-service help center that answers before the ticket."""


@kb.command()
@click.option("--articles", type=click.Path(path_type=Path), help="Folder of articles, over KB_ARTICLES.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for index and database, over KB_DATA.")
@click.option("--host", help="Address to listen on, over KB_HOST.")
@click.option("--port", type=int, help="Port to listen on, over KB_PORT.")
@click.option("--watch", is_flag=True, help="For authors: index again when a file changes.")
def serve(articles: Path | None, data: Path | None, host: str | None, port: int | None, watch: bool) -> None:
    """Serve the help center until it is stopped.

    Example: kb serve --articles docs/help --port 8080
    """
    from kb import serve as server

    given = {"articles": articles and articles.resolve(), "data": data, "host": host, "port": port}
    overrides = {f"{config.PREFIX}{name.upper()}": str(value) for name, value in given.items() if value is not None}
    settings = config.load(os.environ | overrides)
    overrides["KB_ARTICLES"] = str(settings.articles.resolve())  # a folder that is away for a moment stays the folder
    server.run(settings, overrides=overrides, watch=watch)


@kb.command(hidden=True)
@click.option("--fd", "fds", type=int, required=True, multiple=True)
@with_settings
def web(settings: Settings, fds: tuple[int, ...]) -> None:
    """Run the web workers on inherited sockets; `kb serve` calls this."""
    from kb.web import WebWorkers

    WebWorkers(settings, binds=[f"fd://{fd}" for fd in fds]).run()


@kb.command(hidden=True)
@click.option("--watch", is_flag=True)
@with_settings
def background(settings: Settings, watch: bool) -> None:
    """Run the writer, the outbox and the schedules; `kb serve` calls this."""
    from kb import background as duties

    duties.run(settings, watch=watch)


@kb.command()
@click.option("--words", is_flag=True, help="Words only: ready in seconds, vectors later.")
@click.option("--quiet", is_flag=True, help="Say nothing when the index is up to date.")
@json_option
@with_settings
def index(settings: Settings, words: bool, quiet: bool, as_json: bool) -> None:
    """Build an index generation of the articles and make it the current one.

    Example: kb index
    """
    from kb.indexing import refresh

    done = refresh(settings, words_only=words, now=datetime.now(UTC))
    if as_json or not (quiet and not done["built"]):
        emit(done, as_json=as_json, text=lambda d: d["sentence"])


@kb.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="Form of output."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--queries", is_flag=True, help="Also see that each of `queries:` finds its article among the first three."
)
@click.option("--strict", is_flag=True, help="Make warnings errors.")
@with_settings
def check(settings: Settings, folder: Path | None, style: str, as_json: bool, queries: bool, strict: bool) -> None:
    """Check articles: schema, links, anchors, images, redirects, reviews; exit code 1 when an error was found.

    Example: kb check articles --queries --format github
    """
    from kb import checking

    articles = folder or settings.articles
    report = checking.check(settings, articles, queries=queries, now=datetime.now(UTC))
    click.echo(checking.shown(report, style="json" if as_json else style, folder=articles))
    sys.exit(1 if checking.failed(report, strict=strict) else 0)


@kb.command()
@click.argument("text")
@lang_option
@click.option("-k", type=click.IntRange(1, 50), default=10, show_default=True, help="How many hits.")
@json_option
@with_settings
def search(settings: Settings, text: str, lang: str | None, k: int, as_json: bool) -> None:
    """Search the articles as the help center's search page does.

    Example: kb search "reset my password" --json
    """
    from search.current import Current

    results = Current(settings).get().search(text, lang=lang or settings.lang, k=k)
    emit(results.document(), as_json=as_json, text=_shown_results)


def _shown_results(document: dict[str, Any]) -> str:
    head = f"stage: {document['stage']}" + (f", degraded: {document['degraded']}" if document["degraded"] else "")
    return "\n".join([head, *(_shown_hit(rank, hit) for rank, hit in enumerate(document["hits"], 1))])


def _shown_hit(rank: int, hit: dict[str, Any]) -> str:
    where = " > ".join(part for part in (hit["title"], hit["heading"]) if part)
    snippet = "".join(f"[{f['text']}]" if f["mark"] else f["text"] for f in hit["snippet"])
    return f"{rank:2}. {hit['score']:.3f}  {where}\n    {hit['url']}\n    {snippet}"


@kb.command()
@click.option("--subject", default="", help="Subject of the message.")
@click.option("--body", default="", help="The message; '-' reads it from standard input.")
@click.option("--category", help="Category chosen on the form.")
@lang_option
@json_option
@with_settings
def suggest(settings: Settings, subject: str, body: str, category: str | None, lang: str | None, as_json: bool) -> None:
    """Say which articles the contact form would offer for a message; nothing is logged.

    Example: kb suggest --subject "No code" --body "The login code never arrives" --json
    """
    from search.current import Current

    text = sys.stdin.read() if body == "-" else body
    found = Current(settings).get().suggest(subject, text, lang=lang or settings.lang, category=category)
    emit(found.document(), as_json=as_json, text=_shown_offer)


def _shown_offer(document: dict[str, Any]) -> str:
    if document["abstained"]:
        return "no offer: nothing clears the floor"
    return "\n".join(_shown_hit(rank, card) for rank, card in enumerate(document["cards"], 1))


@kb.group(invoke_without_command=True)
@json_option
@click.pass_context
def outbox(context: click.Context, as_json: bool) -> None:
    """List tickets on their way to the help desk: pending or dead.

    Example: kb outbox --json
    """
    from deflect import outbox as deliveries

    def shown(rows: list[dict[str, Any]]) -> str:
        lines = [f"{r['id']}  {r['sink']:8} {r['state']:8} tries {r['attempts']}  {r['error'] or ''}" for r in rows]
        return "\n".join(lines) or "nothing is waiting"

    if context.invoked_subcommand is None:
        emit(deliveries.waiting(config.load()), as_json=as_json, text=shown)


@outbox.command("retry")
@click.argument("ids", nargs=-1)
@json_option
@with_settings
def outbox_retry(settings: Settings, ids: tuple[str, ...], as_json: bool) -> None:
    """Put dead deliveries back in line: those named, or all.

    Example: kb outbox retry
    """
    from deflect import outbox as deliveries

    if unknown := deliveries.not_waiting(settings, ids):
        raise click.BadParameter(f"{', '.join(unknown)} is not waiting; 'kb outbox' lists what is", param_hint="IDS")
    count = deliveries.retry(settings, ids=ids)
    emit({"retried": count}, as_json=as_json, text=lambda d: f"{d['retried']} put back in line")


@kb.command()
@click.argument("kind", type=click.Choice(EXPORTS), metavar="KIND")
@json_option
@with_settings
def export(settings: Settings, kind: str, as_json: bool) -> None:
    """Print a table as CSV.

    KIND is tickets, messages, events, episodes, outcomes, contacts, questions, people, deliveries, users or audit.

    Example: kb export tickets > tickets.csv
    """
    from deflect.export import rows, to_csv

    if as_json:
        click.echo(json.dumps(list(rows(settings, kind)), ensure_ascii=False))
    else:
        to_csv(settings, kind, sys.stdout)


@kb.command()
@click.option("--person", required=True, help="Visitor id, verified id or e-mail address.")
@json_option
@with_settings
def erase(settings: Settings, person: str, as_json: bool) -> None:
    """Remove a person from every table, and show that nothing is left.

    Example: kb erase --person someone@example.com
    """
    from deflect import erasure
    from kb.indexing import forget_questions

    done = erasure.erase(settings, person)
    done["learned"] = forget_questions(settings, now=datetime.now(UTC)) if any(done["removed"].values()) else ""
    emit(done, as_json=as_json, text=erasure.shown)


@kb.group()
def admin() -> None:
    """The admin pages."""


@admin.command("password")
@json_option
@with_settings
def admin_password(settings: Settings, as_json: bool) -> None:
    """Set the password of the user `admin`, read from standard input.

    Example: kb admin password < password.txt
    """
    from deflect.accounts import set_password

    secret = (
        click.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline()
    )
    set_password(settings, secret.rstrip("\r\n"))
    done = "the password of admin is set; sessions that were open are closed"
    emit({"user": "admin", "sentence": done}, as_json=as_json, text=lambda d: d["sentence"])


@kb.command()
@json_option
@with_settings
def doctor(settings: Settings, as_json: bool) -> None:
    """Say what is wrong with this installation; exit code 1 when something is.

    Example: kb doctor
    """
    from kb.doctor import examine, shown

    findings = examine(settings)
    emit([f.document() for f in findings], as_json=as_json, text=lambda _: shown(findings))
    sys.exit(1 if any(f.state == "wrong" for f in findings) else 0)


@kb.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="dev", show_default=True, help="Name of the qrels file.")
@click.option("--mode", type=click.Choice(["search", "suggest"]), help="Unset: suggest where queries have a body.")
@click.option(
    "--system",
    type=click.Choice(["bm25", "dense", "hybrid", "learned", "all"]),
    help="What ranks. Unset: hybrid; of a folder of collections: all.",
)
@click.option("--learn-from", help="Splits, separated by commas, whose outcomes are learned first.")
@click.option(
    "--part",
    type=click.Choice(["title", "body", "both"]),
    default="both",
    show_default=True,
    help="What of a form's message is asked.",
)
@click.option(
    "--no-answer",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A collection of another product: its questions should get no offer.",
)
@click.option("--run", type=click.Path(path_type=Path), help="Write a TREC run file.")
@click.option("--against", type=click.Path(exists=True, path_type=Path), help="Compare with the run in this file.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw precision against coverage into this SVG file.")
@json_option
@with_settings
def evaluate(settings: Settings, folder: Path, as_json: bool, plot: Path | None, **options: Any) -> None:
    """Measure rankings on a BEIR folder of questions with judged answers, or on a folder of such folders.

    Example: kb evaluate eval/shop --split dev --system hybrid --json
    """
    from deflect import charts, tuned
    from search import figures, side_by_side

    options["learn_from"] = tuple(filter(None, (options["learn_from"] or "").split(",")))
    options["installed"] = lambda encoder: tuned.installed(settings, encoder)
    document = side_by_side.evaluate(settings, folder, **options)
    if plot is not None:
        plot.write_bytes(charts.coverage(document.get("collections", [document])))
    emit(document, as_json=as_json, text=figures.shown)


file_argument = click.argument("file", type=click.Path(exists=True, path_type=Path))


@kb.group()
def events() -> None:
    """What happened on the pages."""


@events.command("import")
@file_argument
@json_option
@with_settings
def events_import(settings: Settings, file: Path, as_json: bool) -> None:
    """Import past events of any type, JSON lines or CSV as exported; what is there already is not stored again.

    Example: kb events import september.jsonl
    """
    from deflect import lines, past_events

    _imported(past_events.load(settings, file, report=progress.reporter("Importing events")), as_json, lines.shown)


@kb.group()
def outcomes() -> None:
    """Which article solved what."""


@outcomes.command("import")
@file_argument
@click.option("--split", help="Of a folder in the BEIR layout: the name of the qrels file; unset: all.")
@json_option
@with_settings
def outcomes_import(settings: Settings, file: Path, split: str | None, as_json: bool) -> None:
    """Import a help desk's past tickets with the article that solved each: JSON lines, CSV, Zendesk's form, or BEIR.

    Example: kb outcomes import tickets.jsonl
    """
    from deflect import lessons

    report = progress.reporter("Importing past tickets")
    _imported(lessons.load(settings, file, split=split, report=report), as_json, lessons.shown)


@kb.group()
def contacts() -> None:
    """Contacts made elsewhere: by telephone, in chat, in another help desk."""


@contacts.command("import")
@file_argument
@json_option
@with_settings
def contacts_import(settings: Settings, file: Path, as_json: bool) -> None:
    """Import contacts made elsewhere (email or person, at, channel, ticket), so that the report counts them.

    Example: kb contacts import calls.csv
    """
    from deflect import lines, past_contacts

    _imported(past_contacts.load(settings, file, report=progress.reporter("Importing contacts")), as_json, lines.shown)


@kb.group()
def users() -> None:
    """How many people use the product."""


@users.command("import")
@file_argument
@json_option
@with_settings
def users_import(settings: Settings, file: Path, as_json: bool) -> None:
    """Import how many people used the product in each month (month, users), for usage per 1,000 users.

    Example: kb users import active-users.csv
    """
    from deflect import lines, past_contacts

    _imported(past_contacts.load_users(settings, file), as_json, lines.shown)


@kb.command("report")
@click.option("--from", "start", help="First day or time, such as 2026-10-01; unset: the first event.")
@click.option("--to", "end", help="Last day, or a time that is not in it any more; unset: now.")
@click.option(
    "--by",
    type=click.Choice(["segment", "channel", "lang", "category", "device", "page"]),
    help="Also print the numbers of each value.",
)
@json_option
@with_settings
def report_numbers(settings: Settings, start: str | None, end: str | None, by: str | None, as_json: bool) -> None:
    """Print the numbers of deflection, each with its interval and its formula.

    Example: kb report --from 2026-10-01 --to 2026-10-31 --by lang
    """
    from deflect import report, wording

    emit(report.of_period(settings, start=start, end=end, by=by), as_json=as_json, text=wording.shown)


@kb.command("gaps")
@click.option("--from", "start", help="First day or time, such as 2026-10-01; unset: the first event.")
@click.option("--to", "end", help="Last day, or a time that is not in it any more; unset: now.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="How many.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write drafts of articles into."
)
@json_option
@with_settings
def content_gaps(
    settings: Settings, start: str | None, end: str | None, limit: int, out: Path | None, as_json: bool
) -> None:
    """Say what people ask that no article answers well, those first whose answer would avoid most contacts.

    Example: kb gaps --from 2026-10-01 --out drafts
    """
    from dataclasses import asdict

    from deflect import unanswered
    from search.current import Current

    found = unanswered.of_period(settings, Current(settings).get(), start=start, end=end)[:limit]
    written = unanswered.save(found, out) if out else []
    emit({"gaps": [asdict(gap) for gap in found], "written": written}, as_json=as_json, text=unanswered.shown)


@kb.command()
@click.argument("tickets", type=click.Path(exists=True, path_type=Path))
@click.option("--split", help="Of a folder in the BEIR layout: the name of the qrels file; unset: all.")
@click.option("--cost", type=click.FloatRange(min=0), default=0.0, help="What a ticket costs you, in any currency.")
@click.option("--cold", is_flag=True, help="Learn nothing from earlier tickets.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("forecast.html"), help="Where the page is written."
)
@json_option
@with_settings
def forecast(
    settings: Settings, tickets: Path, split: str | None, cost: float, cold: bool, out: Path, as_json: bool
) -> None:
    """Say what past tickets would have been offered, on one page: right, wrong, nothing, gaps, and what it is worth.

    Example: kb forecast tickets.jsonl --cost 8
    """
    from deflect import forecast as replaying
    from deflect import forecast_page
    from kb.indexing import refresh

    if not tickets.is_dir():
        refresh(settings, words_only=False, now=datetime.now(UTC))
    done = replaying.forecast(settings, tickets, split=split, cost=cost, learn=not cold, label=progress.reporter)
    if not as_json:
        out.write_text(forecast_page.page(done), encoding="utf-8")
    emit(done, as_json=as_json, text=lambda d: f"{forecast_page.shown(d)}\nThe page is {out}.")


@kb.command()
@click.option("--dry-run", is_flag=True, help="Only say what it would gain.")
@click.option("--encoder", is_flag=True, help="Fine-tune the encoder, too: up to an hour; needs shortstop[train].")
@json_option
@with_settings
def tune(settings: Settings, dry_run: bool, encoder: bool, as_json: bool) -> None:
    """Learn the ranking from outcomes, judge it on later ones, and keep it when it is surely better.

    Example: kb tune --dry-run
    """
    from deflect import tuning

    if encoder:
        from deflect import fine_tuning

        done = fine_tuning.tune(settings, now=datetime.now(UTC), dry_run=dry_run)
        emit(done, as_json=as_json, text=fine_tuning.shown)
        return
    emit(tuning.tune(settings, dry_run=dry_run), as_json=as_json, text=tuning.shown)


@kb.command()
@json_option
@with_settings
def propose(settings: Settings, as_json: bool) -> None:
    """Write proposals for authors to _proposals/: questions, synonyms, pins without use, articles that are alike.

    Example: kb propose
    """
    from deflect import clock, proposals

    emit(proposals.propose(settings, now=clock.now()), as_json=as_json, text=proposals.shown)


def _imported(document: dict[str, Any], as_json: bool, text: Callable[[Any], str]) -> None:
    """Print an import's totals; exit code 1 when nothing of a file could be taken."""
    emit(document, as_json=as_json, text=text)
    sys.exit(1 if document["refused"] and not document["stored"] + document["known"] else 0)


if __name__ == "__main__":
    main()
