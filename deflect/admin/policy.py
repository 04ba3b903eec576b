"""The Content-Security-Policy of an owner's page, and the changes that the widget needs in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

Policy = Mapping[str, tuple[str, ...]]
SCRIPT = ("script-src-elem", "script-src", "default-src")
CONNECT = ("connect-src", "default-src")
IMAGES = ("img-src", "default-src")
OURS = "help-widget"  # the name under which the widget makes HTML of an article


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
    """Return the policies in a page's headers and meta elements. A resource must be allowed by all of them."""
    return [parse(one) for text in headers for one in text.split(",")] + [parse(text) for text in metas]


def lacks(policy: Policy, *, center: str, page: str, nonce: str) -> list[str]:
    """Return the directives to change in a policy, each in its new form.

    `center` is the help center's origin, `page` the page's origin, and `nonce` the nonce of the script element.
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
