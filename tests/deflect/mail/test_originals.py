"""The original of an e-mail is kept sealed, and goes with its ticket."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from deflect.mail.originals import keep_raw, of_ticket, one, read_raw
from deflect.mail.take import take
from deflect.privacy.erasure import erase, forget, sweep
from deflect.store import attachments, clock
from deflect.store.attachments import LIFE
from deflect.store.clock import DAY
from deflect.store.services import Services
from deflect.tickets import accounts
from kb.cli import main
from kb.errors import NotFound
from tests.support.fakes import close, make_services
from tests.support.logging_in import log_in, services_of
from tests.support.mails import mail


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path)
    yield made
    close(made)


def files(services: Services) -> list[Path]:
    return [path for path in attachments.folder(services.settings).rglob("*") if path.is_file()]


def test_an_original_is_read_back_and_unreadable_on_disk(services: Services) -> None:
    raw = b"From: jo@example.com\r\n\r\n" + b"very secret " * 100
    row = keep_raw(services.settings, raw)
    assert read_raw(services.settings, row) == raw
    (file,) = files(services)
    assert b"secret" not in file.read_bytes()
    assert len(file.read_bytes()) < len(raw)


def test_an_original_that_is_gone_or_damaged_is_named(services: Services) -> None:
    row = keep_raw(services.settings, b"From: jo@example.com\r\n\r\nx")
    (file,) = files(services)
    with pytest.raises(NotFound, match="damaged"):
        read_raw(services.settings, row | {"seal": "00" * 32})
    file.unlink()
    with pytest.raises(NotFound, match="kb doctor"):
        read_raw(services.settings, row)
    with pytest.raises(NotFound, match="not kept"):
        read_raw(services.settings, {"original": None, "seal": None})


def test_a_full_disk_loses_the_original_alone(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    full: Any = lambda path: shutil._ntuple_diskusage(10, 10, 0)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", full)
    assert keep_raw(services.settings, b"From: jo@example.com\r\n\r\nx") == {}
    assert files(services) == []


def test_an_e_mail_that_becomes_a_ticket_keeps_its_original_once(services: Services) -> None:
    raw = mail()
    ticket = take(services, raw).ticket or ""
    take(services, raw)
    (row,) = of_ticket(services.store, ticket).values()
    assert read_raw(services.settings, row) == raw
    assert read_raw(services.settings, one(services.store, row["message"])) == raw
    assert len(files(services)) == 1


def test_a_disk_without_room_for_the_original_keeps_the_ticket(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    full: Any = lambda path: shutil._ntuple_diskusage(10, 10, 0)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", full)
    ticket = take(services, mail()).ticket or ""
    assert of_ticket(services.store, ticket) == {}
    assert services.store.one("SELECT 1 FROM tickets WHERE id = ?", [ticket])


def test_erasing_a_person_erases_the_original_and_nobody_else_s(services: Services) -> None:
    take(services, mail())
    other = take(services, mail(sender="ann@example.com", id="<2@x>")).ticket or ""
    report = erase(services.settings, "jo@example.com")
    assert report["files"]["removed"] == 1
    (row,) = of_ticket(services.store, other).values()
    assert read_raw(services.settings, row)
    assert len(files(services)) == 1


def test_an_original_stays_while_its_e_mail_does_and_is_swept_after(services: Services) -> None:
    take(services, mail(Auto_Submitted="auto-replied"))
    later = time.time() + 2 * LIFE
    assert sweep(services.settings, now=later) == 0
    forget(services.settings, now=clock.now() + 31 * DAY)
    assert sweep(services.settings, now=later) == 1
    assert files(services) == []


def test_an_original_that_is_missing_on_the_disk_is_reported(services: Services) -> None:
    ticket = take(services, mail()).ticket
    files(services)[0].unlink()
    assert [row["ticket"] for row in attachments.missing(services.settings, services.store)] == [ticket]


def test_an_admin_downloads_the_original_and_the_audit_log_notes_it(app: Flask, agent: FlaskClient) -> None:
    here = services_of(app)
    raw = mail("<script>alert(1)</script>")
    ticket = take(here, raw).ticket or ""
    page = agent.get(f"/admin/tickets/{ticket}").text
    (row,) = of_ticket(here.store, ticket).values()
    address = f"/admin/tickets/{ticket}/messages/{row['message']}/original"
    assert f'href="{address}"' in page
    answer = agent.get(address)
    assert (answer.data, answer.headers["Content-Type"]) == (raw, "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={ticket}.eml"
    assert here.store.one("SELECT 1 FROM audit WHERE did = 'read an original e-mail' AND what = ?", [ticket])
    assert agent.get(f"/admin/tickets/{ticket}/messages/no-such/original").status_code == 404


def test_an_agent_who_is_no_admin_has_no_originals(app: Flask) -> None:
    here, client = services_of(app), app.test_client()
    given = {"email": "", "role": "agent", "password": "long enough to be one", "who": "admin"}
    accounts.add(here.store, here.writer, here.settings, "Ana", **given)
    assert log_in(client, given["password"], user="Ana").status_code == 302
    ticket = take(here, mail()).ticket or ""
    (row,) = of_ticket(here.store, ticket).values()
    assert "Original e-mail" not in client.get(f"/admin/tickets/{ticket}").text
    assert client.get(f"/admin/tickets/{ticket}/messages/{row['message']}/original").status_code == 403


def test_the_command_prints_an_original(services: Services) -> None:
    raw = mail("Größe")
    ticket = take(services, raw).ticket or ""
    (row,) = of_ticket(services.store, ticket).values()
    given = ["mail", "original", row["id"], "--data", str(services.settings.data)]
    done = CliRunner().invoke(main.kb, given)
    assert (done.exit_code, done.stdout_bytes) == (0, raw)
