"""Print the share of foreign pages on which the widget finds the right fields, and on how many it asks for offers.

Tuned pages were seen while the scoring was made; unseen pages were written before and measured once after.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, NO_CHROMIUM, QUIET
from tests.browser.foreign.case import Case
from tests.browser.foreign.fresh import FRESH
from tests.browser.foreign.handed import HANDED
from tests.browser.foreign.kinds import KINDS
from tests.browser.foreign.site import NO_LIBRARIES, foreign_and_help, has
from tests.browser.foreign.trying import shorter, tried, wrong
from tests.browser.foreign.unseen import UNSEEN
from tests.browser.shop import Help

SETS = {"modelled on real systems": HANDED, "more kinds": KINDS, "unseen": UNSEEN, "of a second hand": FRESH}


@dataclass(frozen=True, slots=True)
class Share:
    """The counts of one set of pages."""

    pages: int
    right: int
    fields: int
    asking: int


def main() -> None:
    """Print the table."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if CHROMIUM is None:
        print(f"the fields were not measured: {NO_CHROMIUM}")
        return
    everything = [case for cases in SETS.values() for case in cases]
    print("| Pages | Number | Right | Subject and message fields | Pages that ask |")
    print("|---|---:|---:|---:|---:|")
    with foreign_and_help(everything) as help, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        for name, cases in SETS.items():
            share = measured(browser, help, cases)
            part = f"{share.right} ({share.right / share.pages:.0%})"
            print(f"| {name} | {share.pages} | {part} | {share.fields} | {share.asking} |")
        browser.close()


def measured(browser: Browser, help: Help, cases: Sequence[Case]) -> Share:
    """Return the counts over those pages whose libraries are there; each wrong one is printed."""
    help.cards = []
    page = shorter(browser.new_page(viewport={"width": 1280, "height": 800}))
    pages = right = fields = asking = 0
    for case in cases:
        if not has(case.library):
            print(f"{case.name} was not tried: {NO_LIBRARIES}")
            continue
        outcome = tried(page, help, case)
        why = wrong(case, outcome)
        pages, right, asking = pages + 1, right + (not why), asking + (outcome.asks > 0)
        fields += 0 if case.nothing or why else 1 + bool(case.subject)
        if why:
            print(f"{case.name}: {why}")
    page.close()
    return Share(pages=pages, right=right, fields=fields, asking=asking)


if __name__ == "__main__":
    main()
