"""Try one foreign page: write in its fields, and see what the help center is asked."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from playwright.sync_api import FrameLocator, Locator, Page

from tests.browser.foreign.case import Case
from tests.browser.shop import Help

SUBJECT = "About parcel nine"  # ends in a letter: a point more would be the same words, which are not asked again
MESSAGE = "It never arrived"
UNFIT = "no form that looks like a contact form"  # what the console says then
LONGEST = 10  # seconds until an ask must have come
SHORTER = """{
  try { sessionStorage.clear(); } catch {} // no drafts of the page before
  const later = window.setTimeout;
  window.setTimeout = (done, wait, ...given) => later(done, wait === 300 ? 30 : wait === 3000 ? 200 : wait, ...given);
}"""
# Everything else holds something too, so that what is asked shows where it was read.
NOISE = """(own) => {
  for (const field of document.querySelectorAll("input:not([type=file]):not([role=combobox]), textarea")) {
    if (["submit", "button", "checkbox", "radio"].includes(field.type)) continue;
    if (own.some((selector) => selector && !selector.includes(">>>") && field.matches(selector))) continue;
    if (field.closest(".ql-container, .tox, .ck, .ProseMirror, #app")) continue;
    if (!field.value) field.value = "noise";
  }
}"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was asked last, and what the page's console said."""

    subject: str
    message: str
    asks: int
    said: tuple[str, ...]


def find(page: Page, selector: str) -> Locator:
    """Return a field; "frame >>> field" is one in a frame."""
    *frames, field = selector.split(" >>> ")
    where: Page | FrameLocator = page
    for frame in frames:
        where = where.frame_locator(frame)
    return where.locator(field).first


def write(page: Page, selector: str, text: str) -> None:
    """Write as a visitor does, with one real key at the end."""
    find(page, selector).focus()
    page.keyboard.insert_text(text[:-1])
    page.keyboard.type(text[-1])


def shorter(page: Page) -> Page:
    """Return the page with shorter pauses."""
    page.add_init_script(SHORTER)
    return page


def tried(page: Page, help: Help, case: Case) -> Outcome:
    """Write into both fields of a page, and return what was asked."""
    said: list[str] = []
    listen = lambda message: said.append(message.text)  # noqa: E731
    page.on("console", listen)
    help.offers.clear()
    page.goto(f"{help.shop}/{case.name}.html", wait_until="domcontentloaded")
    if case.ready:
        page.wait_for_function(case.ready)
    page.evaluate(NOISE, [case.subject, case.message])
    if case.first:
        page.locator(case.first).click()
    if case.chosen:
        choice = find(page, case.subject)
        if choice.evaluate("(one) => one.localName") == "select":
            choice.select_option(label=case.chosen)
    elif case.subject:
        write(page, case.subject, SUBJECT)
    if case.between:
        page.locator(case.between).click()
    write(page, case.message, MESSAGE)
    end = monotonic() + (0.4 if case.nothing else LONGEST)
    while monotonic() < end and not (help.offers and seen(help) == wanted(case) and not case.says):
        page.wait_for_timeout(10)
        if told(case, said):
            break
    page.remove_listener("console", listen)
    subject, message = seen(help) if help.offers else ("", "")
    return Outcome(subject, message, len(help.offers), tuple(line for line in said if "help-widget" in line))


def told(case: Case, said: list[str]) -> bool:
    """Return True once the console has said why nothing is asked, after which nothing comes."""
    line = case.says or (UNFIT if case.nothing else "")
    return bool(line) and any(line in one for one in said)


def seen(help: Help) -> tuple[str, str]:
    """Return subject and message of the last ask."""
    last = help.offers[-1]
    return last.get("subject", ""), last.get("body", "")


def wanted(case: Case) -> tuple[str, str]:
    """Return subject and message of the ask that is right."""
    return case.chosen or (SUBJECT if case.subject else ""), MESSAGE


def wrong(case: Case, outcome: Outcome) -> str:
    """Return what is wrong with an outcome, or an empty string."""
    if case.says and not any(case.says in line for line in outcome.said):
        return f"the console lacks {case.says!r}: {outcome.said}"
    if case.nothing:
        return f"asked {outcome.asks} times" if outcome.asks else ""
    got = (outcome.subject, outcome.message)
    return "" if got == wanted(case) else f"asked {got}, not {wanted(case)}; said {outcome.said}"
