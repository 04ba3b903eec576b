"""Words that always mean the same, in English: abbreviations, names with signs, and irregular plurals.

A group of `_synonyms.yml` that has one of these phrases replaces the group here, so a group of one phrase turns it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from search.text.analyzer import analyzer

Group = tuple[str, ...]
Stems = tuple[tuple[str, ...], ...]  # of the phrases of a group

FIXED: tuple[Group, ...] = (
    ("2fa", "two factor", "2 factor", "two step verification", "2 step verification"),
    ("sso", "single sign on"),
    ("faq", "faqs", "frequently asked questions"),
    ("cannot", "cant", "can not"),
    ("cpp", "c plus plus"),
    ("csharp", "c sharp"),
    ("mouse", "mice"),
    ("child", "children"),
    ("person", "people"),
)


@lru_cache(maxsize=256)
def stems(lang: str, own: tuple[Group, ...]) -> tuple[Stems, ...]:
    """Return the stems of the groups of a language."""
    query = analyzer(lang).query
    return tuple(tuple(filter(None, (tuple(query(phrase)) for phrase in group))) for group in groups(lang, own))


def groups(lang: str, own: Sequence[Group]) -> list[Group]:
    """Return the groups of a language: those of the authors, and the fixed ones that they don't replace."""
    taken = {_plain(phrase) for group in own for phrase in group}
    fixed = [group for group in FIXED if lang.split("-")[0] == "en" and taken.isdisjoint(group)]
    return [group for group in (*own, *fixed) if len(group) > 1]


def _plain(phrase: str) -> str:
    return " ".join(phrase.casefold().replace("-", " ").replace("'", "").split())
