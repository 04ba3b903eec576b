"""Channels: the first rule that fits decides, and a visitor has no channel only if the table says `none`."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.content.channels import NAMES, Rule, Span, Table, Way, decide, read
from kb.errors import Problem

TEXT = """
timezone: Europe/Berlin
reach:
  phone: +49 (30) 123-4567
  email: help@shop.example
  chat: https://shop.example/chat
rules:
  - segment: [client, partner]
    topic: billing
    days: mon-fri
    hours: 09:00-17:00
    channels: [phone, chat, web]
    why: Clients may call about invoices.
  - segment: trial
    lang: es
    channels: [email]
  - topic: press
    channels: none
    why: We do not answer the press here.
"""
TABLE = read(TEXT)
SUNDAY, MONDAY = datetime(2026, 11, 22, 10, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)


def names(segment: str = "", topic: str = "", lang: str = "en", now: datetime = MONDAY) -> list[str]:
    return [way.channel for way in decide(TABLE, segment=segment, topic=topic, lang=lang, now=now)]


@pytest.mark.parametrize(
    ("who", "channels"),
    [
        (("client", "billing", "en", MONDAY), ["phone", "chat", "web"]),
        (("partner", "billing/vat", "de", MONDAY), ["phone", "chat", "web"]),
        (("client", "billings", "en", MONDAY), ["web"]),
        (("client", "billing", "en", SUNDAY), ["web"]),
        (("client", "billing", "en", MONDAY.replace(hour=7, minute=59)), ["web"]),  # 08:59 in Berlin
        (("client", "billing", "en", MONDAY.replace(hour=8)), ["phone", "chat", "web"]),
        (("client", "billing", "en", MONDAY.replace(hour=16)), ["web"]),  # 17:00 in Berlin
        (("trial", "billing", "es", MONDAY), ["email"]),
        (("trial", "billing", "en", MONDAY), ["web"]),
        (("", "", "en", MONDAY), ["web"]),
        (("client", "press", "en", MONDAY), []),
    ],
)
def test_the_first_rule_that_fits_decides(who: tuple[str, str, str, datetime], channels: list[str]) -> None:
    assert names(*who) == channels


def test_a_way_has_its_reason_and_its_address() -> None:
    ways = decide(TABLE, segment="client", topic="billing", lang="en", now=MONDAY)
    why = "Clients may call about invoices."
    assert ways == (
        Way("phone", why, "tel:+49301234567"),
        Way("chat", why, "https://shop.example/chat"),
        Way("web", why, ""),
    )


def test_without_a_table_everybody_may_use_the_form() -> None:
    assert decide(read(""), segment="client", topic="x", lang="en", now=MONDAY) == (Way("web"),)


def test_hours_may_go_over_midnight() -> None:
    rule = Rule(("web",), hours=(22 * 60, 6 * 60))
    fits = {h for h in range(24) if rule.fits(segment="", topic="", lang="en", now=MONDAY.replace(hour=h))}
    assert fits == {22, 23, 0, 1, 2, 3, 4, 5}


HOLIDAYS = read("""
timezone: America/New_York
reach: {phone: "+49 30 1234567"}
rules:
  - dates:
      - 2026-12-24 to 2026-12-26: Christmas
      - 2027-01-01
    channels: [web]
    why: Nobody is at the telephone.
  - channels: [phone, web]
""")


@pytest.mark.parametrize(
    ("now", "channels", "why"),
    [
        (datetime(2026, 12, 24, 4, 59, tzinfo=UTC), ["phone", "web"], ""),  # the 23rd in New York
        (datetime(2026, 12, 24, 5, tzinfo=UTC), ["web"], "Christmas: Nobody is at the telephone."),
        (datetime(2026, 12, 27, 4, 59, tzinfo=UTC), ["web"], "Christmas: Nobody is at the telephone."),
        (datetime(2026, 12, 27, 5, tzinfo=UTC), ["phone", "web"], ""),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), ["web"], "Nobody is at the telephone."),
        (datetime(2028, 1, 1, 12, tzinfo=UTC), ["phone", "web"], ""),
    ],
)
def test_on_a_holiday_a_channel_is_closed_and_the_visitor_is_told_why(
    now: datetime, channels: list[str], why: str
) -> None:
    ways = decide(HOLIDAYS, segment="", topic="", lang="en", now=now)
    assert [way.channel for way in ways] == channels
    assert {way.why for way in ways} == {why}


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-24 - 2026-12-26 Christmas",
        "2026-12-24..2026-12-26 Christmas",
        "[2026-12-24 to 2026-12-26 Christmas]",
        "{2026-12-24 to 2026-12-26: Christmas}",
        "['2026-12-24–2026-12-26: Christmas']",
    ],
)
def test_days_may_be_written_as_people_write_them(written: str) -> None:
    problems: list[Problem] = []
    (rule,) = read(f"rules:\n  - dates: {written}\n    channels: [web]\n", problems=problems).rules
    assert rule.dates == (Span(date(2026, 12, 24), date(2026, 12, 26), "Christmas"),)
    assert problems == []


WORDS = st.sampled_from(["", "client", "trial", "billing", "billing/vat", "en", "es", "*"])
RULES = st.builds(
    Rule,
    channels=st.lists(st.sampled_from(NAMES), unique=True, min_size=1).map(tuple),
    segments=st.lists(WORDS, max_size=2).map(tuple),
    topics=st.lists(WORDS, max_size=2).map(tuple),
    langs=st.lists(WORDS, max_size=2).map(tuple),
    days=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    dates=st.lists(st.dates().map(lambda day: Span(day, day)), max_size=2).map(tuple),
    hours=st.none() | st.tuples(st.integers(0, 1440), st.integers(0, 1440)),
)
TIMES = st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "no/such"])


@given(st.lists(RULES, max_size=6), ZONES, WORDS, WORDS, WORDS, TIMES)
def test_nobody_is_without_a_channel_unless_a_rule_says_none(
    rules: list[Rule], zone: str, segment: str, topic: str, lang: str, now: datetime
) -> None:
    assert decide(Table(tuple(rules), zone=zone), segment=segment, topic=topic, lang=lang, now=now)


LINES = """
channels: [web]
channels: [phone]
channels: []
channels: none
channels: [fax]
channels: {web: yes}
segment: client
topic: [a, b]
lang: xx1!
days: mon-sun
days: someday
hours: 25:00-26:00
dates: 2026-11-23
dates: [2026-11-23 to 2026-11-20, x]
hours: 00:00-24:00
segmnt: client
why: [a]
why: Because.
"""
ROW = st.lists(
    st.sampled_from(LINES.split("\n")[1:-1]), min_size=1, max_size=4, unique_by=lambda line: line.split(":")[0]
)


@given(st.lists(ROW, max_size=4))
def test_whatever_the_file_says_only_none_leaves_nobody_a_channel(rows: list[list[str]]) -> None:
    body = "".join("  - " + "\n    ".join(row) + "\n" for row in rows)
    table = read(f"rules:\n{body}" if rows else "")
    ways = decide(table, segment="client", topic="a", lang="en", now=MONDAY)
    assert ways or "channels: none" in body


@given(st.text(max_size=300))
def test_whatever_stands_in_the_file_is_read_or_named(text: str) -> None:
    problems: list[Problem] = []
    table = read(text, problems=problems)
    assert decide(table, segment="", topic="", lang="en", now=MONDAY) or "none" in text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules:\n  - segmnt: client\n    channels: [web]\n", "rule 1 is ignored: key 'segmnt'"),
        ("rules:\n  - segment: client\n", "channels is missing"),
        ("rules:\n  - channels: [fax]\n", "'fax' is not a channel; the channels are web, email, chat, phone"),
        ("rules:\n  - channels: [phone]\n", "phone has no address; add a number such as +49 30 1234567 under 'reach'"),
        ("rules:\n  - channels: [web]\n    days: someday\n", "days must be days such as mon-fri"),
        ("rules:\n  - channels: [web]\n    hours: 9-17\n", "hours must be a span such as 09:00-17:30"),
        ("rules:\n  - channels: [web]\n    dates: 25 December\n", "dates must be days such as 2026-12-25"),
        ("rules:\n  - channels: [web]\n    dates: 2026-02-30\n", "dates must be days such as 2026-12-25"),
        ("rules:\n  - channels: [web]\n    dates: 2026-12-25 to 2026-12-24\n", "2026-12-24 is before 2026-12-25"),
        ("rules:\n  - channels: [web]\n    lang: nothing!\n", "lang is not a language code"),
        ("rules:\n  - channels: [web]\n    topic: bilings\n", "bilings is not a category; did you mean 'billing'?"),
        ("rules: web\n", "rules must be a list"),
        ("rules: [web]\n", "rule 1 is not a mapping"),
        ("reach: {phone: call us}\n", "phone is 'call us'; it must be a number"),
        ("reach: {chat: 'javascript:alert(1)'}\n", "it must be an https:// address"),
        ("reach: {email: 'a@b.example?bcc=x@y.example'}\n", "it must be an e-mail address"),
        ("reach: {fax: '123'}\n", "'fax' is not a channel with an address"),
        ("timezone: Berlin\n", "timezone is 'Berlin'; it must be a name such as Europe/Berlin"),
        ("tmezone: UTC\n", "key 'tmezone' is unknown and ignored; did you mean 'timezone'?"),
        ("- a\n", "not a mapping"),
        ("a: [\n", "not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_table_is_named(text: str, why: str) -> None:
    problems: list[Problem] = []
    read(text, topics={"billing", "press"}, problems=problems)
    assert len(problems) == 1
    assert (problems[0].path, why in problems[0].why) == ("_channels.yml", True), problems[0].why


def test_a_good_table_has_no_problem() -> None:
    problems: list[Problem] = []
    read(TEXT, topics={"billing", "press"}, problems=problems)
    assert problems == []
