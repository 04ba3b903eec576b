"""Make folders of any size from real text: sections of real articles, drawn and recombined with a seed."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from kb.content import library
from kb.content.article import Article
from kb.render import render
from kb.render.rendered import Section
from search.index.embedder import Embedder, Vectors
from search.index.write import Content

SEED = 20260101
SECTIONS = 5  # in an article; the median of the real ones


@dataclass(frozen=True)
class Text:
    """The text of articles and questions: titles, sections, short queries and messages (subject, body)."""

    source: str
    titles: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]  # heading, text
    queries: tuple[str, ...]
    messages: tuple[tuple[str, str], ...]


def read(eval_folder: str | None = os.environ.get("EVAL")) -> Text:
    """Return the text of the collections below EVAL, or of our own manual if EVAL is unset; `source` names it."""
    folders = [path.parent for path in sorted(Path(eval_folder).glob("*/corpus.jsonl"))] if eval_folder else []
    return _of_collections(folders) if folders else _of_manual(Path("articles"))


def _of_collections(folders: list[Path]) -> Text:
    documents = [json.loads(line) for folder in folders for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    documents = [document for document in documents if document.get("lang", "en") == "en"]
    questions = [json.loads(line) for folder in folders for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    questions = [question for question in questions if question.get("lang", "en") == "en"]
    return Text(
        source=", ".join(folder.name for folder in folders),
        titles=tuple(document["title"] for document in documents),
        sections=tuple(section for document in documents for section in _sections(document["title"], document["text"])),
        queries=tuple(question["text"] for question in questions if "body" not in question),
        messages=tuple((question["title"], question["body"]) for question in questions if question.get("body")),
    )


def _of_manual(folder: Path) -> Text:
    shelf = library.load(folder)
    articles = [article for article in shelf.articles if article.lang == "en"]
    addresses = {article.path: article.address for article in shelf.articles}
    rendered = [render.render(article, addresses=addresses) for article in articles]
    sections = tuple((s.heading, s.text.strip()) for r in rendered for s in r.sections if len(s.text) > 80)
    queries = tuple(query for article in articles for query in article.queries)
    messages = tuple((query, text[:600]) for query, (_, text) in zip(queries, sections, strict=False))
    return Text("our own manual", tuple(a.title for a in articles), sections, queries, messages)


def _sections(title: str, text: str) -> list[tuple[str, str]]:
    """Cut a text into sections of about 120 words; the first six words of a section are its heading."""
    paragraphs, sections, current = text.split("\n"), [], ""
    for paragraph in paragraphs:
        current = f"{current}\n\n{paragraph}" if current else paragraph
        if len(current.split()) >= 120:
            sections.append((" ".join(current.split()[:6]), current))
            current = ""
    return [*sections, (title, current)] if len(current) > 80 else sections


def drawn(text: Text, *, articles: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield `articles` titles with their sections (heading, text); the same arguments give the same result."""
    draw = random.Random(SEED)
    for number in range(articles):
        title = f"{draw.choice(text.titles)} ({number})".replace('"', "'").replace("\\", "/")
        yield title, [(_plain(heading), _plain(body)) for heading, body in draw.choices(text.sections, k=SECTIONS)]


def write(text: Text, folder: Path, *, articles: int) -> None:
    """Write `articles` English articles into a folder."""
    for number, (title, sections) in enumerate(drawn(text, articles=articles)):
        parts = [f"## {heading}\n\n{body}" for heading, body in sections]
        path = folder / f"topic-{number % 40}" / f"article-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'---\ntitle: "{title}"\n---\n\n' + "\n\n".join(parts) + "\n", encoding="utf-8")


def contents(text: Text, *, articles: int) -> Iterator[Content]:
    """Yield `articles` articles as input of the index, without files."""
    for number, (title, sections) in enumerate(drawn(text, articles=articles)):
        id = f"topic-{number % 40}/article-{number}"
        article = Article(
            id, "en", f"{id}.md", title, "", f"topic-{number % 40}", "", 1, f"/en/articles/{id}", f"{number:012}"
        )
        yield Content(article, [Section(f"s{n}", h, (h,), 2, body) for n, (h, body) in enumerate(sections)])


def _plain(text: str) -> str:
    """Return the text without characters that are markup in Markdown, HTML or Liquid."""
    return re.sub(r"[`*_<>\[\]{}#|~!$%]", " ", text)


class NoisyEmbedder:
    """An embedder that returns real vectors with seeded noise, as real encoding takes tens of passages a second."""

    def __init__(self, real: Embedder, *, sample: tuple[str, ...]) -> None:
        self.recipe = real.recipe
        self.dimensions = real.dimensions
        self._pool = real.encode(list(sample))

    def encode(self, texts: list[str]) -> Vectors:
        """Return for each text one of the real vectors plus a little noise, both seeded by the text."""
        made = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            draw = np.random.default_rng(crc32(text.encode()))
            vector = self._pool[draw.integers(len(self._pool))] + draw.normal(0, 0.02, self.dimensions)
            made[row] = vector / np.linalg.norm(vector)
        return made
