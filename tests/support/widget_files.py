"""The widget's files by use, and their served bytes."""

from __future__ import annotations

from kb.site import widget
from kb.site.bundle import PARTS, modules
from kb.site.widget import LOADER


def source(name: str) -> str:
    """Return the text of a file before it is minified."""
    return (widget.FOLDER / name).read_text(encoding="utf-8")


def fetched(part: str) -> set[str]:
    """Return the names of the scripts that come with a part, "Form" or "Panel"."""
    return {f"{name}.js" for name in modules(widget.FOLDER, PARTS[f"{part.lower()}.js"])}


def late() -> dict[str, str]:
    """Return the scripts that only some pages fetch, each with the words of the manual's table of sizes."""
    return {
        "contact-forms.js": "a form that no selector names",
        "world-words.js": "names of fields in other languages than English",
        "editors.js": "an editor",
        "frames.js": "a frame",
        "advice.js": "a form or field that is not found",
        "line.js": "cards that are out of sight, as on a phone",
    }


def bytes_by_use() -> dict[str, int]:
    """Return the compressed bytes of the loader, and those that an offer, then the draft, and then the panel add."""
    parts = {"offer": "form.js", "draft": "keep.js", "panel": "panel.js"}
    return {"loader": weight(LOADER)} | {use: weight(name, joined=True) for use, name in parts.items()}


def weight(name: str, *, joined: bool = False) -> int:
    """Return the compressed bytes of a file, or of a part with all that comes with it."""
    return len(widget.asset(widget.FOLDER / name, joined=joined).zipped)
