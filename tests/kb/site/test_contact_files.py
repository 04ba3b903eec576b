"""Files in the contact form, the API and the ticket's page: no input is lost, and no file is executed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.store import attachments
from deflect.store.attachments import folder
from deflect.store.file_kinds import MB
from deflect.store.services import state
from deflect.tickets.uploads import Uploads, held, hold
from tests.deflect.store.test_attachments import PNG
from tests.kb.site.test_contact_form import FILLED, hidden
from tests.support.logging_in import PASSWORD, log_in, services_of
from tests.support.sample import fresh, help_center

PARTS = "multipart/form-data; boundary=x"
BIG = PNG + bytes(10 * MB)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center, in which every offer clears the floor."""
    return help_center(tmp_path_factory.mktemp("uploads"))


@pytest.fixture
def app(built: Flask, tmp_path: Path) -> Flask:
    """The same help center with an empty database."""
    return fresh(built, tmp_path)


def kept(app: Flask) -> list[tuple[str, str]]:
    """Return name and media type of the files that tickets have."""
    rows = services_of(app).store.rows("SELECT name, media FROM attachments ORDER BY place")
    return [(row["name"], row["media"]) for row in rows]


def on_disk(app: Flask) -> int:
    """Return how many files are on disk."""
    return sum(path.is_file() for path in folder(services_of(app).settings).rglob("*"))


def in_parts(texts: dict[str, str], files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the body of a form in parts; the test client's own leaves large ones open."""
    head = b'--x\r\nContent-Disposition: form-data; name="%s"'
    parts = [head % name.encode() + b"\r\n\r\n" + text.encode() for name, text in texts.items()]
    for name, data in files:
        named = head % b"files" + b'; filename="%s"\r\nContent-Type: image/png\r\n\r\n' % name.encode()
        parts.append(named + data)
    return b"\r\n".join([*parts, b"--x--\r\n"])


def send(client: FlaskClient, *files: tuple[str, bytes], **over: str) -> TestResponse:
    """Send the form in parts, offers seen unless said otherwise."""
    body = in_parts(FILLED | {"offered": "seen"} | over, files or [("", b"")])
    return client.post("/en/contact", data=body, content_type=PARTS)


def test_files_go_with_the_message(app: Flask, client: FlaskClient) -> None:
    answer = send(client, ("shot.png", PNG), ("log.txt", b"it failed"))
    assert answer.status_code == 303
    assert kept(app) == [("shot.png", "image/png"), ("log.txt", "text/plain")]


def test_a_form_in_parts_without_a_file_is_a_message_like_any(app: Flask, client: FlaskClient) -> None:
    assert send(client).status_code == 303
    assert (kept(app), on_disk(app)) == ([], 0)


def test_the_page_between_does_not_lose_the_files(app: Flask, client: FlaskClient) -> None:
    between = send(client, ("shot.png", PNG), offered="")
    assert "does one of these articles help" in between.text
    assert kept(app) == []
    assert client.post("/en/contact", data=hidden(between)).status_code == 303
    assert kept(app) == [("shot.png", "image/png")]


def test_solved_and_undone_the_form_has_its_files_still(app: Flask, client: FlaskClient) -> None:
    between = send(client, ("shot.png", PNG), offered="")
    solved = client.post("/en/contact/solved", data=hidden(between, 1))
    again = client.post("/en/contact/undo", data=hidden(solved))
    assert "shot.png" in again.text
    assert FILLED["message"] in again.text


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("page.png", b"<html><script>alert(1)</script>", "page.png: This file type isn&#39;t accepted"),
        ("big.png", BIG, "big.png: This file is larger than 10 MB"),
        ("nothing.png", b"", "nothing.png: This file is empty"),
    ],
)
def test_a_refused_file_is_named_and_text_and_other_files_stay(
    app: Flask, client: FlaskClient, name: str, data: bytes, why: str
) -> None:
    answer = send(client, ("shot.png", PNG), (name, data))
    assert answer.status_code == 400
    assert why in answer.text
    assert FILLED["message"] in answer.text
    assert "<bdi>shot.png</bdi>" in answer.text
    assert (kept(app), on_disk(app)) == ([], 1)
    assert send(client, held=hidden(answer)["held"]).status_code == 303
    assert kept(app) == [("shot.png", "image/png")]


def test_a_text_that_lacks_something_keeps_the_files(app: Flask, client: FlaskClient) -> None:
    answer = send(client, ("shot.png", PNG), email="")
    assert "<bdi>shot.png</bdi>" in answer.text
    assert send(client, held=hidden(answer)["held"]).status_code == 303
    assert kept(app) == [("shot.png", "image/png")]


def test_a_file_is_removed_by_its_button_and_nothing_is_sent(app: Flask, client: FlaskClient) -> None:
    page = send(client, ("shot.png", PNG), ("log.txt", b"it failed"), email="")
    button = re.findall(r'name="(drop-[0-9a-f]{64})"', page.text)[0]
    fewer = send(client, held=hidden(page)["held"], **{button: "1"})
    assert ("<bdi>shot.png</bdi>" in fewer.text, "<bdi>log.txt</bdi>" in fewer.text) == (False, True)
    assert services_of(app).store.rows("SELECT 1 FROM tickets") == []
    send(client, held=hidden(fewer)["held"])
    assert kept(app) == [("log.txt", "text/plain")]


def test_too_many_files_are_said_and_none_above_is_written(app: Flask, client: FlaskClient) -> None:
    answer = send(client, *((f"{n}.txt", f"file {n}".encode()) for n in range(7)))
    assert "You can attach at most 5 files" in answer.text
    assert on_disk(app) == 5


def test_too_much_together_is_said_and_one_can_be_removed(client: FlaskClient) -> None:
    parts = [(f"{n}.png", PNG + bytes([n]) * (8 * MB)) for n in range(3)]
    answer = send(client, *parts)
    assert "Together, the files are larger than 20 MB" in answer.text
    button = re.findall(r'name="(drop-[0-9a-f]{64})"', answer.text)[0]
    fewer = send(client, held=hidden(answer)["held"], **{button: "1"})
    assert send(client, held=hidden(fewer)["held"]).status_code == 303


def test_far_too_much_is_refused_before_it_is_read(app: Flask, client: FlaskClient) -> None:
    said = {"CONTENT_LENGTH": str(100 * MB)}
    answer = client.post("/en/contact", data=b"--x", content_type=PARTS, environ_overrides=said)
    assert answer.status_code == 413
    assert "Send fewer or smaller files" in answer.text
    assert on_disk(app) == 0


def test_far_too_much_keeps_the_texts_before_the_files(app: Flask, client: FlaskClient) -> None:
    body = in_parts(FILLED | {"offered": "seen"}, [("big.png", PNG)])
    said = {"CONTENT_LENGTH": str(100 * MB)}
    answer = client.post("/en/contact", data=body, content_type=PARTS, environ_overrides=said)
    assert "Together, the files are larger than 20 MB" in answer.text
    assert FILLED["message"] in answer.text
    assert on_disk(app) == 0


def test_too_many_uploads_keep_the_text(built: Flask, tmp_path: Path) -> None:
    app = fresh(built, tmp_path, rate_tickets=1)
    client = app.test_client()
    answers = [send(client, ("shot.png", PNG), email="", message=f"Message {n}") for n in range(5)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 429]
    assert "Message 4" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert on_disk(app) == 1, "its file is not written"


def test_texts_have_their_cap_in_parts_too(app: Flask, client: FlaskClient) -> None:
    assert send(client, ("shot.png", PNG), message="x" * 700_000).status_code == 413
    many = {f"name{n}": "x" * 60_000 for n in range(12)}
    assert send(client, ("shot.png", PNG), **many).status_code == 413
    assert on_disk(app) == 0


def test_a_full_disk_says_so_and_the_text_stays(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "RESERVE", 1 << 62)
    answer = send(client, ("shot.png", PNG))
    assert answer.status_code == 507
    assert "Files can&#39;t be saved right now" in answer.text
    assert FILLED["message"] in answer.text
    assert send(client).status_code == 303


def test_a_form_cut_off_leaves_no_file(app: Flask, client: FlaskClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + PNG + bytes(100_000)
    answer = client.post("/en/contact", data=body, content_type=PARTS)
    assert answer.status_code == 400
    assert on_disk(app) == 0


def test_a_form_of_another_site_is_refused_unread(app: Flask, client: FlaskClient) -> None:
    answer = client.post(
        "/en/contact",
        data=in_parts(FILLED, [("a.png", PNG)]),
        content_type=PARTS,
        headers={"Origin": "https://evil.example"},
    )
    assert (answer.status_code, on_disk(app)) == (403, 0)


def test_the_same_form_sent_twice_is_one_ticket_with_its_file_once(app: Flask, client: FlaskClient) -> None:
    first, second = (send(client, ("shot.png", PNG)) for _ in range(2))
    assert first.location == second.location
    assert kept(app) == [("shot.png", "image/png")]


def test_while_half_of_the_threads_read_files_others_are_asked_to_wait(app: Flask, client: FlaskClient) -> None:
    half = services_of(app).settings.threads // 2
    with app.app_context():
        uploads = state(Uploads)
    with ExitStack() as reading:
        for _ in range(half):
            reading.enter_context(uploads.turn(half))
        answer = send(client, ("big.png", PNG + bytes(MB)))
        assert (answer.status_code, FILLED["message"] in answer.text) == (503, True)
        assert send(client, ("small.png", PNG)).status_code == 303


def test_a_list_of_files_is_good_for_an_hour(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    here = services_of(app)
    file = attachments.keep(here.settings, PNG, name="a.png")
    monkeypatch.setattr("time.time", lambda: 1000.0)
    token = hold(here, [file])
    monkeypatch.setattr("time.time", lambda: 4600.0)
    assert held(here, token) == (file,)
    assert held(here, "") == ()
    monkeypatch.setattr("time.time", lambda: 4602.0)
    with pytest.raises(attachments.Refused, match=re.escape(f"a.png: {attachments.GONE}")):
        held(here, token)


def test_a_list_of_files_is_good_only_as_we_made_it(app: Flask) -> None:
    here = services_of(app)
    token = hold(here, [attachments.keep(here.settings, PNG, name="a.png")])
    forged = token[:10] + ("A" if token[10] != "A" else "B") + token[11:]
    for bad in (forged, "x.y", "é.é", ".", "..", "x" * 30_000, token + "0", token[1:]):
        with pytest.raises(attachments.Refused, match=re.escape(attachments.GONE)):
            held(here, bad)


def test_a_list_of_an_older_version_is_asked_for_again_before_anything_is_sent(app: Flask, client: FlaskClient) -> None:
    old = "WzE3MDAwMDM2MDAsIFsiYS5wbmciLCAiaW1hZ2UvcG5nIiwgMywgImFiIl1d." + "0" * 64
    answer = client.post("/en/contact", data=FILLED | {"held": old})
    assert answer.status_code == 400
    assert attachments.GONE in answer.text
    assert services_of(app).store.rows("SELECT id FROM tickets") == []


def test_files_can_be_switched_off(built: Flask, tmp_path: Path) -> None:
    app = fresh(built, tmp_path, attachments=0)
    client = app.test_client()
    assert 'type="file"' not in client.get("/en/contact").text
    assert "You can&#39;t attach files here" in send(client, ("shot.png", PNG)).text
    assert on_disk(app) == 0


def post(client: FlaskClient, *files: tuple[str, bytes], ticket: Any = None, key: str = "") -> TestResponse:
    """Post a ticket to the API in parts."""
    document = {"subject": "S", "body": "B", "email": "jo@example.com"} if ticket is None else ticket
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    body = in_parts({"ticket": json.dumps(document)}, files)
    return client.post("/api/v1/tickets", data=body, content_type=PARTS, headers=headers)


def test_the_api_takes_a_ticket_with_files_in_parts(app: Flask, client: FlaskClient) -> None:
    answer = post(client, ("shot.png", PNG), key="k")
    assert (answer.status_code, sorted(answer.get_json())) == (201, ["channel", "ticket"])
    assert kept(app) == [("shot.png", "image/png")]
    assert post(client, ("shot.png", PNG), key="k").get_json() == answer.get_json()
    assert post(client, ("shot.png", PNG + b"2"), key="k").status_code == 422


@pytest.mark.parametrize("files", [[("a.png", b"<svg/>")], [("a.png", BIG)], [(f"{n}.png", PNG) for n in range(6)]])
def test_the_api_takes_all_files_or_nothing(app: Flask, client: FlaskClient, files: list[tuple[str, bytes]]) -> None:
    answer = post(client, *files)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "files")
    assert services_of(app).store.rows("SELECT 1 FROM tickets") == []


def test_a_file_of_lines_is_no_long_text(client: FlaskClient) -> None:
    line = b"0123 " + uuid.uuid4().hex.encode() + b"\n"
    assert post(client, ("it.log", line * 20_000)).status_code == 201


def test_the_ticket_of_a_form_in_parts_may_be_as_long_as_in_json(client: FlaskClient) -> None:
    long = {"subject": "S", "body": "B" * 66_000, "email": "jo@example.com"}
    assert post(client, ("it.log", b"it failed"), ticket=long).status_code == 413


@pytest.mark.parametrize("ticket", ["text", [1], {"subject": 1}])
def test_a_part_that_is_no_ticket_is_refused(client: FlaskClient, ticket: Any) -> None:
    assert post(client, ("shot.png", PNG), ticket=ticket).status_code == 400


def test_an_agent_gets_a_file_of_its_own_kind_to_be_saved_and_nobody_else_gets_it(built: Flask, tmp_path: Path) -> None:
    app = fresh(built, tmp_path, admin_password=PASSWORD)
    client = app.test_client()
    send(client, ("page.html", PNG + b"<script>alert(1)</script>"))
    row = services_of(app).store.rows("SELECT id, ticket FROM attachments")[0]
    address = f"/admin/tickets/{row['ticket']}/files/{row['id']}"
    assert client.get(address).status_code in (302, 303)
    log_in(client)
    page = client.get(f"/admin/tickets/{row['ticket']}").text
    assert f'<img src="{address}"' in page
    assert "page.html.png" in page
    answer = client.get(address, buffered=True)
    assert answer.data.startswith(PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "attachment; filename=page.html.png"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(address.replace(row["ticket"], "T0000")).status_code == 404
