"""An evaluation as lines for a terminal: the figures, the curve as bars, and what was won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def shown(document: dict[str, Any]) -> str:
    """Return an evaluation as lines for a terminal, the curve as bars; of several collections a table."""
    if "collections" in document:
        return _table(document["collections"])
    head = f"{document['collection']}/{document['split']}, {document['mode']}, {document['system']}"
    lines = [f"{head}: {document['queries']} questions, {document['recipe']}"]
    lines.append("  ".join(f"{name} {value:.3f}" for name, value in document["metrics"].items()))
    offered = document["offered"]
    lines.append(f"offered to {offered['coverage']:.1%}, right in {offered['hit@3']:.1%} of the offers")
    silent = offered["no_answer"]
    lines.append(f"no-answer questions: {silent['queries']}, offered to {silent['offered']:.1%}")
    lines += [f"  surest {share:4.0%}  {right:.3f} {'█' * round(40 * right)}" for share, right in offered["curve"]]
    latency = document["latency_ms"]
    lines.append("latency, ms: " + "  ".join(f"{name} {value:.1f}" for name, value in latency.items()))
    if "against" in document:
        lines += _shown_comparison(document["against"])
    return "\n".join(lines)


def _shown_comparison(against: Mapping[str, Any]) -> list[str]:
    lines = [f"against {against['run']}: {against['wins']} won, {against['losses']} lost, {against['ties']} alike"]
    for name, gap in against["metrics"].items():
        lines.append(f"  {name:8} {gap['difference']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]")
    return lines + [f"  lost: {row['query']} {row['ours']:.3f} was {row['theirs']:.3f}" for row in against["worst"]]


def _table(documents: Sequence[dict[str, Any]]) -> str:
    names = list(documents[0]["metrics"])
    head = ["collection", "mode", "questions", *names, "offered", "right", "p95 ms"]
    rows = [
        [
            document["collection"],
            document["mode"],
            str(document["queries"]),
            *(f"{value:.3f}" for value in document["metrics"].values()),
            f"{document['offered']['coverage']:.3f}",
            f"{document['offered']['hit@3']:.3f}",
            f"{document['latency_ms']['p95']:.1f}",
        ]
        for document in documents
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]
    )
