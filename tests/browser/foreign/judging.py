"""Let the widget's own modules judge a plain page, which takes a hundredth of a visit: no typing, no help center."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.foreign.case import Case
from tests.browser.foreign.handed import HANDED
from tests.browser.foreign.site import body

JUDGE = """async ({ html, lang, title, subject, message }) => {
  document.documentElement.lang = lang;
  document.title = title;
  document.body.innerHTML = html;
  const typed = document.querySelector(message);
  const path = [];
  for (let node = typed; node; node = node.parentNode) path.push(node);
  // As in form.js: words of other languages are learned on their pages, and where English ones find nothing sure.
  for (const words of lang.startsWith("en") ? ["english", "world"] : ["world"]) {
    if (words === "world") await import(`/modules/${words}/world-words.js`);
    const { contactForm } = await import(`/modules/${words}/contact-forms.js`);
    const { fieldsOf, touch } = await import(`/modules/${words}/fields.js`);
    const form = contactForm(path);
    if (form) path.slice(0, 3).forEach(touch);
    const found = form && fieldsOf(form, typed);
    const name = (field) => field?.outerHTML ?? "";
    const wanted = subject && document.querySelector(subject);
    const right = found && (found.subject ?? "") === wanted && found.body === typed;
    if (right && found.sure >= 2) return "right";
    if (words === "world" && right) return "right";
    if (words === "world") return found ? `${name(found.subject)} and ${name(found.body)}` : "nothing";
  }
}"""


def is_plain(case: Case) -> bool:
    """Return True if a page is only HTML: without scripts, frames, presses or a form that the owner names."""
    if case in HANDED or case.first or case.between or case.says or case.library or case.form or case.chosen:
        return False
    html = source(case)
    return bool(html) and not any(mark in html for mark in ("<script", "<iframe", "shadowrootmode", ">>>"))


def source(case: Case) -> str:
    """Return the body of a case, or an empty string for a whole page."""
    return case.html or (body(case).read_text(encoding="utf-8") if body(case).is_file() else "")


def judged(page: Page, case: Case) -> str:
    """Return "right", "nothing" where nothing would be asked, or the fields that were taken instead."""
    about = {"lang": case.lang, "title": case.title, "subject": case.subject, "message": case.message}
    verdict: str = page.evaluate(JUDGE, {"html": source(case), **about})
    return verdict
