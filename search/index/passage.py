"""Split an article into the passages that are searched: title and summary, questions, and sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kb.content.article import Article
from kb.render.rendered import Section

Kind = Literal["title", "query", "section"]

LONGEST = 200  # word pieces of a section's passage: 150 to 220 ranked best; the model truncates at 256
_BREAK = re.compile(r"\n\s*\n|\n|(?<=[.!?。！？])\s+|(?<=[。！？])")
_PIECE = re.compile(r"[\u2e80-\U0010ffff]|[^\W_\u2e80-\U0010ffff]{1,7}|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of search: a text of an article in one language, and its anchor."""

    article: str
    lang: str
    anchor: str
    heading: str  # the heading path below the title: "Invoices > VAT"
    kind: Kind
    text: str  # as readers see it

    def embedded(self, title: str) -> str:
        """Return the text to encode. A section's text is preceded by the article's title and the heading path."""
        if self.kind != "section":
            return self.text
        return f"{title} > {self.heading}\n{self.text}" if self.heading else f"{title}\n{self.text}"


def passages(article: Article, sections: Sequence[Section]) -> list[Passage]:
    """Return the passages of `article`: title and summary first, then its questions, then its sections in order."""
    head = f"{article.title}\n{article.summary}" if article.summary else article.title
    found = [Passage(article.id, article.lang, "", "", "title", head)]
    found += [Passage(article.id, article.lang, "", "", "query", query) for query in (*article.queries, *article.names)]
    for section in sections:
        heading = " > ".join(section.path)
        for piece in pieces(section.text):
            found.append(Passage(article.id, article.lang, section.anchor, heading, "section", piece))
    return found


def pieces(text: str, *, longest: int = LONGEST) -> Iterator[str]:
    """Yield `text` in parts of similar length, at most `longest` word pieces, cut between lines or sentences."""
    parts = [part for part in split_sentences(text) if part.strip()]
    total = sum(map(word_pieces, parts))
    if total <= longest:
        if total:
            yield "\n".join(part.strip() for part in parts)
        return
    share = total / -(-total // longest)
    yield from _filled((part for long in parts for part in _short(long, longest)), share=share, longest=longest)


def split_sentences(text: str) -> list[str]:
    """Return the lines and sentences of `text`."""
    return [part for part in _BREAK.split(text) if part and part.strip()]


def word_pieces(text: str) -> int:
    """Estimate the number of word pieces that an encoder makes of `text`. It splits longer words."""
    return len(_PIECE.findall(text))


def _filled(parts: Iterable[str], *, share: float, longest: int) -> Iterator[str]:
    kept: list[str] = []
    size = 0
    for part in parts:
        cost = word_pieces(part)
        if kept and (size >= share or size + cost > longest):
            yield "\n".join(kept)
            kept, size = [], 0
        kept.append(part.strip())
        size += cost
    if kept:
        yield "\n".join(kept)


def _short(part: str, longest: int) -> Iterator[str]:
    """Yield a sentence, or cuts of equal length if it has more than `longest` word pieces."""
    if word_pieces(part) <= longest:
        yield part
        return
    step = max(1, len(part) * longest // word_pieces(part) * 9 // 10)
    for start in range(0, len(part), step):
        yield part[start : start + step]
