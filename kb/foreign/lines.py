"""Keep a text's lines in step with those of its file while it is translated, so that messages name the right line."""

from __future__ import annotations

import re

ADDED = "\1"  # before a line that the file doesn't have
OPEN, CLOSE = "\2", "\3"  # lines that begin and end a group whose text may be indented
END = "\4"  # for a line end within code that was set aside


def line_ends(text: str, before: int | None = None) -> int:
    """Return the number of line ends in a text, or before a position in it, with those of code that was set aside."""
    return text.count("\n", 0, before) + text.count(END, 0, before)


def in_step(shown: str, whole: str) -> str:
    """Return `shown`, which replaces `whole`, with the line ends that it lacks."""
    return shown + "\n" * (line_ends(whole) - line_ends(shown) + shown.count(ADDED))


def around(match: re.Match[str]) -> tuple[str, str]:
    """Return what stands before and after a match on its lines."""
    text = match.string
    start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
    return text[start : match.start()].strip(), text[match.end() : end if end >= 0 else None].strip()


def own_line(line: str, match: re.Match[str]) -> str:
    """Return a line in place of a match, with line ends around it where the match shares its line."""
    before, after = around(match)
    return (f"\n{ADDED}" if before else "") + line + (f"\n{ADDED}" if after else "")


def settled(text: str) -> str:
    """Return the text without ADDED; for each line that was added, a later surplus empty line is removed."""
    if ADDED not in text:
        return text
    kept: list[str] = []
    debt = 0
    for line in text.split("\n"):
        debt += line.count(ADDED)
        line = line.replace(ADDED, "")
        if debt and kept and not line.strip() and not kept[-1].strip(" \t" + OPEN + CLOSE):
            debt -= 1
        else:
            kept.append(line)
    return "\n".join(kept)
