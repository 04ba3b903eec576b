"""Every door that takes JSON, numbers or settings refuses what cannot be stored, with a 400 or a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from deflect.api import http
from deflect.history import imports
from kb import config
from kb.cli.main import kb
from kb.content import article_keys
from kb.errors import BadSetting
from tests.support.fakes import close, make_app, make_services

BAD = ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "9" * 400, '"\\ud800"', '{"deep": [NaN]}']
DOORS = ["tickets", "offers", "events", "contacts"]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    services = make_services(tmp_path_factory.mktemp("doors"))
    yield make_app(services)
    close(services)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("value", BAD, ids=range(len(BAD)))
def test_the_api_names_the_field(app: Flask, door: str, value: str) -> None:
    document = {"subject": "S", "body": "B", "email": "jo@example.com", "visitor": "v", "fields": {"plan": 1}}
    body = json.dumps(document).replace('"plan": 1', f'"plan": {value}')
    headers = {"Idempotency-Key": "k"}
    answer = app.test_client().post(f"/api/v1/{door}", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert answer.get_json()["detail"].startswith("fields.plan")


@pytest.mark.parametrize("k", ["0050999", "9" * 5000, "0", "51", "-1", "1e1", "٣", "²", "", "NaN"])
def test_k_is_a_number_up_to_its_limit(app: Flask, k: str) -> None:
    for call in ("search", "complete"):
        answer = app.test_client().get(f"/api/v1/{call}", query_string={"q": "reset", "k": k})
        assert answer.status_code == 400, k


@pytest.mark.parametrize(
    ("name", "value"),
    [("HOLDOUT", "nan"), ("HOLDOUT", "inf"), ("SWAPS", "nan"), ("FLOOR_SEARCH", "nan"), ("FLOOR_SUGGEST", "-inf"),
     ("RATE_OFFERS", "9" * 5000), ("RATE_OFFERS", "9" * 400), ("KEEP_EVENTS", "9" * 18), ("WORKERS", "1e3"),
     ("TITLE", "\udcff"), ("PORT", "9" * 400), ("SINKS", "a\udcff")],
)  # fmt: skip
def test_a_setting_that_is_no_usable_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"(?i){name}") as refused:
        config.load({f"KB_{name}": value})
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("line", ["holdout = nan", "swaps = inf", f"keep_text = {'9' * 400}", "floor_search = -inf"])
def test_a_line_of_kb_toml_that_is_no_usable_value_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "kb.toml").write_text(line)
    with pytest.raises(BadSetting, match=line.split()[0]):
        config.load({}, folder=tmp_path)


@pytest.mark.parametrize("value", BAD, ids=range(len(BAD)))
def test_an_imported_line_is_refused_with_its_field_and_the_others_are_stored(tmp_path: Path, value: str) -> None:
    services = make_services(tmp_path)
    path = tmp_path / "contacts.jsonl"
    line = '{"email": "jo@example.com", "channel": "phone", "at": "2026-10-01", "id": %s}\n'
    path.write_text(line % value + line % '"c2"')
    done = imports.load_contacts(services.settings, path)
    assert (done["stored"], done["refused"]) == (1, 1)
    assert done["bad"][0]["why"].startswith("id")
    close(services)


@pytest.mark.parametrize("users", ["9" * 5000, "9" * 30, "-1", "1.5", "²", "nan"])
def test_a_number_of_users_that_cannot_be_stored_is_refused(tmp_path: Path, users: str) -> None:
    services = make_services(tmp_path)
    path = tmp_path / "users.csv"
    path.write_text(f"month,users\n2026-10,{users}\n2026-11,5\n")
    done = imports.load_users(services.settings, path)
    assert (done["stored"], done["refused"]) == (1, 1)
    close(services)


@pytest.mark.parametrize("order", ["9" * 5000, "9" * 30, "nan", "1e9"])
def test_an_order_of_the_front_matter_fits_into_the_index(order: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the reader's caller says which key)
        article_keys.number(order)


@pytest.mark.parametrize("cost", ["nan", "inf", "1e999"])
def test_a_cost_on_the_command_line_is_finite(tmp_path: Path, cost: str) -> None:
    (tmp_path / "past.csv").write_text("text\n")
    done = CliRunner().invoke(kb, ["forecast", str(tmp_path / "past.csv"), "--cost", cost])
    assert done.exit_code == 2
    assert "is not a finite number" in done.output


def test_a_document_is_read_as_before(app: Flask) -> None:
    document: dict[str, Any] = {"a": [1, 2.5, None, True, "ü\U0001f600"], "b": {"c": 10**20}}
    assert http.json_object(json.dumps(document).encode()) == document
