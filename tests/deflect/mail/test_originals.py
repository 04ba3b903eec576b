"""The original of an e-mail is kept sealed, and goes with its ticket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.mail.originals import keep_raw, read_raw
from deflect.store import attachments
from deflect.store.services import Services
from kb.errors import NotFound
from tests.support.fakes import close, make_services


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
