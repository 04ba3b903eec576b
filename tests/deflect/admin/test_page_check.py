"""Checks of an owner's page: fetched and refused addresses, and a finding for each problem."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, Response, redirect, request
from selectolax.lexbor import LexborHTMLParser

from deflect.admin import page_check
from deflect.admin.page_check import Unknown, check, check_apart, select
from deflect.admin.policy import lacks, parse
from kb import outbound
from kb.outbound import BadAddress, Fetched, Unreadable, fetch, judge
from tests.browser.shop import serving

CENTER, SHOP = "https://help.example.com", "https://shop.example.com"
SCRIPT = f'<script type="module" src="{CENTER}/widget/1/help-widget.js"></script>'
FORM = '<form id="contact"><input name="subject"><textarea name="message"></textarea></form>'
GOOD = f'{SCRIPT}{FORM}<help-widget form="#contact" body="[name=message]"></help-widget>'


def found(html: str, *, url: str = f"{SHOP}/contact", allowed: bool = True, **headers: str) -> list[tuple[str, str]]:
    """Return the bad and unsure findings of a page, each as its sentence and the text to paste."""
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    findings = check(Fetched(url, given, html), center=CENTER, allowed=lambda origin: allowed and origin == SHOP)
    return [(one.what, one.line or one.remedy) for one in findings if one.state != "good"]


@contextmanager
def page(answer: str | Response, **headers: str) -> Iterator[str]:
    """Serve a page on loopback and yield its address."""
    app = Flask("page", static_folder=None)
    app.add_url_rule("/", "page", lambda: (answer, headers))
    app.add_url_rule("/round", "round", lambda: redirect("/round"))
    app.add_url_rule("/moved", "moved", lambda: redirect(request.args["to"]))
    with serving(app) as origin:
        yield f"{origin}/"


def loopback(url: str) -> outbound.Target:
    """Judge an address as if the operator had allowed loopback."""
    return judge(url, allow=("127.0.0.0/8",))


def test_a_page_with_all_that_is_needed_lacks_nothing() -> None:
    assert found(GOOD) == []
    assert found(GOOD.replace(' body="[name=message]"', "").replace('"#contact"', '""')) == []


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (GOOD.replace(SCRIPT, ""), "The widget's script is not on the page."),
        (GOOD.replace(' type="module"', ""), "not loaded as a module"),
        (SCRIPT + FORM, "There is no <help-widget> on the page."),
        (GOOD.replace("<form ", "<form data-x ").replace('id="contact"', ""), 'form="#contact" matches nothing'),
        (GOOD.replace('name="message"', ""), 'body="[name=message]" matches nothing'),
        (GOOD.replace("help-widget form", 'help-widget src="https://other.example/" form'), "uses another help center"),
        (f"{SCRIPT}<div id=app></div><help-widget form></help-widget>", "No contact form was detected on the page."),
        (
            f"{SCRIPT}<iframe src=x></iframe><help-widget form></help-widget>",
            "No contact form was detected on the page.",
        ),
        (
            f"{SCRIPT}<form id=a></form><help-widget form='#a'></help-widget>",
            "No message field was detected in the form.",
        ),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(html: str, words: str) -> None:
    sentences = found(html)
    assert len(sentences) == 1, sentences
    assert words in sentences[0][0]
    assert sentences[0][1], "each has a remedy"


def test_one_tag_is_looked_at_like_the_element() -> None:
    one_tag = SCRIPT.replace("></script>", ' data-form="#contact"></script>')
    assert found(one_tag + FORM) == []
    assert 'form="#contact" matches nothing' in found(one_tag)[0][0]


def test_a_selector_of_a_sort_that_is_not_known_is_no_fault() -> None:
    findings = check(
        Fetched(SHOP, (), GOOD.replace('"#contact"', '"form:has(textarea)"')), center=CENTER, allowed=lambda _: True
    )
    assert [one.state for one in findings if "does not support" in one.what] == ["unsure"]


def test_an_origin_that_may_not_post_is_named() -> None:
    assert found(GOOD, allowed=False)[0][1] == SHOP


def test_https_and_http_do_not_mix() -> None:
    findings = check(
        Fetched(f"{SHOP}/", (), GOOD.replace("https:", "http:")), center="http://help.example.com", allowed=bool
    )
    assert any("mixed content" in one.what for one in findings)


@pytest.mark.parametrize(
    ("policy", "lines"),
    [
        ("default-src 'none'; script-src https://help.example.com; connect-src https:; img-src *", []),
        ("default-src 'self'", [f"{name} 'self' {CENTER}" for name in ("script-src", "connect-src", "img-src")]),
        ("script-src 'self'; script-src-elem 'self'", [f"script-src-elem 'self' {CENTER}"]),
        ("script-src 'nonce-abc' 'strict-dynamic'", ["nonce"]),
        ("script-src *.example.com; connect-src help.example.com:443; img-src https://help.example.com/", []),
        (f"img-src {CENTER}/files/only.png", [f"img-src {CENTER}/files/only.png {CENTER}"]),
        ("require-trusted-types-for 'script'", []),
        ("trusted-types 'none'", ["trusted-types help-widget"]),
        ("trusted-types dompurify", ["trusted-types dompurify help-widget"]),
        ("script-src 'strict-dynamic' https:", ["nonce"]),
        ("frame-ancestors 'none'", []),
    ],
)  # fmt: skip
def test_a_policy_lacks_exactly_these_lines(policy: str, lines: list[str]) -> None:
    assert lacks(parse(policy), center=CENTER, page=SHOP, nonce="") == lines


def test_the_nonce_of_the_script_counts() -> None:
    policy = parse("script-src 'nonce-abc' 'strict-dynamic'")
    assert lacks(policy, center=CENTER, page=SHOP, nonce="abc") == []
    assert lacks(policy, center=CENTER, page=SHOP, nonce="other") == ["nonce"]


def test_every_policy_must_allow_it_that_of_a_meta_element_too() -> None:
    meta = '<meta http-equiv="Content-Security-Policy" content="connect-src \'self\'">'
    lines = [line for _, line in found(meta + GOOD, content_security_policy="img-src 'none', script-src https:")]
    assert lines == [f"img-src {CENTER}", f"connect-src 'self' {CENTER}"]


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("form", 2), ("#a", 1), (".x.y", 1), ("form input", 3), ("form > input", 2), ("div > form input", 3),
        ("[name]", 3), ('[name="q r"]', 1), ("input[name^=q]", 1), ("#a, #b", 2), ("body *", 8), ("form form", 0),
        ("div div > form input", 0),
    ],
)  # fmt: skip
def test_simple_selectors_find_what_a_browser_finds(selector: str, count: int) -> None:
    html = (
        '<div><form id="a" class="x y"><p><input name="q r"></p><input name=b></form>'
        '<form id=b><input name="c"></form></div><p>'
    )
    assert len(select(LexborHTMLParser(html), selector)) == count


@pytest.mark.parametrize("selector", ["a:hover", "a + b", "", "a >", "..x", "[x", "x" * 500])
def test_other_selectors_are_not_guessed_at(selector: str) -> None:
    with pytest.raises(Unknown):
        select(LexborHTMLParser("<a>"), selector)


@pytest.mark.parametrize(
    "html", ["<a " * 16_000, "<div>" * 10_000, "<a>" * 300_000, "<!--" * 250_000, '<a b="' * 160_000, "<b>" * 300_000]
)
def test_html_of_any_sort_is_read_in_little_time(html: str) -> None:
    begun = time.process_time()
    assert select(LexborHTMLParser(html), "div div div div div div div > div > p") == []
    assert len(found(html)) == 2
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b {number}>" for number in range(5_000)) + "<p>x" * 100_000,
        "<div>" * 90_000 + "</p>" * 100_000,
    ],
)
def test_a_page_that_would_fill_the_machine_is_given_up(html: str) -> None:
    with pytest.raises(Unreadable, match="too long to read"):
        check_apart(Fetched(SHOP, (), html), center=CENTER, allowed=bool)


def test_open_tags_without_end_cost_no_minutes() -> None:
    begun = time.process_time()
    assert check(Fetched(SHOP, (), "<a " * 300_000), center=CENTER, allowed=bool)
    assert time.process_time() - begun < 5


def test_a_page_is_given_up_when_its_time_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_check, "PATIENCE", 0.01)
    with pytest.raises(Unreadable, match="too long to read"):
        check_apart(Fetched(SHOP, (), FORM), center=CENTER, allowed=bool)


def test_a_process_apart_finds_the_same() -> None:
    page = Fetched(f"{SHOP}/ä", (("content-security-policy", "default-src 'self'"),), "<p>é" + FORM)
    assert check_apart(page, center=CENTER, allowed=bool) == check(page, center=CENTER, allowed=bool)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8000/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://2130706433/",
        "ftp://example.com/", "file:///etc/passwd", "http://user:pass@example.com/", "gopher://x/",
        "http://", "javascript:1", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        fetch(url, judge=judge)


def test_a_redirect_is_judged_like_the_first_address() -> None:
    with page("here") as url:
        with pytest.raises(BadAddress, match=r"169\.254"):
            fetch(f"{url}moved?to=http://169.254.169.254/", judge=loopback)
        with pytest.raises(BadAddress, match="must begin with http"):
            fetch(f"{url}moved?to=file:///etc/passwd", judge=loopback)
        assert fetch(f"{url}moved?to=/", judge=loopback).html == "here"
        with pytest.raises(Unreadable, match="redirects"):
            fetch(f"{url}round", judge=loopback)


def test_the_demo_shop_may_be_looked_at_and_no_other_port_of_this_machine() -> None:
    assert judge("http://127.0.0.1:8001/", own=frozenset({8001})).port == 8001
    with pytest.raises(BadAddress):
        judge("http://127.0.0.1:8002/", own=frozenset({8001}))


def test_a_name_that_leads_here_is_refused() -> None:
    with pytest.raises(BadAddress, match="not a public address"):
        outbound.resolve("http://evil.example/", resolver=lambda host, port: ["93.184.216.34", "127.0.0.1"])


def test_no_more_than_a_megabyte_is_read_however_it_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = Response(gzip.compress(b"x" * 9_000_000), content_type="text/html", headers={"Content-Encoding": "gzip"})
    with page(packed) as url:
        assert len(fetch(url, judge=loopback).html) == outbound.LARGEST


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response("no", status=404, content_type="text/html"), "returned 404"),
        (Response("{}", content_type="application/json"), "not an HTML page"),
        (Response(b"\x1f\x8bbad", content_type="text/html", headers={"Content-Encoding": "gzip"}), "no page"),
    ],
)
def test_what_is_no_page_is_said(answer: Response, words: str) -> None:
    with page(answer) as url, pytest.raises(Unreadable, match=words):
        fetch(url, judge=loopback)


def test_a_page_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Unreadable, match="seconds"):
            fetch(url, judge=loopback)
    with pytest.raises(Unreadable, match="cannot be reached"):
        fetch(url, judge=loopback)
