"""`kb forecast`: the offers that Shortstop would have made to a help desk's past tickets, and their worth.

The tickets are replayed in order of time: each is ranked as a new message, and the ranking learns only from earlier
tickets. An offer is right if it contains the article that solved the ticket according to the history. The forecast has
the shares of right and wrong offers, by month, category and language, and the gaps among the missed questions. Only an
experiment can show how many tickets a right offer saves, so the savings are given for three assumed shares. The same
document is printed in the terminal and rendered as a page without external files.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from deflect.gaps import gaps
from deflect.gaps.clusters import Floats
from deflect.gaps.gaps import Diagnosis, Question
from deflect.history import dates, import_tickets
from deflect.history.import_tickets import Past
from deflect.history.records import BadFile, Tally
from deflect.history.replay import Encoded, Replayed, replay
from deflect.redaction.redaction import redact
from deflect.report import charts, statistics
from deflect.store.clock import DAY, to_datetime, to_rfc3339
from kb import progress
from kb.config import Settings

if TYPE_CHECKING:
    from search.rank.searcher import Searcher

VERDICTS = ("right", "wrong", "nothing")
SOLVED_SHARES = (0.1, 0.3, 0.5)  # assumed shares of people who see the right article and then do not write
MONTH = 30.4375 * DAY
LARGEST = 10

HONEST = (
    "An article counts as right if an agent linked it or the history names it; another may have been right too.",
    "For each ticket, the ranking learns only from earlier tickets.",
    "Only an experiment can show how many people don't write after they see the right article: see the holdout.",
)


def forecast(
    settings: Settings,
    tickets: Path,
    *,
    split: str | None = None,
    order: dates.Order | None = None,
    cost: float = 0.0,
    learn: bool = True,
    label: Callable[[str], progress.Report] = lambda _: progress.silent,
) -> dict[str, Any]:
    """Return the forecast for a history (a file, or a folder in the BEIR layout) as one document.

    `order` is that of day and month in dates such as 02/10/2026, which are refused without it. Raise BadFile if the
    history has no ticket.
    """
    tally = Tally(str(tickets))
    past = _history(settings, tickets, tally, split=split, order=order)
    searcher = _searcher(settings, tickets)
    encoded = Encoded(searcher)
    replayed = replay(
        searcher,
        past,
        lang=settings.lang,
        encoded=encoded,
        learn=learn,
        report=label(f"Replaying {len(past):,} tickets"),
    )
    grouping = label("Grouping missed questions")
    found = document(replayed, settings=settings, searcher=searcher, encoded=encoded, cost=cost, report=grouping)
    return {"file": tickets.name} | found | {"refused": tally.refused}


def document(
    replayed: Sequence[Replayed],
    *,
    settings: Settings,
    searcher: Searcher,
    encoded: Encoded,
    cost: float,
    report: progress.Report = progress.silent,
) -> dict[str, Any]:
    """Return the result of a replay: offers, in all and by month, category and language, gaps, and worth."""
    first, last = replayed[0].past.at, replayed[-1].past.at
    months = max(1.0, (last - first) / MONTH)
    return {
        "from": to_rfc3339(first),
        "to": to_rfc3339(last),
        "tickets": len(replayed),
        "articles": len({d.article for d in searcher.collection.documents}),
        "ranker": searcher.ranker,
        "learned": sum(one.learned for one in replayed),
        **counts(replayed),
        "by": {
            "month": _by(replayed, lambda p: f"{to_datetime(p.at):%Y-%m}"),
            "category": _by(replayed, lambda p: redact(p.category) or "none"),
            "lang": _by(replayed, lambda p: p.lang or settings.lang),
        },
        "gaps": _gaps(replayed, encoded, days=months * MONTH / DAY, lang=settings.lang, report=report),
        "worth": worth(replayed, months=months, cost=cost),
        "notes": list(HONEST),
    }


def counts(replayed: Sequence[Replayed]) -> dict[str, Any]:
    """Return the number of right, wrong and missing offers to judged tickets, and of offers to the others."""
    judged = [one for one in replayed if one.judged]
    other = [one for one in replayed if not one.judged]
    offered = sum(bool(one.cards) for one in replayed)
    right = sum(one.verdict == "right" for one in judged)
    shown = sum(bool(one.cards) for one in judged)
    return {
        "judged": len(judged),
        "offered": {v: _share(sum(one.verdict == v for one in judged), len(judged)) for v in VERDICTS},
        "right_of_offered": _share(right, shown),
        "unjudged": {"tickets": len(other), "offered": sum(bool(one.cards) for one in other)},
        "coverage": _share(offered, len(replayed)),
    }


def worth(replayed: Sequence[Replayed], *, months: float, cost: float) -> dict[str, Any]:
    """Return the tickets a month with a right offer, and the savings at a cost per ticket."""
    judged = [one for one in replayed if one.judged]
    share = _share(sum(one.verdict == "right" for one in judged), len(judged))
    a_month = len(replayed) / months
    right: dict[str, float] = {}
    if share["share"] is not None:
        right = {name: a_month * share[name] for name in ("share", "low", "high")}
    saved = [
        {
            "share": part,
            "tickets": round(part * right["share"], 1),
            "money": round(part * right["share"] * cost, 2),
            "low": round(part * right["low"] * cost, 2),
            "high": round(part * right["high"] * cost, 2),
        }
        for part in SOLVED_SHARES
        if right
    ]
    rounded = {name: round(right[name], 1) if right else None for name in ("share", "low", "high")}
    return {"cost": cost, "tickets_a_month": round(a_month, 1), "right_a_month": rounded, "if_solved": saved}


def _history(
    settings: Settings, tickets: Path, tally: Tally, *, split: str | None, order: dates.Order | None
) -> list[Past]:
    found = import_tickets.read(tickets, tally, split=split, order=order, settings=settings, report=progress.silent)
    past = [one for _, one in found]
    if not past:
        why = tally.bad[0]["why"] if tally.bad else "it is empty"
        raise BadFile(f"{tickets} has no ticket with a text and a date: {why}")
    return past


def _searcher(settings: Settings, tickets: Path) -> Searcher:
    """Return a searcher over the articles, or over the collection in a BEIR folder."""
    if tickets.is_dir():
        from search.evaluate.beir import Folder
        from search.evaluate.evaluation import open_collection

        return open_collection(settings, Folder(tickets))
    from search.rank.current import Current

    return Current(settings).get()


def _share(hits: int, n: int) -> dict[str, Any]:
    if not n:
        return {"n": 0, "share": None, "low": None, "high": None}
    found = statistics.wilson(hits, n)
    return {"n": hits, "share": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def _by(replayed: Sequence[Replayed], of: Callable[[Past], str]) -> list[dict[str, Any]]:
    """Return the counts for each value, and the share of right offers with its interval.

    Months come in order of time, other values by number of tickets.
    """
    groups: dict[str, list[Replayed]] = {}
    for one in replayed:
        groups.setdefault(of(one.past), []).append(one)
    rows: list[dict[str, Any]] = []
    for value, members in groups.items():
        verdicts: Mapping[str, int] = {v: sum(one.verdict == v for one in members if one.judged) for v in VERDICTS}
        judged = sum(verdicts.values())
        share = _share(verdicts["right"], judged)
        row = {"value": value, "tickets": len(members), "judged": judged} | dict(verdicts)
        rows.append(row | {name: share[name] for name in ("share", "low", "high")})
    is_month = all(row["value"][:4].isdecimal() for row in rows)
    return sorted(rows, key=lambda row: (0 if is_month else -row["tickets"], row["value"]))


def _gaps(
    replayed: Sequence[Replayed], encoded: Encoded, *, days: float, lang: str, report: progress.Report
) -> list[dict[str, Any]]:
    missed = [one for one in replayed if one.verdict in ("wrong", "nothing")]
    questions = [_question(one, n, lang=lang) for n, one in enumerate(missed)]
    encode = partial(_encode, encoded, report=report) if encoded.there else None
    found = gaps.gaps(questions, days=days, limit=LARGEST, encode=encode)
    shown = ("label", "diagnosis", "advice", "article", "contacts", "questions", "draft")
    return [{name: value for name, value in asdict(gap).items() if name in shown} for gap in found]


def _encode(encoded: Encoded, texts: Sequence[str], *, report: progress.Report) -> Floats:
    return encoded.encode([text[:2000] for text in texts], report=report)


def _question(one: Replayed, number: int, *, lang: str) -> Question:
    """Return a missed ticket as a question of a gap, diagnosed as "not found" or "missing"."""
    past = one.past
    diagnosis: Diagnosis = "not found" if one.judged else "missing"
    text = redact(f"{past.subject}\n{past.body}").strip()
    return Question(
        id=f"{past.at:020}:{number:08}",
        text=text,
        lang=past.lang or lang,
        person=str(number),
        contacted=True,
        diagnosis=diagnosis,
        article=past.article or "" if one.judged else "",
        category=redact(past.category),
        subject=redact(past.subject),
    )


def page(document: Mapping[str, Any]) -> str:
    """Return the forecast as an HTML page without scripts and external files."""
    environment = Environment(loader=PackageLoader("deflect.history"), autoescape=True, undefined=StrictUndefined)
    months = document["by"]["month"]
    drawn = charts.stacked(
        [row["value"] for row in months],
        {name: [row[name] for row in months] for name in ("right", "wrong", "nothing")},
    )
    picture = f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"
    return environment.get_template("forecast.html").render(forecast=document, picture=picture, percent=percent)


def shown(document: Mapping[str, Any]) -> str:
    """Return the main figures of the forecast as lines for a terminal."""
    offered, worth = document["offered"], document["worth"]
    lines = [
        f"{document['tickets']:,} tickets from {document['from'][:10]} to {document['to'][:10]}, "
        f"{document['articles']:,} articles; for {document['judged']:,}, the solving article is known. Of these:"
    ]
    said = {"right": "were offered it", "wrong": "were offered other articles", "nothing": "were offered no article"}
    lines += [f"  {percent(offered[name]):24} {text}" for name, text in said.items()]
    lines.append(f"{percent(document['right_of_offered'])} of the offers were right.")
    if document["unjudged"]["tickets"]:
        unjudged = document["unjudged"]
        lines.append(f"{unjudged['offered']:,} of the {unjudged['tickets']:,} other tickets were offered an article.")
    if worth["right_a_month"]["share"] is not None:
        right = worth["right_a_month"]
        lines.append(f"Right article offered: {right['share']} tickets a month [{right['low']}, {right['high']}].")
    lines += [
        f"  if {row['share']:.0%} of these people then don't write: {row['tickets']} tickets a month saved"
        + (f", worth {row['money']:,.2f} [{row['low']:,.2f}, {row['high']:,.2f}]" if worth["cost"] else "")
        for row in worth["if_solved"]
    ]
    lines.append("The largest gaps:")
    lines += [f"  {gap['contacts']:4} {gap['diagnosis']:13} {gap['label']}" for gap in document["gaps"]]
    return "\n".join(lines)


def percent(share: Mapping[str, Any]) -> str:
    """Return a share with its interval.

    >>> percent({"share": 0.5, "low": 0.4, "high": 0.6})
    '50.0 % [40.0, 60.0]'
    """
    if share["share"] is None:
        return "not measured"
    return f"{100 * share['share']:.1f} % [{100 * share['low']:.1f}, {100 * share['high']:.1f}]"
