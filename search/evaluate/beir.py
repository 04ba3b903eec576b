"""Read a collection of questions with judged answers in the BEIR layout."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from kb.content.article import Article, Version
from kb.errors import HelpCenterError
from kb.render.rendered import Section
from kb.strict import loads
from search.index.write import Content
from search.text.analyzer import detect

Qrels = Mapping[str, Mapping[str, int]]
Part = Literal["both", "title", "body"]
GRADE = re.compile(r"-?[0-9]{1,9}")
TEXTS = ("text", "title", "body", "lang", "category")


class BadCollection(HelpCenterError):
    """A folder that is not in the BEIR layout."""


@dataclass(frozen=True, slots=True)
class BeirQuestion:
    """One question: a typed query, or a form's subject and message."""

    id: str
    text: str
    subject: str
    body: str | None
    lang: str

    @property
    def message(self) -> tuple[str, str]:
        """The subject and the message. A question without a body is all message."""
        return (self.subject, self.body) if self.body is not None else ("", self.text)

    def only(self, part: Part) -> BeirQuestion:
        """Return the question with only its subject or only its message."""
        if part == "both" or self.body is None:
            return self
        if part == "title":
            return replace(self, text=self.subject, body="")
        return replace(self, text=self.body, subject="")


class Folder:
    """A BEIR folder: `corpus.jsonl`, `queries.jsonl` and `qrels/SPLIT.tsv`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.resolve().name

    @cached_property
    def corpus(self) -> list[dict[str, Any]]:
        """The rows of the corpus."""
        return list(self._rows("corpus.jsonl"))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the corpus."""
        return hashlib.sha256((self.path / "corpus.jsonl").read_bytes()).hexdigest()[:16]

    @cached_property
    def lang(self) -> str:
        """The language of most articles."""
        found = Counter(row.get("lang") or detect(row["text"]) or "" for row in self.corpus)
        del found[""]
        return min(found, key=lambda lang: (-found[lang], lang != "en", lang)) if found else "en"

    @cached_property
    def contents(self) -> list[Content]:
        """The articles. Documents whose ids differ only in a final `.lang` are languages of one article."""
        return [self._content(row) for row in self.corpus]

    @cached_property
    def document_ids(self) -> Mapping[Version, str]:
        """The corpus id of each article in each of its languages."""
        pairs = zip(self.contents, self.corpus, strict=True)
        return {content.article.version: str(row["_id"]) for content, row in pairs}

    @cached_property
    def questions(self) -> Mapping[str, BeirQuestion]:
        """All questions by id."""
        return {str(row["_id"]): self._asked(row) for row in self._rows("queries.jsonl")}

    def qrels(self, split: str) -> Qrels:
        """Return the judgments of a split: question -> document -> grade above zero."""
        path = self.path / "qrels" / f"{split}.tsv"
        if not path.is_file():
            raise BadCollection(f"{path} does not exist; existing splits: {', '.join(self.splits) or 'none'}")
        found: dict[str, dict[str, int]] = {}
        for number, line in enumerate(lines_of(path)[1:], 2):
            question, document, grade = (*line.split("\t"), "", "", "")[:3]
            if not GRADE.fullmatch(grade):
                raise BadCollection(f"{path}:{number}: a judgment is query-id, corpus-id and a whole number, by tabs")
            if question not in self.questions:
                raise BadCollection(f"{path}:{number}: {question[:60]} is not in queries.jsonl")
            if int(grade) > 0:
                found.setdefault(question, {})[document] = int(grade)
        return found

    @cached_property
    def splits(self) -> Sequence[str]:
        """The names of the splits."""
        return sorted(path.stem for path in (self.path / "qrels").glob("*.tsv"))

    @cached_property
    def unanswerable(self) -> Sequence[BeirQuestion]:
        """The questions without a judgment in any split, which no article answers."""
        judged = {question for split in self.splits for question in self.qrels(split)}
        return [asked for id, asked in self.questions.items() if id not in judged]

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        path, number = self.path / name, 0
        try:
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):  # noqa: B007  # the error names it
                    if line.strip():
                        yield _row(loads(line))
        except FileNotFoundError as error:
            raise BadCollection(
                f"{path} does not exist; a collection has corpus.jsonl, queries.jsonl and qrels"
            ) from error
        except ValueError as error:
            raise BadCollection(f"{path}:{number}: invalid row: {error}") from error

    def _content(self, row: Mapping[str, Any]) -> Content:
        lang = row.get("lang") or detect(row["text"]) or self.lang
        id = str(row["_id"])
        article = Article(
            id=id.removesuffix(f".{lang}"),
            lang=lang,
            path=f"{id}.md",
            title=row.get("title") or id,
            summary="",
            category=row.get("category") or "general",
            markdown=row["text"],
            body_line=1,
            address=f"/{lang}/articles/{id}",
            revision="",
        )
        return Content(article, (Section("", "", (), 0, row["text"]),))  # the whole text as one section

    def _asked(self, row: Mapping[str, Any]) -> BeirQuestion:
        lang = row.get("lang") or detect(row["text"]) or self.lang
        return BeirQuestion(str(row["_id"]), row["text"], row.get("title") or "", row.get("body"), lang)


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file. Raise BadCollection if it isn't UTF-8."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadCollection(f"{path} is not UTF-8 text; save it as UTF-8") from error


def _row(row: Any) -> dict[str, Any]:
    """Return a row of a corpus or of questions. Raise ValueError if it has no id or text, or other fields than text."""
    if not isinstance(row, dict) or not isinstance(row.get("_id"), (str, int)) or row.get("text") is None:
        raise ValueError("it must be a JSON object with _id and text")
    for name in TEXTS:
        if not isinstance(row.get(name, ""), str | None):
            raise ValueError(f"{name} is not text")
    return row
