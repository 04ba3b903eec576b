"""Read files from other systems record by record, and find the articles that the records refer to.

Bad lines are counted and reported, and do not stop the good ones. `References` finds an article by its id, its address,
an old address, or its name in another system.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

from deflect.history import tables
from deflect.privacy.cells import plain
from kb.content.article import Article
from kb.content.library import Library
from kb.errors import HelpCenterError, StorageFull
from kb.progress import Report
from kb.strict import BadValue, loads

Document = dict[str, Any]
MOST_NAMED = 100  # bad lines that a report lists; all are counted
LISTS = ("tickets", "conversations", "results", "data", "items", "records")  # of records, in a document without an id
FOREIGN = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "an old workbook",
    b"\x1f\x8b": "compressed",
    b"<": "XML or HTML",
}  # by the first bytes of the file
HOPS = 10  # redirects that are followed; more mean a loop
NUMBERED = re.compile(r"^\d+-")
URL = re.compile(r"https?://[^\s<>\"')\]]+")


class BadFile(HelpCenterError):
    """A file that cannot be read, or has the wrong format."""


class BadLine(ValueError):
    """A line that cannot be imported; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file, and the number of the line that it begins on."""

    line: int
    document: Document


@dataclass(slots=True)
class Tally:
    """The counts of stored, known and refused lines of a file."""

    file: str
    stored: int = 0
    known: int = 0
    refused: int = 0
    bad: list[Document] = field(default_factory=list)

    def refuse(self, line: int, why: str) -> None:
        """Count a bad line, and list it if it is among the first."""
        self.refused += 1
        if len(self.bad) < MOST_NAMED:
            self.bad.append({"line": line, "why": why})

    def document(self) -> Document:
        """Return the totals and the bad lines as JSON."""
        counts = {"stored": self.stored, "known": self.known, "refused": self.refused}
        return (
            {"file": self.file, "records": sum(counts.values())}
            | counts
            | {"bad": sorted(self.bad, key=lambda bad: bad["line"])}
        )


def read(path: Path, tally: Tally) -> Iterator[Record]:
    """Yield the records of a file: CSV with a header if its name ends in .csv or .tsv, else JSON or, without {, CSV.

    JSON may be one record per line, or one document. Bad lines are counted in `tally`. Raise BadFile if the file
    cannot be read.
    """
    try:
        if kind := _foreign(path):
            raise BadFile(f"{path} is {kind}; save or export it as CSV or JSON")
        yield from (_csv if _is_table(path) else _json)(path, tally)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}; name a file that can be read") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8") from error


def count(path: Path) -> int:
    """Return the approximate number of lines of a file, for showing progress."""
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) or 1
    except OSError:
        return 1


Send = Callable[[list[Document]], Document]


def keep(records: Iterable[tuple[int, Document]], tally: Tally, *, send: Send, size: int = 500) -> None:
    """Send records of (line, row) in batches, and count the stored, known and refused rows.

    A disk that fills up on the way is a StorageFull that tells how many are stored.
    """
    batch: list[tuple[int, Document]] = []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            _send(batch, tally, send)
            batch = []
    _send(batch, tally, send)


def watched(records: Iterable[Record], *, report: Report, total: int) -> Iterator[Record]:
    """Yield `records` and report the progress."""
    done = 0
    for record in records:
        yield record
        done = max(done, min(record.line, total))
        report(done, total)
    report(total, total)


def text_of(document: Document, names: Sequence[str]) -> str:
    """Return the first text in one of the fields `names`, or "" if all are empty."""
    for name in names:
        value = document.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def shown(document: Document) -> str:
    """Return an import's totals as lines for a terminal, the bad lines first."""
    lines = [f"{document['file']}:{bad['line']}: {bad['why']}" for bad in document["bad"]]
    more = document["refused"] - len(document["bad"])
    lines += [f"… and {more:,} more lines like these"] if more else []
    counts = f"{document['stored']:,} stored, {document['known']:,} already known, {document['refused']:,} refused"
    return "\n".join([*lines, f"{document['records']:,} records: {counts}"])


def _send(batch: list[tuple[int, Document]], tally: Tally, send: Callable[[list[Document]], Document]) -> None:
    if not batch:
        return
    try:
        answer = send([row for _, row in batch])
    except StorageFull as error:
        if not tally.stored:
            raise
        why = f"the disk is full; {tally.stored:,} records were saved before; make room and import the file again"
        raise StorageFull(why) from error
    refused = answer.get("refused", [])
    for one in refused:
        tally.refuse(batch[one["row"]][0], one["why"])
    tally.stored += answer["stored"]
    tally.known += len(batch) - answer["stored"] - len(refused)


def _foreign(path: Path) -> str:
    """Return what a file is that is neither a table nor JSON, or ""."""
    with path.open("rb") as file:
        start = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
    return next((kind for mark, kind in FOREIGN.items() if start.startswith(mark)), "")


def _is_table(path: Path) -> bool:
    if path.suffix.lower() != ".txt":
        return path.suffix.lower() in (".csv", ".tsv")
    with tables.text_file(path) as file:
        return not file.read(1000).lstrip().startswith(("{", "["))


def _json(path: Path, tally: Tally) -> Iterator[Record]:
    with tables.text_file(path) as file:
        if _is_one_document(path):
            yield from _members(_loaded(path, file))
            return
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                document = loads(line)
            except BadValue as error:
                tally.refuse(number, str(error))
                continue
            except ValueError as error:
                tally.refuse(number, f"this is not JSON: {error}")
                continue
            if isinstance(document, dict):
                yield Record(number, document)
            else:
                tally.refuse(number, "a record must be a JSON object")


def _is_one_document(path: Path) -> bool:
    """Return True if a file has one document over many lines, or one with a list, instead of one record per line."""
    with tables.text_file(path) as file:
        first = next((line.strip() for line in file if line.strip()), "")
    try:
        document = loads(first or "{}")
    except ValueError:
        return first.startswith(("[", "{")) and not first.endswith("}")
    return isinstance(document, list) or (isinstance(document, dict) and _list_in(document) is not None)


def _loaded(path: Path, file: TextIO) -> Any:
    try:
        return loads(file.read())
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from error
    except ValueError as error:
        raise BadFile(f"{path} is neither one JSON document nor JSON lines: {error}") from error


def _members(document: Any) -> Iterator[Record]:
    """Yield the records of a document: a list, a list in one of the fields of LISTS, or the document itself."""
    rows = document if isinstance(document, list) else _list_in(document)
    for number, row in enumerate([document] if rows is None else rows, 1):
        yield Record(number, row if isinstance(row, dict) else {})


def _list_in(document: Document) -> list[Any] | None:
    if "id" in document:
        return None
    inner = document.get("_embedded")
    for holder in (document, inner if isinstance(inner, dict) else {}):
        for name in LISTS:
            if isinstance(rows := holder.get(name), list):
                return rows
    return None


def _csv(path: Path, tally: Tally) -> Iterator[Record]:
    for line, row in tables.rows(path, refuse=tally.refuse):
        yield Record(line, {name: plain(value) for name, value in row.items()})


@dataclass(frozen=True, slots=True)
class References:
    """The ids, addresses, redirects and names of articles."""

    ids: frozenset[str]
    paths: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, library: Library) -> References:
        """Return the names of a library's articles, its redirects and the last parts of its addresses."""
        articles = library.articles
        return cls(
            ids=frozenset(article.id for article in articles),
            paths={_path(article.address): article.id for article in articles},
            redirects={_path(old): new for old, new in library.redirects.items()},
            names=_names(articles),
        )

    def article(self, reference: str) -> str | None:
        """Return the id of the article that an id, address, file name or link refers to, or None."""
        reference = reference.strip()
        bare = reference.strip("/").removesuffix(".md")
        if bare in self.ids:
            return bare
        path = _path(reference)
        for _ in range(HOPS):
            if path in self.paths:
                return self.paths[path]
            if path not in self.redirects:
                break
            path = _path(self.redirects[path])
        return self.names.get(_slug(NUMBERED.sub("", path.rsplit("/", 1)[-1])))

    def referred(self, text: str) -> str | None:
        """Return the article that a text links to or is the name of; a bare number is the name of something else."""
        return self.linked(text) or (None if text.isdecimal() else self.article(text))

    def linked(self, text: str) -> str | None:
        """Return the first of our articles that a text links to, or None."""
        found = (self.article(link.rstrip(".,;:!?")) for link in URL.findall(text))
        return next((article for article in found if article), None)


def _names(articles: Iterable[Article]) -> dict[str, str]:
    """Map titles and last parts of ids to article ids, if they belong to one article only."""
    pairs = {(_slug(name), a.id) for a in articles for name in (a.id.rsplit("/", 1)[-1], a.title)}
    counts = Counter(name for name, _ in pairs)
    return {name: id for name, id in sorted(pairs) if name and counts[name] == 1}


def _path(address: str) -> str:
    """Return an address for comparing: without host, query, anchor, suffix and trailing slash."""
    path = unquote(urlsplit(address).path if "//" in address else address.split("?")[0].split("#")[0])
    return "/" + path.strip("/").removesuffix(".md").removesuffix(".html").lower()


def _slug(text: str) -> str:
    """Return a text as the last part of an address.

    >>> _slug("Reset your password!")
    'reset-your-password'
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[\W_]+", "-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
