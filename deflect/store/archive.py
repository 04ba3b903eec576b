"""The file of a backup: a ZIP archive of the database and its files, with a manifest of checksums.

ZIP, because each member is compressed and checked by itself, it has no owners and no links that anybody needs, and any
computer opens it. The manifest is the last member, so an archive that was cut has none. What is read from an archive
is not trusted: names are compared with the few that a backup has, and sizes and checksums with the manifest.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from kb.errors import HelpCenterError

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "shortstop.db"
MODELS, LEARNED = "models", "_tuning"
ADDRESSED = re.compile(r"[a-z][a-z-]{0,40}/([0-9a-f]{2})/(\1[0-9a-f]{62})")  # a folder of files under their SHA-256
PART = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,200}")
LONGEST_MANIFEST = 256 * 2**20
CHUNK = 2**20
UNREADABLE = (
    BadZipFile, zlib.error, struct.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError,
    TypeError, OverflowError, RecursionError,
)  # fmt: skip


class BadBackup(HelpCenterError):
    """A file that is no whole backup, or a backup that can't be written or restored."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: its members, the rows of each table, and tickets' files that were not on the disk."""

    version: str  # of Shortstop
    created: str
    counts: Mapping[str, int]
    members: tuple[Member, ...]
    missing: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The size of all members in bytes."""
        return sum(member.size for member in self.members)


def is_known(name: str) -> bool:
    """Return True if a backup can have a member of this name.

    >>> is_known("models/minilm/model.onnx"), is_known("models/../../x"), is_known("/etc/passwd")
    (True, False, False)
    """
    if name == DATABASE or ADDRESSED.fullmatch(name):
        return True
    first, *rest = name.split("/")
    return first in (MODELS, LEARNED) and bool(rest) and all(PART.fullmatch(part) for part in rest)


def add(archive: ZipFile, name: str, source: Path, *, moment: tuple[int, int, int, int, int, int]) -> Member:
    """Add a file and return its entry for the manifest. Raise FileNotFoundError before anything is written."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file, archive.open(_info(name, moment), "w", force_zip64=True) as member:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            member.write(chunk)
    return Member(name, size, digest.hexdigest())


def finish(archive: ZipFile, manifest: Manifest, *, moment: tuple[int, int, int, int, int, int]) -> None:
    """Add the manifest, the last member."""
    document = {"format": FORMAT} | asdict(manifest)
    archive.writestr(_info(MANIFEST, moment), json.dumps(document, indent=1))


def _info(name: str, moment: tuple[int, int, int, int, int, int]) -> ZipInfo:
    info = ZipInfo(name, moment)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    return info


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """Open a backup and compare its names with the manifest. Raise BadBackup, which names the wrong member."""
    try:
        archive = ZipFile(path)
    except FileNotFoundError:
        raise BadBackup(f"there is no file {path}") from None
    except UNREADABLE as error:
        raise BadBackup(f"{path} is not a backup, or it was cut: {error}") from error
    with archive:
        yield archive, _manifest(archive, path)


def copy_out(archive: ZipFile, member: Member, out: BinaryIO) -> None:
    """Write a member to `out`. Raise BadBackup if its size or checksum is not that of the manifest."""
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(archive, member):
        size += len(chunk)
        if size > member.size:
            break
        digest.update(chunk)
        out.write(chunk)
    if size != member.size or digest.hexdigest() != member.sha256:
        raise BadBackup(f"{member.name} in the backup is damaged; use another backup")


def _chunks(archive: ZipFile, member: Member) -> Iterator[bytes]:
    try:
        with archive.open(member.name) as source:
            while chunk := source.read(CHUNK):
                yield chunk
    except UNREADABLE as error:
        raise BadBackup(f"{member.name} in the backup is damaged ({error}); use another backup") from error


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    infos = archive.infolist()
    for name, times in Counter(info.filename for info in infos).items():
        if times > 1:
            raise BadBackup(f"{path} has {name!r} twice, so it is not a backup by 'kb backup'")
    for info in infos:
        if info.filename != MANIFEST and not (is_known(info.orig_filename) and _is_plain(info)):
            raise BadBackup(f"{path} has {info.orig_filename!r}, which no backup has; nothing was restored")
    manifest = _read(archive, path)
    names, listed = {info.filename for info in infos}, {member.name for member in manifest.members}
    if wrong := sorted((names - {MANIFEST}) ^ listed):
        raise BadBackup(f"{wrong[0]!r} is not both in {path} and in its manifest; use another backup")
    if DATABASE not in listed:
        raise BadBackup(f"{path} holds no database; use another backup")
    return manifest


def _is_plain(info: ZipInfo) -> bool:
    """Return True for a file that is neither a link nor encrypted."""
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG) and not info.flag_bits & 0x1


def _read(archive: ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive. Raise BadBackup."""
    try:
        if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
            raise ValueError("it is too large")
        document = json.loads(archive.read(MANIFEST))
        number = document.pop("format")
        members = tuple(Member(str(m["name"]), int(m["size"]), str(m["sha256"])) for m in document["members"])
        counts = {str(table): int(count) for table, count in document["counts"].items()}
        missing = tuple(map(str, document["missing"]))
        found = Manifest(str(document["version"]), str(document["created"]), counts, members, missing)
    except UNREADABLE as error:
        raise BadBackup(f"{path} is not a backup by 'kb backup', or {MANIFEST} in it is damaged") from error
    if number != FORMAT:
        raise BadBackup(f"{path} has the format {number} of another version of Shortstop; upgrade first")
    return found
