"""Format an evaluation for a terminal: the figures, the curve as bars, and the questions won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEGS = ("bm25", "dense")
BAR = 30  # characters


def shown(document: dict[str, Any]) -> str:
    """Return an evaluation as text. Several collections or systems give a table, then each curve."""
    if "collections" in document:
        several = document["collections"]
        return "\n".join([_table(several), *(line for one in several for line in ["", _head(one), *_curve(one)])])
    lines = [f"{_head(document)}: {document['queries']} questions, {document['recipe']}"]
    lines.append("  ".join(f"{name} {value:.3f}" for name, value in document["metrics"].items()))
    offered = document["offered"]
    lines.append(f"offered to {offered['coverage']:.1%}, right in {offered['hit@3']:.1%} of the offers")
    silent = offered["no_answer"]
    lines.append(f"no-answer questions: {silent['queries']}, offered to {silent['offered']:.1%}")
    lines += _curve(document)
    latency = document["latency_ms"]
    lines.append("latency, ms: " + "  ".join(f"{name} {value:.1f}" for name, value in latency.items()))
    if "against" in document:
        lines += _compared(document["against"])
    return "\n".join(lines)


def _head(document: Mapping[str, Any]) -> str:
    part = f" ({document['part']} only)" if "part" in document else ""
    return f"{document['collection']}/{document['split']}, {document['mode']}{part}, {document['system']}"


def _curve(document: Mapping[str, Any]) -> list[str]:
    """Return a line per share of the surest questions: floor, right offers, and no-answer questions with an offer."""
    offered = document["offered"]
    floors, strange = dict(offered["floors"]), dict(offered["no_answer"]["curve"])
    lines = ["  surest  floor  right" + ("  no-answer" if offered["no_answer"]["queries"] else "")]
    for share, right in offered["curve"]:
        wrong = f"     {strange[share]:6.1%}" if offered["no_answer"]["queries"] else ""
        lines.append(f"    {share:4.0%}   {floors[share]:.3f}  {right:.3f}{wrong}  {'█' * round(BAR * right)}")
    return lines


def _compared(against: Mapping[str, Any]) -> list[str]:
    lines = [f"against {against['run']}: {against['wins']} won, {against['losses']} lost, {against['ties']} tied"]
    for name, gap in against["metrics"].items():
        lines.append(f"  {name:8} {gap['difference']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]")
    lines += [f"  lost: {row['query']} {row['ours']:.3f} was {row['theirs']:.3f}" for row in against["worst"]]
    return lines + [f"  won: {row['query']} {row['ours']:.3f} was {row['theirs']:.3f}" for row in against["best"]]


def _table(documents: Sequence[dict[str, Any]]) -> str:
    """Return a row per collection and system. `to leg` is the nDCG@10 minus that of the better leg alone."""
    head = ["collection", "mode", "system", "questions", *documents[0]["metrics"]]
    head += ["to leg", "offered", "right", "at 60%", "no-answer", "p95 ms"]
    rows = [head, *(_row(document, documents) for document in documents)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(document: dict[str, Any], documents: Sequence[dict[str, Any]]) -> list[str]:
    offered, silent = document["offered"], document["offered"]["no_answer"]
    return [
        document["collection"],
        document["mode"],
        document["system"],
        str(document["queries"]),
        *(f"{value:.3f}" for value in document["metrics"].values()),
        _to_leg(document, documents),
        f"{offered['coverage']:.3f}",
        f"{offered['hit@3']:.3f}",
        f"{dict(offered['curve'])[0.6]:.3f}",
        f"{silent['offered']:.3f}" if silent["queries"] else "",
        f"{document['latency_ms']['p95']:.1f}",
    ]


def _to_leg(document: dict[str, Any], documents: Sequence[dict[str, Any]]) -> str:
    same = [one for one in documents if one["collection"] == document["collection"]]
    legs = [one["metrics"]["nDCG@10"] for one in same if one["system"] in LEGS]
    if document["system"] in LEGS or len(legs) < len(LEGS):
        return ""
    return f"{document['metrics']['nDCG@10'] - max(legs):+.3f}"
