"""A check of an owner's page: the findings that keep the widget from working on it, each with a remedy.

The page is looked at as it was fetched, without running its scripts. The check looks for the widget's script and
element, tries the selectors of the element on the page's forms, reads the Content-Security-Policy of headers and meta
elements, and asks whether the origin may post events. A finding is "unsure" when a script of the page may change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from deflect.admin.elements import Element, Unknown, elements, select
from kb.outbound import Fetched

Policy = Mapping[str, tuple[str, ...]]
State = Literal["good", "bad", "unsure"]

SCRIPT = ("script-src-elem", "script-src", "default-src")
CONNECT = ("connect-src", "default-src")
IMAGES = ("img-src", "default-src")
FILE = "/widget/1/help-widget.js"
FIELDS = ("subject", "body", "email", "category")
SCRIPTS_LATER = "If a script of the page makes it later, this cannot be seen from here; the browser's console tells."
OURS = "help-widget"  # the name under which the widget makes HTML of an article


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: a sentence, and a remedy if something is wrong."""

    state: State
    what: str
    remedy: str = ""
    line: str = ""  # what to paste


def parse(text: str) -> Policy:
    """Return the directives of a policy. The first of two with the same name counts, as in browsers.

    >>> parse("default-src 'none'; IMG-SRC *;; img-src 'self'")
    {'default-src': ("'none'",), 'img-src': ('*',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for directive in text.split(";"):
        name, *values = directive.split() or [""]
        if name:
            found.setdefault(name.lower(), tuple(values))
    return found


def policies(headers: Iterable[str], metas: Iterable[str]) -> list[Policy]:
    """Return the policies of a page, from its headers and its meta elements. All of them must allow a thing."""
    return [parse(one) for text in headers for one in text.split(",")] + [parse(text) for text in metas]


def lacks(policy: Policy, *, center: str, page: str, nonce: str) -> list[str]:
    """Return the directives to change in a policy, each in its new form.

    `center` is the help center's origin, `page` that of the page, `nonce` that of the script's element.
    """
    missing = []
    script = _directive(policy, SCRIPT)
    if script is not None and not _runs(script, center=center, page=page, nonce=nonce):
        nonces = any(value.lower().startswith(("'nonce-", "'strict-dynamic'")) for value in script)
        missing.append("nonce" if nonces else _line(policy, "script-src", SCRIPT, center))
    for name, ways in (("connect-src", CONNECT), ("img-src", IMAGES)):
        values = _directive(policy, ways)
        if values is not None and not any(_allows(value, center, page) for value in values):
            missing.append(_line(policy, name, ways, center))
    types = policy.get("trusted-types")
    if types is not None and not {OURS, "*"} & set(types):
        missing.append(" ".join(["trusted-types", *(one for one in types if one != "'none'"), OURS]))
    return missing


def _directive(policy: Policy, names: Iterable[str]) -> tuple[str, ...] | None:
    return next((policy[name] for name in names if name in policy), None)


def _line(policy: Policy, name: str, ways: tuple[str, ...], center: str) -> str:
    """Return the directive with the help center added."""
    there = next((one for one in ways if one in policy), name)
    values = [value for value in policy.get(there, ()) if value.lower() != "'none'"]
    return " ".join([name if there == "default-src" else there, *values, center])


def _runs(values: tuple[str, ...], *, center: str, page: str, nonce: str) -> bool:
    lower = [value.lower() for value in values]
    if nonce and f"'nonce-{nonce}'" in values:
        return True
    return "'strict-dynamic'" not in lower and any(_allows(value, center, page) for value in values)


def _allows(value: str, center: str, page: str) -> bool:
    """Return True if a source of a directive covers all files of the help center.

    >>> _allows("https://*.example.com", "https://help.example.com", "")
    True
    """
    source, asked = value.lower(), urlsplit(center.lower())
    if source == "*":
        return asked.scheme in ("http", "https")
    if source == "'self'":
        return center.lower() == page.lower()
    if re.fullmatch(r"[a-z][a-z0-9+.-]*:", source):
        return source[:-1] == asked.scheme or (source == "http:" and asked.scheme == "https")
    found = re.fullmatch(r"(?:(https?)://)?(\*\.)?([^/:*']+|\[[^\]]+\])(?::(\d+|\*))?(/.*)?", source)
    if found is None:
        return False
    scheme, wild, host, port, path = found.groups()
    if scheme and scheme != asked.scheme and (scheme, asked.scheme) != ("http", "https"):
        return False
    name = asked.netloc.rpartition(":")[0] if asked.port and asked.netloc.endswith(f":{asked.port}") else asked.netloc
    fits = name.endswith(f".{host}") if wild else name == host
    usual = {"http": 80, "https": 443}[asked.scheme]
    there = asked.port or usual
    return fits and (port == "*" or there == int(port or usual)) and path in (None, "/")


def check(page: Fetched, *, center: str, allowed: Callable[[str], bool]) -> list[Finding]:
    """Return the findings of a page for the help center at `center`; `allowed` tells if an origin may post."""
    found = elements(page.html)
    origin = origin_of(page.url)
    script = next((one for one in found if one.tag == "script" and _is_ours(one, page.url, center)), None)
    return [
        *_script(script, page.url, center),
        *_element(found, script, page.url, center),
        *_policy(page, found, script, origin=origin, center=center),
        *_origin(origin, allowed),
    ]


def origin_of(url: str) -> str:
    """Return the origin of an address, as browsers send it.

    >>> origin_of("HTTPS://Shop.example:443/contact")
    'https://shop.example'
    """
    parts = urlsplit(url.lower())
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port and parts.port != usual else "")


def _is_ours(one: Element, url: str, center: str) -> bool:
    source = urlsplit(urljoin(url, one.attributes.get("src", "").strip()))
    return source.path.endswith(FILE) and origin_of(source.geturl()) == center


def _script(script: Element | None, url: str, center: str) -> Iterator[Finding]:
    line = f'<script type="module" src="{center}{FILE}"></script>'
    if script is None:
        yield Finding("bad", "The widget's script is not on the page.", "Put this line into its head:", line)
    elif script.attributes.get("type", "").strip().lower() != "module":
        yield Finding("bad", "The widget's script is not loaded as a module.", 'Add type="module":', line)
    else:
        yield Finding("good", "The widget's script is on the page.")
    if url.startswith("https:") and center.startswith("http:"):
        what = "The page is on https and the help center on http, which browsers refuse to mix."
        yield Finding("bad", what, "Serve the help center over https.")


def _element(found: list[Element], script: Element | None, url: str, center: str) -> Iterator[Finding]:
    widgets = [(one, "") for one in found if one.tag == "help-widget"]
    one_tag = script is not None and any(f"data-{name}" in script.attributes for name in ("form", "label", "position"))
    if not widgets and one_tag and script is not None:
        widgets = [(script, "data-")]
    if not widgets:
        line = "<help-widget form></help-widget>"
        yield Finding(
            "bad", "There is no <help-widget> on the page.", f"Put one after your form. {SCRIPTS_LATER}", line
        )
    for one, prefix in widgets:
        said = {name.removeprefix(prefix): text for name, text in one.attributes.items() if name.startswith(prefix)}
        if prefix == "" and "src" in said and origin_of(urljoin(url, said["src"])) != center:
            what = f'The element asks another help center: src="{said["src"]}".'
            yield Finding("bad", what, f'Write src="{center}/", or leave it out.')
        if "form" in said:
            yield from _form(found, said)
        else:
            yield Finding("good", "The element is a button of its own.")


def _form(found: list[Element], said: dict[str, str]) -> Iterator[Finding]:
    forms = list(_chosen(found, "form", said["form"])) if said["form"] else _guessed(found)
    if not forms:
        frame = any(one.tag == "iframe" for one in found)
        what = (
            f'form="{said["form"]}" matches nothing on the page.' if said["form"] else "The page has no form to guess."
        )
        inside = " The page has a frame: if your form is in it, the snippet goes into the framed page." if frame else ""
        yield Finding(
            "unsure" if frame or _is_drawn(found) else "bad", what, f"Mend the selector.{inside} {SCRIPTS_LATER}"
        )
        return
    if forms[0] is None:
        yield Finding("unsure", f'form="{said["form"]}" is a selector that is not looked at here.', SCRIPTS_LATER)
        return
    more = "" if len(forms) == 1 else f" It matches {len(forms)} elements; the one typed into counts."
    yield Finding("good", f"The form is found.{more}")
    for name in FIELDS:
        if not said.get(name):
            continue
        fields = _chosen(found, name, said[name])
        if not fields:
            what = f'{name}="{said[name]}" matches nothing on the page.'
            yield Finding("bad", what, f"Mend the selector, or leave it out to have the field guessed. {SCRIPTS_LATER}")
        elif fields[0] is not None:
            yield Finding("good", f"The field for {name} is found.")
    if not said.get("body") and not any(one.tag == "textarea" and one.within(forms[0]) for one in found):
        yield Finding("bad", "The form has no text area to guess.", 'Name the field of the message: body="[name=…]".')


def _chosen(found: list[Element], name: str, selector: str) -> list[Element | None]:
    """Return the elements of a selector, [None] if that kind of selector is not supported."""
    try:
        return list(select(found, selector))
    except Unknown:
        return [None]


def _guessed(found: list[Element]) -> list[Element | None]:
    areas = [one for one in found if one.tag == "textarea"]
    return [one for one in found if one.tag == "form" and any(area.within(one) for area in areas)]


def _is_drawn(found: list[Element]) -> bool:
    """Return True if the page has no field to fill in, so that scripts probably draw it."""
    return not any(one.tag in ("form", "textarea", "input") for one in found)


def _policy(
    page: Fetched, found: list[Element], script: Element | None, *, origin: str, center: str
) -> Iterator[Finding]:
    metas = [
        one.attributes.get("content", "")
        for one in found
        if one.tag == "meta" and one.attributes.get("http-equiv", "").strip().lower() == "content-security-policy"
    ]
    every = policies(page.all("content-security-policy"), metas)
    nonce = script.attributes.get("nonce", "") if script else ""
    missing = list(dict.fromkeys(line for one in every for line in lacks(one, center=center, page=origin, nonce=nonce)))
    for line in missing:
        if line == "nonce":
            what = "The page's Content-Security-Policy runs only scripts with its nonce, and the widget's has none."
            yield Finding(
                "bad", what, "Give the script of the widget the nonce that your page gives its other scripts."
            )
        else:
            name = line.split()[0]
            yield Finding("bad", f"The page's Content-Security-Policy lacks something in {name}.", "Make it:", line)
    if every and not missing:
        yield Finding("good", "The page's Content-Security-Policy allows all that the widget needs.")
    if not every:
        yield Finding("good", "The page has no Content-Security-Policy that could be in the way.")


def _origin(origin: str, allowed: Callable[[str], bool]) -> Iterator[Finding]:
    if allowed(origin):
        yield Finding("good", f"{origin} may post events and tickets.")
    else:
        what = f"{origin} may not post events and tickets yet; offers work all the same."
        yield Finding("bad", what, "Allow it below Origins, or in KB_ORIGINS:", origin)
