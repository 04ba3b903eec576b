"""The metrics: who may read them, and that each one exists and counts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from deflect.store.services import EXTENSION, Services
from kb import metrics
from kb.failures import Degraded, degraded
from kb.server.doctor import examine

TICKET = {"subject": "S", "body": "B", "email": "jo@example.com"}


def read(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Return each sample of the metrics by name and labels."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name.removeprefix("shortstop_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status_with_their_time(client: FlaskClient) -> None:
    before = read(client)
    client.get("/en/articles/billing/vat")
    client.get("/en/articles/billing/none")
    after = read(client)
    route = "/<lang>/articles/<path:id>"
    for status in ("200", "404"):
        key = ("request_seconds_count", route, status)
        assert after[key] == before.get(key, 0) + 1
        assert after["request_seconds_sum", route, status] > 0


def test_searches_offers_events_and_tickets_are_counted(client: FlaskClient) -> None:
    before = read(client)
    client.get("/api/v1/search?q=vat&lang=en")
    client.post("/api/v1/offers", json={"subject": "VAT on invoices", "body": "VAT", "visitor": "v1"})
    client.post("/api/v1/tickets", json=TICKET | {"visitor": "v1"}, headers={"Idempotency-Key": "k1"})
    event = {"id": "0b9f1f3e-3d5c-4b0e-9a0a-1f2b7e0c4d11", "type": "read", "at": "2026-11-01T00:00:00Z", "article": "a"}
    client.post("/api/v1/events", json={"visitor": "v1", "events": [event]})
    after = read(client)
    grown = {key for key, value in after.items() if value > before.get(key, 0)}
    names = {key[:2] for key in grown}
    assert ("searches_total", "no-vectors", "all") in grown  # degraded, stage
    assert ("tickets_total", "web") in names
    assert ("events_total",) in grown
    assert names & {("offers_total", "shown"), ("offers_total", "abstained")}


def test_the_outbox_and_the_index_are_read_when_somebody_asks(client: FlaskClient) -> None:
    client.post("/api/v1/tickets", json=TICKET | {"visitor": "v1"}, headers={"Idempotency-Key": "k1"})
    found = read(client)
    assert found["outbox", "pending"] == 1
    assert found["outbox_oldest_seconds", "pending"] >= 0
    assert found["generation_age_seconds",] > 0
    assert [key for key in found if key[0] == "generation"]


@pytest.mark.parametrize("reason", get_args(Degraded))
def test_each_reason_is_counted_and_logged_without_a_visitor_s_words(
    client: FlaskClient, reason: Degraded, caplog: pytest.LogCaptureFixture
) -> None:
    before = read(client).get(("degraded_total", reason), 0)
    words = "my password is hunter2"
    with pytest.raises(ValueError, match="hunter2") as raised:
        raise ValueError(words)
    assert [degraded(reason, raised.value) for _ in range(2)] == [reason, reason]
    assert read(client)["degraded_total", reason] == before + 2
    assert caplog.text.count(f"degraded: {reason} ValueError") <= 1  # the same cause once a minute
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("address", "headers", "trusted", "status"),
    [
        ("127.0.0.1", {}, 0, 200),
        ("::1", {}, 0, 200),
        ("10.1.2.3", {}, 0, 200),
        ("192.0.2.1", {}, 0, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 0, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 0, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 1, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.9.9.9"}, 1, 200),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}, 0, 403),
    ],
)
def test_only_this_machine_and_named_networks_may_read(
    app: Flask, services: Services, address: str, headers: dict[str, str], trusted: int, status: int
) -> None:
    settings = replace(services.settings, metrics_networks=("10.0.0.0/8",), trusted_proxies=trusted)
    app.extensions[EXTENSION] = replace(services, settings=settings)
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
    assert ("shortstop_" in answer.text) == (status == 200)


def test_processes_are_counted_together_and_doctor_says_what_is_degraded(services: Services) -> None:
    code = (
        "import sys; from pathlib import Path; from kb import metrics\n"
        "from kb.failures import degraded; degraded('no-popular'); degraded('no-popular')\n"
        "sys.stdout.buffer.write(metrics.text([]))"
    )
    environ = os.environ | metrics.emptied(services.settings.metrics)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True)
    assert re.search(r'shortstop_degraded_total\{reason="no-popular"\} 4\.0', done.stdout)
    (finding,) = [one for one in examine(services.settings) if one.what == "degraded"]
    assert finding.sentence.endswith("since the start: no-popular 4")
    metrics.emptied(services.settings.metrics)
    assert not [one for one in examine(services.settings) if one.what == "degraded"]
    services.settings.metrics.rmdir()


def test_a_start_empties_the_counts_of_the_run_before(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"old")
    metrics.emptied(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_manual_names_each_reason() -> None:
    article = Path("articles/operators/doctor.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z-]+-[a-z-]+)` \|", article, re.MULTILINE) == list(get_args(Degraded))


def test_counts_are_kept_in_memory_so_that_a_full_disk_stops_nothing(services: Services) -> None:
    assert services.settings.metrics.parent == Path("/dev/shm")
    other = replace(services.settings, data=services.settings.data / "other")
    assert other.metrics != services.settings.metrics


def test_a_folder_that_cannot_be_made_or_is_a_link_counts_nothing_together(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "counter_1.db").write_bytes(b"somebody's")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "file/below", "link"):
        assert metrics.emptied(tmp_path / name) == {}
        assert metrics.degradations(tmp_path / name) == {}
    assert (tmp_path / "real" / "counter_1.db").read_bytes() == b"somebody's"
