"""Delivered files: attached, linked or uploaded, and never blocking the ticket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from deflect.api import downloads
from deflect.delivery.delivery import Carried
from deflect.delivery.outbox import deliver
from deflect.delivery.sinks import sink
from deflect.delivery.smtp import MOST_ALONG
from deflect.offers.episode import Visit
from deflect.store.attachments import keep, path_of
from deflect.store.services import EXTENSION, Services
from deflect.tickets.contact import check, create_ticket
from deflect.tickets.file_links import opens_ticket_file
from tests.deflect.delivery.test_sinks import DELIVERY, SECRET, smtp
from tests.deflect.delivery.test_zendesk import Zendesk, zendesk
from tests.deflect.delivery.test_zendesk import desk as desk  # a fixture
from tests.deflect.store.test_attachments import PNG
from tests.support.fakes import close, make_services
from tests.support.receivers import mail_server, webhook_desk

TEXT = b"it failed\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Carried, ...]:
    """A picture and a text on disk, and a file that is no longer there."""
    made = []
    for name, media, data in (("shot.png", "image/png", PNG), ("l\u00f6g.txt", "text/plain", TEXT)):
        (tmp_path / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        made.append(Carried(name, name, media, len(data), digest, tmp_path / name))
    gone = Carried(
        "g", "gone.pdf", "application/pdf", 2_000_000, "0" * 64, tmp_path / "gone", link="https://h.example/g"
    )
    return (*made, gone)


def test_an_e_mail_has_the_files_and_names_what_is_not_there(files: tuple[Carried, ...]) -> None:
    with mail_server() as box:
        smtp(box).deliver(replace(DELIVERY, files=files))
        (mail,) = box.mails
    parts = [(part.get_filename(), part.get_content_type()) for part in mail.iter_attachments()]
    assert parts == [("shot.png", "image/png"), ("l\u00f6g.txt", "text/plain")]
    assert next(iter(mail.iter_attachments())).get_content() == PNG
    body = mail.get_body()
    assert body is not None
    assert "Not attached: gone.pdf, 2.0 MB, https://h.example/g" in body.get_content()


def test_an_e_mail_has_files_up_to_its_limit(files: tuple[Carried, ...]) -> None:
    large = replace(files[0], size=MOST_ALONG)
    with mail_server() as box:
        smtp(box).deliver(replace(DELIVERY, files=(large, files[1])))
        (mail,) = box.mails
    assert [part.get_filename() for part in mail.iter_attachments()] == ["shot.png"]


def test_a_server_that_takes_no_files_gets_the_ticket_without_them(files: tuple[Carried, ...]) -> None:
    with mail_server() as box:
        box.most = 1500
        big = replace(files[0], path=files[0].path.with_name("big"))
        big.path.write_bytes(PNG + bytes(9000))
        smtp(box).deliver(replace(DELIVERY, files=(big,)))
        (mail,) = box.mails
    assert not mail.is_multipart()
    assert "Not attached: shot.png" in mail.get_content()
    assert mail["Message-ID"] == "<5f0c@shop.example>"


def test_zendesk_gets_the_files_with_the_ticket_once(desk: Zendesk, files: tuple[Carried, ...]) -> None:
    delivery = replace(DELIVERY, files=files)
    assert zendesk(desk).deliver(delivery) == zendesk(desk).deliver(delivery)
    assert desk.uploads == [("shot.png", "image/png", PNG), ("l\u00f6g.txt", "text/plain", TEXT)]
    (ticket,) = desk.tickets
    assert ticket["comment"]["uploads"] == ["token-1", "token-2"]
    assert "Not attached: gone.pdf" in ticket["comment"]["body"]


def test_zendesk_gets_the_ticket_without_a_file_that_it_refuses(desk: Zendesk, files: tuple[Carried, ...]) -> None:
    desk.too_large = 5
    zendesk(desk).deliver(replace(DELIVERY, files=files))
    (ticket,) = desk.tickets
    assert "uploads" not in ticket["comment"]
    assert "Not attached: shot.png" in ticket["comment"]["body"]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(
        tmp_path,
        sinks=("webhook",),
        webhook_secret=SECRET,
        allow_networks=("127.0.0.0/8",),
        url="https://help.example",
    )
    yield made
    close(made)


def carried(services: Services) -> dict[str, object]:
    """Send a message with a picture through the webhook, and return the picture's JSON at the receiver."""
    file = keep(services.settings, PNG, name="shot.png")
    message = check({"subject": "S", "body": "B", "email": "jo@example.com"})
    create_ticket(services, Visit("v"), message, key="k", files=[file])
    with webhook_desk() as desk:
        settings = replace(services.settings, webhook_url=desk.url)
        assert deliver(settings, services.store, services.writer, find=sink) == 1
        (told,) = json.loads(desk.got[0][1])["data"]["attachments"]
    return dict(told)


def test_a_webhook_tells_name_type_size_and_sha256_and_a_link_that_opens_the_file(services: Services) -> None:
    told = carried(services)
    digest = hashlib.sha256(PNG).hexdigest()
    assert [told[name] for name in ("name", "type", "size", "sha256")] == ["shot.png", "image/png", len(PNG), digest]
    app = Flask("t")
    app.extensions[EXTENSION] = services
    app.register_blueprint(downloads.blueprint)
    link = urlsplit(str(told["url"]))
    assert f"{link.scheme}://{link.netloc}" == "https://help.example"
    answer = app.test_client().get(f"{link.path}?{link.query}", buffered=True)
    assert answer.data == PNG
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "attachment; filename=shot.png"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
        "nosniff",
        "private, no-store",
    )


def test_a_link_without_its_key_or_after_its_time_opens_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = carried(services)
    id, key = str(told["id"]), str(told["url"]).partition("?key=")[2]
    signed, _, signature = key.partition(".")
    for bad in ("", "x", ".", f".{signature}", f"{signed}.", f"{signed[:-1]}{'Ab'[signed[-1] == 'A']}.{signature}"):
        assert not opens_ticket_file(services.store, id, bad)
    assert not opens_ticket_file(services.store, "another", key)
    expires = datetime.fromisoformat(str(told["expires"])).timestamp()
    monkeypatch.setattr("time.time", lambda: expires)
    assert opens_ticket_file(services.store, id, key)
    monkeypatch.setattr("time.time", lambda: expires + 2)
    assert not opens_ticket_file(services.store, id, key)


def test_a_file_that_is_gone_does_not_keep_a_ticket_from_being_delivered(services: Services) -> None:
    digest = hashlib.sha256(PNG).hexdigest()
    file = keep(services.settings, PNG, name="shot.png")
    message = check({"subject": "S", "body": "B", "email": "jo@example.com"})
    create_ticket(services, Visit("v"), message, key="k", files=[file])
    path_of(services.settings, digest).unlink()
    with webhook_desk() as desk:
        settings = replace(services.settings, webhook_url=desk.url)
        assert deliver(settings, services.store, services.writer, find=sink) == 1
