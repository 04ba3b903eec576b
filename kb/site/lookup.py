"""Look up an address: `find` returns the article, the address it moved to, or the withdrawn article.

An article has one address, may have former ones, and can be requested by its id in any language. An article with an
audience counts as missing, so that visitors cannot find out that it, or a redirect to it, exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from kb.languages import normalise
from kb.render.snapshot import Entry, Snapshot
from kb.render.topics import for_everybody

MARKDOWN = ".md"
HOUSES = frozenset({"articles", "categories", "help", "kb", "docs", "index"})
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """The article, the withdrawn article, or the address to redirect to; `lang` is the language of the frame."""

    lang: str
    entry: Entry | None = None
    gone: Entry | None = None
    elsewhere: str | None = None
    markdown: bool = False  # requested as Markdown


def find(snapshot: Snapshot, path: str, *, lang: str | None = None, id: str | None = None) -> Found | None:
    """Return the article or redirect at `path`, or None.

    `lang` and `id` are the language and the id in a path of the form /lang/articles/id.
    """
    found = _entry(snapshot, path, lang=lang, id=id)
    if found is None and path.endswith(MARKDOWN):
        bare, bare_id = path.removesuffix(MARKDOWN), id.removesuffix(MARKDOWN) if id else None
        found = _entry(snapshot, bare, lang=lang, id=bare_id)
        return Found(found.lang, found.entry, markdown=True) if found and found.entry else None
    return found or _former(snapshot, path, lang=lang)


def _entry(snapshot: Snapshot, path: str, *, lang: str | None, id: str | None) -> Found | None:
    entry = snapshot.by_address(path)
    if entry and for_everybody(entry):
        return (
            Found(entry.lang, entry) if unquote(entry.address) == path else Found(entry.lang, elsewhere=entry.address)
        )
    entry = snapshot.best(id, lang) if id and lang else None
    if entry is None:
        return None
    return Found(entry.lang, elsewhere=entry.address) if entry.lang == lang else Found(str(lang), entry)


def _former(snapshot: Snapshot, path: str, *, lang: str | None) -> Found | None:
    gone = snapshot.is_gone(path)
    if gone:
        return Found(lang or gone.lang, gone=gone) if for_everybody(gone) else None
    target = snapshot.redirect(path)
    if target is None:
        return None
    entry = snapshot.by_address(target)
    hidden = entry is not None and not for_everybody(entry)
    return None if hidden else Found(lang or snapshot.default_lang, elsewhere=target)


def words_of(path: str) -> str:
    """Return the words of an address, which are searched for if it has no page.

    >>> words_of("/en/articles/account/reset-password.html")
    'account reset password'
    """
    parts = [part for part in unquote(path).split("/") if part]
    if parts and normalise(parts[0]):
        parts = parts[1:]
    parts = [part for part in parts if part.lower() not in HOUSES]
    if parts:
        parts[-1] = PurePosixPath(parts[-1]).stem
    words = re.findall(r"[^\W_]+", " ".join(parts))
    return " ".join(dict.fromkeys(words))[:LONGEST]
