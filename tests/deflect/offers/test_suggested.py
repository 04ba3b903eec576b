"""Articles to show before anybody asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from deflect.offers.popular import Popular
from deflect.offers.suggested import suggested
from deflect.store.database import Store
from kb.render.topics import Topics
from tests.deflect.offers.test_popular import opened_by_enough
from tests.support.logging_in import services_of
from tests.support.sample import fresh, help_center

PLAIN = {
    **{f"a/{name}.md": f"# A {name}\n\nText.\n" for name in "xyz"},
    **{f"b/{name}.md": f"# B {name}\n\nText.\n" for name in "xy"},
    "b/x.es.md": "# B x en español\n\nTexto.\n",
    "b/secret.md": "---\ntitle: Secret\naudience: [client]\n---\n\nText.\n",
}
ORDERED = PLAIN | {"a/z.md": "---\ntitle: A z\norder: 1\n---\n\nText.\n"}
PINNED = ORDERED | {"_pins.yml": '"*": [b/y, b/secret]\nes: {"*": b/x}\n'}
PEOPLE_LIKE = ("b/x", "a/x", "a/y", "b/secret", "gone")


@pytest.fixture(scope="module")
def centers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flask]:
    """Help centers whose author promotes nothing, orders one article, and pins some."""
    made = {"plain": PLAIN, "ordered": ORDERED, "pinned": PINNED}
    return {name: help_center(tmp_path_factory.mktemp(name), files=files) for name, files in made.items()}


def shown(app: Flask, *, lang: str = "en", k: int = 4, audience: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """Return the ids of the promoted and of the popular articles."""
    services = services_of(app)
    searcher, store = services.current.get(), services.store
    shelf = Topics().shelf(searcher.snapshot, lang)
    found = suggested(searcher, Popular(store), shelf=shelf, lang=lang, k=k, audience=frozenset(audience))
    return [entry.id for entry in found.promoted], [entry.id for entry in found.popular]


@pytest.mark.parametrize(
    ("author", "opened", "given", "expected"),
    [
        ("plain", (), {}, (["a/x", "b/x", "a/y", "b/y"], [])),
        ("ordered", (), {}, (["a/z", "b/x", "a/x", "b/y"], [])),  # `order` also sorts its category
        ("pinned", (), {}, (["b/y", "a/z", "b/x", "a/x"], [])),
        ("pinned", (), {"audience": ("client",), "k": 2}, (["b/y", "b/secret"], [])),
        ("pinned", (), {"lang": "es", "k": 2}, (["b/x", "b/y"], [])),
        ("plain", PEOPLE_LIKE[:2], {}, (["a/x", "b/x", "a/y", "b/y"], [])),  # two popular articles are too few
        ("plain", PEOPLE_LIKE, {}, ([], ["a/x", "a/y", "b/x"])),
        ("plain", PEOPLE_LIKE, {"audience": ("client",)}, ([], ["a/x", "a/y", "b/secret", "b/x"])),
        ("ordered", PEOPLE_LIKE, {}, (["a/z"], ["a/x", "a/y", "b/x"])),
        ("pinned", (*PEOPLE_LIKE, "b/y"), {"k": 3}, (["b/y"], ["a/x", "a/y"])),  # each article once
    ],
)
def test_the_author_s_articles_come_first_and_popular_ones_need_enough_people(
    centers: dict[str, Flask],
    tmp_path: Path,
    author: str,
    opened: tuple[str, ...],
    given: dict[str, Any],
    expected: tuple[list[str], list[str]],
) -> None:
    app = fresh(centers[author], tmp_path)
    opened_by_enough(services_of(app).store, opened)
    assert shown(app, **given) == expected


@pytest.mark.parametrize(("author", "first"), [("plain", "topics"), ("ordered", "topics"), ("pinned", "promoted")])
def test_pinned_articles_come_before_the_topics_of_the_home_page(
    centers: dict[str, Flask], tmp_path: Path, author: str, first: str
) -> None:
    page = fresh(centers[author], tmp_path).test_client().get("/en/").text
    assert min(("topics", "promoted"), key=lambda part: page.index(f'id="kb-{part}"')) == first


def test_articles_for_some_take_no_place_from_those_for_everybody(tmp_path: Path) -> None:
    limited = {f"l/{n}.md": f"---\ntitle: L {n}\naudience: [client]\n---\n\nText.\n" for n in range(60)}
    app = help_center(tmp_path, files=PLAIN | limited)
    store: Store = services_of(app).store
    opened_by_enough(store, [f"l/{n}" for n in range(60)], people=6)
    opened_by_enough(store, ("a/x", "a/y", "b/x"))
    assert shown(app)[1] == ["a/x", "a/y", "b/x"]


def test_a_pin_of_the_star_changes_no_search(centers: dict[str, Flask]) -> None:
    searcher = services_of(centers["pinned"]).current.get()
    assert searcher.search("*", lang="en").hits == ()
