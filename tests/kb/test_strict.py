"""JSON and numbers from outside: what cannot be stored or computed with is refused with the name of its field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.strict import BadValue, loads, plain, storable, whole_number

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | FLOATS | st.text()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"a": NaN}', "a"),
        ('{"a": {"b": [1, -Infinity]}}', "a.b.1"),
        ('{"a": 1e999}', "a"),
        ('{"a": [0, -1e400]}', "a.1"),
        ('{"a": %s}' % ("9" * 5000), "a"),
        ('{"a": %s}' % ("9" * 400), "a"),
        ('{"a": "\\ud800"}', "a"),
        ('{"a": [{"b": "x\\udfff"}]}', "a.0.b"),
        ('{"a": {"\\ud83d": 1}}', "a name in a"),
        ("NaN", "the document"),
    ],
)
def test_an_unusable_value_is_refused_with_its_field(text: str, field: str) -> None:
    with pytest.raises(BadValue, match=rf"^{field} (is not a number|contains half)"):
        loads(text)


@pytest.mark.parametrize("data", [b'{"a": "\xed\xa0\x80"}', b"\xff", b"[" * 100_000, b"{", b"", b"\xff\xfe{\x00}\x00"])
def test_bytes_that_are_not_json_in_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(data)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@settings(max_examples=15)
def test_what_json_allows_is_read_as_it_was_written(value: object) -> None:
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("text", ["", "-1", "0", "51", "1e1", "٣", "²", " 1", "1_0", "0050999", "9" * 5000])
def test_a_number_out_of_range_or_form_is_none(text: str) -> None:
    assert whole_number(text, least=1, most=50) is None


def test_a_text_of_another_server_becomes_one_short_line() -> None:
    assert plain("a\x00\x1b[31m\nb\ud800" + "c" * 10**6, longest=12) == "a [31m b ccc"
    assert not storable("\ud800")
    assert not storable("\0")
