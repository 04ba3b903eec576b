"""Every number of the report, computed from imported events and checked against values worked out by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deflect.history import imports
from deflect.report import numbers as numbers_module
from deflect.report.outcomes import by_arm, ended
from deflect.report.report import Report, of_tickets, report
from deflect.store.clock import DAY, HOUR, from_date, from_rfc3339
from deflect.store.services import Services
from deflect.tickets import ticket_writes
from tests.support.fakes import close, make_services
from tests.support.history_log import Log, call, load

START, NOW = from_date("2026-09-01"), from_date("2026-10-01")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = make_services(tmp_path / "data", holdout=0.5)
    yield made
    close(made)


def numbers(services: Services, **options: Any) -> Report:
    return report(services.store, services.settings, start=START, end=NOW, now=NOW, **options)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Eight treated and four held-back people: one has no channel, one's episode is young; and searches."""
    folder = tmp_path_factory.mktemp("month")
    services, log = make_services(folder / "data", holdout=0.5), Log()
    log.episode("t1", "treatment", "shown", "follow", "read", "solved")
    log.episode("t2", "treatment", "shown", "sent")
    log.episode("t3", "treatment", "shown", "follow", "read", "left")  # telephones two days later
    log.episode("t4", "treatment", "shown", "not_this", "left")
    log.episode("t5", "treatment", "abstained", "sent")
    log.episode("t6", "treatment", "shown", "follow", "read", "left")
    log.episode("t7", "treatment", "shown", channels=())
    log.episode("t8", "treatment", "shown", "solved", at="2026-09-28")
    log.episode("c1", "control", "sent")
    log.episode("c2", "control", "left")  # telephones a day later
    log.episode("c3", "control", "left")  # telephones three days later
    log.episode("c4", "control", "left")
    search = {"stage": "all", "ranker": "x", "lang": "en"}
    log.add("t1", "2026-09-09", "search", hits=3, text="late code", **search)
    log.add("t1", "2026-09-09T10:01:00Z", "follow", article="a/b", source="search", rank=1)
    log.add("v2", "2026-09-09", "search", hits=0, text="codde", **search)
    log.add("v2", "2026-09-09T10:29:00Z", "search", hits=0, text="login codde", **search)
    log.add("v3", "2026-09-09", "search", hits=2, text="refund", **search)
    log.add("v3", "2026-09-09T12:00:00Z", "search", hits=2, text="refund", **search)
    log.add("v3", "2026-09-09T12:01:00Z", "follow", article="a/c", source="search", rank=2)
    calls = [call("t3", "2026-09-12T10:00:00Z"), call("c2", "2026-09-11T10:00:00Z"), call("c3", "2026-09-13T10:00:00Z")]
    load(services.settings, folder, log, *calls)
    yield services
    close(services)


def test_each_episode_ends_as_exactly_one_outcome(month: Services) -> None:
    found = {e.person.removeprefix("visitor:"): e.outcome for e in ended(month.store, start=START, end=NOW, now=NOW)}
    assert found == {
        "t1": "solved",
        "t2": "contacted",
        "t3": "contacted",
        "t4": "left without reading",
        "t5": "contacted",
        "t6": "left after reading",
        "t7": "left without reading",
        "t8": "pending",
        "c1": "contacted",
        "c2": "contacted",
        "c3": "contacted",
        "c4": "left without reading",
    }


@pytest.mark.parametrize(
    ("name", "value", "n", "segment"),
    [
        # Ten served episodes have ended: t1 to t6 and c1 to c4. Shown were t1, t2, t3, t4 and t6.
        ("confirmed deflection", 1 / 5, 5, None),  # t1
        ("attributed deflection", 3 / 5, 5, None),  # t1, t3, t6
        ("returned", 1 / 3, 3, None),  # t3 of these
        ("coverage", 9 / 10, 10, None),  # all but t5
        ("abstention", 1 / 10, 10, None),
        ("net deflection", 3 / 4 - 2 / 5, 9, None),  # c1, c2, c3 of c1 to c4; t2, t3 of the five
        ("inflation", 0.6 / 0.35, 5, None),
        ("unserved", 1 / 11, 11, None),  # t7
        ("pending", 1, 12, None),  # t8
        ("not this", 1 / 5, 5, None),  # t4
        ("left without reading", 1 / 4, 4, "arm=control"),  # c4
        ("left without reading", 1 / 5, 5, "arm=treatment"),  # t4
        ("time to send", 86_400, 3, "arm=control"),  # a minute, a day, three days
        ("time to send", (120 + 172_800) / 2, 2, "arm=treatment"),  # two minutes, two days
        ("ended solved", 1 / 10, 10, None),
        ("ended contacted", 6 / 10, 10, None),
        ("ended left after reading", 1 / 10, 10, None),
        ("ended left without reading", 2 / 10, 10, None),
        # Four search episodes: t1's, v2's two searches, and two of v3, whose second came two hours later.
        ("search success", 2 / 4, 4, None),
        ("zero-result", 1 / 4, 4, None),
        ("no-follow", 1 / 4, 4, None),
        ("reformulated", 1 / 4, 4, None),
        # t1, t3, t6, v2 and v3 used help; t2, t3, t5, c1, c2 and c3 wrote: ten in all, t3 did both.
        ("self-service score", 5 / 6, 10, None),
        ("self-service adoption", 5 / 10, 10, None),
    ],
)
def test_a_number_is_what_it_is_by_hand(month: Services, name: str, value: float, n: int, segment: str | None) -> None:
    found = numbers(month).number(name, segment)
    assert found.value == pytest.approx(value)
    assert found.n == n


def test_each_episode_is_in_the_arm_that_it_was_assigned_to(month: Services) -> None:
    arms = by_arm(ended(month.store, start=START, end=NOW, now=NOW))
    assert arms.each(len) == (4, 8)
    assert arms.each(lambda episodes: {e.arm for e in episodes}) == ({"control"}, {"treatment"})


def test_net_deflection_has_newcombe_s_interval(month: Services) -> None:
    # Wilson: 3 of 4 is [.3006, .9544], 2 of 5 is [.1176, .7693].
    # Below: sqrt((.75 - .3006)^2 + (.7693 - .4)^2) = .5817; above: sqrt((.9544 - .75)^2 + (.4 - .1176)^2) = .3486.
    found = numbers(month).number("net deflection")
    assert (round(found.low or 0, 3), round(found.high or 0, 3)) == (-0.232, 0.699)


def test_the_arms_are_checked_by_the_person(month: Services) -> None:
    # Four in control where 4.5 of nine are expected: chi-square 2 * 0.25 / 4.5 = 1 / 9, of which P is 0.739.
    assert numbers(month).number("sample ratio").value == pytest.approx(0.7389, abs=1e-4)


def test_the_power_line_counts_what_is_still_missing(month: Services) -> None:
    # At a control contact rate of 75 % and equal arms, 5 points take 1,251 an arm (Fleiss), less the nine there are.
    found = numbers(month).number("episodes to go for 5 points")
    assert found.value == 2 * 1251 - 9


def test_any_day_is_wider_and_around_the_same_number(month: Services) -> None:
    net, any_day = numbers(month).number("net deflection"), numbers(month).number("net deflection, any day")
    assert any_day.value == net.value
    assert any_day.low is not None
    assert net.low is not None
    assert any_day.low < net.low


def test_without_a_holdout_net_deflection_is_not_measured(month: Services) -> None:
    plain = make_services(month.settings.data, holdout=0.0)
    found = numbers(plain).number("net deflection")
    assert found.value == "not measured: KB_HOLDOUT is 0, so there is no control group"
    assert (found.low, found.high) == (None, None)
    assert str(numbers(plain).number("inflation").value).startswith("not measured")
    close(plain)


def test_without_any_contact_net_deflection_is_not_measured_and_never_zero(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "shown", "attempted")
    log.episode("c1", "control", "attempted")
    load(services.settings, tmp_path, log)
    assert numbers(services).number("net deflection").value == "not measured: contacts are not connected"


def test_a_foreign_form_is_connected_once_its_contacts_are_there(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "shown", "left")
    log.episode("c1", "control", "attempted")
    load(services.settings, tmp_path, log, call("c1", "2026-09-10T10:30:00Z"))
    assert numbers(services).number("net deflection").value == 1.0


def test_arms_out_of_balance_block_the_number(services: Services, tmp_path: Path) -> None:
    log = Log()
    for n in range(30):
        log.episode(f"t{n}", "treatment", "shown", "sent")
    log.episode("c", "control", "sent")
    load(services.settings, tmp_path, log)
    assert "the arms are out of balance" in str(numbers(services).number("net deflection").value)


def test_the_holdout_that_a_person_was_assigned_with_is_what_balance_is_judged_by(
    services: Services, tmp_path: Path
) -> None:
    log = Log()
    for n in range(30):
        log.episode(f"t{n}", "treatment", "shown", "sent")
    log.episode("c", "control", "sent")
    for event in log.events:
        if event["type"] == "intent":
            event["holdout"] = 0.05
    load(services.settings, tmp_path, log)
    assert numbers(services).number("net deflection").measured


def test_who_came_while_there_was_no_holdout_is_not_compared_with_control(services: Services, tmp_path: Path) -> None:
    log = Log()
    for number in range(40):
        arm = "control" if number % 2 else "treatment"
        log.episode(f"in{number}", arm, *(["sent"] if arm == "control" else []))
        log.episode(f"before{number}", "treatment", "sent", at="2026-09-02")
    for event in log.events:
        if event["type"] == "intent":
            event["holdout"] = 0.0 if event["visitor"].startswith("before") else 0.5
    load(services.settings, tmp_path, log)
    net = numbers(services).number("net deflection")
    assert (net.value, net.n) == (1.0, 40)


def test_what_was_taken_back_was_not_said(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "shown", "solved", "undo", "left")
    log.episode("t2", "treatment", "shown", "solved", "undo", "solved")
    log.episode("t3", "treatment", "shown", "not_this", "undo", "left")
    load(services.settings, tmp_path, log)
    found = {e.id: (e.outcome, e.not_this) for e in ended(services.store, start=START, end=NOW, now=NOW)}
    assert found == {
        "e-t1": ("left without reading", False),
        "e-t2": ("solved", False),
        "e-t3": ("left without reading", False),
    }


def test_solved_and_then_contacted_within_seven_days_is_contacted_and_after_them_solved(
    services: Services, tmp_path: Path
) -> None:
    log = Log()
    log.episode("in", "treatment", "shown", "follow", "solved")
    log.episode("out", "treatment", "shown", "follow", "solved")
    load(services.settings, tmp_path, log, call("in", "2026-09-17T10:00:00Z"), call("out", "2026-09-17T10:00:01Z"))
    found = {e.id: (e.outcome, e.returned) for e in ended(services.store, start=START, end=NOW, now=NOW)}
    assert found == {"e-in": ("contacted", True), "e-out": ("solved", False)}


def test_an_episode_is_pending_until_its_seven_days_are_over(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("t1", "treatment", "shown", "solved")
    load(services.settings, tmp_path, log)
    started = from_rfc3339("2026-09-10T10:00:00Z")
    for now, outcome in ((started + 7 * DAY - 1, "pending"), (started + 7 * DAY, "solved")):
        assert [e.outcome for e in ended(services.store, start=START, end=NOW, now=now)] == [outcome]


def test_a_second_browser_of_the_same_person_is_the_same_episode(services: Services, tmp_path: Path) -> None:
    log = Log()
    log.episode("phone", "treatment", "shown", "left")
    log.episode("desk", "control", "sent", at="2026-09-12")
    log.events[0] |= {"email": "jo@example.com"}
    log.events[-1] |= {"email": "jo@example.com"}
    load(services.settings, tmp_path, log)
    (found,) = ended(services.store, start=START, end=NOW, now=NOW)
    assert (found.id, found.arm, found.outcome) == ("e-phone", "treatment", "contacted")


def test_a_split_has_every_number_of_each_value(month: Services) -> None:
    found = numbers(month, by="channel")
    assert {n.segment for n in found.numbers if n.name == "confirmed deflection"} == {
        None,
        "channel=web",
        "channel=none",
    }
    assert found.number("net deflection", "channel=web").value == pytest.approx(0.35)
    assert found.number("unserved", "channel=none").value == 1.0
    assert found.number("time to send", "channel=web, arm=control").value == 86_400


def test_searches_are_split_by_language(month: Services) -> None:
    assert numbers(month, by="lang").number("search success", "lang=en").value == 0.5


def test_a_language_counts_once_whatever_region_a_browser_says(services: Services, tmp_path: Path) -> None:
    log = Log()
    for browser, lang in enumerate(("en-US", "EN", "en", "pt-BR")):
        log.episode(f"b{browser}", "treatment", "shown")
        next(event for event in reversed(log.events) if event["type"] == "intent")["lang"] = lang
    load(services.settings, tmp_path, log)
    found = numbers(services, by="lang")
    assert {n.segment: n.n for n in found.numbers if n.name == "ended solved"} == {None: 4, "lang=en": 3, "lang=pt": 1}


def test_the_document_has_exactly_the_fields_of_the_contract(month: Services) -> None:
    document = numbers(month, by="lang").document()
    assert list(document) == ["from", "to", "numbers"]
    assert document["from"] == "2026-09-01T00:00:00Z"
    fields = {"name", "value", "low", "high", "n", "formula"}
    assert all(fields <= set(n) <= fields | {"segment"} for n in document["numbers"])
    json.dumps(document, allow_nan=False)


def test_the_text_names_each_number_with_its_formula(month: Services) -> None:
    text = numbers_module.shown(numbers(month, by="lang").document())
    assert "net deflection                   +35.0 points  [-23.2 points, +69.9 points]" in text
    assert "solved ÷ episodes shown an offer; n = 5" in text
    assert "lang=unknown" in text


def test_of_nothing_nothing_is_measured(services: Services) -> None:
    found = report(services.store, services.settings, now=NOW)
    counted = {"pending", "episodes to go for 2 points", "episodes to go for 5 points"}
    assert {n.name for n in found.numbers if n.measured} == counted


def test_usage_is_per_thousand_active_users(month: Services, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("month,users\n2026-08,500\n2026-09,2000\n", encoding="utf-8")
    imports.load_users(month.settings, path)
    assert numbers(month).number("help users per 1,000").value == 2.5  # five people of 2,000


def ticket(**changes: Any) -> dict[str, Any]:
    row = {"state": "closed", "answers": 1, "first_answer": START + HOUR, "created": START}
    return row | {"came_back": 0, "reopened": 0} | changes


def test_the_desk_s_numbers_are_counted_from_tickets() -> None:
    rows = [
        ticket(),
        ticket(answers=3, came_back=1),
        ticket(reopened=1),
        ticket(state="open", answers=0, first_answer=None),  # due, and not answered
        ticket(state="open", answers=0, first_answer=None, created=NOW - HOUR),  # not due yet
        ticket(first_answer=START + 25 * HOUR),
    ]
    first, touches, reply = of_tickets(rows, target=24, now=NOW)
    assert (first.name, first.value, first.n) == ("first-contact resolution", 2 / 4, 4)
    assert (touches.name, touches.value, touches.n) == ("touches per ticket", 6 / 4, 4)
    assert (reply.name, reply.value, reply.n) == ("reply within target", 3 / 5, 5)


def test_tickets_that_are_answered_elsewhere_say_so() -> None:
    found = of_tickets([ticket(answers=0, first_answer=None)], target=24, now=NOW)
    assert [n.value for n in found[1:]] == ["not measured: agents answer outside this help center"] * 2


def test_the_desk_s_numbers_come_from_real_tickets(services: Services) -> None:
    write = services.writer.run
    begin = {"holdout": 0.0, "page": "", "lang": "en", "category": "", "channels": ["web"]}
    for n, id in enumerate(("TA", "TB", "TC")):
        write(
            ticket_writes.create_ticket,
            keys=[f"visitor:{id}"],
            intent=begin | {"id": f"i{id}", "fresh": f"e{id}"},
            ticket={"id": id, "subject": "?", "email": "jo@example.com", "channel": "web", "lang": "en"},
            message={"id": f"m{id}", "author": "requester", "channel": "web", "body": "?"},
            outbox=[],
            sent={"id": f"s{id}", "type": "sent", "at": START, "ticket": id, "channel": "web"},
            idempotency={"key": id, "digest": "d"},
            now=START + n,
        )
    answer = {"author": "agent", "channel": "web", "body": "!"}
    write(
        ticket_writes.add_message,
        message=answer | {"id": "a1", "ticket": "TA"},
        outbox=[],
        who="admin",
        now=START + HOUR,
    )
    write(ticket_writes.close_ticket, id="c1", ticket="TA", article=None, who="admin", now=START + HOUR)
    for n, hours in (("a2", 30), ("a3", 40)):
        write(
            ticket_writes.add_message,
            message=answer | {"id": n, "ticket": "TB"},
            outbox=[],
            who="admin",
            now=START + hours * HOUR,
        )
    write(ticket_writes.close_ticket, id="c2", ticket="TB", article="a/b", who="admin", now=START + 41 * HOUR)
    found = numbers(services)
    assert (found.number("first-contact resolution").value, found.number("first-contact resolution").n) == (0.5, 2)
    assert (found.number("touches per ticket").value, found.number("touches per ticket").n) == (1.5, 2)
    assert found.number("reply within target").value == pytest.approx(1 / 3)  # TA; TB was late, TC has none
