"""One pattern for an e-mail address and one for an id: settings, articles, API, form and imports agree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from deflect.api import schemas
from deflect.history.imports import contact
from deflect.offers.log import CHECKS
from kb.config import Settings
from kb.content.channels import _link
from kb.errors import BadSetting
from kb.patterns import EMAIL, ID
from kb.site.contact_form import Form

TICKET = {"subject": "S", "body": "B", "visitor": "v1"}
SECRET = "00" * 32


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("jo@example.com", True),
        ("jo+tag@shop.example", True),
        ("jö@exämple.example", True),
        ("jo@localhost", False),
        ("jo@example", False),
        ("jo@-example.com", False),
        ("jo @example.com", False),
        ("jo@exam ple.com", False),
        ("<jo@example.com>", False),
        ("jo@example..com", False),
    ],
)
def test_an_address_is_one_everywhere_or_nowhere(client: FlaskClient, address: str, good: bool) -> None:
    answer = client.post("/api/v1/tickets", json=TICKET | {"email": address}, headers={"Idempotency-Key": "k"})
    document: dict[str, Any] = {"channel": "phone", "at": "2026-10-01", "person": address}
    found = {
        "pattern": EMAIL.fullmatch(address) is not None,
        "ticket": answer.status_code == 201,
        "channel": _link("email", address) is not None,
        "import": contact(document, secret=SECRET)["keys"][0].startswith("email:"),
        "setting": _is_setting(address),
    }
    assert found == dict.fromkeys(found, good)


def _is_setting(address: str) -> bool:
    try:
        Settings(mail_to=address)
    except BadSetting:
        return False
    return True


@pytest.mark.parametrize(
    ("id", "good"),
    [("0b9f1f3e-3d5c", True), ("a.b:c_d", True), ("x" * 64, True), ("ü", False), ("x" * 65, False), ("a b", False)],
)
def test_an_episode_s_id_is_one_everywhere_or_nowhere(client: FlaskClient, id: str, good: bool) -> None:
    ticket = TICKET | {"email": "jo@example.com", "episode": id}
    answer = client.post("/api/v1/tickets", json=ticket, headers={"Idempotency-Key": "k"})
    with client.application.test_request_context():
        kept = bool(Form.of({"episode": id}).episode)
    found = {
        "pattern": ID.fullmatch(id) is not None,
        "ticket": answer.status_code == 201,
        "schema": re.search(schemas.EPISODE["pattern"], id) is not None,
        "event": CHECKS["episode"][0](id),
        "form": kept,
    }
    assert found == dict.fromkeys(found, good)
