"""E-mails of any bytes raise nothing but NoMail, and kills while a mailbox is read lose and repeat none."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deflect.delivery.delivery import Delivery
from deflect.delivery.smtp import ReplySink
from deflect.mail.message import NoMail, parse
from deflect.mail.take import take
from deflect.store.database import Store
from tests.conftest import ARTICLES, write_articles
from tests.support.fakes import close, make_services
from tests.support.imap_server import PASSWORD, Imap, imap_server, needs_dovecot
from tests.support.mails import bounce, mail
from tests.support.served import Served, descendants, served, until

pytestmark = pytest.mark.faults

HEADERS = (
    *("From", "Sender", "To", "Cc", "Subject", "Reply-To", "Message-ID", "In-Reply-To", "References", "Date"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Auto-Submitted", "Precedence", "List-Id"),
    *("Return-Path", "MIME-Version", "X-Spam-Flag", "Delivered-To"),
)
PIECES = (
    *(
        b"=?utf-8?b?4pyT?=",
        b"=?x?q?=",
        b"=?utf-8?q?",
        b"<a@b>",
        b"jo@example.com",
        b"<<>>",
        b'"',
        b"(",
        b")",
        b"\\",
        b";",
    ),
    *(b"multipart/mixed; boundary=b", b'multipart/alternative; boundary="b"', b"multipart/report", b"message/rfc822"),
    *(b"text/html; charset=utf-7", b'text/plain; charset=""', b"; filename*=utf-8''%ff%fe", b"base64", b"x-uuencode"),
    *(
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b"\n ",
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"begin 644 x\r\n",
    ),
    *(
        b"<p>",
        b"</blockquote>",
        b"<![if x]>",
        b"&#xd800;",
        b"message/delivery-status",
        b"text/rfc822-headers",
        b"quoted-printable",
    ),
)
piece = st.one_of(st.sampled_from(PIECES), st.binary(max_size=12))
value = st.lists(piece, max_size=8).map(b"".join)
header = st.tuples(st.sampled_from(HEADERS), value).map(lambda pair: pair[0].encode() + b": " + pair[1] + b"\r\n")
written = st.builds(
    lambda headers, body: b"From: jo@example.com\r\n" + b"".join(headers) + b"\r\n" + body,
    st.lists(header, max_size=8),
    st.lists(piece, max_size=30).map(b"".join),
)


@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.one_of(st.binary(max_size=300), written))
def test_any_bytes_are_an_e_mail_or_said_to_be_none(raw: bytes) -> None:
    with suppress(NoMail):
        read = parse(raw)
        assert read.text
        assert len(read.text) <= 50_000
        (read.subject + read.text + read.name + "".join(read.refs)).encode()
        assert "\x00" not in read.subject + read.text + read.name
        assert read.sender.isprintable()


@settings(max_examples=500, deadline=None)
@given(id=st.text(min_size=3, max_size=60) | st.from_regex(r"[a-z@\[\](),;:.\"\\]{3,40}", fullmatch=True))
def test_an_answer_to_any_message_id_can_be_written(id: str) -> None:
    raw = f"From: jo@example.com\r\nMessage-ID: <{id}>\r\n\r\nx".encode("utf-8", "replace")
    given = {"subject": "S", "email": "jo@example.com", "name": "", "category": "", "channel": "email", "lang": "en"}
    answers = tuple(filter(None, [parse(raw).id]))
    Sent().deliver(
        Delivery("d", "T1", **given, page="", fields={}, author="agent", body="B", created=1, answers=answers)
    )


class Sent(ReplySink):
    """A sink that writes e-mails without sending them."""

    def __init__(self) -> None:
        server: Any = SimpleNamespace(send=bytes)
        super().__init__(server, "help@shop.example", "help+*@shop.example")


def test_an_e_mail_that_was_damaged_anywhere_is_kept_or_said_to_be_none(tmp_path: Path) -> None:
    services, draw = make_services(tmp_path, rate_mails=0, attachments=0), random.Random(7)
    whole = [mail(files={"a.pdf": b"x" * 50}), bounce("<11111111-1111-4111-8111-111111111111@x>"), mail(List_Id="<l>")]
    for _ in range(150):
        raw = bytearray(draw.choice(whole))
        for _ in range(draw.randint(1, 12)):
            at = draw.randrange(len(raw))
            raw[at : at + draw.randint(0, 4)] = draw.randbytes(draw.randint(0, 4))
        with suppress(NoMail):
            take(services, bytes(raw))
    close(services)


@needs_dovecot
def test_kills_while_a_mailbox_is_read_lose_none_and_make_none_twice(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", ARTICLES)
    subjects = [f"Mail {n:02d}" for n in range(25)]
    with imap_server() as server:
        server.put(*(mail(subject, subject=subject, id=f"<{subject.replace(' ', '')}@x>") for subject in subjects))
        given = {"imap_url": server.url, "imap_password": PASSWORD, "rate_mails": "0"}
        with served(articles, tmp_path / "var", **given) as center:
            for enough in (1, 8, 16):
                until(lambda enough=enough: len(_kept(center)) >= enough, seconds=120)
                for name in ("fetch", "background"):
                    for pid in center.children(name) if name == "background" else _fetching(center):
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
            until(lambda: len(_kept(center)) >= len(subjects) and _all_seen(server), seconds=120)
            assert sorted(_kept(center)) == subjects


def _kept(center: Served) -> list[str]:
    store = Store(center.data / "shortstop.db")
    try:
        return [row["subject"] for row in store.rows("SELECT subject FROM tickets")]
    finally:
        store.close()


def _fetching(center: Served) -> list[int]:
    found = []
    for pid in descendants(center.process.pid):
        with suppress(OSError):
            if b"\0fetch\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def _all_seen(server: Imap) -> bool:
    return all("\\Seen" in flags for flags in server.flags())
