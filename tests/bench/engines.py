"""The other engines that our speed is compared with, in their default setup and on the same articles."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Search = Callable[[str], object]


@dataclass(frozen=True)
class Engine:
    """An engine, whose `build` indexes (title, text) pairs into a folder and returns a search."""

    name: str
    build: Callable[[Sequence[tuple[str, str]], Path], Search]
    most: int  # questions at most; slow engines get fewer, as the table shows


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, for engines whose queries have a syntax."""
    return re.findall(r"\w+", text.lower())


def whoosh(documents: Sequence[tuple[str, str]], folder: Path) -> Search:
    """Whoosh in its default setup: stemming, BM25F over title and text, any word may match."""
    from whoosh import fields, index, qparser
    from whoosh.analysis import StemmingAnalyzer

    schema = fields.Schema(title=fields.TEXT(StemmingAnalyzer(), stored=True), text=fields.TEXT(StemmingAnalyzer()))
    made = index.create_in(str(folder), schema)
    writer = made.writer(limitmb=512)
    for title, text in documents:
        writer.add_document(title=title, text=text)
    writer.commit()
    searcher = made.searcher()
    parser = qparser.MultifieldParser(["title", "text"], schema, group=qparser.OrGroup)
    return lambda query: searcher.search(parser.parse(" ".join(words(query))), limit=10)


def fts5(documents: Sequence[tuple[str, str]], folder: Path) -> Search:
    """SQLite's FTS5 with its Porter stemmer and bm25()."""
    db = sqlite3.connect(folder / "fts.db")
    db.execute("CREATE VIRTUAL TABLE articles USING fts5(title, text, tokenize='porter unicode61')")
    with db:
        db.executemany("INSERT INTO articles VALUES (?, ?)", documents)
    sql = "SELECT rowid FROM articles WHERE articles MATCH ? ORDER BY bm25(articles, 2.0, 1.0) LIMIT 10"
    return lambda query: db.execute(sql, [" OR ".join(f'"{word}"' for word in words(query))]).fetchall()


def bm25s(documents: Sequence[tuple[str, str]], folder: Path) -> Search:
    """bm25s, which computes scores while indexing, as a sparse matrix."""
    import bm25s as library

    retriever = library.BM25()
    tokens = library.tokenize([f"{title} {title} {text}" for title, text in documents], show_progress=False)
    retriever.index(tokens, show_progress=False)

    def search(query: str) -> object:
        asked = library.tokenize([query], show_progress=False)
        return retriever.retrieve(asked, k=10, show_progress=False, n_threads=0)

    return search


def tantivy(documents: Sequence[tuple[str, str]], folder: Path) -> Search:
    """tantivy, written in Rust."""
    import tantivy as library

    builder = library.SchemaBuilder()
    for name in ("title", "text"):
        builder.add_text_field(name, stored=False, tokenizer_name="en_stem")
    made = library.Index(builder.build(), path=str(folder))
    writer = made.writer()
    for title, text in documents:
        writer.add_document(library.Document(title=[title], text=[text]))
    writer.commit()
    writer.wait_merging_threads()
    made.reload()
    searcher = made.searcher()
    return lambda query: searcher.search(made.parse_query(" ".join(words(query)), ["title", "text"]), 10)


ENGINES = (
    Engine("Whoosh as it comes", whoosh, 40),
    Engine("SQLite FTS5", fts5, 200),
    Engine("bm25s", bm25s, 200),
    Engine("tantivy", tantivy, 200),
)
