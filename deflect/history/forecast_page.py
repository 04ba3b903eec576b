"""The forecast as one page that stands alone, to be sent around, and as lines for a terminal."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from deflect.report import charts


def page(document: Mapping[str, Any]) -> str:
    """Return the forecast as HTML in which nothing is loaded from anywhere and nothing runs."""
    environment = Environment(loader=PackageLoader("kb"), autoescape=True, undefined=StrictUndefined)
    months = document["by"]["month"]
    drawn = charts.stacked(
        [row["value"] for row in months],
        {name: [row[name] for row in months] for name in ("right", "wrong", "nothing")},
    )
    picture = f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"
    return environment.get_template("forecast.html").render(forecast=document, picture=picture, percent=percent)


def shown(document: Mapping[str, Any]) -> str:
    """Return the forecast in short, as lines for a terminal."""
    offered, worth = document["offered"], document["worth"]
    lines = [
        f"{document['tickets']:,} tickets from {document['from'][:10]} to {document['to'][:10]}, "
        f"{document['articles']:,} articles; {document['judged']:,} tickets say which article solved them. Of these:"
    ]
    said = {"right": "were offered it", "wrong": "were offered other articles", "nothing": "were offered nothing"}
    lines += [f"  {percent(offered[name]):24} {text}" for name, text in said.items()]
    lines.append(f"Of the offers {percent(document['right_of_offered'])} were right.")
    if document["unjudged"]["tickets"]:
        unjudged = document["unjudged"]
        lines.append(f"{unjudged['offered']:,} of the {unjudged['tickets']:,} other tickets were offered something.")
    if worth["right_a_month"]["share"] is not None:
        right = worth["right_a_month"]
        lines.append(f"The right article a month: {right['share']} tickets [{right['low']}, {right['high']}].")
    lines += [
        f"  if {row['share']:.0%} of these then do not write: {row['tickets']} tickets a month"
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
