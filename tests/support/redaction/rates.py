"""The measured rates of redaction, as the rows of the manual's table."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.redaction.corpus import PARTS, Text, harmless, secrets


@dataclass(frozen=True, slots=True)
class Rate:
    """The texts of one part that leak a secret, and the harmless texts that are changed."""

    part: str
    secrets: int
    left: tuple[Text, ...]
    harmless: int
    changed: tuple[Text, ...]

    @property
    def removed(self) -> float:
        """The share of texts whose secrets are removed."""
        return 1 - len(self.left) / self.secrets

    @property
    def alarms(self) -> float:
        """The share of harmless texts that are changed."""
        return len(self.changed) / self.harmless

    def row(self) -> str:
        """Return the row of the manual's table."""
        removed = f"{self.secrets - len(self.left)} of {self.secrets} ({self.removed:.1%})"
        return f"| {self.part} | {removed} | {len(self.changed)} of {self.harmless} ({self.alarms:.1%}) |"


def rates() -> list[Rate]:
    """Return the rates of each part, in order."""
    with_secret, without = secrets(), harmless()
    found = []
    for part in PARTS:
        mine, plain = ([text for text in texts if text.part == part] for texts in (with_secret, without))
        left, changed = (text for text in mine if text.leaks()), (text for text in plain if text.changes())
        found.append(Rate(part, len(mine), tuple(left), len(plain), tuple(changed)))
    return found


if __name__ == "__main__":
    for rate in rates():
        print(rate.row(), *(repr(text.text) for text in (*rate.left, *rate.changed)), sep="\n  ")
