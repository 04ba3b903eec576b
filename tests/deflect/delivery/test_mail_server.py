"""Phases of an e-mail: refused for ever, not sent, or perhaps sent, each from what the server did."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from deflect.delivery import mail_server
from deflect.delivery.delivery import DeliveryFailed, NotTaken, PerhapsSent
from deflect.delivery.mail_server import Server
from deflect.delivery.smtp import ReplySink
from tests.deflect.delivery.test_sinks import DELIVERY
from tests.support.slow_mail import Post, post_office


def send(post: Post, *, to: str = "jo@example.com") -> str:
    return ReplySink(Server.parse(post.url), "help@shop.example").deliver(replace(DELIVERY, email=to))


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize("code", [500, 550, 552, 554])
def test_a_refusal_of_the_mail_is_final_and_said(phase: str, code: int) -> None:
    with post_office(Post({phase: f"{code} no such user"})) as post, pytest.raises(NotTaken, match=f"{code} no such"):
        send(post)


@pytest.mark.parametrize(
    ("phase", "said"),
    [("greeting", "554 no service"), ("MAIL", "451 later"), ("RCPT", "450 greylisted"),
     ("MAIL", "530 log in first"), ("RCPT", "421 closing"), ("DATA", "451 later"), ("end", "452 full")],
)  # fmt: skip
def test_what_may_become_better_is_tried_again(phase: str, said: str) -> None:
    with post_office(Post({phase: said})) as post, pytest.raises(DeliveryFailed) as failed:
        send(post)
    assert type(failed.value) is DeliveryFailed


@pytest.mark.parametrize("phase", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_is_cut_before_the_text_was_not_sent(phase: str) -> None:
    with post_office(Post(cut=frozenset({phase}))) as post, pytest.raises(DeliveryFailed, match="closed the") as failed:
        send(post)
    assert type(failed.value) is DeliveryFailed


def test_a_connection_that_is_cut_after_the_text_was_perhaps_sent() -> None:
    with post_office(Post(cut=frozenset({"end"}))) as post, pytest.raises(PerhapsSent, match=r"^perhaps sent; 127\.0"):
        send(post)
    assert len(post.taken) == 1


@pytest.mark.parametrize("said", ["hello?", "354 go on", "999 what", "250" + "x" * 9000])
def test_an_unreadable_answer_after_the_text_was_perhaps_sent(said: str) -> None:
    if said.startswith("250x"):  # longer than a line may be
        with post_office(Post({"end": said})) as post, pytest.raises(PerhapsSent):
            send(post)
    else:
        with post_office(Post({"end": said})) as post, pytest.raises(PerhapsSent, match="unreadable"):
            send(post)


@pytest.mark.parametrize("said", ["250 later", "500 what", "nonsense"])
def test_nothing_after_the_acceptance_sends_the_mail_again(said: str) -> None:
    with post_office(Post({"QUIT": said})) as post:
        assert send(post) == "<5f0c@shop.example>"
    with post_office(Post(cut=frozenset({"QUIT"}))) as post:
        assert send(post) == "<5f0c@shop.example>"


def test_a_server_that_accepts_late_gets_the_mail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience for commands is much shorter than the one for the acceptance."""
    monkeypatch.setattr(mail_server, "COMMAND", 0.2)
    post = Post(silent=frozenset({"end"}))
    monkeypatch.setattr(mail_server, "END", 20.0)
    with post_office(post):
        threading.Timer(0.4, post.release.set).start()
        assert send(post) == "<5f0c@shop.example>"
    assert len(post.taken) == 1


@pytest.mark.parametrize(("phase", "name"), [("greeting", "GREETING"), ("MAIL", "COMMAND"), ("DATA", "DATA")])
def test_each_phase_before_the_text_has_its_patience(phase: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server, name, 0.1)
    with post_office(Post(silent=frozenset({phase}))) as post:
        with pytest.raises(DeliveryFailed, match="did not answer in time") as failed:
            send(post)
        post.release.set()
    assert type(failed.value) is DeliveryFailed


def test_after_the_text_the_patience_ends_in_perhaps_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server, "END", 0.1)
    with post_office(Post(silent=frozenset({"end"}))) as post:
        with pytest.raises(PerhapsSent, match="did not answer in time after it had received the whole e-mail"):
            send(post)
        post.release.set()


def test_a_server_that_goes_on_for_ever_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server, "WHOLE", 0.2)
    with post_office(Post(silent=frozenset({"end"}))) as post:
        with pytest.raises(PerhapsSent):
            send(post)
        post.release.set()


def test_an_address_that_cannot_be_used_is_final() -> None:
    with post_office(Post()) as post, pytest.raises(NotTaken, match=r"a\.\.b@x\.example cannot be used"):
        send(post, to="a..b@x.example")
    assert post.taken == []


def test_the_patience_is_that_of_the_standard() -> None:
    m = mail_server
    assert (m.GREETING, m.COMMAND, m.DATA, m.BLOCK, m.END) == (300, 300, 120, 180, 600)


def test_a_server_without_a_login_is_not_the_fault_of_the_mail() -> None:
    with post_office(Post()) as post, pytest.raises(DeliveryFailed, match="offers no login") as failed:
        ReplySink(replace(Server.parse(post.url), user="help", password="x"), "help@shop.example").deliver(DELIVERY)
    assert type(failed.value) is DeliveryFailed


def test_a_server_that_knows_only_the_old_greeting_gets_it() -> None:
    with post_office(Post({"EHLO": "502 what", "HELO": "250 mail"})) as post:
        send(post)
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("phase", "kind"), [("greeting", DeliveryFailed), ("MAIL", DeliveryFailed), ("end", PerhapsSent)]
)
def test_a_server_that_talks_without_end_is_left(
    monkeypatch: pytest.MonkeyPatch, phase: str, kind: type[DeliveryFailed]
) -> None:
    monkeypatch.setattr(mail_server, "MOST_SAID", 5000)
    said = "250-x\r\n" * 1000 + "250 x"
    with post_office(Post({phase: said})) as post, pytest.raises(kind, match="said more than 5,000 bytes") as failed:
        send(post)
    assert type(failed.value) is kind
