"""The corpus that redaction is measured with: secrets and harmless texts in ten parts.

The folder `texts` has a template in each line; `↵` is a line end, `{password}` a value drawn with a seed, and `⟪…⟫` a
secret that is always the same. The rules were written with an eye on the part `tuned` only. Its templates and those
`held out` are the same files, divided by a hash. The adversary's parts were written later, in other phrasings, and
measured before the rules were mended.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from deflect.redaction.redaction import redact
from tests.support.redaction.persons import PERSONAL
from tests.support.redaction.values import DIGITS, HEX, SECRETS, run

TEXTS = Path(__file__).parent / "texts"
PARTS = ("tuned", "held out", *(f"adversary {n}" for n in range(1, 9)))
DRAWS = 2  # texts of a template with a mark
VALUES = SECRETS | PERSONAL
MARK = re.compile(r"(?<!\{)\{(\w+)\}(?!\})|⟪(.*?)⟫")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the corpus, of a part and a kind; `secrets` is empty if it is harmless."""

    part: str
    kind: str
    text: str
    secrets: tuple[str, ...] = ()

    def leaks(self) -> bool:
        """Return True if a run of eight characters of a secret stays, or a whole secret that is shorter."""
        kept = redact(self.text)
        return any(piece in kept for secret in self.secrets for piece in pieces(secret))

    def changes(self) -> bool:
        """Return True if redaction changes the text."""
        return redact(self.text) != self.text


def pieces(secret: str) -> set[str]:
    """Return all runs of eight characters of a secret, or the secret if it is shorter."""
    return {secret[i : i + 8] for i in range(max(1, len(secret) - 7))}


def secrets() -> list[Text]:
    """Return the texts with secrets. Without a mark, the whole text is a secret."""
    found = [_filled(part, kind, template, draw) for part, kind, template, draw in _draws("secrets")]
    return list(dict.fromkeys(found))


def harmless() -> list[Text]:
    """Return the harmless texts."""
    found = [Text(part, kind, _plain(template, draw)) for part, kind, template, draw in _draws("harmless")]
    return list(dict.fromkeys(found))


def languages() -> set[str]:
    """Return the languages that are named in the files."""
    return {line[3:] for path in TEXTS.rglob("*.txt") for line in _lines(path) if line.startswith("## ")}


def _draws(sort: str) -> Iterator[tuple[str, str, str, random.Random]]:
    """Yield part, kind, template and a seeded source of chance for each text."""
    for path in sorted([*TEXTS.glob(f"{sort}/*.txt"), *TEXTS.glob(f"adversary-*/{sort}.txt")]):
        for line in _lines(path):
            if not line.startswith("## "):
                template = line.replace("↵", "\n").replace("⇥", "\t")
                folder = path.parent.name.replace("-", " ")
                part = folder if folder in PARTS else PARTS[crc32(template.encode()) % 2 == 0]
                for n in range(DRAWS):
                    yield part, path.stem, template, random.Random(f"{template} {n}")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _filled(part: str, kind: str, template: str, draw: random.Random) -> Text:
    drawn = list[str]()

    def value(match: re.Match[str]) -> str:
        drawn.append(match[2] or VALUES[match[1]](draw))
        return drawn[-1]

    text = _unescaped(MARK.sub(value, template))
    return Text(part, kind, text, tuple(drawn) or (text,))


def _plain(template: str, draw: random.Random) -> str:
    return _unescaped(MARK.sub(lambda match: _number(match[1], draw), template))


def _unescaped(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _number(name: str, draw: random.Random) -> str:
    """Return a harmless number or run for a mark such as `n6` (six digits), `hex40` or `epoch`."""
    if name == "word":
        return draw.choice(("jo", "support", "lars_k", "ana92"))
    fixed = {
        "epoch": str(draw.randint(1_500_000_000, 1_800_000_000)),
        "epochms": str(draw.randint(1_500_000_000_000, 1_800_000_000_000)),
        "date8": f"2026{draw.randint(1, 12):02}{draw.randint(1, 28):02}",
        "port": str(draw.randint(1024, 9999)),
        "d1": draw.choice(DIGITS[1:]),
        "uuid": "-".join(run(draw, n, HEX) for n in (8, 4, 4, 4, 12)),
    }
    if name in fixed:
        return fixed[name]
    length = int(name[3:] if name.startswith("hex") else name[1:])
    return run(draw, length, HEX) if name.startswith("hex") else draw.choice(DIGITS[1:]) + run(draw, length - 1, DIGITS)
