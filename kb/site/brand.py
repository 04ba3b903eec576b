"""The look of the site on its pages: the files, colours, links and announcement of `site.toml`.

Addresses contain a digest, so browsers keep a file for a year and still see a change at once. The colours are a small
stylesheet, which the admin pages use too; the site's own rules follow in another one for the visitors' pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, make_response, request
from markupsafe import Markup

from deflect.api.headers import PAGE, allow
from deflect.store.services import services
from kb.content import site_file
from kb.content.colour import Theme
from kb.content.look import File, Look
from kb.errors import BadGeneration, NotFound
from kb.failures import degraded
from kb.site.assets import YEAR
from kb.site.minify import minified

WORDMARK = 2.0  # a logo that is wider, by its height, already contains the name
USUAL = Look()
STYLES = ("style", "colours")
PICTURES = ("logo", "dark_logo", "favicon")
SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
# Scripts of an analytics service add scripts by their address, which Trusted Types refuse without this policy.
ADDED = (  # `o` is an origin of `analytics`, which may begin with *.
    '<script nonce="{nonce}">self.trustedTypes?.createPolicy("default",{{createScriptURL(to){{'
    'const from=new URL(to,location).origin;if([{origins}].some(o=>o===from||o.includes("*")&&'
    'from.startsWith(o.split("*")[0])&&from.endsWith(o.split("*")[1])))return to}}}})</script>'
)

blueprint = Blueprint("brand", __name__, url_prefix="/brand")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of `site.toml` as a page shows it."""

    address: str
    media: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class FootLink:
    """A link at the foot of a page in its language."""

    label: str
    href: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Announcement:
    """The banner in the language of a page."""

    text: str
    link: str
    level: str


@dataclass(frozen=True, slots=True)
class Brand:
    """What the frame of a page shows of the look, in one language."""

    logo: Picture | None
    dark_logo: Picture | None
    is_wordmark: bool  # the logo already contains the name
    favicon: Picture | None
    style: str  # the address of the colours and rules, or ""
    footer: tuple[FootLink, ...]


def look() -> Look:
    """Return the look of the current generation, or the usual look while there is none."""
    try:
        return services().current.get().snapshot.look
    except BadGeneration:
        return USUAL
    except Exception as error:  # the page can be shown with the usual look
        degraded("no-index", error)
        return USUAL


@lru_cache(maxsize=4)  # the same look for every request of a generation
def without_scripts(of: Look) -> Look:
    """Return a look without the scripts of `head` and `analytics`."""
    files = {role: file for role, file in of.files.items() if role != "head"}
    return Look(replace(of.site, analytics=()), files)


def brand(of: Look, *, lang: str) -> Brand:
    """Return what the frame shows of a look in a language."""
    logo = _picture(of, "logo")
    return Brand(
        logo=logo,
        dark_logo=_picture(of, "dark_logo"),
        is_wordmark=bool(logo and logo.width and logo.height and logo.width >= WORDMARK * logo.height),
        favicon=_picture(of, "favicon"),
        style=_style_address(of, "style"),
        footer=tuple(
            FootLink(site_file.said(link.label, lang), link.href, bool(urlsplit(link.href).netloc))
            for link in of.site.footer
        ),
    )


def announcement(of: Look, *, lang: str, day: date) -> Announcement | None:
    """Return the banner in a language, None if there is none or its last day is over."""
    banner = of.site.banner
    if banner is None or (banner.until and banner.until < day):
        return None
    return Announcement(site_file.said(banner.text, lang), banner.link, banner.level)


def head(of: Look, *, nonce: str) -> Markup:
    """Return the lines for the head of a page, with the nonce that lets their scripts run."""
    file = of.files.get("head")
    if file is None:
        return Markup()
    text = SCRIPT.sub(f'<script nonce="{escape(nonce)}"', file.text)
    origins = ",".join(f'"{origin}"' for origin in of.site.analytics)
    added = ADDED.format(nonce=escape(nonce), origins=origins) if origins and "<script" in text.lower() else ""
    return Markup(f"{added}{text.strip()}\n")  # written by the authors of the site, and checked when it was read


def let_through(of: Look) -> None:
    """Allow in the policy of this answer what `head` and `analytics` need."""
    if origins := " ".join(of.site.analytics):
        wider = {name: f"{PAGE[name]} {origins}" for name in ("script-src", "connect-src", "img-src")}
        wider["trusted-types"] = f"{PAGE['trusted-types']} default"
        allow(**{name.replace("-", "_"): value for name, value in wider.items()})


def install(app: Flask) -> None:
    """Add the style and the name of the help center to the templates of the admin pages."""
    app.jinja_env.globals.update(
        admin_style=lambda: _style_address(look(), "colours"),
        admin_icon=lambda: _picture(look(), "favicon"),
        site_name=lambda lang: look().name(lang),
    )


@blueprint.get("/<role>-<tag>.<ending>")
def file(role: str, tag: str, ending: str) -> Response:
    """Return a picture or a stylesheet. Only the address with the present digest is kept for a year."""
    of = look()
    found = _style(of, role) if ending == "css" else of.files.get(role) if role in PICTURES else None
    if found is None:
        raise NotFound("the look of the site has no such file")
    response = make_response(found.data)
    response.content_type = f"{found.media}; charset=utf-8" if found.media.startswith("text/") else found.media
    now = found.tag == tag
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if now else "public, no-cache"
    response.set_etag(found.tag)
    return response.make_conditional(request)  # type: ignore[return-value]


def _picture(of: Look, role: str) -> Picture | None:
    found = of.files.get(role)
    if found is None:
        return None
    ending = found.name.rpartition(".")[2].lower()
    return Picture(f"/brand/{role}-{found.tag}.{ending}", found.media, *(found.size or (None, None)))


def _style_address(of: Look, role: str) -> str:
    found = _style(of, role)
    return f"/brand/{role}-{found.tag}.css" if found else ""


@lru_cache(maxsize=8)  # a look is equal to itself only
def _style(of: Look, role: str) -> File | None:
    """Return the stylesheet with the colours, or `style`, which has the site's own rules too; None if it is empty."""
    if role not in STYLES:
        return None
    own = of.files["stylesheet"].text if role == "style" and "stylesheet" in of.files else ""
    text = "\n".join(filter(None, (colours(of.themes) if of.themes else "", own)))
    return File(f"{role}.css", "text/css", minified(text, name="style.css").encode()) if text else None


def colours(themes: tuple[Theme, Theme]) -> str:
    """Return the rules that give both themes their colours, on the visitors' and on the admin pages."""
    light, dark = themes
    return f":root {{{_rules(light)}}}\n@media (prefers-color-scheme: dark) {{:root {{{_rules(dark)}}}}}\n"


def _rules(theme: Theme) -> str:
    values = {
        "accent": theme.accent,
        "accent-ink": theme.ink,
        "accent-deep": theme.deep,
        "fill": theme.fill,
        "fill-ink": theme.fill_ink,
        "fill-deep": theme.fill_deep,
        "accent-wash": theme.wash,
        "hero": theme.hero,
        "hero-2": theme.hero_2,
        "side": theme.hero,
        "side-here": theme.hero_2,
    }
    return " ".join(f"--{name}: {value};" for name, value in values.items())
