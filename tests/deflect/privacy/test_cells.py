"""A cell of a CSV file runs as no formula, and reads back as it was."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deflect.privacy.cells import plain, safe

FORMULA = re.compile(r"[\s\"\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+49 170", "'+49 170"), ("-2", "'-2"), ("@SUM(1)", "'@SUM(1)"), ("\t=1", "'\t'=1"),
        ("  =1", "  '=1"), ("a;=1", "a;'=1"), ("a,@b", "a,'@b"), ("a\t+1", "a\t'+1"), ("a|=1", "a|'=1"),
        ("a\n=1", "a\n'=1"), ('a;"=1"', "a;\"'=1\""), ("\uff1d1", "'\uff1d1"), ("a; \u200b-1", "a; \u200b'-1"),
        ("a\v=1", "a\v'=1"), ("a\u2028=1", "a\u2028'=1"), ("a\u061b=1", "a\u061b'=1"), ("a\uff1b@b", "a\uff1b'@b"),
        ("\u200e=1", "\u200e'=1"), ("\0=1", "\0'=1"), ("a;\u2060\u202a-1", "a;\u2060\u202a'-1"),
        ("jo@example.com", "jo@example.com"), ("well-known = good", "well-known = good"), (-3, -3), (None, None),
    ],
)  # fmt: skip
def test_a_formula_gets_an_apostrophe_wherever_it_could_start(value: object, cell: object) -> None:
    assert safe(value) == cell


@given(st.text(alphabet="ab=+-@;,|\t\r\n\"' \uff1d\v\0\u200e\u061b"))
def test_no_spreadsheet_finds_a_formula_and_the_value_comes_back(value: str) -> None:
    assert plain(safe(value)) == value
    for separator in ",;\t|":
        out = io.StringIO()
        csv.writer(out).writerow(["first", safe(value), "last"])
        assert not [cell for cell in re.split(rf"[{separator}\r\n]", out.getvalue()) if FORMULA.match(cell)]
