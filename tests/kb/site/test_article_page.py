"""The page of an article depends on its `ArticlePage` only, which is its cache key."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from deflect.store.services import state
from kb.content.channels import Way
from kb.content.look import Look
from kb.content.site_file import SiteFile
from kb.site.article_page import ArticlePage, ArticlePages, html
from kb.site.brand import Announcement
from kb.site.frame import NONCE
from tests.support.sample import fresh, help_center

ADDRESS = "articles/account/reset-password"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sample help center."""
    return help_center(tmp_path_factory.mktemp("center"))


def asked_by(app: Flask, path: str, monkeypatch: pytest.MonkeyPatch) -> ArticlePage:
    """Return the `ArticlePage` of a request."""
    asked: list[ArticlePage] = []
    with app.app_context(), monkeypatch.context() as patched:
        patched.setattr(state(ArticlePages), "html", lambda value: asked.append(value) or "")
        app.test_client().get(path)
    return asked[0]


@pytest.mark.parametrize("lang", ["en", "es", "ar"])
def test_a_page_is_the_same_without_a_request(app: Flask, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/{lang}/{ADDRESS}?thanks=helpful"
    value = asked_by(app, path, monkeypatch)
    sent = app.test_client().get(path)
    nonce = sent.text.split('nonce="')[1].split('"')[0]
    with app.app_context():
        assert html(value).replace(NONCE, nonce) == sent.text


def test_every_part_of_the_value_makes_another_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    value = asked_by(app, "/en/articles/account/passkey", monkeypatch)
    entry = replace(value.entry, verified=date(2026, 10, 1), review_every=30)
    value = replace(value, entry=entry, today=date(2026, 10, 2))
    others = {
        "entry": replace(entry, title="Another title"),
        "today": date(2027, 1, 1),  # its review is overdue
        "ways": (Way("phone", "By telephone only.", "tel:123"),),
        "thanked": "helpful",
    }
    frames = {"title": "Other", "root": "https://x", "lang": "es", "path": "/en/x", "languages": ("en",), "asks": True}
    frames |= {"look": Look(SiteFile(accent="#b4322d")), "banner": Announcement("Late", "", "info")}
    assert {*others, "generation", "topics", "frame"} == {field.name for field in fields(value)}
    assert set(frames) == {field.name for field in fields(value.frame)}
    values = [replace(value, **{name: other}) for name, other in others.items()]
    values += [replace(value, frame=replace(value.frame, **{name: other})) for name, other in frames.items()]
    with app.app_context():
        assert len({html(value), *map(html, values)}) == 1 + len(values)


def test_two_help_centers_over_the_same_articles_share_no_page(app: Flask, tmp_path: Path) -> None:
    other = fresh(app, tmp_path, title="Another center")
    titles = ["Another center" in one.test_client().get(f"/en/{ADDRESS}").text for one in (app, other, app)]
    assert titles == [False, True, False]
