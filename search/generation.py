"""An index generation on disk: its manifest, its documents and units, and what is wrong with it if anything is."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import BadGeneration
from search.passage import Kind, Unit

VERSION = 3  # of the files; another version is built again, never read
MANIFEST = "manifest.json"
KINDS: tuple[Kind, ...] = ("title", "query", "section")

Block = tuple[bytes, Sequence[int], Sequence[int]]  # units as lines: their text, the bytes of each, the kind of each


@dataclass(frozen=True, slots=True)
class Document:
    """One language of one article, as a search needs it; its units are `first` to `last`, without the last."""

    article: str
    lang: str
    title: str
    url: str
    category: str
    offers: bool
    audience: tuple[str, ...]
    summary: str
    first: int
    last: int
    source: str = ""  # what names the article's file as it is; the next generation takes over what was made of it


@dataclass(frozen=True, slots=True)
class SpaceFile:
    """The vectors of one recipe: of all units of the documents from `first` to `last`, without the last."""

    recipe: str
    lang: str  # of the questions and documents that it is for; none: all
    file: str
    first: int
    last: int
    background: float  # mean cosine of units of different documents


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of and what its files must be; it is written last."""

    version: int
    fingerprint: str
    content: str
    recipe: str  # of the embedder, or "words"
    spaces: Sequence[SpaceFile]
    crosses: bool  # whether its vectors find a text in another language
    default_lang: str
    counts: Mapping[str, int]
    files: Mapping[str, str]  # path below the generation -> sha256
    extra: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write the manifest: from now on the generation exists."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the generation in `folder`; raises BadGeneration when there is none of our version."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if read.get("version") != VERSION:
            raise BadGeneration(f"{folder} was built by another version; run 'kb index'")
        found = Manifest(**(read | {"spaces": [SpaceFile(**space) for space in read["spaces"]]}))
    except FileNotFoundError as error:
        raise BadGeneration(f"{folder} holds no index generation; run 'kb index'") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadGeneration(f"{folder / MANIFEST} cannot be read; run 'kb index'") from error
    return found


def damaged(folder: Path, manifest: Manifest, *, below: Sequence[str] = ("",)) -> list[str]:
    """Return the files, among those whose path begins with one of `below`, that are not as the manifest says."""
    wanted = [name for name in manifest.files if name.startswith(tuple(below))]
    return sorted(name for name in wanted if checksum(folder / name) != manifest.files[name])


def checksum(path: Path) -> str:
    """Return the sha256 of a file, or nothing when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): checksum(path) for path in files if not path.name.endswith("LOCK")}


def write_documents(folder: Path, documents: Iterable[Document]) -> None:
    """Write one document a line."""
    names = [field.name for field in fields(Document)]  # asdict copies every value: ten times as long
    rows = ({name: getattr(document, name) for name in names} for document in documents)
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "documents.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def read_documents(folder: Path) -> list[Document]:
    """Return what `write_documents` wrote."""
    with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        return [Document(**(row | {"audience": tuple(row["audience"])})) for row in rows]


def block(units: Sequence[Unit]) -> Block:
    """Return units as lines of their file."""
    rows = [json.dumps([unit.anchor, unit.heading, unit.text], ensure_ascii=False) for unit in units]
    lines = [row.encode("utf-8", "replace") + b"\n" for row in rows]
    return b"".join(lines), [len(line) for line in lines], [KINDS.index(unit.kind) for unit in units]


def write_units(folder: Path, blocks: Iterable[Block]) -> None:
    """Write the units and where each ends."""
    sizes: list[int] = [0]
    kinds: list[int] = []
    with (folder / "units.jsonl").open("wb") as file:
        for text, lengths, of in blocks:
            file.write(text)
            sizes.extend(lengths)
            kinds.extend(of)
    np.save(folder / "units.ends.npy", np.cumsum(np.asarray(sizes, dtype=np.int64)))
    np.save(folder / "units.kinds.npy", np.asarray(kinds, dtype=np.uint8))


class Units(Sequence[tuple[str, str, str]]):
    """The (anchor, heading, text) of every unit, read from a mapped file when asked for."""

    def __init__(self, folder: Path) -> None:
        self._ends: NDArray[np.int64] = np.asarray(np.load(folder / "units.ends.npy", mmap_mode="r"))
        self.kinds: NDArray[np.uint8] = np.asarray(np.load(folder / "units.kinds.npy", mmap_mode="r"))
        with (folder / "units.jsonl").open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(self.kinds) else b""

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, number: Any) -> Any:
        row = self._bytes[int(self._ends[number]) : int(self._ends[number + 1])]
        return tuple(json.loads(row))

    def block(self, first: int, last: int) -> Block:
        """Return the units from `first` to `last`, without the last, as they stand in the file."""
        ends = self._ends[first : last + 1]
        return self._bytes[int(ends[0]) : int(ends[-1])], np.diff(ends).tolist(), self.kinds[first:last].tolist()


def complete(folder: Path) -> Iterator[Path]:
    """Yield the generations in `folder`, newest first."""
    if not folder.is_dir():
        return
    found = [path for path in folder.iterdir() if (path / MANIFEST).is_file() and not path.is_symlink()]
    yield from sorted(found, key=lambda path: (path / MANIFEST).stat().st_mtime_ns, reverse=True)
