"""The widget's playground in the admin pages: choose attributes, try the widget, copy its lines, check a page.

The choices are in the query of the page's address. `snippet` turns them into the lines to paste, and a framed preview
shows the widget with the same attributes. The preview gets its offers from this blueprint instead of the API, so they
are not logged. Checking a page fetches it, from private networks only if the settings allow that, and shows the
findings of `page_check`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request

from deflect.admin import login, page_check
from deflect.api import headers
from deflect.api.http import lang_of
from deflect.offers.episode import new_id
from deflect.offers.offer import CARDS, LONGEST
from deflect.store.services import Services, services
from kb import outbound
from kb.errors import HelpCenterError
from kb.languages import direction

SHAPES = {"form": "on my form", "button": "as a separate button", "one-tag": "on my form, as one tag"}
SELECTORS = ("form", "subject", "body", "email", "category")
ATTRIBUTES = (*SELECTORS, "success", "lang", "theme", "position", "label", "mode")
CHOICES = {
    "theme": ("", "light", "dark"),
    "position": ("", "start", "inline"),
    "mode": ("", "self-service", "ask-first"),
}
LONGEST_CHOICE = 200  # characters
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")


def chosen(said: Mapping[str, str]) -> dict[str, str]:
    """Return the chosen attributes, without invalid values."""
    found = {name: said.get(name, "").strip()[:LONGEST_CHOICE] for name in ATTRIBUTES}
    found |= {name: found[name] if found[name] in values else "" for name, values in CHOICES.items()}
    shape = said.get("shape", "form")
    found["shape"] = shape if shape in SHAPES else "form"
    accent = said.get("accent", "").strip()
    found["accent"] = accent if COLOUR.fullmatch(accent) else ""
    return found


def attributes(choice: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of the element, without those of a form if it is a button."""
    skipped = (*SELECTORS, "success") if choice["shape"] == "button" else ("position", "label", "mode")
    wanted = {name: choice[name] for name in ATTRIBUTES if choice[name] and name not in skipped}
    return wanted if choice["shape"] == "button" else {"form": choice["form"]} | wanted


def snippet(choice: Mapping[str, str], *, center: str) -> str:
    """Return the lines to paste, for the help center at the origin `center`."""
    script = f'<script type="module" src="{escape(center)}/widget/1/help-widget.js"'
    wanted = attributes(choice)
    if choice["shape"] == "one-tag":
        return f"{script}{_written(wanted, 'data-')}></script>{_style(choice)}"
    address = f"{center}/contact" if "form" in wanted else f"{center}/"
    opened = f'<help-widget src="{escape(center)}/"{_written(wanted)}>'
    link = f'<a href="{escape(address)}">Help</a>'
    return f"{script}></script>\n{opened}\n  {link}\n</help-widget>{_style(choice)}"


def _written(wanted: Mapping[str, str], prefix: str = "") -> str:
    return "".join(
        f' {prefix}{name}="{escape(value)}"' if value else f" {prefix}{name}" for name, value in wanted.items()
    )


def _style(choice: Mapping[str, str]) -> str:
    return f"\n<style>help-widget {{ --help-accent: {choice['accent']}; }}</style>" if choice["accent"] else ""


blueprint = Blueprint("playground", __name__, url_prefix="/widget")


@blueprint.get("/")
def page() -> str:
    """Show the choices, the widget with them, and the lines to paste."""
    return _page(services())


@blueprint.get("/snippet")
def lines() -> Response:
    """Return the lines to paste as plain text, for the script of the page."""
    return Response(_snippet(services()), content_type="text/plain; charset=utf-8")


@blueprint.get("/preview")
def preview() -> str:
    """Show a page with a form and the chosen widget. Only the playground may frame it."""
    choice = chosen(request.args)
    headers.allow(frame_ancestors="'self'", form_action="'none'", trusted_types="help-widget")
    lang = lang_of(choice["lang"], default=services().settings.lang)
    wanted = attributes(choice)
    at_form = "form" in wanted
    for name in (*SELECTORS, "success"):  # they select elements on the owner's page; the preview has its own form
        wanted.pop(name, None)
    return render_template(
        "admin/preview.html", wanted=wanted, at_form=at_form, accent=choice["accent"], lang=lang, dir=direction(lang)
    )


@blueprint.get("/offers")
def offers() -> Response:
    """Return the offers for the form in the preview. Nothing is logged."""
    here = services()
    subject, body = request.args.get("subject", "")[:300], request.args.get("body", "")[:LONGEST]
    lang = lang_of(request.args.get("lang", ""), default=here.settings.lang)
    found = here.current.get().suggest(subject, body, lang=lang, k=CARDS)
    return jsonify(found.document() | {"episode": new_id()})


@blueprint.post("/check")
def check() -> Any:
    """Check an owner's page and show the findings."""
    here, address = services(), request.form.get("address", "").strip()[:2000]
    login.note("check page", who=g.agent, what=address[:200])
    try:
        findings, sentence, status = _findings(here, address), "", 200
    except HelpCenterError as error:
        findings, sentence, status = [], str(error), 400
    return _page(here, address=address, findings=findings, sentence=sentence), status


def _page(here: Services, **checked: Any) -> str:
    headers.allow(frame_src="'self'")
    return render_template(
        "admin/widget.html",
        choice=chosen(request.args),
        shapes=SHAPES,
        choices=CHOICES,
        lines=_snippet(here),
        query=request.query_string.decode("ascii", "replace"),
        demo=current_app.config.get("DEMO_PORT"),
        **({"address": "", "findings": [], "sentence": ""} | checked),
    )


def _snippet(here: Services) -> str:
    return snippet(chosen(request.args), center=_center(here))


def _center(here: Services) -> str:
    """Return the origin of the help center."""
    return page_check.origin_of(here.settings.url or request.host_url)


def _findings(here: Services, address: str) -> list[page_check.Finding]:
    shop = current_app.config.get("DEMO_PORT")
    own, allow = frozenset([shop] if shop else []), here.settings.allow_networks
    found = outbound.fetch(address, judge=lambda url: outbound.judge(url, allow=allow, own=own))
    return page_check.check_apart(found, center=_center(here), allowed=lambda origin: headers.may_post(here, origin))
