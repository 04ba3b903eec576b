"""Charts as printable SVG pictures without scripts, drawn by pygal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

from deflect.report.numbers import Number
from deflect.report.trends import Point

WIDTH, HEIGHT = 960, 340
INK, SOFT = "#33433b", "#74827b"  # contrast of at least 4.5 to 1 on white; DARK replaces them on dark pages
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
COLOURS = ("#0b6b4f", "#1a5fb4", "#c2570c", "#7b3fb5", "#74827b")  # distinct in grey and for colour-blind readers too
DARK_COLOURS = ("#5fd0a5", "#8fbef7", "#f0a35e", "#c9a4ee", "#a3b3ab")  # the same on dark, each at least 3 to 1
DARK = (
    "inline:@media (prefers-color-scheme: dark){text,text.no_data,.legends .legend text{fill:#cfdad4}"
    ".axis text,.axis text.major{fill:#cfdad4}"
    ".axis .line,.axis .guide.line,.axis .major.line{stroke:#53625b}.ci{stroke:#cfdad4}"
    + "".join(
        f".color-{n},.color-{n} a:visited{{stroke:{colour};fill:{colour}}}.color-{n} .line{{fill:none}}"
        for n, colour in enumerate(DARK_COLOURS)
    )
    + "}"
)
LOOK: Mapping[str, Any] = {
    "background": "transparent",
    "plot_background": "transparent",
    "foreground": INK,
    "foreground_strong": INK,
    "foreground_subtle": SOFT,
    "font_family": SANS,
    "guide_stroke_color": "#d5ddd9",
    "major_guide_stroke_color": "#b8c4be",
    "guide_stroke_dasharray": "none",
    "major_guide_stroke_dasharray": "none",
    "label_font_size": 12,
    "major_label_font_size": 12,
    "legend_font_size": 13,
    "no_data_font_size": 24,
    "opacity": 0.9,
    "colors": COLOURS,
}


def outcomes(points: Sequence[Point]) -> bytes:
    """Draw the outcomes of episodes as stacked bars."""
    names = ("solved", "left after reading", "left without reading", "contacted")
    return _bars(points, {name: f"ended {name}" for name in names})


def deflection(points: Sequence[Point]) -> bytes:
    """Draw net deflection with its interval, confirmed and attributed deflection, and marks for changes."""
    chart = _chart("Line", [point.label for point in points], as_shares=True)
    net = [point.numbers["net deflection"] for point in points]
    lows, highs = ([n.low for n in net if n.low is not None], [n.high for n in net if n.high is not None])
    chart.range = (min([0.0, *lows]), max([0.5, *highs, *(p.value("attributed deflection") or 0.0 for p in points)]))
    chart.add("net deflection", [_interval(number) for number in net])
    for name in ("confirmed deflection", "attributed deflection"):
        chart.add(name, [point.value(name) for point in points])
    chart.add(
        "articles or index changed", [0.0 if point.changes else None for point in points], stroke=False, dots_size=5
    )
    return _drawn(chart)


def searches(points: Sequence[Point]) -> bytes:
    """Draw the outcomes of search episodes as stacked bars."""
    return _bars(points, {"opened": "search success", "nothing opened": "no-follow", "no result": "zero-result"})


def stacked(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> bytes:
    """Draw counts as stacked bars, one for each label, for a page without a dark theme."""
    return _plotted(_chart("StackedBar", labels, as_shares=False, dark=False), series)


def coverage(evaluations: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw how often an offer is right if only the surest share of questions gets one; a line for each evaluation."""
    chart = _chart("Line", [f"{share:.0%}" for share, _ in evaluations[0]["offered"]["curve"]], as_shares=True)
    chart.range = (0.0, 1.0)
    chart.x_title, chart.y_title = "share of questions that get an offer", "right among these"
    chart.truncate_legend = -1
    names = sorted({f"{one['collection']}, {one['mode']}" for one in evaluations})
    chart.title = names[0] if len(names) == 1 else None
    for one in evaluations:
        label = one["system"] if len(names) == 1 else f"{one['collection']}, {one['system']}"
        chart.add(label, [right for _, right in one["offered"]["curve"]])
    return _drawn(chart)


def gains(labels: Sequence[str], series: Mapping[str, Sequence[float | None]], *, of: str) -> bytes:
    """Draw positive and negative differences, with a line for each series."""
    chart = _chart("Line", labels, as_shares=False)
    chart.value_formatter = lambda value: f"{value:+.2f}"
    chart.truncate_legend, chart.legend_at_bottom_columns, chart.x_title = -1, 3, of
    return _plotted(chart, series)


def lines(labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> bytes:
    """Draw times in milliseconds as lines on a logarithmic scale."""
    chart = _chart("Line", labels, as_shares=False)
    chart.logarithmic = True
    return _plotted(chart, series)


CHARTS: Mapping[str, Callable[[Sequence[Point]], bytes]] = {
    "deflection": deflection,
    "outcomes": outcomes,
    "searches": searches,
}


def _chart(kind: str, labels: Sequence[str], *, as_shares: bool, dark: bool = True) -> Any:
    chart = getattr(_pygal(), kind)(
        js=[],
        css=["file://style.css", "file://graph.css", *([DARK] if dark else [])],
        no_prefix=True,
        style=_pygal().style.Style(**LOOK),
        width=WIDTH,
        height=HEIGHT,
        explicit_size=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        x_label_rotation=0 if len(labels) <= 10 else 35,
        show_minor_x_labels=len(labels) <= 16,
        value_formatter=(lambda value: f"{100 * value:.0f} %") if as_shares else (lambda value: f"{value:,.0f}"),
        dots_size=3,
        max_scale=8,
        no_data_text="no data yet",
    )
    chart.x_labels = list(labels)
    chart.x_labels_major_count = 8
    chart.add_xml_filter(_inert)
    return chart


@cache
def _pygal() -> Any:
    """Import pygal, and remove its import hook for plug-ins, whose outdated form makes Python warn.

    The hook is found by its name, because libraries that pygal imports add hooks that must stay.
    """
    import pygal

    sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__name__ != "PluginImportFixer"]
    return pygal


def _inert(root: Element) -> Element:
    """Remove scripts and comments: the settings for pygal's own script, and the date of the drawing."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "script" or not isinstance(child.tag, str):
                parent.remove(child)
    return root


def _bars(points: Sequence[Point], names: Mapping[str, str]) -> bytes:
    """Draw the counts behind shares as stacked bars; `names` maps labels to names of numbers."""
    chart = _chart("StackedBar", [point.label for point in points], as_shares=False)
    return _plotted(chart, {label: [_count(p.numbers[name]) for p in points] for label, name in names.items()})


def _plotted(chart: Any, series: Mapping[str, Sequence[float | None]]) -> bytes:
    for name, values in series.items():
        chart.add(name, list(values))
    return _drawn(chart)


def _drawn(chart: Any) -> bytes:
    drawn: str | bytes = chart.render(disable_xml_declaration=True)
    return drawn.encode() if isinstance(drawn, str) else drawn


def _count(number: Number) -> int | None:
    return None if isinstance(number.value, str) else round(number.value * number.n)


def _interval(number: Number) -> dict[str, Any] | None:
    if isinstance(number.value, str) or number.low is None:
        return None
    return {"value": number.value, "ci": {"low": number.low, "high": number.high}}
