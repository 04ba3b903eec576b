"""What the widget costs a page, in Chromium on a slowed CPU: bytes, script time, longest task, layout shift."""

from __future__ import annotations

import gzip
import logging
from statistics import median

from playwright.sync_api import Page, sync_playwright

from kb import widget
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.shop import Help, shop_and_help

SLOWER = 4
RUNS = 5
WATCH = """
window.seen = { shift: 0, longest: 0 };
const watch = (type, add) =>
    new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type, buffered: true });
watch("layout-shift", ({ value }) => { window.seen.shift += value; });
watch("longtask", ({ startTime, duration }) => {
    if (startTime > (window.from ?? Infinity)) window.seen.longest = Math.max(window.seen.longest, duration);
});
"""


def main() -> None:
    """Print the table."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if CHROMIUM is None:
        print("chromium is missing, so the widget was not measured; install it with 'apt-get install chromium'")
        return
    rows = [("File", "Bytes, gzip"), ("---", "---:"), *sizes()]
    with shop_and_help() as help, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        runs = [visit(browser.new_page(), help) for _ in range(RUNS)]
        browser.close()
    names = ("Script on load, ms", "Script until cards are shown, ms", "Longest task while typing, ms", "Layout shift")
    rows += [("", ""), (f"CPU {SLOWER}× slowed, median of {RUNS}", "")]
    rows += [(name, f"{median(run[at] for run in runs):.3g}") for at, name in enumerate(names)]
    print("\n".join(f"| {name} | {value} |" for name, value in rows))


def sizes() -> list[tuple[str, str]]:
    """Return each script's weight as it is served, and the sum."""
    weights = {
        path.name: len(gzip.compress(widget.squeeze(path.read_text(encoding="utf-8")).encode(), 9))
        for path in sorted(widget.FOLDER.glob("*.js"))
    }
    return [*((name, f"{size:,}") for name, size in weights.items()), ("all", f"{sum(weights.values()):,}")]


def visit(page: Page, help: Help) -> tuple[float, float, float, float]:
    """Return script time on load and until cards show, the longest task in between (0: under 50), and the shift."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.send("Performance.enable")

    def script() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(one["value"]) for one in metrics if one["name"] == "ScriptDuration")

    page.add_init_script(WATCH)
    page.goto(f"{help.shop}/form.html", wait_until="networkidle")
    loaded = script()
    page.evaluate("window.from = performance.now()")
    seen = help.types().count("shown")
    page.locator("[name=message]").press_sequentially("the code never arrives")
    help.wait("shown", times=seen + 3)
    shown = script() - loaded
    found = page.evaluate("window.seen")
    page.close()
    return loaded, shown, float(found["longest"]), float(found["shift"])


if __name__ == "__main__":
    main()
