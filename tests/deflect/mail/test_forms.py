"""Of several forms of a text, the one that says it all is shown, and both if each says something of its own."""

from __future__ import annotations

import pytest

from deflect.mail.forms import of_forms
from deflect.mail.message import parse

LINKS = "See our [1] and your [2].\n\n[1] https://track.example/one/two\n[2] https://track.example/three/four\n"
REPLY = "Where is it?\n\nOn Mon, Nov 2, 2026 Help <help@shop.example> wrote:\n> Look at https://shop.example/a"


def forms(plain: str, rich: str, *, first: str = "plain") -> str:
    both = [("plain", plain), ("html", rich)] if first == "plain" else [("html", rich), ("plain", plain)]
    parts = "".join(f"--b\nContent-Type: text/{kind}; charset=utf-8\n\n{text}\n" for kind, text in both)
    head = "From: jo@example.com\nContent-Type: multipart/alternative; boundary=b\n\n"
    return parse(f"{head}{parts}--b--\n".encode()).text


@pytest.mark.parametrize(
    ("plain", "rich"),
    [
        (REPLY, "<p>Where is it?</p><div>On Mon, Nov 2, 2026 Help &lt;<a href='mailto:help@shop.example'>help@shop."
         "example</a>&gt; wrote:<blockquote>Look at https://shop.example/a</blockquote></div>"),
        (LINKS, "<p>See our <a href='https://x.example'>1</a> and your <a href='https://y.example'>2</a>.</p>"),
        ("The error:\n\n    if (a<b) return x>y;", "<p>The error:</p><pre>if (a&lt;b) return x&gt;y;</pre>"),
        ("พัสดุของฉันอยู่ที่ไหน", "<p>พัสดุของฉันอยู่ที่ไหน</p>"),
        ("Thanks!\nJo\n[cid:image001.png@01]", "<p>Thanks!</p><p>Jo<br><img alt='Acme' src='cid:image001.png@01'></p>"),
    ],
    ids=["quoted mail", "footnotes", "code", "no spaces", "logo"],
)  # fmt: skip
def test_a_plain_text_that_says_it_all_is_shown_as_it_was_written(plain: str, rich: str) -> None:
    assert forms(plain, rich) == plain.strip()


@pytest.mark.parametrize("plain", [
    "Please check the orders below.", "This e-mail is HTML.", "View it in your browser: https://n.example/view?id=1",
    "Este mensaje es HTML. Abra el mensaje en un navegador.", "このメールはHTML形式です。", "https://n.example/1",
])  # fmt: skip
@pytest.mark.parametrize("first", ["plain", "html"])
def test_html_that_says_more_is_shown_instead(plain: str, first: str) -> None:
    shown = forms(plain, "<p>Please check the orders below.</p><table><tr><td>A-1002</td></tr></table>", first=first)
    assert shown == "Please check the orders below.\n\nA-1002"


def test_a_number_that_only_the_html_has_is_shown() -> None:
    assert "778" in forms("My order is in the table.", "<p>My order is in the table.</p><p>My order is 778</p>")


def test_a_text_that_only_the_plain_form_has_is_shown_beside_the_html() -> None:
    shown = forms("Can I return the shoes without a box?", "<p>Acme Inc, 5 Long Street. This is confidential.</p>")
    assert shown == "Can I return the shoes without a box?\n\nAcme Inc, 5 Long Street. This is confidential."


def test_two_plain_forms_are_both_shown() -> None:
    assert of_forms([("text/plain", "one"), ("text/plain", "two")]) == "one\n\ntwo"
