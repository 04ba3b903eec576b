"""Tell HTML from words in angle brackets, as in "right-click on <account name>" or "paste the <iframe> here"."""

from __future__ import annotations

import re

from kb.render import sanitise

# The tags of HTML; other words in angle brackets are text.
HTML = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote "
    "body br button canvas caption center cite code col colgroup command data datalist dd del details dfn dialog "
    "dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    "header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map "
    "mark marquee math menu menuitem meta meter multicol nav nobr noembed noframes noscript object ol optgroup "
    "option output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section "
    "select slot small source spacer span strike strong style sub summary sup svg table tbody td template textarea "
    "tfoot th thead time tr track tt u ul var video wbr xmp".split()
)
# The elements that begin a block of HTML in CommonMark; it ends at a blank line.
BLOCKS = frozenset(
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li "
    "link main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td tfoot th "
    "thead title tr track ul".split()
)
VOID = sanitise.VOID | {"basefont", "frame"}  # of HTML 4
# Elements whose end may be in another block, so that a missing one means nothing.
_WRAPPERS = frozenset(
    "article aside center fieldset figure font footer header main nav section strike big body html form hgroup "
    "noscript picture nobr acronym".split()
)
# Allowed elements that sentences name more often than they leave them open.
_NAMED = frozenset("abbr cite code dfn kbd q samp var".split())
# GitHub shows the tags of these as text.
_DOCUMENT = frozenset("body head html iframe link meta noembed noframes plaintext script style title xmp".split())
_WORDS = HTML - sanitise.TAGS - _WRAPPERS | _NAMED
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])")
_ALONE = re.compile(r"</?([A-Z][\w.]*)(?: [^<>\n]*)?/?>[ \t]*")
NEAR = 2_000  # characters in which the end of an element is searched for


def is_text(tag: str, after: str) -> bool:
    """Return True if `tag`, which is followed by `after`, is a word in angle brackets and no HTML.

    >>> is_text("<source file>", ""), is_text("<iframe>", " code"), is_text("<b>", "x</b>")
    (True, True, False)
    """
    if tag.startswith(("<!", "<?")):
        return False
    found = _TAG.match(tag)
    if found is None or (name := found[2].lower()) not in HTML:
        return True
    if found[1] or "=" in tag or name not in _WORDS:
        return False
    return name in VOID or f"</{name}" not in after[:NEAR].lower()


def is_word(tag: str, *, before: str, after: str) -> bool:
    """Return True if `tag` within a sentence is a word: as `is_text`, or a tag that has its place in other documents.

    >>> is_word("</body>", before="Put it above ", after="."), is_word("</iframe>", before="<iframe src=x>", after="")
    (True, False)
    """
    found = _TAG.match(tag)
    name = found[2].lower() if found else ""
    if name in _DOCUMENT and "=" not in tag and f"<{name} " not in before[-NEAR:].lower():
        return True
    return is_text(tag, after)


def is_component(line: str, text: str) -> bool:
    """Return True if a line of `text` is the tag of an MDX component, which is not shown, and no word in brackets.

    >>> is_component("<Steps>", "<Steps>\\n\\n1. One\\n\\n</Steps>"), is_component("<Name>", "Write:\\n\\n<Name>")
    (True, False)
    """
    match = _ALONE.fullmatch(line)
    if match is None or match[1].lower() in HTML:
        return False
    return line.rstrip().endswith("/>") or line.startswith("</") or f"</{match[1]}>" in text
