"""The report's first page: what was saved, against the period before, and whether a change is more than chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deflect.report.charts import DARK, DARK_COLOURS
from deflect.report.lead import Figure, Lead, Part, lead
from deflect.report.report import material, report
from deflect.store.clock import from_date
from deflect.store.services import Services
from kb.content.colour import contrast
from tests.support.fakes import close, make_services
from tests.support.history_log import Log, load

NOW = from_date("2026-11-01")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path / "data")
    yield made
    close(made)


def part(services: Services, month: str, *, holdout: float) -> Part:
    start, end = from_date(f"2026-{month}-01"), from_date(f"2026-{int(month) + 1:02}-01")
    settings = replace(services.settings, holdout=holdout)
    found = material(services.store, start=start, end=end, now=NOW)
    return Part(report(services.store, settings, start=start, end=end, now=NOW, whole=found), found)


def two_months(services: Services, folder: Path, *, august: int, september: int, holdout: float = 0.5) -> Lead:
    """Return the page for September; of 20 people in each arm, all in control wrote, and so many with an offer."""
    log = Log()
    for month, wrote in (("08", august), ("09", september)):
        for n in range(20):
            log.episode(f"t{month}{n}", "treatment", "shown", "sent" if n < wrote else "solved", at=f"2026-{month}-05")
            log.episode(f"c{month}{n}", "control", "sent", at=f"2026-{month}-05")
    load(services.settings, folder, log)
    now, before = part(services, "09", holdout=holdout), part(services, "08", holdout=holdout)
    return lead(now, before, cost=8, minutes=30)


def test_tickets_avoided_are_net_deflection_times_the_offers_shown(services: Services, tmp_path: Path) -> None:
    avoided, hours, money = two_months(services, tmp_path, august=20, september=10).saved

    assert (avoided.label, avoided.value, avoided.before) == ("tickets avoided", 10, 0)  # 20 offers, half wrote
    assert avoided.low is not None
    assert avoided.high is not None
    assert 4 < avoided.low < 10 < avoided.high < 15
    assert avoided.change == "better"
    assert (hours.value, money.value) == (5, 80)
    assert (hours.low, money.low) == (avoided.low / 2, avoided.low * 8)


def test_without_a_control_group_those_who_said_so_are_a_lower_bound(services: Services, tmp_path: Path) -> None:
    avoided = two_months(services, tmp_path, august=20, september=10, holdout=0).saved[0]

    assert (avoided.value, avoided.at_least, avoided.low, avoided.before) == (10, True, None, 0)
    assert "KB_HOLDOUT=0.1" in avoided.note


def test_the_next_step_is_a_control_group_first_and_then_the_contacts(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "shown", "attempted", at="2026-09-05")
    log.episode("c1", "control", "attempted", at="2026-09-05")
    load(services.settings, tmp_path, log)

    for holdout, needs, step in (
        (0.0, ("contacts", "holdout"), "KB_HOLDOUT"),
        (0.5, ("contacts",), "import the contacts"),
    ):
        now = part(services, "09", holdout=holdout)
        number = now.report.number("net deflection")
        assert number.needs == needs
        assert "needs" not in number.document()
        assert step in lead(now, None, cost=0, minutes=0).saved[0].note


@pytest.mark.parametrize(("september", "change"), [(11, "unclear"), (2, "better"), (19, "worse")])
def test_a_change_is_named_only_if_it_is_more_than_chance(
    services: Services, tmp_path: Path, september: int, change: str
) -> None:
    solved = named(two_months(services, tmp_path, august=10, september=september).success, "offers that solved it")

    assert solved.before == 0.5
    assert solved.change == change


def test_without_cost_and_minutes_the_page_says_what_to_set(services: Services, tmp_path: Path) -> None:
    now = part(services, "09", holdout=0)
    _, hours, money = lead(now, None, cost=0, minutes=0).saved

    assert (hours.value, money.value) == (None, None)
    assert (hours.note, money.note) == ("Set how many minutes a ticket takes.", "Set what a ticket costs.")


def test_nothing_is_a_part_that_is_empty(services: Services) -> None:
    now = part(services, "09", holdout=0)

    assert now.is_empty
    assert [figure.value for figure in lead(now, None, cost=0, minutes=0).success] == [None] * 3


@pytest.mark.parametrize("colour", DARK_COLOURS)
def test_each_colour_of_a_chart_has_three_to_one_on_a_dark_page(colour: str) -> None:
    assert colour in DARK
    assert contrast(colour, "#18221d") >= 3  # --card of static/admin.css in dark


def named(figures: tuple[Figure, ...], label: str) -> Figure:
    return next(figure for figure in figures if figure.label == label)
