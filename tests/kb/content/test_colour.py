"""Colours that can be read in both themes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content import colour
from kb.content.colour import TEXT, contrast

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0), ("#abc", "#aabbcc", 1.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(colour.parse(one), colour.parse(other)) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("text", ["red", "#12", "#12345", "#gggggg", "rgb(0,0,0)", "", "0b6b4f"])
def test_anything_else_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match="write it as #rrggbb"):
        colour.parse(text)


@settings(max_examples=60, deadline=None)
@given(COLOURS)
def test_every_accent_can_be_read_in_both_themes(accent: str) -> None:
    for theme, papers in ((colour.light(accent), colour.LIGHT), (colour.dark(accent), colour.DARK)):
        for text in (theme.accent, theme.deep):
            assert min(contrast(text, paper) for paper in (*papers, theme.wash)) >= TEXT
            assert contrast(theme.ink, text) >= TEXT
        for fill in (theme.fill, theme.fill_deep):
            assert contrast(theme.fill_ink, fill) >= TEXT
        assert min(contrast("#ffffff", hero) for hero in (theme.hero, theme.hero_2)) >= TEXT


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert colour.light("#0b6b4f").accent == "#0b6b4f"
    assert colour.dark("#5fd0a5").accent == "#5fd0a5"


def test_a_button_of_a_pale_accent_stays_as_bright_as_the_accent() -> None:
    theme = colour.light("#ffd400")
    assert (theme.fill, theme.fill_ink) == ("#ffd400", "#10130f")
    assert theme.accent != theme.fill


def test_the_header_of_a_yellow_accent_is_not_brown() -> None:
    hero = colour.light("#ffd400").hero
    red, blue = int(hero[1:3], 16), int(hero[5:7], 16)
    assert red - blue < 40


def test_a_corrected_colour_keeps_its_hue() -> None:
    light, dark = colour.light("#ff0000").accent, colour.dark("#8b0000").accent
    for found in (light, dark):
        red, green, blue = (int(found[at : at + 2], 16) for at in (1, 3, 5))
        assert red > 2 * green
        assert red > 2 * blue
