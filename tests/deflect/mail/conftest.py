"""Services that read and send e-mails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect.store.services import Services
from tests.support.fakes import close
from tests.support.mail_desk import with_mail
from tests.support.receivers import Mailbox


@pytest.fixture
def services(tmp_path: Path, box: Mailbox) -> Iterator[Services]:
    """Services of a help center that reads and sends e-mails."""
    made = with_mail(tmp_path, box)
    yield made
    close(made)
