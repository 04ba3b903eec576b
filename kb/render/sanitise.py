"""Sanitise HTML with a list of allowed tags, attributes and schemes. All HTML of articles passes through here."""

from __future__ import annotations

import re

import nh3
from pygments.token import STANDARD_TYPES

MAX_DEPTH = 300  # the sanitiser takes quadratic time in the depth: 100,000 open elements took 17 s
_MANY = 2_000  # tags; fewer are fast at any depth
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())

TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure "
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary sup table "
    "tbody td tfoot th thead tr tt u ul var wbr".split()
)
CLEARED = frozenset("script style template textarea title noembed noframes xmp iframe object svg math".split())
LOST = CLEARED | {"audio", "video", "embed", "input", "select", "canvas", "frame", "map", "meter", "progress", "link"}
KINDS = ("note", "info", "tip", "warning", "danger", "example", "quote")  # of admonitions
CLASSES = {
    "div": {"admonition", "highlight", "footnote", "tabs", *KINDS},
    "details": {"admonition", "tab", *KINDS},
    "p": {"admonition-title"},
    "a": {"footnote-ref", "footnote-backref"},
    "li": {"task"},
    "ul": {"tasks"},
    "span": {"keys", "filename", *(name for name in STANDARD_TYPES.values() if name)},
}
ATTRIBUTES = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "div": {"data-language"},
    "q": {"cite"},
    "blockquote": {"cite"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
_CLEARED_TAG = re.compile(rf"<(?=({'|'.join(sorted(CLEARED))})[\s/>])", re.IGNORECASE)
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(CLEARED),
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    url_schemes=SCHEMES,
    link_rel=None,  # kb.render.outline sets it on links to other sites
    strip_comments=True,
)


def clean(html: str) -> str:
    """Return `html` without scripts, in normal form: lower case, double quotes, closed elements."""
    return _CLEANER.clean(closed(html))


def closed(html: str) -> str:
    """Return `html` with the tag of an element that is cleared as text, if its end is missing: all after it would go.

    >>> closed("Paste the <iframe> here.")
    'Paste the &lt;iframe> here.'
    """
    ends: dict[str, int] = {}
    parts, last = [], 0
    for match in _CLEARED_TAG.finditer(html):
        name = match[1].lower()
        if name not in ends:
            ends[name] = max((end.start() for end in re.finditer(f"</{name}", html, re.IGNORECASE)), default=-1)
        if match.start() > ends[name]:
            parts += [html[last : match.start()], "&lt;"]
            last = match.start() + 1
    return "".join([*parts, html[last:]])


def lost(html: str) -> frozenset[str]:
    """Return the names of elements in `html` that are removed with their content."""
    names = _TAG.findall(closed(html).lower()) if "<" in html else ()
    return frozenset(name for _, name in names if name in LOST)


def too_deep(html: str) -> bool:
    """Return True if elements are nested so deeply that sanitising would take seconds."""
    if html.count("<") < _MANY:
        return False
    depth = 0
    for slash, name in _TAG.findall(html):
        if name.lower() not in VOID:
            depth = max(0, depth - 1) if slash else depth + 1
            if depth > MAX_DEPTH:
                return True
    return False
