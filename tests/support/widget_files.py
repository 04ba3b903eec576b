"""The widget's files by use, read from the loader, and their served bytes."""

from __future__ import annotations

import re

from kb.site import widget
from kb.site.widget import LOADER


def source(name: str) -> str:
    """Return the text of a file before it is minified."""
    return (widget.FOLDER / name).read_text(encoding="utf-8")


def fetched(part: str) -> set[str]:
    """Return the names of the scripts that the loader fetches for a part, "Form" or "Panel"."""
    form, panel = re.search(r"const FORM = .*", source(LOADER)), re.search(r"Panel: .*", source(LOADER))
    assert form is not None
    assert panel is not None
    lists = form[0] if part == "Form" else panel[0] + form[0]
    return {f"{name}.js" for name in re.findall(r'"([\w-]+)"', lists)}


def late() -> dict[str, str]:
    """Return the scripts that only some pages fetch, each with the words of the manual's table of sizes."""
    return {
        "contact-forms.js": "a form that no selector names",
        "world-words.js": "names of fields in other languages than English",
        "editors.js": "an editor",
        "frames.js": "a frame",
        "advice.js": "a form or field that is not found",
    }


def bytes_by_use() -> dict[str, int]:
    """Return the compressed bytes of the loader, and those that an offer and then the panel add."""
    offer, panel = fetched("Form"), fetched("Panel") - fetched("Form")
    files = {"loader": {LOADER}, "offer": {"look.css", *offer}, "panel": {"panel.css", *panel}}
    return {use: sum(weight(name) for name in names) for use, names in files.items()}


def weight(name: str) -> int:
    """Return the compressed bytes of a file."""
    return len(widget.asset(widget.FOLDER / name).zipped)
