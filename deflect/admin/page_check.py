"""Check an owner's page for problems that stop the widget from working, each with a remedy.

The check reads the page as it was fetched, without running its scripts. It looks for the widget's script and element,
tries the element's selectors on the page's forms, reads the Content-Security-Policy of headers and meta elements, and
checks that the origin may post events. A finding is "unsure" if a script on the page may change it.

Parsing HTML as browsers do can take time and memory that grow with the square of a page's length: a megabyte of <b> and
<p> would exhaust the machine. `check_apart` therefore runs the check in a separate process with limits.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from deflect.admin import policy
from kb.outbound import Fetched, Unreadable

State = Literal["good", "bad", "unsure"]

FILE = "/widget/1/help-widget.js"
FIELDS = ("subject", "body", "email", "category")
SCRIPTS_LATER = "If a script adds it later, this check can't see it; look in the browser's console."
LIMITS = ((resource.RLIMIT_CPU, 2), (resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_CORE, 0))
PATIENCE = 10.0  # seconds that the process may take, if the machine is busy
LONGEST = 300  # characters of a selector
SPECIAL = re.compile(r"[][:+~|]")  # pseudo-classes, siblings, namespaces and unclosed brackets
QUOTED = re.compile(r"\[[^\]]*\]|\\.")  # in a selector: an attribute with its value, or an escaped character


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: a sentence, and a remedy if something is wrong."""

    state: State
    what: str
    remedy: str = ""
    line: str = ""  # text to paste


class Unknown(ValueError):
    """A selector of a kind that the check does not support."""


def check_apart(page: Fetched, *, center: str, allowed: Callable[[str], bool]) -> list[Finding]:
    """Run `check` in a process with limits and return its findings. Raise Unreadable if the page exceeds them."""
    task = [page.url, page.headers, page.html, center, allowed(origin_of(page.url))]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(
            command, input=json.dumps(task).encode(), capture_output=True, env=environ, check=True, timeout=PATIENCE
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unreadable("the page's HTML takes too long to read; check that every element is closed") from error
    return [Finding(**one) for one in json.loads(done.stdout)]


def main() -> None:
    """Check the page on standard input and print the findings as JSON; `check_apart` starts this process."""
    for kind, most in LIMITS:
        resource.setrlimit(kind, (most, most))
    url, headers, html, center, may = json.load(sys.stdin)
    page = Fetched(url, tuple((name, value) for name, value in headers), html)
    print(json.dumps([asdict(one) for one in check(page, center=center, allowed=lambda _: may)]))


def check(page: Fetched, *, center: str, allowed: Callable[[str], bool]) -> list[Finding]:
    """Return the findings of a page for the help center at `center`; `allowed` returns True if an origin may post."""
    tree = LexborHTMLParser(page.html)
    origin = origin_of(page.url)
    script = next((one for one in tree.css("script") if _is_ours(one, page.url, center)), None)
    return [
        *_script(script, page.url, center),
        *_element(tree, script, page.url, center),
        *_policy(page, tree, script, origin=origin, center=center),
        *_origin(origin, allowed),
    ]


def select(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """Return the elements that match a selector of tags, ids, classes, attributes, descendants and children.

    Raise Unknown for other selectors.

    >>> [e.tag for e in select(LexborHTMLParser('<form id="a"><input name="b"></form>'), "#a > [name=b]")]
    ['input']
    """
    if len(selector) > LONGEST or SPECIAL.search(QUOTED.sub("", selector)):
        raise Unknown(selector)
    try:
        return tree.css(selector)
    except SelectolaxError as error:
        raise Unknown(selector) from error


def origin_of(url: str) -> str:
    """Return the origin of an address, as browsers send it.

    >>> origin_of("HTTPS://Shop.example:443/contact")
    'https://shop.example'
    """
    parts = urlsplit(url.lower())
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port and parts.port != usual else "")


def _is_ours(one: LexborNode, url: str, center: str) -> bool:
    source = urlsplit(urljoin(url, _said(one, "src").strip()))
    return source.path.endswith(FILE) and origin_of(source.geturl()) == center


def _script(script: LexborNode | None, url: str, center: str) -> Iterator[Finding]:
    line = f'<script type="module" src="{center}{FILE}"></script>'
    if script is None:
        yield Finding("bad", "The widget's script is not on the page.", "Add this line to the head:", line)
    elif _said(script, "type").strip().lower() != "module":
        yield Finding("bad", "The widget's script is not loaded as a module.", 'Add type="module":', line)
    else:
        yield Finding("good", "The widget's script is on the page.")
    if url.startswith("https:") and center.startswith("http:"):
        what = "The page uses https and the help center http, which browsers block as mixed content."
        yield Finding("bad", what, "Serve the help center over https.")


def _element(tree: LexborHTMLParser, script: LexborNode | None, url: str, center: str) -> Iterator[Finding]:
    widgets = [(one, "") for one in tree.css("help-widget")]
    one_tag = script is not None and any(f"data-{name}" in script.attributes for name in ("form", "label", "position"))
    if not widgets and one_tag and script is not None:
        widgets = [(script, "data-")]
    if not widgets:
        line = "<help-widget form></help-widget>"
        yield Finding(
            "bad", "There is no <help-widget> on the page.", f"Add one after your form. {SCRIPTS_LATER}", line
        )
    for one, prefix in widgets:
        said = {
            name.removeprefix(prefix): text or "" for name, text in one.attributes.items() if name.startswith(prefix)
        }
        if prefix == "" and "src" in said and origin_of(urljoin(url, said["src"])) != center:
            what = f'The element uses another help center: src="{said["src"]}".'
            yield Finding("bad", what, f'Write src="{center}/", or leave it out.')
        if "form" in said:
            yield from _form(tree, said)
        else:
            yield Finding("good", "The element is a separate button.")


def _form(tree: LexborHTMLParser, said: dict[str, str]) -> Iterator[Finding]:
    forms = _chosen(tree, said["form"]) if said["form"] else _guessed(tree)
    if not forms:
        frame = tree.css_first("iframe") is not None
        what = (
            f'form="{said["form"]}" matches nothing on the page.'
            if said["form"]
            else "No contact form was detected on the page."
        )
        inside = (
            " The page has a frame: if your form is inside it, add the snippet to the framed page." if frame else ""
        )
        yield Finding(
            "unsure" if frame or _is_drawn(tree) else "bad", what, f"Correct the selector.{inside} {SCRIPTS_LATER}"
        )
        return
    if forms[0] is None:
        yield Finding("unsure", f'form="{said["form"]}" is a selector that this check does not support.', SCRIPTS_LATER)
        return
    more = (
        ""
        if len(forms) == 1
        else f" The selector matches {len(forms)} elements; the widget uses the one that the visitor types into."
    )
    yield Finding("good", f"The form was found.{more}")
    for name in FIELDS:
        if not said.get(name):
            continue
        fields = _chosen(tree, said[name])
        if not fields:
            what = f'{name}="{said[name]}" matches nothing on the page.'
            yield Finding(
                "bad", what, f"Correct the selector, or leave it out to detect the field automatically. {SCRIPTS_LATER}"
            )
        elif fields[0] is not None:
            yield Finding("good", f"The {name} field was found.")
    if not said.get("body") and forms[0].css_first("textarea") is None:
        yield Finding(
            "bad",
            "No message field was detected in the form.",
            'Give the selector of the message field: body="[name=…]".',
        )


def _chosen(tree: LexborHTMLParser, selector: str) -> list[LexborNode | None]:
    """Return the elements that match a selector, or [None] if the selector is not supported."""
    try:
        return list(select(tree, selector))
    except Unknown:
        return [None]


def _guessed(tree: LexborHTMLParser) -> list[LexborNode | None]:
    return [one for one in tree.css("form") if one.css_first("textarea") is not None]


def _is_drawn(tree: LexborHTMLParser) -> bool:
    """Return True if the page has no field to fill in, so that scripts probably draw it."""
    return tree.css_first("form, textarea, input") is None


def _said(one: LexborNode, name: str) -> str:
    """Return the value of an attribute, or "" if it is missing."""
    return one.attributes.get(name) or ""


def _policy(
    page: Fetched, tree: LexborHTMLParser, script: LexborNode | None, *, origin: str, center: str
) -> Iterator[Finding]:
    metas = [
        _said(one, "content")
        for one in tree.css("meta")
        if _said(one, "http-equiv").strip().lower() == "content-security-policy"
    ]
    every = policy.policies(page.all("content-security-policy"), metas)
    nonce = _said(script, "nonce") if script else ""
    missing = list(
        dict.fromkeys(line for one in every for line in policy.lacks(one, center=center, page=origin, nonce=nonce))
    )
    for line in missing:
        if line == "nonce":
            what = "The page's Content-Security-Policy requires a nonce, which the widget's script lacks."
            yield Finding("bad", what, "Give the widget's script the same nonce as the page's other scripts.")
        else:
            name = line.split()[0]
            yield Finding("bad", f"The page's Content-Security-Policy is too strict in {name}.", "Change it to:", line)
    if every and not missing:
        yield Finding("good", "The page's Content-Security-Policy allows everything that the widget needs.")
    if not every:
        yield Finding("good", "The page has no Content-Security-Policy.")


def _origin(origin: str, allowed: Callable[[str], bool]) -> Iterator[Finding]:
    if allowed(origin):
        yield Finding("good", f"{origin} can send events and tickets.")
    else:
        what = f"{origin} can't send events and tickets yet; offers work without it."
        yield Finding("bad", what, "Allow it on the page Origins, or in KB_ORIGINS:", origin)


if __name__ == "__main__":
    main()
