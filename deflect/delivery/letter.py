"""E-mails to requesters that look like the site: a text, and the same as HTML with the site's name, logo and colour.

The HTML loads nothing. Its colours are those of the reader's theme, but for the accent and grey text, which both themes
can show. The logo travels in the e-mail. SVG is shown by few mail programs, so then the name stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from deflect.delivery.delivery import Earlier
from deflect.store.clock import to_datetime
from kb.config import Settings
from kb.content.look import File, Look
from kb.failures import degraded
from kb.i18n import day, speech
from kb.languages import direction
from search.rank.current import Current
from search.text.message import own_text

USUAL = ("#0b6b4f", "#5fd0a5")  # the accent in light and dark, as in static/site.css
SHOWN = ("image/png", "image/jpeg", "image/gif")  # logos that mail programs show
LARGEST = 100_000  # bytes of a logo
LONGEST = 4_000  # characters of a quote
CID = "logo"
WROTE = "On %(date)s, %(name)s wrote:"
SENTENCES = (WROTE,)
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'’»]")


@dataclass(frozen=True, slots=True)
class Style:
    """The name, colours and logo of the site, in the language of a requester."""

    site: str
    accent: str = USUAL[0]
    dark: str = USUAL[1]
    logo: File | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What an e-mail says. `links` are titles and addresses between the paragraphs; quotes are of earlier messages."""

    text: str
    links: Sequence[tuple[str, str]] = ()
    after: str = ""
    signed: Sequence[str] = ()
    quotes: Sequence[Earlier] = ()


def style(look: Look, settings: Settings, *, lang: str) -> Style:
    """Return the style of e-mails in a language; the name is the one of `site.toml`, else KB_TITLE."""
    light, dark = (theme.accent for theme in look.themes) if look.themes else USUAL
    logo = look.files.get("logo")
    fits = logo is not None and logo.media in SHOWN and len(logo.data) <= LARGEST
    return Style(look.name(lang) or settings.title, light, dark, logo if fits else None)


def look_of(current: Current | None) -> Look:
    """Return the look of the current generation. An e-mail is sent in the usual look if there is none."""
    try:
        return current.get().snapshot.look if current else Look()
    except Exception as error:  # an e-mail is worth more than its look
        degraded("no-index", error)
        return Look()


def write(message: EmailMessage, letter: Letter, *, style: Style, lang: str) -> None:
    """Set the content of an e-mail: the text and its HTML."""
    message.set_content(plain(letter, lang=lang))
    html = _template().render(
        lang=lang,
        dir=direction(lang),
        subject=str(message["Subject"]),
        site=style.site,
        accent=style.accent,
        dark=style.dark,
        cid=CID if style.logo else "",
        text=_paragraphs(letter.text, style.accent),
        links=letter.links,
        after=_paragraphs(letter.after, style.accent),
        signed=letter.signed,
        quotes=[
            {"head": _head(quote, lang), "text": _paragraphs(_own(quote), style.accent)} for quote in letter.quotes
        ],
    )
    message.add_alternative(html, subtype="html")
    if style.logo:
        sub = style.logo.media.partition("/")[2]
        part = message.get_payload()[1]  # type: ignore[index]
        part.add_related(style.logo.data, "image", sub, cid=f"<{CID}>", disposition="inline")  # type: ignore[union-attr]


def plain(letter: Letter, *, lang: str) -> str:
    """Return a letter as text; quoted lines begin with `>`."""
    parts = [
        letter.text.strip(),
        "\n".join(f"- {title}\n  {address}" for title, address in letter.links),
        letter.after.strip(),
        "\n".join(letter.signed),
    ]
    if letter.links:  # the links belong to the paragraph above them
        parts[:2] = ["\n".join(parts[:2])]
    for quote in letter.quotes:
        lines = "\n".join(f"> {line}".rstrip() for line in _own(quote).splitlines())
        parts.append(f"{_head(quote, lang)}\n{lines}")
    return "\n\n".join(filter(None, parts)) + "\n"


def signature(agent: str, body: str, *, site: str) -> tuple[str, ...]:
    """Return the lines below an answer: the agent's name, unless the agent wrote it there, and the site's.

    >>> signature("Ann", "Try this.", site="Help"), signature("Ann", "Try this.\\n\\nBest,\\nAnn", site="Help")
    (('Ann', 'Help'), ('Help',))
    """
    end = " ".join(body.split()[-8:]).casefold()
    return (site,) if not agent or agent.casefold() in end else (agent, site)


def _own(quote: Earlier) -> str:
    """Return a quoted message without the mail that it quotes itself, so that a thread doesn't grow."""
    text = own_text(quote.body) or quote.body.strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


def _head(quote: Earlier, lang: str) -> str:
    return speech(lang).gettext(WROTE) % {"date": day(to_datetime(quote.at), lang), "name": quote.who}


def _paragraphs(text: str, accent: str) -> list[list[Markup]]:
    """Return the lines of each paragraph as HTML, with links."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [[Markup("").join(_linked(line, accent)) for line in block.splitlines()] for block in blocks if block]


def _linked(line: str, accent: str) -> Iterator[Markup]:
    end = 0
    for found in _LINK.finditer(line):
        yield escape(line[end : found.start()])
        yield Markup('<a href="{0}" style="color:{1}">{0}</a>').format(found[0], accent)
        end = found.end()
    yield escape(line[end:])


@cache
def _template() -> Template:
    loader = PackageLoader("deflect.delivery")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("letter.html")
