"""`kb example`: generated visits are marked, fill the report, and are never mixed with real ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from flask import Flask

from deflect.history.example import HOLDOUT, NotEmpty, Wanted, fill
from deflect.report.report import report
from deflect.store import clock
from deflect.store.clock import DAY
from deflect.store.database import Store
from kb.cli.main import kb
from kb.config import Settings
from search.rank.current import Current
from tests.support.logging_in import log_in

WANTED = (Wanted("I forgot my password", "en", "account/reset-password"), Wanted("passkey", "en", "account/passkey"))


def filled(settings: Settings, *, visits: int = 400) -> Store:
    """Fill the help center's log."""
    fill(settings, Current(settings).get(), WANTED, visits=visits, days=30, seed=1)
    return Store.open(settings.database)


def test_made_up_visits_fill_the_report_with_every_number_of_the_experiment(settings: Settings) -> None:
    store, now = filled(settings), clock.now()
    settings = replace(settings, holdout=HOLDOUT)
    found = report(store, settings, start=now - 31 * DAY, end=now, now=now)
    names = ("confirmed deflection", "net deflection", "returned", "search success", "zero-result")
    numbers = {one.name: one.value for one in found.numbers}
    assert [name for name in names if numbers[name] is None] == []


def test_the_same_seed_makes_the_same_visits(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    (again / "index").symlink_to(settings.generations.resolve())
    sql = "SELECT type, count(*) AS n FROM events GROUP BY type"
    assert filled(settings).rows(sql) == filled(replace(settings, data=again)).rows(sql)


def test_real_visits_are_left_alone(settings: Settings) -> None:
    filled(settings, visits=5)
    with pytest.raises(NotEmpty, match="name a new folder with --data"):
        filled(settings, visits=5)


def test_the_admin_pages_say_that_it_was_made_up(app: Flask, settings: Settings) -> None:
    client = app.test_client()
    log_in(client)
    assert "No real visitors or tickets are shown" not in client.get("/admin/").text
    filled(settings, visits=5)
    assert "No real visitors or tickets are shown" in client.get("/admin/report/").text


def test_the_command_says_how_to_look_at_them(settings: Settings) -> None:
    named = ["--articles", str(settings.articles), "--data", str(settings.data)]
    done = CliRunner().invoke(kb, ["example", "--visits", "20", *named], env={"KB_EMBEDDER": "none"})
    assert done.exit_code == 0, done.output
    assert f"KB_HOLDOUT=0.25 kb serve --data {settings.data}" in done.output
    days = Store.open(settings.database).one("SELECT min(at) AS first FROM events")
    assert days is not None
    assert clock.to_datetime(days["first"]) < datetime.now(UTC)
