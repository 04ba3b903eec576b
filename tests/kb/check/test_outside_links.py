"""The check of links to other sites: limits, cached results, and no requests to private addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, redirect, request

from kb.check import check, outside_links
from kb.cli import main
from kb.config import Settings
from kb.errors import Problem
from tests.browser.shop import serving
from tests.conftest import write_articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Site:
    """Another site, which answers /status/N with status N and records the requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.app = Flask("other", static_folder=None)
        self.app.before_request(self._note)
        self.app.add_url_rule("/status/<int:code>", "status", lambda code: ("words", code))
        self.app.add_url_rule("/é", "accent", lambda: "words")
        self.app.add_url_rule("/moved", "moved", lambda: redirect(request.args["to"]))
        self.origin = ""

    def _note(self) -> None:
        self.asked.append(request.full_path.rstrip("?"))
        self.agents.add(request.user_agent.string)


@pytest.fixture
def site() -> Iterator[Site]:
    """Another site, on loopback."""
    made = Site()
    with serving(made.app) as made.origin:
        yield made


def found(folder: Path, *links: str, now: datetime = NOW, allow: tuple[str, ...] = ("127.0.0.0/8",)) -> list[Problem]:
    """Return the problems of an article's links to other sites."""
    text = "# Links\n\n" + "\n".join(f"[here]({link})\n" for link in links)
    write_articles(folder / "articles", {"links.md": text})
    settings = Settings(articles=folder / "articles", data=folder / "var", embedder="none", allow_networks=allow)
    report = check.check(settings, settings.articles, queries=False, external=True, now=now)
    return [problem for problem in report.problems if problem.code.startswith("outside")]


def test_what_is_not_there_is_a_warning_at_its_line(site: Site, tmp_path: Path) -> None:
    (problem,) = found(tmp_path, f"{site.origin}/status/200", f"{site.origin}/status/404#part")
    assert (problem.path, problem.line, problem.severity) == ("links.md", 5, "warning")
    assert problem.why == f"{site.origin}/status/404 returns 404; change or remove the link"


@pytest.mark.parametrize("code", [401, 403, 405, 429])
def test_an_answer_that_says_nothing_about_readers_is_no_warning(site: Site, tmp_path: Path, code: int) -> None:
    assert found(tmp_path, f"{site.origin}/status/{code}") == []


def test_redirects_are_followed_to_their_end_and_names_in_other_letters_are_found(site: Site, tmp_path: Path) -> None:
    links = [f"{site.origin}/moved?to=/status/{code}" for code in (200, 410)]
    (problem,) = found(tmp_path, *links, f"{site.origin}/é")
    assert "returns 410" in problem.why


def test_what_answered_well_is_not_asked_again_for_a_week_and_what_did_not_is(site: Site, tmp_path: Path) -> None:
    links = [f"{site.origin}/status/200", f"{site.origin}/status/500"]
    for days, expected in ((0, 2), (6, 3), (8, 5)):
        assert len(found(tmp_path, *links, now=NOW + timedelta(days=days))) == 1
        assert len(site.asked) == expected
    assert list(json.loads((tmp_path / "var" / outside_links.CACHE).read_text())) == links[:1]


def test_each_address_is_asked_for_once_and_by_name(site: Site, tmp_path: Path) -> None:
    found(tmp_path, *[f"{site.origin}/status/200#{part}" for part in range(5)])
    assert site.asked == ["/status/200"]
    assert site.agents == {outside_links.AGENT}


def test_a_site_that_asks_for_less_is_asked_no_more(site: Site, tmp_path: Path) -> None:
    (problem,) = found(tmp_path, *[f"{site.origin}/status/429?{number}" for number in range(4)])
    assert problem.why.startswith("3 links to other sites")
    assert len(site.asked) == 1


@pytest.mark.parametrize(("name", "value", "asked"), [("MOST", 1, 1), ("SECONDS", 0.0, 0)])
def test_a_run_is_bounded_in_number_and_time(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: float, asked: int
) -> None:
    monkeypatch.setattr(outside_links, name, value)
    (problem,) = found(tmp_path, *[f"{site.origin}/status/200?{number}" for number in range(3)])
    assert problem.why.startswith(f"{3 - asked} links to other sites")
    assert len(site.asked) == asked


def test_nothing_private_is_asked_for(site: Site, tmp_path: Path) -> None:
    (problem,) = found(tmp_path, f"{site.origin}/status/200", allow=())
    assert "127.0.0.1 is not a public address" in problem.why
    assert site.asked == []


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:1/", "http://[::1", "http://a b.example/", "https://u:p@127.0.0.1/"]
)
def test_what_cannot_be_opened_is_a_warning_and_no_failure(tmp_path: Path, link: str) -> None:
    for problem in found(tmp_path, link):
        assert problem.severity == "warning"


@pytest.mark.parametrize("text", ["", "[]", '{"a": "b"}'])
def test_a_damaged_memory_is_made_again(site: Site, tmp_path: Path, text: str) -> None:
    write_articles(tmp_path, {f"var/{outside_links.CACHE}": text})
    assert found(tmp_path, f"{site.origin}/status/200") == []


def test_without_the_option_no_site_is_asked(site: Site, tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", {"links.md": f"# Links\n\n[here]({site.origin}/status/404)\n"})
    environ = {"KB_DATA": str(tmp_path / "var"), "KB_ALLOW_NETWORKS": "127.0.0.0/8"}
    folder = str(tmp_path / "articles")
    assert CliRunner().invoke(main.kb, ["check", folder], env=environ).output.endswith("No problems found.\n")
    assert site.asked == []
    assert "returns 404" in CliRunner().invoke(main.kb, ["check", folder, "--external"], env=environ).output
