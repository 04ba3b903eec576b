"""Something wrong with the content: where it is, what it is, and whether it stops an article from being shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `count` is how many files have it, the first of them being named."""

    path: str
    line: int
    why: str
    code: str
    severity: Severity = "warning"
    count: int = 1

    def __str__(self) -> str:
        files = f" ({self.count} files)" if self.count > 1 else ""
        return f"{self.path}:{self.line}: {self.why}{files}"
