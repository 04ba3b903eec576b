"""A mailbox on a real IMAP server: each e-mail is stored before it is marked; a kill or an error loses none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deflect.mail.mailbox import Mailbox, MailboxFailed, quoted
from deflect.mail.take import take
from deflect.store.services import Services
from kb.cli import desk
from kb.config import Settings
from kb.errors import BadSetting, StorageFull
from kb.server.doctor import examine
from tests.support.fakes import close, make_services
from tests.support.imap_server import PASSWORD, Imap, imap_server, needs_dovecot
from tests.support.mails import mail


@pytest.fixture(scope="module")
def running() -> Iterator[Imap]:
    with imap_server() as server:
        yield server


@pytest.fixture
def server(running: Imap) -> Imap:
    with running.client() as client:
        if client.select()[1] != [b"0"]:
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()
    return running


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def box(server: Imap, **more: Any) -> Mailbox:
    return Mailbox.from_settings(Settings(**({"imap_url": server.url, "imap_password": PASSWORD} | more)))


def taking(services: Services) -> Any:
    return lambda raw: take(services, raw).what != "later"


def subjects(services: Services) -> list[str]:
    return [row["subject"] for row in services.store.rows("SELECT subject FROM tickets ORDER BY created")]


@needs_dovecot
def test_unread_e_mails_become_tickets_and_are_marked_as_read(server: Imap, services: Services) -> None:
    server.put(mail(subject="One"), mail(subject="Two", id="<2@x>"))
    assert box(server).waiting() == 2
    assert server.flags() == ["", ""]
    assert box(server).read(taking(services)) == (2, 0)
    assert (subjects(services), server.flags()) == (["One", "Two"], ["\\Seen", "\\Seen"])
    assert box(server).read(taking(services)) == (0, 0)


@needs_dovecot
@pytest.mark.parametrize("capability", ["", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_what_is_kept_is_moved_where_a_folder_is_named(services: Services, capability: str) -> None:
    with imap_server(capability=capability) as server:
        server.make('"&AMk-t&AOk- &- done"')
        server.put(mail(), mail(id="<2@x>", text="two"))
        chosen = box(server, imap_done="Été & done")
        assert chosen.read(taking(services)) == (2, 0)
        assert len(server.flags('"&AMk-t&AOk- &- done"')) == 2
        assert chosen.waiting() == 0
        assert chosen.read(taking(services)) == (0, 0)


@needs_dovecot
def test_an_e_mail_that_could_not_be_kept_stays_unread(server: Imap, services: Services) -> None:
    def full(raw: bytes) -> bool:
        raise StorageFull("the disk is full")

    server.put(mail())
    with pytest.raises(StorageFull):
        box(server).read(full)
    assert server.flags() == [""]
    assert box(server).read(lambda raw: False) == (0, 1)
    assert server.flags() == [""]


@needs_dovecot
def test_a_kill_between_keeping_and_marking_makes_no_second_ticket(server: Imap, services: Services) -> None:
    def killed(raw: bytes) -> bool:
        take(services, raw)
        raise KeyboardInterrupt

    server.put(mail())
    with pytest.raises(KeyboardInterrupt):
        box(server).read(killed)
    assert server.flags() == [""]
    assert box(server).read(taking(services)) == (1, 0)
    assert (len(subjects(services)), server.flags()) == (1, ["\\Seen"])


@needs_dovecot
def test_what_is_no_e_mail_is_flagged_for_a_person_and_holds_up_nothing(server: Imap, services: Services) -> None:
    server.put(b"Subject: from nobody\r\n\r\nx", mail())
    assert box(server).read(taking(services)) == (2, 0)
    assert [set(flags.split()) for flags in server.flags()] == [{"\\Flagged", "\\Seen"}, {"\\Seen"}]
    assert subjects(services) == ["Invoice"]


@needs_dovecot
def test_a_wrong_password_is_said_and_not_shown(server: Imap) -> None:
    with pytest.raises(MailboxFailed, match="refused") as caught:
        box(server, imap_password="not this one").waiting()
    assert "not this one" not in str(caught.value)


@needs_dovecot
def test_a_folder_that_is_not_there_is_said(server: Imap) -> None:
    with pytest.raises(MailboxFailed, match="Nowhere"):
        box(server, imap_url=server.url.replace("INBOX", "Nowhere")).waiting()


@needs_dovecot
def test_nothing_is_taken_while_the_folder_to_move_into_is_not_there(server: Imap, services: Services) -> None:
    server.put(mail())
    with pytest.raises(MailboxFailed, match="Nowhere"):
        box(server, imap_done="Nowhere").read(taking(services))
    assert (subjects(services), server.flags()) == ([], [""])


@needs_dovecot
def test_tls_is_used_and_an_unknown_certificate_is_refused(server: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put(mail())
    url = f"imaps://help%40shop.example@localhost:{server.tls_port}"
    with pytest.raises(MailboxFailed, match="certificate"):
        box(server, imap_url=url).waiting()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    assert box(server, imap_url=url).waiting() == 1


@needs_dovecot
def test_the_command_takes_what_waits_and_says_what_has_to_wait_longer(server: Imap, tmp_path: Path) -> None:
    server.put(*(mail(str(n), id=f"<{n}@x>") for n in range(3)))
    done = kb("mail", "fetch", server=server, data=tmp_path, KB_RATE_MAILS="2")
    assert (done.returncode, done.stdout) == (75, "2 read, 1 left for later\n")
    assert sorted(server.flags()) == ["", "\\Seen", "\\Seen"]


@needs_dovecot
def test_doctor_says_how_the_mailbox_stands(server: Imap, settings: Settings) -> None:
    def found(**more: Any) -> list[tuple[str, str]]:
        given = {"imap_url": server.url, "imap_password": PASSWORD, "data": settings.data}
        return [(f.state, f.sentence) for f in examine(Settings(**(given | more))) if f.what == "mailbox"]

    fine, note = found()
    assert (fine[0], note[0]) == ("fine", "note")
    assert "KB_SMTP_URL" in note[1]
    ((state, sentence),) = found(imap_password="wrong one")
    assert state == "wrong"
    assert "wrong one" not in sentence


def kb(*arguments: str, data: Path, server: Imap | None = None, given: bytes = b"", **environ: str) -> Any:
    """Run `kb` like a mail server."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    plain |= {"KB_DATA": str(data), "KB_EMBEDDER": "none"} | environ
    if server:
        plain |= {"KB_IMAP_URL": server.url, "KB_IMAP_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "kb.cli.main", *arguments]
    done = subprocess.run(command, input=given, env=plain, capture_output=True, timeout=60)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def test_a_mail_server_is_told_what_became_of_an_e_mail(tmp_path: Path) -> None:
    first = kb("mail", "receive", given=mail(), data=tmp_path)
    again = received(mail(), KB_DATA=str(tmp_path))
    assert (first.returncode, again.exit_code) == (0, 0)
    assert again.output == first.stdout.replace("new", "known")
    assert received(b"", KB_DATA=str(tmp_path)).exit_code == 65
    assert received(mail("2", id="<2@x>"), KB_DATA=str(tmp_path), KB_RATE_MAILS="1").exit_code == 75


def received(raw: bytes, **environ: str) -> Result:
    """Run `kb mail receive` in this process."""
    plain: dict[str, str | None] = {key: None for key in os.environ if key.startswith("KB_")}
    return CliRunner().invoke(desk.mail, ["receive"], input=raw, env=plain | {"KB_EMBEDDER": "none"} | environ)


@pytest.mark.parametrize("environ", [{"KB_DATA": "/dev/null/x"}, {"KB_NO_SUCH": "x"}, {"KB_RATE_MAILS": "many"}])
def test_an_e_mail_comes_again_later_where_something_is_set_wrongly(tmp_path: Path, environ: dict[str, str]) -> None:
    done = received(mail(), **{"KB_DATA": str(tmp_path)} | environ)
    assert done.exit_code == 75
    assert isinstance(done.exception, SystemExit)  # and no traceback
    assert "try again later" in done.output


def test_a_defect_of_ours_bounces_no_e_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def take(_services: Services, _raw: bytes) -> Any:
        raise TypeError("a defect")

    monkeypatch.setattr("deflect.mail.take.take", take)
    monkeypatch.setenv("KB_DATA", str(tmp_path))
    done = CliRunner().invoke(desk.mail, ["receive"], input=mail())
    assert done.exit_code == 75
    assert "an e-mail could not be read: TypeError; try again later" in done.output
    assert "in take" in caplog.text  # the traceback


@pytest.mark.parametrize(
    "more",
    [
        {"imap_url": "http://x"},
        {"imap_url": "imaps://host/INBOX"},
        {"imap_url": "imaps://u@host:x"},
        {"imap_password": ""},
    ],
)
def test_a_mailbox_that_is_set_wrongly_is_said(more: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        Mailbox.from_settings(Settings(**({"imap_url": "imaps://u@host", "imap_password": "secret"} | more)))


def test_a_mailbox_never_shows_its_password() -> None:
    shown = repr(Mailbox.from_settings(Settings(imap_url="imaps://u@host", imap_password="secret word")))
    assert "secret word" not in shown


def test_a_server_that_is_down_is_said() -> None:
    with pytest.raises(MailboxFailed, match=r"127\.0\.0\.1:1"):
        Mailbox.from_settings(Settings(imap_url="imap://u@127.0.0.1:1", imap_password="x")).waiting()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("a&b", '"a&-b"'),
        ("Entwürfe", '"Entw&APw-rfe"'),
        ("台北", '"&U,BTFw-"'),
        ('a"\\', '"a\\"\\\\"'),
    ],
)
def test_a_folder_s_name_is_written_as_imap_has_it(name: str, written: str) -> None:
    assert quoted(name) == written
