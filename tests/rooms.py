"""Draw the rooms from setup.cfg: `python -m tests.rooms articles/pictures/rooms.svg`."""

from __future__ import annotations

import configparser
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAID = {
    "kb.cli": "the commands",
    "kb.check": "what is wrong in articles",
    "kb.server": "processes and indexing",
    "kb.site": "the pages of visitors",
    "kb.render": "Markdown to safe pages",
    "kb.content": "files to articles",
    "kb.foreign": "other systems' files",
    "deflect.admin": "the pages of agents",
    "deflect.delivery": "outbox and sinks",
    "deflect.api": "the JSON API",
    "deflect.mail": "e-mail that comes in",
    "deflect.learn": "outcomes to tuning",
    "deflect.history": "imports and forecast",
    "deflect.gaps": "what content is missing",
    "deflect.report": "numbers",
    "deflect.tickets": "what people wrote",
    "deflect.offers": "episodes and offers",
    "deflect.privacy": "consent and erasure",
    "deflect.redaction": "secrets out of texts",
    "deflect.store": "the database",
    "search.evaluate": "measuring a ranking",
    "search.learn": "fitting a ranking",
    "search.rank": "a question to hits",
    "search.index": "articles to an index",
    "search.text": "text to terms",
}
WIDTH, HIGH, STEP, ROW = 190, 42, 54, 4  # pixels of a box and between rows, and boxes in a row
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1b1f24 } .name { font-weight: 600 } .page { fill: #fff }
    .kb { fill: #dbe9ff } .search { fill: #dcf3df } .deflect { fill: #ffe9d1 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e8ebef } .page { fill: #14181d } .kb { fill: #1f3a61 } .search { fill: #1e4a2a }
      .deflect { fill: #5a3a16 }
    }
"""


def layers() -> list[list[str]]:
    """Return the rooms and modules of each layer, from top to bottom."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["importlinter:contract:rooms"]["layers"].split("\n")
    return [[name.strip() for name in line.split("|")] for line in lines if line.strip()]


def rows() -> list[list[str]]:
    """Return the rows of rooms, from top to bottom; a room may use those below it and to its left."""
    found: list[list[str]] = []
    for name in (name for layer in reversed(layers()) for name in layer if name in SAID):
        if not found or len(found[-1]) == ROW or _folder(found[-1][0]) != _folder(name):
            found.append([])
        found[-1].append(name)
    return found[::-1]


def picture() -> str:
    """Return the picture as SVG."""
    boxes = [_box(name, row, at) for row, names in enumerate(rows()) for at, name in enumerate(names)]
    end = 20 + len(rows()) * STEP
    ground = sorted(name.removeprefix("kb.") for layer in layers() for name in layer if name not in SAID)
    boxes.append(_rectangle("kb", 20, end, 790, "kb", ", ".join(ground)))
    body = "\n".join(boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 830 {end + HIGH + 20}">\n<style>{STYLE}</style>\n'
        f'<rect class="page" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )


def _folder(name: str) -> str:
    return name.partition(".")[0]


def _box(name: str, row: int, at: int) -> str:
    return _rectangle(_folder(name), 20 + at * (WIDTH + 10), 20 + row * STEP, WIDTH, name.replace(".", "/"), SAID[name])


def _rectangle(kind: str, x: int, y: int, width: int, name: str, said: str) -> str:
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{HIGH}" rx="6"/>'
        f'<text x="{x + 12}" y="{y + 18}" class="name">{name}</text>'
        f'<text x="{x + 12}" y="{y + 34}">{escape(said)}</text>'
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
