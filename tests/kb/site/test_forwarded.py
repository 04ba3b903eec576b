"""Which of a proxy's headers are believed, and that no cached page names a host of the request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask, request

from tests.support.logging_in import services_of
from tests.support.sample import application, help_center

CACHED = ["/sitemap.xml", "/robots.txt", "/llms.txt", "/en/feed.xml"]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return help_center(tmp_path_factory.mktemp("forwarded"))


def behind(center: Flask, *, proxies: int, url: str) -> Flask:
    """Return the help center behind a number of proxies at a public address."""
    return application(replace(services_of(center).settings, trusted_proxies=proxies, url=url))


@pytest.mark.parametrize("path", [*CACHED, "/en/", "/en/articles/account/passkey"])
@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize("url", ["", "https://help.example"])
def test_a_forwarded_host_that_is_not_ours_is_in_no_page(center: Flask, path: str, proxies: int, url: str) -> None:
    app = behind(center, proxies=proxies, url=url)
    for host in ("evil.example", "help.example, evil.example", "evil.example, help.example"):
        answer = app.test_client().get(path, headers={"X-Forwarded-Host": host, "X-Forwarded-Proto": "javascript"})
        assert answer.status_code == 200
        shown = answer.text + str(answer.headers)
        assert ("evil.example" in shown, "javascript:" in shown) == (False, False)


@pytest.mark.parametrize("path", CACHED)
def test_a_text_that_names_the_host_of_the_request_is_not_cached(center: Flask, path: str) -> None:
    answer = behind(center, proxies=0, url="").test_client().get(path, headers={"Host": "evil.example"})
    assert answer.headers["Cache-Control"] == "private, no-cache"
    answer = (
        behind(center, proxies=0, url="https://help.example").test_client().get(path, headers={"Host": "evil.example"})
    )
    assert ("evil" in answer.text, "public" in answer.headers["Cache-Control"]) == (False, True)


def test_our_own_forwarded_host_and_scheme_are_believed(center: Flask) -> None:
    app = behind(center, proxies=1, url="https://help.example")
    headers = {"X-Forwarded-Host": "Help.example", "X-Forwarded-Proto": "https"}
    seen: list[str] = []
    app.before_request(lambda: seen.append(request.url_root))
    app.test_client().get("/en/", headers=headers)
    assert seen == ["https://help.example/"]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_search_that_nobody_reads_leaves_no_trace(center: Flask, method: str) -> None:
    app = behind(center, proxies=0, url="")
    headers = {"Sec-Purpose": "prefetch;prerender"} if method == "GET" else {}
    answer = app.test_client().open("/en/search?q=invoice", method=method, headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert services_of(app).store.rows("SELECT * FROM events") == []
