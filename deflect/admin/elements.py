"""The elements of a page's HTML, and the simple selectors that find them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
CLOSED = {"p": {"p"}, "li": {"li"}, "option": {"option"}, "tr": {"tr"}, "td": {"td", "th"}, "th": {"td", "th"}}
DEEPEST = 400
LONGEST = 300  # characters of a selector
MOST = 50_000  # elements that are looked at
NAME = r"[\w-]|\\.|[^\x00-\x7f]"
PART = re.compile(
    rf"(?P<tag>\*|(?:{NAME})+)|#(?P<id>(?:{NAME})+)|\.(?P<cls>(?:{NAME})+)"
    rf"|\[\s*(?P<name>(?:{NAME})+)\s*(?:(?P<how>[*^$~|]?=)\s*(?:\"(?P<dq>[^\"]*)\"|'(?P<sq>[^']*)'|(?P<bare>[^\]\s]+))\s*)?\]"
)


@dataclass(slots=True, eq=False)
class Element:
    """One element: its tag, its attributes, and the element that it is in."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = field(default=None, repr=False)

    def within(self, other: Element) -> bool:
        """Return True if this is below `other`."""
        above = self.parent
        while above is not None and above is not other:
            above = above.parent
        return above is other


class Unknown(ValueError):
    """A kind of selector that is not supported here."""


def elements(html: str) -> list[Element]:
    """Return the elements of a page in order, as far as the HTML can be read."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def select(found: Iterable[Element], selector: str) -> list[Element]:
    """Return the elements that a selector matches: tags, ids, classes, attributes, within and child; raises Unknown.

    >>> [e.tag for e in select(elements('<form id="a"><input name="b"></form>'), "#a > [name=b]")]
    ['input']
    """
    if len(selector) > LONGEST:
        raise Unknown(selector)
    chains = [_chain(one) for one in re.split(r",(?![^\[]*\])", selector)]
    every = list(found)
    chosen = {id(one) for chain in chains for one in _matching(every, chain)}
    return [one for one in every if id(one) in chosen]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element; a later attribute of the same name does not count."""
        if len(self.found) >= MOST:
            return
        while self.open and self.open[-1].tag in CLOSED.get(tag, ()):
            self.open.pop()
        made = Element(
            tag, {name: value or "" for name, value in reversed(attrs)}, self.open[-1] if self.open else None
        )
        self.found.append(made)
        if tag not in VOID and len(self.open) < DEEPEST:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element; HTML knows no empty ones but its own."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Leave the nearest open element of this tag, and what was left open in it."""
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return


Compound = tuple[tuple[str, str, str], ...]  # what is looked at, how it is compared, and with what


def _chain(selector: str) -> list[tuple[str, Compound]]:
    """Return the compounds of a selector, each with what leads to it: nothing, within (" ") or child (">")."""
    first, *rest = re.split(r"(\s*>\s*|\s+)(?![^\[]*\])", selector.strip())
    ways = [way.strip() or " " for way in rest[0::2]]
    return [("", _compound(first)), *zip(ways, map(_compound, rest[1::2]), strict=True)]


def _compound(text: str) -> Compound:
    tests: list[tuple[str, str, str]] = []
    at = 0
    while at < len(text):
        part = PART.match(text, at)
        if part is None or (part["tag"] and at):
            raise Unknown(text)
        at = part.end()
        if part["tag"]:
            tests += [("", "tag", part["tag"].lower())] if part["tag"] != "*" else []
        elif part["name"]:
            value = next((part[name] for name in ("dq", "sq", "bare") if part[name] is not None), "")
            tests.append((part["name"].lower(), part["how"] or "", _plain(value)))
        else:
            tests.append(("id", "=", _plain(part["id"])) if part["id"] else ("class", "~=", _plain(part["cls"])))
    if not at:
        raise Unknown(text)
    return tuple(tests)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _matching(found: list[Element], chain: list[tuple[str, Compound]]) -> list[Element]:
    """Return the elements that the whole chain leads to, in one walk: which of its steps each one reaches."""
    own: dict[Element | None, int] = {None: 0}  # a bit for each step that ends here
    above: dict[Element | None, int] = {None: 0}  # and that ends here or in an element around it
    for one in found:
        steps = 0
        for at, (way, compound) in enumerate(chain):
            there = {"": 1, " ": above[one.parent] << 1, ">": own[one.parent] << 1}[way] >> at & 1
            if there and all(_passes(one, *test) for test in compound):
                steps |= 1 << at
        own[one], above[one] = steps, steps | above[one.parent]
    return [one for one in found if own[one] >> (len(chain) - 1) & 1]


def _passes(one: Element, name: str, how: str, value: str) -> bool:
    if how == "tag":
        return one.tag == value
    said = one.attributes.get(name)
    if said is None:
        return False
    match how:
        case "":
            return True
        case "=":
            return said == value
        case "~=":
            return value in said.split()
        case "^=":
            return bool(value) and said.startswith(value)
        case "$=":
            return bool(value) and said.endswith(value)
        case "*=":
            return bool(value) and value in said
    return said == value or said.startswith(f"{value}-")
