"""A start on a full disk: the articles of the last index are served, and it is said that nothing can be saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ARTICLES, write_articles
from tests.support.disks import small_disk_at
from tests.support.served import Served, served, until

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    with small_disk_at(tmp_path / "small", megabytes=6) as folder:
        yield folder


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            with suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


def ticket(center: Served) -> tuple[int, Any]:
    """Send a ticket; return the status and the answer."""
    document = {"subject": "Help", "body": "My invoice is wrong", "email": "a@example.com"}
    status, body = center.post("/api/v1/tickets", document, **{"Idempotency-Key": "k"})
    return status, json.loads(body)


@pytest.mark.parametrize("removed", [(), ("serve.lock", "writer.lock", "shortstop.lock", "writer.sock")])
def test_a_start_on_a_full_disk_serves_the_index_that_is_there(
    small_disk: Path, tmp_path: Path, removed: tuple[str, ...]
) -> None:
    articles, data = write_articles(tmp_path / "articles", ARTICLES), small_disk / "var"
    with served(articles, data):
        pass
    for name in removed:
        (data / name).unlink(missing_ok=True)
    (articles / "billing/vat.md").write_text("# VAT on invoices\n\nA new rate applies.\n" + "More words.\n\n" * 5000)
    fill(small_disk / "filler")
    with served(articles, data) as center:
        fill(small_disk / "filler")
        assert b"The invoice shows VAT" in center.get("/en/articles/billing/vat")[1]
        assert json.loads(center.get("/api/v1/search?q=invoice")[1])["hits"]
        assert center.get("/en/contact")[0] == 200
        assert ticket(center)[0] in (503, 507)
        said = json.loads(center.get("/healthz")[1])
        assert (said["ready"], said["writable"]) == (True, False)
        (small_disk / "filler").unlink()
        until(lambda: ticket(center)[0] == 201)
        until(lambda: json.loads(center.get("/healthz")[1])["writable"])
        until(lambda: b"A new rate applies" in center.get("/en/articles/billing/vat")[1])
