"""The report pages: login, numbers down to episodes, charts and CSV."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deflect.admin.report_pages import TABLES
from deflect.learn.lessons import load as load_history
from deflect.report.charts import CHARTS
from deflect.report.episodes import FILTERS
from deflect.store.services import EXTENSION, Services
from tests.support.history_log import ARTICLE, Log, call, load
from tests.support.logging_in import log_in

PERIOD = "from=2026-09-01&to=2026-09-30"
NASTY = "<script>alert(1)</script> jo@example.com"


@pytest.fixture
def report(app: Flask, tmp_path: Path) -> FlaskClient:
    """A logged-in browser, with a month of four visitors in the log."""
    services: Services = app.extensions[EXTENSION]
    log = Log()
    log.episode("t1", "treatment", "shown", "follow", "read", "solved")
    log.episode("t2", "treatment", "shown", "follow", "read", "left", text=NASTY)
    log.episode("t3", "treatment", "abstained", "sent", text="Printing of parcel labels fails")
    log.episode("c1", "control", "sent")
    log.add("t1", "2026-09-09", "search", hits=0, stage="none", ranker="x", lang="en", text="=cmd parcel")
    comment = "Step 2 names <b>jo@example.com</b>"
    log.add("t2", "2026-09-12", "unhelpful", article=ARTICLE, revision="abc123", reason="outdated", comment=comment)
    load(services.settings, tmp_path, log, call("t2", "2026-09-12T10:00:00Z"))
    client = app.test_client()
    assert log_in(client).status_code == 302
    return client


def rows(client: FlaskClient, kind: str, more: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/admin/report/{kind}.csv?{PERIOD}{more}").text)))


@pytest.mark.parametrize("path", ["", "episodes", "gaps", "charts/outcomes.svg", "numbers.csv", "articles/a"])
def test_nothing_of_the_report_is_seen_without_logging_in(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/admin/report/{path}")
    assert answer.status_code == 302
    assert "/admin/login" in answer.headers["Location"]


def test_an_empty_report_says_what_to_do_and_not_that_nothing_is_measured(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    page = client.get("/admin/report/")
    assert page.status_code == 200
    assert "Put the line on your contact form" in page.text
    assert "not measured" not in page.text.lower()
    assert client.get("/admin/report/gaps").status_code == 200
    assert all(client.get(f"/admin/report/{kind}.csv").status_code == 200 for kind in TABLES)
    assert all(client.get(f"/admin/report/charts/{name}.svg").status_code == 200 for name in CHARTS)


def test_the_page_shows_numbers_with_interval_and_formula(report: FlaskClient) -> None:
    page = report.get(f"/admin/report/?{PERIOD}").text
    assert "solved ÷ episodes shown an offer" in page
    assert "50.0 %" in page  # one of two people shown an offer
    assert "KB_HOLDOUT is 0, so there is no control group" in page


def test_the_reason_for_missing_numbers_is_given_once_and_not_with_each(report: FlaskClient) -> None:
    page = report.get(f"/admin/report/?{PERIOD}").text
    first, statistics = page.split('id="statistics"')
    assert "ot measured" not in first
    assert statistics.count("Not measured: KB_HOLDOUT is 0, so there is no control group: ") == 2  # headlines, and all


def test_cost_and_minutes_turn_tickets_into_money_and_hours(report: FlaskClient) -> None:
    page = report.get(f"/admin/report/?{PERIOD}&cost=1234,5&minutes=90").text
    assert re.findall(r"at least</small> <a [^>]*>([^<]*)</a>", page) == ["1", "1.5 h", "1,234"]


@pytest.mark.parametrize("asked", ["cost=-1", "minutes=nan", "cost=much"])
def test_a_cost_that_is_no_number_is_refused_with_a_sentence(report: FlaskClient, asked: str) -> None:
    answer = report.get(f"/admin/report/?{asked}")
    assert answer.status_code == 400
    assert "is not a number from 0 to 10,000,000" in answer.text


def test_a_split_lists_each_value(report: FlaskClient) -> None:
    assert "channel=web" in report.get(f"/admin/report/?{PERIOD}&by=channel").text
    assert {row["segment"] for row in rows(report, "numbers", "&by=channel")} >= {"", "channel=web"}


def test_charts_are_pictures_in_which_nothing_runs_and_that_are_the_same_each_time(report: FlaskClient) -> None:
    for name in CHARTS:
        answer = report.get(f"/admin/report/charts/{name}.svg?{PERIOD}")
        assert answer.mimetype == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert "<script" not in answer.text
        assert "http://pygal" not in answer.text
        assert answer.data == report.get(f"/admin/report/charts/{name}.svg?{PERIOD}").data


@pytest.mark.parametrize("of", FILTERS)
def test_every_number_opens_on_the_episodes_that_it_counts(report: FlaskClient, of: str) -> None:
    assert report.get("/admin/report/episodes", query_string={"of": of, "from": "2026-09-01"}).status_code == 200


def test_the_episodes_of_a_number_are_those_that_it_counts(report: FlaskClient) -> None:
    assert [row["id"] for row in rows(report, "episodes", "&of=confirmed+deflection")] == ["e-t1"]
    assert [row["id"] for row in rows(report, "episodes", "&of=ended+contacted")] == ["e-c1", "e-t2", "e-t3"]
    assert [row["id"] for row in rows(report, "episodes", "&arm=control")] == ["e-c1"]


@pytest.mark.parametrize("by", ["", "lang", "channel", "device"])
def test_behind_each_number_are_as_many_episodes_as_it_counts(report: FlaskClient, by: str) -> None:
    checked = 0
    for number in rows(report, "numbers", f"&by={by}"):
        name, segment = number["name"], number["segment"]
        if name not in FILTERS or name in ("net deflection", "time to send") or not number["low"]:
            continue
        shown = rows(report, "episodes", f"&of={name}&within={segment}")
        assert len(shown) == round(float(number["value"]) * int(number["n"])), (name, segment)
        checked += 1
    assert checked >= 10


def test_a_search_that_led_nowhere_opens_on_who_asked_it_and_what_they_did_then(report: FlaskClient) -> None:
    assert "searches?text=%3Dcmd+parcel" in report.get(f"/admin/report/?{PERIOD}").text
    page = report.get(f"/admin/report/searches?text=%3DCMD+parcel&{PERIOD}").text
    assert "=cmd parcel" in page
    assert "nothing was opened" in page
    assert "/admin/report/episodes/e-t1" in page
    nothing_chosen = report.get(f"/admin/report/searches?{PERIOD}").text
    assert "No search selected" in nothing_chosen
    assert "No searches found" not in nothing_chosen
    assert "No searches found" in report.get(f"/admin/report/searches?text=nothing&{PERIOD}").text


def test_an_episode_shows_its_events_with_redacted_text_and_no_markup_of_others(report: FlaskClient) -> None:
    page = report.get("/admin/report/episodes/e-t2").text
    assert "Episode: contacted" in page
    assert "[email]" in page
    assert "jo@example.com" not in page
    assert "<script>alert" not in page
    assert "by phone" in page
    assert report.get("/admin/report/episodes/none").status_code == 404


def test_an_article_shows_votes_by_revision_and_who_wrote_after_reading(report: FlaskClient) -> None:
    page = report.get(f"/admin/report/articles/{ARTICLE}?{PERIOD}").text
    assert "Reset your password" in page
    assert "abc123" in page
    assert "outdated" in page
    assert "Step 2 names &lt;b&gt;[email]&lt;/b&gt;" in page
    assert "outside this help center" in page  # t2 telephoned
    (row,) = rows(report, "articles")
    assert (row["readers"], row["wrote"], row["unhelpful"], row["solved"]) == ("2", "1", "1", "1")


def test_a_search_that_a_spreadsheet_would_run_is_text_in_the_csv(report: FlaskClient) -> None:
    assert rows(report, "searches")[0] == {"what": "no_result", "text": "'=cmd parcel", "people": "1", "then": ""}


def test_what_one_person_asked_is_listed_below_the_gaps(report: FlaskClient) -> None:
    page = report.get(f"/admin/report/gaps?{PERIOD}").text
    assert "status: draft" not in page
    assert "Printing of parcel labels fails" in page.split("that one person asked")[1]


@pytest.fixture
def gap(app: Flask, report: FlaskClient, tmp_path: Path) -> FlaskClient:
    """The same browser, after a second person asked about parcel labels."""
    question = {"id": "p1", "text": "Printing of parcel labels fails", "date": "2026-09-12T10:00:00Z"}
    path = tmp_path / "past.jsonl"
    path.write_text(json.dumps(question), encoding="utf-8")
    load_history(app.extensions[EXTENSION].settings, path)
    return report


def test_a_gap_has_questions_and_a_draft_and_is_gone_once_it_is_ignored(gap: FlaskClient) -> None:
    address = f"/admin/report/gaps?{PERIOD}"
    page = gap.get(address).text
    assert "status: draft" in page
    assert "2 people asked" in page
    head = re.findall(r'name="gap" value="([^"]+)"', page)[0]
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    form = {"csrf_token": token, "gap": head, "state": "ignored"}
    assert gap.post(address, data=form).status_code == 302
    page = gap.get(address).text
    assert "status: draft" not in page
    assert "Done and ignored (1)" in page
    assert gap.post(address, data=form).status_code == 404
    assert gap.post(address, data=form | {"state": "away"}).status_code == 400
    again = {"csrf_token": token, "state": "open", "gap": re.findall(r'name="gap" value="([^"]+)"', page)[0]}
    assert gap.post(address, data=again).status_code == 302
    assert "status: draft" in gap.get(address).text


@pytest.mark.parametrize("query", ["from=soon", "from=2026-09-02&to=2026-09-01"])
def test_a_period_that_is_none_is_refused_with_a_sentence(report: FlaskClient, query: str) -> None:
    answer = report.get(f"/admin/report/?{query}")
    assert answer.status_code == 400
    assert "That didn’t work" in answer.text


def test_the_numbers_on_the_page_are_those_of_the_command(report: FlaskClient, app: Flask) -> None:
    from deflect.report.report import of_period

    settings = app.extensions[EXTENSION].settings
    document = of_period(settings, start="2026-09-01", end="2026-09-30")
    page = {row["name"]: row["value"] for row in rows(report, "numbers")}
    assert page["confirmed deflection"] == str(next(n["value"] for n in document["numbers"]))
    assert len(page) == len({n["name"] for n in document["numbers"]})
    json.dumps(document)
