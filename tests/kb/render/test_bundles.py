"""Bundles: neighbouring articles share a file, and a change affects few files."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kb.content.article import Version
from kb.render.bundles import MOST, bundles

NAMES = sorted((lang, f"topic-{n % 7}/article-{n}") for lang in ("en", "es") for n in range(1_000))
VERSIONS = [Version(id, lang) for lang, id in NAMES]


def contents(versions: list[Version]) -> dict[str, list[Version]]:
    return {bundle.name: versions[bundle.first : bundle.last] for bundle in bundles(versions)}


def test_bundles_hold_every_article_once_in_order_and_one_language_each() -> None:
    found = bundles(VERSIONS)
    assert [number for bundle in found for number in range(bundle.first, bundle.last)] == list(range(len(VERSIONS)))
    assert all(len({version.lang for version in some}) == 1 for some in contents(VERSIONS).values())
    assert all(one.last == other.first for one, other in pairwise(found))


@pytest.mark.parametrize("number", [0, 1, 500, 999, 1_500, 1_999])
def test_one_article_less_changes_two_bundles_at_most(number: int) -> None:
    before, after = contents(VERSIONS), contents(VERSIONS[:number] + VERSIONS[number + 1 :])
    assert sum(before.get(name) != some for name, some in after.items()) <= 2


@pytest.mark.parametrize("count", [100, 10_000, 50_000])
def test_there_are_not_many_bundles_however_many_articles(count: int) -> None:
    assert 1 <= len(bundles([Version(f"{n:06}", "en") for n in range(count)])) <= 2 * MOST


def test_no_articles_are_no_bundles() -> None:
    assert bundles([]) == []
