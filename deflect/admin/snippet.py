"""The lines that an owner pastes into a page, made from what was chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

SHAPES = {"form": "at a form of mine", "button": "as a button of its own", "one-tag": "at a form, as one tag"}
SELECTORS = ("form", "subject", "body", "email", "category")
ATTRIBUTES = (*SELECTORS, "success", "lang", "theme", "position", "label", "mode")
CHOICES = {
    "theme": ("", "light", "dark"),
    "position": ("", "start", "inline"),
    "mode": ("", "self-service", "ask-first"),
}
LONGEST = 200
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")


def chosen(said: Mapping[str, str]) -> dict[str, str]:
    """Return what was chosen, of what there is to choose; nothing else goes into a snippet."""
    found = {name: said.get(name, "").strip()[:LONGEST] for name in ATTRIBUTES}
    found |= {name: found[name] if found[name] in values else "" for name, values in CHOICES.items()}
    shape = said.get("shape", "form")
    found["shape"] = shape if shape in SHAPES else "form"
    accent = said.get("accent", "").strip()
    found["accent"] = accent if COLOUR.fullmatch(accent) else ""
    return found


def attributes(choice: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of the element: those of the form only where it stands at one."""
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
