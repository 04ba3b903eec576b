"""Attachments: accepted types, limits, storage, and removal."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deflect.delivery import outbox
from deflect.offers.episode import Visit
from deflect.privacy.erasure import erase, forget, shown, sweep
from deflect.privacy.export import rows
from deflect.store import attachments, clock
from deflect.store.attachments import Attachment, Refused, clean, folder, keep, of_ticket, path_of
from deflect.store.clock import DAY
from deflect.store.file_kinds import MB
from deflect.store.services import Services
from deflect.tickets import ticket_writes
from deflect.tickets.contact import check, create_ticket
from kb.errors import Conflict, FileLost, StorageFull
from kb.server.doctor import examine
from tests.support.fakes import close, make_services

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)
OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path, keep_tickets=30, attachments_each=1, attachments_total=2)
    yield made
    close(made)


def send(services: Services, *files: Attachment, key: str = "k1", email: str = "jo@example.com") -> str:
    """Send a message with files and return the ticket's id."""
    message = check({"subject": "S", "body": "B", "email": email})
    return create_ticket(services, Visit(f"v-{email}"), message, key=key, files=files).ticket


def on_disk(services: Services) -> list[str]:
    """Return the names of all files below the folder of attachments."""
    return sorted(path.name for path in folder(services.settings).rglob("*") if path.is_file())


def archive(*parts: str, first: tuple[str, str] | None = None, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a ZIP archive with these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in ([first] if first else []) + [(name, "<x/>") for name in parts]:
            file.writestr(name, content)
        for name, data in (more or {}).items():
            file.writestr(name, data)
    return made.getvalue()


def word(**more: str | bytes) -> bytes:
    """Return a Word document with further parts; a part "types" or "rels" declares the others."""
    named = {"types": "[Content_Types].xml", "rels": "word/_rels/document.xml.rels", "part": "word/media/image1.png"}
    parts = {"types": "<Types/>"} | more
    return archive("word/document.xml", more={named[name]: data for name, data in parts.items()})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEMPLATE = '<R><R Type="http://schemas.openxmlformats.org/attachedTemplate" Target="%s"/></R>'
OBJECT = '<R><R Type="http://schemas.openxmlformats.org/oleObject" TargetMode="External" Target="%s"/></R>'


TAKEN = {
    "a.png": (PNG, "image/png"),
    "a.jpg": (b"\xff\xd8\xff\xe0 and so on", "image/jpeg"),
    "a.gif": (b"GIF89a and so on", "image/gif"),
    "a.webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    "a.heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
    "a.pdf": (b"%PDF-1.7\n", "application/pdf"),
    "a.log": (b"12:00 \x1b[31mfailed\x1b[0m at <main>\n", "text/plain"),
    "a.csv": ("Größe;Menge\n1;2\n".encode("cp1252"), "text/plain"),
    "a.txt": ("Größe".encode("utf-16"), "text/plain"),
    "a.docx": (archive("[Content_Types].xml", "word/document.xml"), f"{OFFICE}wordprocessingml.document"),
    "object.docx": (word(part=OLE + bytes(600)), f"{OFFICE}wordprocessingml.document"),
    "own.docx": (word(rels=TEMPLATE % r"file:///C:\Templates\our.dotm"), f"{OFFICE}wordprocessingml.document"),
    "table.docx": (word(part=archive("[Content_Types].xml", "xl/workbook.xml")), f"{OFFICE}wordprocessingml.document"),
    "linked.docx": (word(rels=OBJECT % r"file:///C:\Ours\a.xlsx"), f"{OFFICE}wordprocessingml.document"),
    "a.xlsx": (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}spreadsheetml.sheet"),
    "a.odt": (
        archive("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")),
        "application/vnd.oasis.opendocument.text",
    ),
}
REFUSED = {
    "program.png": b"MZ\x90\0" + bytes(100),
    "elf.txt": b"\x7fELF" + bytes(100),
    "script.txt": b"#!/bin/sh\nrm -rf /\n",
    "page.png": b"<!DOCTYPE html><script>alert(1)</script>",
    "page.txt": b"\xef\xbb\xbf  \n <HTML><body onload=alert(1)>",
    "wide.txt": "<svg onload=alert(1)>".encode("utf-16"),
    "drawing.svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "drawing.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "archive.zip": archive("a.exe"),
    "java.docx": archive("META-INF/MANIFEST.MF"),
    "macros.docx": archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "renamed.docx": word(part=OLE + bytes(600) + "_VBA_PROJECT".encode("utf-16-le")),
    "declared.docx": word(types='<Types><Override ContentType="application/vnd.ms-office.vba&#80;roject"/></Types>'),
    "enabled.docx": word(types='<T><O ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></T>'),
    "wide.docx": word(types='<T><O a="application/vnd.ms-office.vbaProject"/></T>'.encode("utf-16")),
    "entity.docx": word(types="<!DOCTYPE T [<!ENTITY v 'vba']><T a='&v;Project'/>"),
    "related.docx": word(rels='<R><R Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject"/></R>'),
    "template.docx": word(rels=TEMPLATE % "https://elsewhere.example/a.dotm"),
    "share.docx": word(rels=TEMPLATE % r"\\elsewhere\share\a.dotm"),
    "host.docx": word(rels=TEMPLATE % "file://elsewhere/a.dotm"),
    "linked.docx": word(rels=OBJECT % "https://elsewhere.example/a.html!"),
    "inside.docx": word(part=word(part=OLE + bytes(600) + "_VBA_PROJECT".encode("utf-16-le"))),
    "inner.docx": word(part=archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")),
    "deep.docx": word(part=word(part=word(part=word(part=word())))),
    "lie.docx": word(part=b"PK\x03\x04 and nothing else"),
    "cut.docx": word(types="<Types><O"),
    "sheet.xlsx": archive("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml"),
    "script.odt": archive("./Scripts/python/a.py", first=("mimetype", "application/vnd.oasis.opendocument.text")),
    "macros.odt": archive("Basic/a.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")),
    "broken.docx": b"PK\x03\x04 and nothing else",
    "short.docx": b"PK\x03\x04PK\x05\x06",
    "late.pdf": b"\0\0\0%PDF-1.7",
    "empty.txt": b"",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_kind_that_is_taken_is_known_by_its_content(services: Services, name: str) -> None:
    data, media = TAKEN[name]
    kept = keep(services.settings, data, name=name)
    assert (kept.name, kept.media, kept.size) == (name, media, len(data))
    assert path_of(services.settings, kept.digest).read_bytes() == data


@pytest.mark.parametrize("name", REFUSED)
def test_a_kind_that_is_not_taken_is_refused_whatever_it_is_called_and_leaves_nothing(
    services: Services, name: str
) -> None:
    with pytest.raises(Refused, match=r"type isn't accepted|is empty") as refused:
        keep(services.settings, REFUSED[name], name=name)
    assert refused.value.name == name
    assert on_disk(services) == []


@pytest.mark.parametrize(
    ("given", "media", "name"),
    [
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\jo\\shot.PNG", "image/png", "shot.PNG"),
        ("invoice\u202egpj.exe", "image/jpeg", "invoicegpj.exe.jpg"),
        ("a\r\nSet-Cookie: x.png", "image/png", "aSet-Cookie_ x.png"),
        ('<img src=x onerror="a">.gif', "image/gif", "_img src=x onerror=_a__.gif"),
        ("page.html", "text/plain", "page.html.txt"),
        ("...", "image/png", "file.png"),
        ("", "application/pdf", "file.pdf"),
        ("CON.txt", "text/plain", "_CON.txt"),
        ("\udcff\0.txt", "text/plain", "file.txt"),
        ("Cafe\u0301 \u2615.png", "image/png", "Caf\u00e9 \u2615.png"),
        ("\u4e2d" * 300 + ".png", "image/png", "\u4e2d" * 37 + ".png"),
    ],
)
def test_a_name_does_no_harm_where_the_file_is_saved(given: str, media: str, name: str) -> None:
    assert clean(given, media) == name


def test_a_file_over_its_cap_is_refused_and_nothing_of_it_stays(services: Services) -> None:
    with pytest.raises(Refused, match="larger than 1 MB"):
        keep(services.settings, PNG + bytes(MB), name="a.png")
    assert on_disk(services) == []


def test_files_of_a_message_are_counted_and_summed_each_once(services: Services) -> None:
    def sized(size: int, *names: str) -> list[Attachment]:
        return [Attachment(name, "image/png", size, name * 64) for name in names]

    assert len(attachments.check_all(services.settings, sized(1, *"abcde", "a"))) == 5
    with pytest.raises(Refused, match="at most 5 files"):
        attachments.check_all(services.settings, sized(1, *"abcdef"))
    with pytest.raises(Refused, match="larger than 2 MB"):
        attachments.check_all(services.settings, sized(MB, *"abc"))


def test_a_full_disk_refuses_the_file_with_a_sentence(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "RESERVE", 1 << 62)
    with pytest.raises(StorageFull, match="Files can't be saved"):
        keep(services.settings, PNG, name="a.png")


def test_a_ticket_has_its_files_in_the_order_in_which_they_came(services: Services) -> None:
    files = [keep(services.settings, PNG + name.encode(), name=name) for name in ("z.png", "a.png")]
    ticket = send(services, *files)
    found = of_ticket(services.store, ticket)
    assert [(row["name"], row["size"]) for row in found] == [("z.png", len(PNG) + 5), ("a.png", len(PNG) + 5)]
    assert [row["sha256"] for row in rows(services.settings, "attachments")] == [file.digest for file in files]


def test_the_same_key_with_other_files_is_another_message(services: Services) -> None:
    one, two = (keep(services.settings, PNG + data, name="a.png") for data in (b"1", b"2"))
    assert send(services, one) == send(services, one)
    with pytest.raises(Conflict):
        send(services, two)
    assert len(services.store.rows("SELECT 1 FROM attachments")) == 1


def test_a_ticket_whose_file_is_gone_is_not_acknowledged(services: Services) -> None:
    file = keep(services.settings, PNG, name="a.png")
    path_of(services.settings, file.digest).unlink()
    with pytest.raises(FileLost):
        send(services, file)
    assert services.store.rows("SELECT 1 FROM tickets") == []


def test_what_no_ticket_has_goes_after_an_hour(services: Services) -> None:
    sent, unsent = (keep(services.settings, PNG + data, name="a.png") for data in (b"1", b"2"))
    send(services, sent)
    half = folder(services.settings) / "tmp" / "half"
    half.write_bytes(b"half")
    assert sweep(services.settings, now=time.time() + 3500) == 0
    assert on_disk(services) == sorted([sent.digest, unsent.digest, "half"])
    assert sweep(services.settings, now=time.time() + 3700) == 1
    assert on_disk(services) == [sent.digest]


def test_a_file_that_was_touched_stays_another_hour(services: Services) -> None:
    file = keep(services.settings, PNG, name="a.png")
    os.utime(path_of(services.settings, file.digest), (1, 1))
    assert attachments.is_there(services.settings, file)
    assert sweep(services.settings) == 0


def test_an_erased_person_s_files_go_at_once_and_what_somebody_else_sent_too_stays(services: Services) -> None:
    own, both = (keep(services.settings, PNG + data, name="a.png") for data in (b"own", b"both"))
    send(services, own, both)
    send(services, both, key="k2", email="ann@example.com")
    report = erase(services.settings, "jo@example.com")
    assert (report["files"], report["removed"]["attachments"]) == ({"removed": 1, "shared": 1}, 2)
    assert on_disk(services) == [both.digest]
    assert "1 kept, because other tickets have the same files" in shown(report)
    assert erase(services.settings, "ann@example.com")["files"] == {"removed": 1, "shared": 0}
    assert on_disk(services) == []


def test_files_go_with_their_ticket_when_it_is_too_old(services: Services) -> None:
    ticket = send(services, keep(services.settings, PNG, name="a.png"))
    for delivery in services.store.rows("SELECT id FROM outbox"):
        services.writer.run(outbox.delivered, id=delivery["id"], note="", now=1)
    services.writer.run(ticket_writes.close_ticket, id="c", ticket=ticket, article=None, who="admin", now=clock.now())
    forget(services.settings, now=clock.now() + 31 * DAY, sure=True)
    assert sweep(services.settings, now=time.time() + 31 * 86400) == 1
    assert on_disk(services) == []


def test_files_that_tickets_have_and_the_disk_has_not_are_named(services: Services) -> None:
    file = keep(services.settings, PNG, name="a.png")
    ticket = send(services, file)
    assert attachments.missing(services.settings, services.store) == []
    path_of(services.settings, file.digest).unlink()
    assert [row["ticket"] for row in attachments.missing(services.settings, services.store)] == [ticket]
    found = {finding.what: finding.sentence for finding in examine(services.settings)}
    assert f"attachments of tickets are missing: {ticket}" in found["attachments"]
