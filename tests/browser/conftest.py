"""Fixtures: one headless Chromium for all browser tests, and a fresh context and page for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
NO_CHROMIUM = "chromium is missing; install it with 'apt-get install chromium-headless-shell'"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run a test in a browser once more where it failed, and say so: `--reruns 0` counts the first time only."""
    if config.getoption("reruns") is not None:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once; if it is missing, the tests are skipped with a reason."""
    if CHROMIUM is None:
        pytest.skip(f"nothing was tried in a browser: {NO_CHROMIUM}")
    expect.set_options(timeout=10_000)
    os.environ.setdefault("NODE_OPTIONS", "--no-deprecation")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile in English, 1280 by 800, with timeouts of ten seconds."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of a fresh profile with a longer wait than our scripts have: 800 ms for a pause."""
    return patient(context.new_page())


@pytest.fixture
def hasty(context: BrowserContext) -> Page:
    """A page of a fresh profile with the waits that visitors get."""
    return context.new_page()


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """A phone, whose page the tests of a module share."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-US")  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.add_init_script("try { sessionStorage.clear() } catch {}")  # no test finds the draft of another
    yield page
    context.close()


def patient(page: Page) -> Page:
    """Return the page with a longer wait, so that a busy machine does not look like a pause."""
    page.add_init_script(
        """{
          const later = window.setTimeout;
          window.setTimeout = (done, wait, ...given) => later(done, wait === 300 ? 800 : wait, ...given);
        }"""
    )
    return page


def at_rest(page: Page) -> Page:
    """Return the page once its animations end, as axe measures the contrast of fading colours."""
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0))).then(() => 0)")
    return page
