"""Colours that can be read: contrast as WCAG 2 defines it, and another lightness of a colour that reaches it.

The lightness changes in OKLCH (Ottosson 2020), where hue and strength of a colour stay what people see.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

TEXT = 4.5  # least contrast of text, WCAG 2.2, 1.4.3
PALE = 3.0  # contrast with white: an accent below it takes dark text on buttons and stays as bright as it is
AIM = 4.6  # above it, because a colour of three bytes is rounded
YELLOW = math.pi / 2  # hue in OKLCH
STEPS = 500  # of lightness that are tried; neighbours differ by less than one of 255
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours made of an accent for one theme, by the names that the stylesheets use."""

    accent: str  # of links
    ink: str  # of text on the accent
    deep: str  # of links under the pointer
    fill: str  # of buttons: the accent, or a pale accent as it was written
    fill_ink: str  # of text on buttons
    fill_deep: str  # of buttons under the pointer
    wash: str  # a background
    hero: str  # the header of the home page, with white text
    hero_2: str


LIGHT = ("#ffffff", "#f4f7f5")  # --paper and --wash of static/site.css
DARK = ("#0f1613", "#151e1a", "#18221d")  # --paper, --wash and --raised


def parse(text: str) -> str:
    """Return a colour as #rrggbb in small letters. Raise ValueError for anything but #rgb and #rrggbb.

    >>> parse("#0B6")
    '#00bb66'
    """
    if not _HEX.fullmatch(text.strip()):
        raise ValueError("is not a colour; write it as #rrggbb, for example #0b6b4f")
    digits = text.strip()[1:].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21.

    >>> round(contrast("#ffffff", "#767676"), 2)
    4.54
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def light(accent: str) -> Theme:
    """Return the colours of the light theme."""
    wash = _of(0.955, min(_lch(accent)[1], 0.022), _lch(accent)[2])
    found = readable(accent, on=(*LIGHT, wash))
    link = (found, _ink(found), readable(_lighter(found, -0.08), on=(*LIGHT, wash)))
    pale = (accent, _ink(accent), _lighter(accent, -0.05))
    return Theme(*link, *(pale if contrast("#ffffff", accent) < PALE else link), wash, *_hero(accent, 0.32))


def dark(accent: str) -> Theme:
    """Return the colours of the dark theme."""
    wash = _of(0.295, min(_lch(accent)[1], 0.045), _lch(accent)[2])
    found = readable(accent, on=(*DARK, wash))
    link = (found, _ink(found), readable(_lighter(found, 0.07), on=(*DARK, wash)))
    return Theme(*link, *link, wash, *_hero(accent, 0.26))


def readable(colour: str, *, on: Iterable[str]) -> str:
    """Return the colour itself if text in it can be read on all of the backgrounds, else the nearest lightness.

    >>> readable("#0b6b4f", on=["#ffffff"]), readable("#ffcc00", on=["#ffffff"])
    ('#0b6b4f', '#8e7107')
    """
    backgrounds = tuple(on)
    if _least(colour, backgrounds) >= TEXT:
        return colour
    lightness, strength, hue = _lch(colour)
    tries = [_of(step / STEPS, strength, hue) for step in range(STEPS + 1)]
    fits = [step for step, one in enumerate(tries) if _least(one, backgrounds) >= AIM]
    return tries[min(fits, key=lambda step: (abs(step / STEPS - lightness), step))]


def _least(colour: str, backgrounds: tuple[str, ...]) -> float:
    return min(contrast(colour, background) for background in backgrounds)


def _ink(background: str) -> str:
    """Return white if it can be read on a background, else a nearly black colour, which then can."""
    return "#ffffff" if contrast("#ffffff", background) >= TEXT else "#10130f"


def _hero(accent: str, lightness: float) -> tuple[str, str]:
    """Return dark colours of the accent's hue; those of yellow are nearly grey, because dark yellow is brown."""
    _, strength, hue = _lch(accent)
    most = 0.09 - 0.065 * max(0.0, math.cos(hue - YELLOW)) ** 2
    return _of(lightness, min(strength, most), hue), _of(lightness + 0.09, min(strength, most + 0.02), hue)


def _lighter(colour: str, by: float) -> str:
    lightness, strength, hue = _lch(colour)
    return _of(min(max(lightness + by, 0.0), 1.0), strength, hue)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _unpacked(red), _unpacked(green), _unpacked(blue)


def _unpacked(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _packed(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)


def _lch(colour: str) -> Triple:
    """Return lightness, chroma and hue in OKLCH."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _of(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour nearest to these values of OKLCH that a screen has, with less chroma where it must be."""
    while chroma > 0:
        rgb = _rgb(lightness, chroma, hue)
        if all(-0.002 <= value <= 1.002 for value in rgb):
            break
        chroma = chroma - 0.004 if chroma > 0.004 else 0.0
    rgb = _rgb(lightness, chroma, hue)
    return "#" + "".join(f"{round(255 * _packed(min(max(value, 0.0), 1.0))):02x}" for value in rgb)


def _rgb(lightness: float, chroma: float, hue: float) -> Triple:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
