"""Join the widget's modules and stylesheets into one file for each part, so that a part takes one round trip.

Browsers fetch at most six files at a time over HTTP/1.1, so a part of nine files took three round trips. Each module
becomes a function that returns what the module exports; nothing of its text changes but the lines that import and
export. The files of the panel and of the draft import the modules of the form's file, which is loaded before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|function|async function) (\w+))", re.MULTILINE)
RENAMED, AS = re.compile(r"(\w+) as (\w+)"), r"\1: \2"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the widget: its modules and what they import, and its stylesheets."""

    name: str
    roots: tuple[str, ...]
    sheets: tuple[str, ...]


FORM = Part("form", ("form", "embedded"), ("look",))
KEEP = Part("keep", ("keep", "secrets"), ())
PANEL = Part("panel", ("panel",), ("panel",))
LATE = ("contact-forms", "world-words", "editors", "frames", "advice", "line")  # each with what it imports
PARTS = {f"{part.name}.js": part for part in (FORM, KEEP, PANEL, *(Part(name, (name,), ()) for name in LATE))}


def bundle(folder: Path, part: Part, *, shorten: Callable[[str], str] = str) -> str:
    """Return the text of the part's file. `shorten` makes its stylesheets smaller."""
    loaded = () if part is FORM else modules(folder, FORM)
    own = [name for name in modules(folder, part) if name not in loaded]
    styles = "".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in part.sheets)
    lines = [f'import {{ {_variables(loaded)} }} from "./{FORM.name}.js";\n'] if loaded else []
    lines += [_wrapped(name, _source(folder, name)) for name in own]
    for root in part.roots:
        lines.append(f"export const {{ {', '.join(_exports(_source(folder, root)))} }} = {_variables([root])};\n")
    lines.append(f"export {{ {_variables(own)} }};\n")
    if part.sheets:
        lines.append("export const sheet = new CSSStyleSheet();\n")
        lines.append(f"sheet.replaceSync({json.dumps(shorten(styles))});\n")
    return "".join(lines)


def modules(folder: Path, part: Part) -> tuple[str, ...]:
    """Return the names of a part's modules, each after those that it imports."""
    found: dict[str, None] = {}

    def add(name: str, above: Sequence[str]) -> None:
        if name in above:
            raise ValueError(f"{name}.js imports itself by way of {' and '.join(above)}; move what they share")
        if name not in found:
            for _, imported in IMPORT.findall(_source(folder, name)):
                add(imported, (*above, name))
            found[name] = None

    for root in part.roots:
        add(root, ())
    return tuple(found)


def _source(folder: Path, name: str) -> str:
    return (folder / f"{name}.js").read_text(encoding="utf-8")


def _exports(text: str) -> list[str]:
    return EXPORT.findall(text)


def _variables(names: Iterable[str]) -> str:
    return ", ".join("$" + name.replace("-", "_") for name in names)


def _wrapped(name: str, text: str) -> str:
    """Return a module as a function that is called once and returns what the module exports."""
    inner = EXPORT.sub("", IMPORT.sub(_taken, text))
    return f"const {_variables([name])} = (() => {{\n{inner}\nreturn {{ {', '.join(_exports(text))} }};\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    """Return the line that takes what a module imports from another one's function."""
    return f"const {{ {RENAMED.sub(AS, found[1]).strip()} }} = {_variables([found[2]])};\n"
