"""The report in the admin pages: numbers, trends, searches and articles, each down to its episodes.

Every page covers a period, by default the last 90 days. The numbers, the charts and the episodes behind a number are
computed from the same material. `ReportCache` keeps the last one, so that a page and its charts read it once.
"""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from deflect.api.http import form_id, page_of
from deflect.gaps import article_effects, marks, unanswered
from deflect.gaps.gaps import worded as avoided
from deflect.gaps.misses import misses, typed
from deflect.privacy.cells import safe
from deflect.report import charts, trends
from deflect.report.episodes import FILTERS, counted, detail
from deflect.report.lead import Part, in_words, lead, presets
from deflect.report.numbers import interval_of, worded
from deflect.report.outcomes import SPLITS, Ended
from deflect.report.report import Material, connected, earliest, material, moment, report
from deflect.report.trends import changes
from deflect.store import clock
from deflect.store.clock import DAY, to_datetime, to_rfc3339
from deflect.store.database import Store
from deflect.store.services import Services, services, state
from deflect.tickets.advice import title_of
from kb.config import MOST
from kb.errors import BadRequest, NotFound

PERIOD = 90 * DAY
PER_PAGE = 100
PERIODS = 2  # that the cache keeps: one, and the one before it
KEPT = 5.0  # lifetime of the cache, in multiples of the time that reading took
PICTURE = "default-src 'none'; style-src 'unsafe-inline'"  # a chart has its own styles and no scripts
HEADLINES = ("net deflection", "confirmed deflection", "attributed deflection", "inflation", "returned", "coverage")
PEOPLE = ("self-service adoption", "self-service score", "search success", "zero-result", "no-follow")

blueprint = Blueprint("report", __name__, url_prefix="/report")


class ReportCache:
    """The material of the last period and of the one before it, each kept for five times as long as reading it took.

    A small log is therefore read again for nearly every page. While one thread reads, the others wait.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, str], tuple[Material, float]] = {}  # days -> material and its end
        self._lock = threading.Lock()

    def material(self, start: int, end: int) -> Material:
        """Return the material of a period; periods of the same days count as one."""
        first, last = _days(start, end).values()
        with self._lock:
            found, until = self._kept.pop((first, last), (None, 0.0))
            if found is None or time.monotonic() > until:
                began = time.monotonic()
                found = material(self._store, start=start, end=end, now=clock.now())
                until = time.monotonic() + KEPT * (time.monotonic() - began)
            self._kept = dict([*self._kept.items(), ((first, last), (found, until))][-PERIODS:])
            return found


@blueprint.get("/")
def overview() -> str:
    """Show what a period saved against the one before, failed searches, articles that did not help, and numbers."""
    here, (start, end) = services(), _period()
    by, worth, before = request.args.get("by", ""), _worth(here), start - (end - start)
    now, earlier = _part(here, start, end, by=by), _earlier(here, before, start)
    today = to_datetime(clock.now()).date()
    return render_template(
        "admin/report.html",
        report=now.report,
        lead=lead(now, earlier, **worth),
        earlier=_days(before, start) if earlier else None,
        presets=[(label, {"from": str(first), "to": str(last)}) for label, first, last in presets(today)],
        in_words=partial(in_words, currency=here.settings.currency),
        worth=worth,
        is_empty=now.is_empty,
        headlines=[now.report.number(name) for name in HEADLINES],
        people=[now.report.number(name) for name in PEOPLE],
        points=_points(here, start, end),
        misses=misses(here.store, start=start, end=end, limit=15),
        effects=article_effects.effects(here.store, start=start, end=end, now=clock.now())[:15],
        filters=FILTERS,
        splits=SPLITS,
        by=by,
        charts=charts.CHARTS,
        **_frame(here, start, end),
    )


@blueprint.get("/charts/<name>.svg")
def chart(name: str) -> Response:
    """Draw one chart of the period."""
    if name not in charts.CHARTS:
        raise NotFound(f"there is no chart {name}; the charts are {', '.join(charts.CHARTS)}")
    points = _points(services(), *_period())
    return Response(charts.CHARTS[name](points), mimetype="image/svg+xml", headers={"Content-Security-Policy": PICTURE})


@blueprint.get("/episodes")
def episodes() -> str:
    """List the episodes that a number counts, latest first."""
    here, (start, end) = services(), _period()
    of, arm, page = request.args.get("of", "all"), request.args.get("arm", ""), page_of(request.args.get("page", "1"))
    within = request.args.get("within", "")
    found = _counted(start, end, of=of, arm=arm, within=within)[::-1]
    page = min(page, 1 + len(found) // PER_PAGE)
    return render_template(
        "admin/report_episodes.html",
        episodes=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(found),
        page=page,
        more=page * PER_PAGE < len(found),
        of=of if of in FILTERS else "all",
        arm=arm,
        within=within,
        filters=FILTERS,
        **_frame(here, start, end),
    )


@blueprint.get("/searches")
def searches() -> str:
    """Show the search episodes in which a text was typed, each with its searches, its result and the later episode."""
    here, (start, end) = services(), _period()
    text = request.args.get("text", "")
    return render_template(
        "admin/report_searches.html",
        text=text,
        visits=typed(here.store, text, start=start, end=end, limit=PER_PAGE),
        **_frame(here, start, end),
    )


@blueprint.get("/episodes/<id>")
def episode(id: str) -> str:
    """Show the events and contacts of one episode; texts are redacted."""
    here = services()
    found = detail(here.store, id, now=clock.now())
    if found is None:
        raise NotFound(f"there is no episode {id}; it may have been erased")
    return render_template("admin/report_episode.html", found=found, **_frame(here, *_period()))


@blueprint.get("/articles/<path:id>")
def article(id: str) -> str:
    """Show the votes and comments on an article, by revision, and its readers who then wrote to us."""
    here, (start, end) = services(), _period()
    return render_template(
        "admin/report_article.html",
        article=id,
        votes=article_effects.votes(here.store, id, start=start, end=end),
        comments=article_effects.comments(here.store, id, start=start, end=end),
        readers=article_effects.read_then_wrote(here.store, id, start=start, end=end)[:PER_PAGE],
        tickets=article_effects.tickets_of(here.store, start=start),
        **_frame(here, start, end),
    )


@blueprint.get("/gaps")
def gaps() -> str:
    """List the questions without a good answer; those that most people wrote to us about come first."""
    here, (start, end) = services(), _period()
    found = unanswered.find(here.store, here.current.get(), start=start, end=end)
    several = [gap for gap in found if gap.people > 1]
    return render_template(
        "admin/report_gaps.html",
        gaps=several,
        singles=[gap for gap in found if gap.people <= 1],
        marked=unanswered.marked(here.store, start=start, end=end),
        avoided=avoided,
        **_frame(here, start, end),
    )


@blueprint.post("/gaps")
def mark() -> Any:
    """Call a gap done or ignore it, or show it again."""
    here, (start, end) = services(), _period()
    state, id = request.form.get("state"), form_id()
    if state == "open":
        here.writer.run(marks.unmark_gap, id=id, gap=request.form.get("gap", ""), who=g.agent, now=clock.now())
        flash("The gap is shown again.")
    elif state in ("done", "ignored"):
        found = unanswered.find(here.store, here.current.get(), start=start, end=end)
        gap = next((gap for gap in found if gap.members[0] == request.form.get("gap")), None)
        if gap is None:
            raise NotFound("this gap has changed since the page was loaded; load the page again")
        keys = unanswered.keys(here.store, gap, start=start, end=end)
        here.writer.run(marks.mark_gap, id=id, keys=keys, state=cast(marks.State, state), who=g.agent, now=clock.now())
        flash("Done. It comes back if people ask again." if state == "done" else "Ignored. Find it at the end.")
    else:
        raise BadRequest(f"{str(state)[:40]} is not one of done, ignored, open")
    days = _days(start, end)
    return redirect(url_for("admin.report.gaps", _external=False, **{"from": days["from"]}, to=days["to"]))


@blueprint.get("/<kind>.csv")
def export(kind: str) -> Response:
    """Return a table of the report as CSV."""
    here, (start, end) = services(), _period()
    if kind not in TABLES:
        raise NotFound(f"there is no table {kind}; the tables are {', '.join(TABLES)}")
    out = io.StringIO()
    rows = list(TABLES[kind](here, start, end))
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["nothing"])
    writer.writeheader()
    writer.writerows({name: safe(value) for name, value in row.items()} for row in rows)
    return Response(
        out.getvalue(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    )


def _numbers(here: Services, start: int, end: int) -> Iterable[dict[str, Any]]:
    found = _part(here, start, end, by=request.args.get("by", "")).report
    return ({"segment": ""} | number for number in found.document()["numbers"])


def _episodes(here: Services, start: int, end: int) -> Iterable[dict[str, Any]]:
    names = ("id", "arm", "outcome", "lang", "category", "segment", "device", "page", "offered", "shown", "followed")
    asked = {name: request.args.get(name, "") for name in ("arm", "within")}
    for e in _counted(start, end, of=request.args.get("of", "all"), **asked):
        row = {"started": to_rfc3339(e.started)} | {name: getattr(e, name) for name in (*names, "not_this", "returned")}
        yield row | {"channels": " ".join(e.channels)}


def _searches(here: Services, start: int, end: int) -> Iterable[dict[str, Any]]:
    found = misses(here.store, start=start, end=end, limit=10_000)
    for what in ("no_result", "nothing_opened", "asked_again"):
        for asked in getattr(found, what):
            yield {"what": what, "text": asked.text, "people": asked.people, "then": asked.then}


def _articles(here: Services, start: int, end: int) -> Iterable[dict[str, Any]]:
    for e in article_effects.effects(here.store, start=start, end=end, now=clock.now()):
        said = {name: getattr(e, name) for name in ("helpful", "unhelpful", "solved", "not_this")}
        interval = {"share": e.share.value, "low": e.share.low, "high": e.share.high}
        yield {"article": e.article, "readers": e.readers, "wrote": e.wrote} | interval | said


TABLES = {"numbers": _numbers, "episodes": _episodes, "searches": _searches, "articles": _articles}


def _part(here: Services, start: int, end: int, *, by: str = "") -> Part:
    """Return a period's numbers and the material that they were computed from."""
    whole = state(ReportCache).material(start, end)
    by = by if by in SPLITS else ""
    return Part(report(here.store, here.settings, start=start, end=end, now=clock.now(), by=by, whole=whole), whole)


def _earlier(here: Services, start: int, end: int) -> Part | None:
    """Return a period's numbers and material, or None if it begins before the first event."""
    first = earliest(here.store)
    return _part(here, start, end) if first is not None and first < end and start >= first // DAY * DAY else None


def _worth(here: Services) -> dict[str, float]:
    """Return the cost and the minutes of a ticket: those of the request, or else of the settings."""
    return {
        "cost": _number(request.args.get("cost"), here.settings.ticket_cost),
        "minutes": _number(request.args.get("minutes"), here.settings.ticket_minutes),
    }


def _number(text: str | None, usual: float) -> float:
    """Return the number that a field says, or `usual` if it is empty. Raise BadRequest for anything else."""
    if not text:
        return usual
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = -1.0
    if not 0 <= number <= MOST:
        raise BadRequest(f"{text[:40]} is not a number from 0 to {MOST:,}")
    return number


def _counted(start: int, end: int, *, of: str, arm: str, within: str) -> list[Ended]:
    return counted(state(ReportCache).material(start, end).episodes, of=of, arm=arm, within=within)


def _points(here: Services, start: int, end: int) -> list[trends.Point]:
    whole = state(ReportCache).material(start, end)
    marks = changes(here.store, here.settings.articles, start=start, end=end)
    known = connected(here.store, whole, start=start)
    return trends.trend(whole, marks, start=start, end=end, holdout=here.settings.holdout, connected=known)


def _period() -> tuple[int, int]:
    """Return the period of the request; by default the last 90 days, or since the first event if that is later."""
    now = clock.now()
    end = min(moment(request.args.get("to"), last=True) or now, now)
    given = moment(request.args.get("from"), last=False)
    start = given if given is not None else max(earliest(services().store) or now - 7 * DAY, end - PERIOD)
    if start >= end:
        raise BadRequest("the period ends before it begins; choose other dates")
    return start, end


def _days(start: int, end: int) -> dict[str, str]:
    """Return a period as the days in a link's query."""
    return {"from": f"{to_datetime(start):%Y-%m-%d}", "to": f"{to_datetime(end - 1):%Y-%m-%d}"}


def _frame(here: Services, start: int, end: int) -> dict[str, Any]:
    """Return the variables that every page of the report shares."""
    return {
        "period": _days(start, end),
        "holdout": here.settings.holdout,
        "worded": worded,
        "interval_of": lambda number: interval_of(number.document()),
        "title_of": lambda article: title_of(here, article, here.settings.lang) or article,
    }
