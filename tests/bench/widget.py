"""Measure the widget in a page in Chromium on a slowed CPU: bytes, script, rendering, longest task, layout shift.

Types the same keys into the same form with and without the widget, and reads the browser's trace of the main thread.
Script is code from the widget's files; rendering adds the styles, layout and paint beyond those of the bare form; the
longest task is any task of the page, including the browser's handling of keys. Times are the main thread's processor
time, which the slowing multiplies. Last, `latency` measures how long far-away visitors wait.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench import latency
from tests.browser.conftest import CHROMIUM, NO_CHROMIUM, QUIET
from tests.browser.shop import Help, shop_and_help
from tests.support.widget_files import bytes_by_use

SLOWER = 4
RUNS = 7
TYPED = "the code never arrives"
BETWEEN = 60  # ms between keys
TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "blink.user_timing"]
RENDERING = {"UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "UpdateLayer"}
WATCH = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { window.shift += value; }))
    .observe({ type: "layout-shift", buffered: true });
window.painted = (name) => requestAnimationFrame(() => setTimeout(() => performance.mark(name)));
addEventListener("help-offer", () => setTimeout(() => window.painted("cards")));
"""
NAMES = (
    "Script on load, ms",
    "Script from the first key to the cards, ms",
    "The same with styles, layout and paint of the cards, ms",
    "Longest task from the first key to the cards, ms",
    "The same form without the widget: longest task, ms",
    "Layout shift",
)

DISTANCE = (
    "Round trip", "Offer after the last key", "Offer after the first key", "Panel after a press", "Panel after reaching"
)  # fmt: skip

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """The figures of one visit, in milliseconds; the times of typing end when the cards are painted."""

    load: float
    script: float
    work: float  # script and rendering
    longest: float
    shift: float


def main() -> None:
    """Print the table."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if CHROMIUM is None:
        print(f"the widget was not measured: {NO_CHROMIUM}")
        return
    rows = [("Use", "Bytes, gzip"), ("---", "---:"), *sizes()]
    with shop_and_help() as help, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        bare = middle(visit(browser, help, bare=True) for _ in range(RUNS))
        ours = middle(visit(browser, help) for _ in range(RUNS))
        distant = latency.rows(browser)
        browser.close()
    rows += [("", ""), (f"CPU {SLOWER}× slowed, median of {RUNS}", "")]
    figures = (ours.load, ours.script, ours.work - bare.work, ours.longest, bare.longest, ours.shift)
    rows += [(name, f"{figure:.3g}") for name, figure in zip(NAMES, figures, strict=True)]
    print("\n".join(f"| {name} | {value} |" for name, value in rows))
    print("\n".join(f"| {' | '.join(row)} |" for row in (DISTANCE, ("---:",) * len(DISTANCE), *distant)))


def sizes() -> list[tuple[str, str]]:
    """Return the served bytes of each use."""
    return [(use, f"{size:,}") for use, size in bytes_by_use().items()]


def middle(visits: Iterable[Visit]) -> Visit:
    """Return the median of each figure."""
    return Visit(*map(median, zip(*map(astuple, visits), strict=True)))


def visit(browser: Browser, help: Help, *, bare: bool = False) -> Visit:
    """Type into the form on a slowed CPU and return the figures; `bare` blocks the widget's files."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    if bare:
        page.route("**/widget/**", lambda route: route.abort())
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    browser.start_tracing(page=page, categories=TRACED)
    page.goto(f"{help.shop}/form.html", wait_until="networkidle")
    page.wait_for_function("() => true")  # puts Playwright's script into the page, which would count as a task later
    page.locator("[name=message]").focus()
    for letter in TYPED:
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, "key": letter})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": letter})
        page.wait_for_timeout(BETWEEN)
    if bare:
        page.evaluate("window.painted('cards')")
    page.wait_for_function("() => performance.getEntriesByName('cards').length")
    shift = float(page.evaluate("window.shift"))
    events = main_thread(json.loads(browser.stop_tracing())["traceEvents"])
    close(page)
    return read(events, shift=shift)


def close(page: Page) -> None:
    """Close the page and delete its storage."""
    page.context.close()


def main_thread(events: list[Event]) -> list[Event]:
    """Return the events of the page's main thread, in order of time."""
    first = next(event for event in events if is_key(event))
    own = [event for event in events if (event["pid"], event["tid"]) == (first["pid"], first["tid"])]
    return sorted(own, key=lambda event: event.get("ts", 0))


def read(events: list[Event], *, shift: float) -> Visit:
    """Return the figures of a trace."""
    typed = next(event["ts"] for event in events if is_key(event))
    shown = next(event["ts"] for event in events if event["name"] == "cards")
    during = [event for event in events if typed <= event["ts"] <= shown]
    return Visit(
        load=total(event for event in events if event["ts"] < typed and is_ours(event)),
        script=total(event for event in during if is_ours(event)),
        work=total(event for event in during if is_ours(event) or event["name"] in RENDERING),
        longest=max(taken(event) for event in during if event["name"].endswith("RunTask")),
        shift=shift,
    )


def is_key(event: Event) -> bool:
    """Return True if the event is a key press."""
    return event["name"] == "EventDispatch" and event["args"].get("data", {}).get("type") == "keydown"


def is_ours(event: Event) -> bool:
    """Return True if the event runs, compiles or evaluates a script of the widget."""
    named = "/widget/1/" in json.dumps(event.get("args", {}))
    return event.get("ph") == "X" and (named or event["name"] == "v8.evaluateModule")  # the page has no other module


def total(events: Iterable[Event]) -> float:
    """Return the milliseconds of events; nested events count once."""
    spent, end = 0.0, 0.0
    for event in sorted(events, key=lambda event: event["ts"]):
        until = event["ts"] + event.get("dur", 0)
        if event["ts"] >= end:
            spent, end = spent + taken(event), until
    return spent


def taken(event: Event) -> float:
    """Return the event's milliseconds of processor time, which other processes barely change."""
    return float(event.get("tdur", event.get("dur", 0))) / 1000


if __name__ == "__main__":
    main()
