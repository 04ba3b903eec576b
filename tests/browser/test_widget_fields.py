"""The fields that the widget finds on foreign pages: table-driven, in one page of one browser with one server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.foreign.case import Case
from tests.browser.foreign.fresh import FRESH
from tests.browser.foreign.handed import HANDED
from tests.browser.foreign.judging import is_plain, judged
from tests.browser.foreign.kinds import KINDS
from tests.browser.foreign.site import NO_LIBRARIES, foreign_and_help, has
from tests.browser.foreign.trying import MESSAGE, SUBJECT, find, shorter, tried, write, wrong
from tests.browser.foreign.unseen import UNSEEN
from tests.browser.shop import Help, card

pytestmark = pytest.mark.browser
CASES = [*HANDED, *KINDS, *UNSEEN, *FRESH]
PLAIN = [case for case in CASES if is_plain(case)]
VISITED = [case for case in CASES if not is_plain(case)]  # "python -m tests.bench.fields" visits all
EMPTY = Case("empty", html="<p></p>")
EDITORS = [case for case in CASES if case.name in ("21-tinymce", "22-quill", "23-ckeditor5", "24-trix", "prosemirror")]
BOX = "help-widget [part=offers]"
COVERED = """(box) => {
  const cover = box.getBoundingClientRect();
  const solid = "textarea, input:not([type=hidden]), iframe, [contenteditable], .tox, .ck-toolbar, .ql-toolbar, "
    + "trix-toolbar, .ProseMirror-menubar";
  return [...document.querySelectorAll(solid)].filter((one) => one.checkVisibility()).filter((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return left < cover.right && right > cover.left && top < cover.bottom && bottom > cover.top;
  }).map((one) => one.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def help() -> Iterator[Help]:
    """A fake help center, and the foreign pages."""
    with foreign_and_help([*CASES, EMPTY]) as both:
        yield both


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Page]:
    """One page for all cases, with shorter pauses."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(10_000)
    yield shorter(context.new_page())
    context.close()


def need(case: Case) -> None:
    """Skip the test if the page's library is missing."""
    if not has(case.library):
        pytest.skip(f"{case.library} was not tried: {NO_LIBRARIES}")


@pytest.fixture(scope="module")
def empty(browser: Browser, help: Help) -> Iterator[Page]:
    """A page that takes the bodies of plain pages, and the widget's modules beside it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(f"{help.shop}/empty.html")
    yield page
    context.close()


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_subject_and_message_are_found_on_plain_pages(empty: Page, case: Case) -> None:
    assert judged(empty, case) == ("nothing" if case.nothing else "right")


@pytest.mark.parametrize("case", VISITED, ids=lambda case: case.name)
def test_subject_and_message_are_asked_and_nothing_else(visitor: Page, help: Help, case: Case) -> None:
    need(case)
    help.cards = []  # nothing to show, which is faster
    assert wrong(case, tried(visitor, help, case)) == ""


@pytest.mark.parametrize("case", EDITORS, ids=lambda case: case.name)
def test_the_box_covers_neither_an_editor_nor_its_toolbar(visitor: Page, help: Help, case: Case) -> None:
    need(case)
    help.cards = [card(1), card(2), card(3)]
    for width in (1280, 900, 390):
        visitor.set_viewport_size({"width": width, "height": 800})
        tried(visitor, help, case)
        box = visitor.locator(BOX)
        box.wait_for()
        assert box.evaluate(COVERED) == [], f"at {width} pixels"
    visitor.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("case", EDITORS, ids=lambda case: case.name)
def test_the_text_of_an_editor_has_lines_and_no_tags(visitor: Page, help: Help, case: Case) -> None:
    need(case)
    tried(visitor, help, case)
    find(visitor, case.message).focus()
    visitor.keyboard.press("Control+End")
    visitor.keyboard.press("Enter")
    visitor.keyboard.insert_text("1 < 2 & so o")  # key by key, Trix loses its place
    visitor.keyboard.press("Control+End")  # on a busy machine, Trix renders late and loses the caret
    visitor.keyboard.type("n")
    text = f"{MESSAGE}\n1 < 2 & so on"
    help.until(lambda: help.offers[-1]["body"] == text, lambda: help.offers[-1])


@pytest.mark.parametrize("case", EDITORS, ids=lambda case: case.name)
def test_the_placeholder_of_an_empty_editor_is_no_text(visitor: Page, help: Help, case: Case) -> None:
    need(case)
    help.offers.clear()
    visitor.goto(f"{help.shop}/{case.name}.html")
    visitor.wait_for_function(case.ready)
    write(visitor, case.subject, SUBJECT)
    help.until(lambda: len(help.offers) > 0)
    assert help.offers[-1]["body"] == ""


def test_named_fields_win_also_in_an_open_shadow_root_and_a_wrong_selector_is_told(visitor: Page, help: Help) -> None:
    named = Case("named", subject="#line", message="#area")
    outcome = tried(visitor, help, named)
    assert wrong(named, outcome) == ""
    assert len([line for line in outcome.said if 'category="#nowhere" matches nothing' in line]) == 1
