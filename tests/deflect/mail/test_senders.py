"""The person behind an e-mail whose From is a list, a form or our own address."""

from __future__ import annotations

import pytest

from deflect.mail.message import parse
from tests.support.mails import mail

OWN = frozenset({"help@shop.example"})
CY = "cy@buyer.example"
LIST = {"Precedence": "list", "List_Id": "<help.shop.example>", "List_Unsubscribe": "<mailto:x@shop.example>"}
OURS = "Cy via Help <help@shop.example>"


@pytest.mark.parametrize(
    ("sender", "headers", "name"),
    [
        ("\"'Cy Customer' via Help\" <help@shop.example>", {"Reply_To": f"Cy Customer <{CY}>"} | LIST, "Cy Customer"),
        (OURS, {"Reply_To": CY}, "Cy"),
        (OURS, {"X_Original_From": f"Cy Customer <{CY}>"} | LIST, "Cy Customer"),
        (OURS, {"X_Original_Sender": CY} | LIST, "Cy"),
        (OURS, {"X_MailFrom": CY}, "Cy"),
        (OURS, {"Reply_To": f"help@shop.example, {CY}"}, "Cy"),
        (OURS, {"Reply_To": "help@shop.example", "X_Original_Sender": CY}, "Cy"),
        (OURS, {"Resent_From": CY}, "Cy"),
        (OURS, {"Return_Path": "<SRS0=HHH=TT=buyer.example=cy@relay.example>"}, "Cy"),
        (OURS, {"Return_Path": "<cy+SRS=AbCdE=FG=buyer.example=cy@shop.example>"}, "Cy"),
        ("cy at buyer.example via Help <help@shop.example>", {}, "cy at buyer.example"),
        ('"cy@buyer.example via Help" <help@shop.example>', {}, CY),
        ("=?utf-8?q?C=C3=BD_via_Help?= <help@shop.example>", {"Reply_To": CY}, "Cý"),
        ("Cy über Help <help@shop.example>", {"Reply_To": CY}, "Cy"),
        ("Website <HELP@shop.example>", {"Reply_To": CY}, "Website"),
        ("Cy via List <all@lists.example>", {"Reply_To": CY, "List_Post": "<mailto:all@lists.example>"}, "Cy"),
        ("Cy <cy=40buyer.example@dmarc.lists.example>", {"List_Id": "<l.example>"}, "Cy"),
        ("Cy <cy@buyer.example.invalid>", {}, "Cy"),
    ],
)
def test_the_person_is_named_elsewhere_where_from_was_rewritten(
    sender: str, headers: dict[str, str], name: str
) -> None:
    read = parse(mail(sender=sender, **headers), own=OWN)
    assert (read.sender, read.reply_to, read.name) == (CY, CY, name)
    assert read.via


def test_our_own_list_says_nothing_about_who_wrote() -> None:
    read = parse(mail(sender=f"Cy <{CY}>", **LIST), own=OWN)
    assert (read.kind, read.quiet, read.via) == ("person", False, "")
    assert parse(mail(sender=f"Cy <{CY}>", List_Id="<news.other.example>"), own=OWN).kind == "bulk"


@pytest.mark.parametrize("header", ["X_Original_From", "X_Original_Sender", "X_MailFrom", "Resent_From"])
def test_a_header_that_anybody_can_write_names_nobody_where_from_is_the_sender_s_own(header: str) -> None:
    assert parse(mail(sender="eve@evil.example", **{header: CY}), own=OWN).sender == "eve@evil.example"
    read = parse(mail(sender="eve@evil.example", Reply_To=CY), own=OWN)
    assert (read.sender, read.reply_to) == ("eve@evil.example", CY)


@pytest.mark.parametrize(
    ("reply_to", "answered"),
    [
        ("help@shop.example", "jo@example.com"),
        (f"help@shop.example, {CY}", CY),
        (f"{CY}, a@b.example", "jo@example.com"),
    ],
)
def test_an_answer_never_goes_to_our_own_address(reply_to: str, answered: str) -> None:
    assert parse(mail(Reply_To=reply_to), own=OWN).reply_to == answered


def test_what_comes_from_our_own_address_and_names_nobody_gets_no_receipt() -> None:
    read = parse(mail(sender="Shop <help@shop.example>"), own=OWN)
    assert (read.sender, read.kind, read.quiet) == ("help@shop.example", "person", True)
