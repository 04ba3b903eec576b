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


def kept() -> set[str]:
    """Return the names of the scripts that keep a text, which form.js fetches after the first question."""
    found = re.search(r"const KEEP = .*", source("form.js"))
    assert found is not None
    return {f"{name}.js" for name in re.findall(r'"([\w-]+)"', found[0])}


def bytes_by_use() -> dict[str, int]:
    """Return the compressed bytes of the loader, and those that an offer, then the draft, and then the panel add."""
    offer, panel = fetched("Form"), fetched("Panel") - fetched("Form")
    files = {"loader": {LOADER}, "offer": {"look.css", *offer}, "draft": kept(), "panel": {"panel.css", *panel}}
    return {use: sum(weight(name) for name in names) for use, names in files.items()}


def weight(name: str) -> int:
    """Return the compressed bytes of a file."""
    return len(widget.asset(widget.FOLDER / name).zipped)
