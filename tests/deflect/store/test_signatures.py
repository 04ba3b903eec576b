"""Signatures stay the same bytes, because existing links, e-mails and rows contain them."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from itsdangerous import TimestampSigner

from deflect.mail import threads
from deflect.privacy.email_keys import email_hash
from deflect.store.attachments import Attachment
from deflect.store.services import Services
from deflect.store.tokens import same, signature
from deflect.tickets import accounts, file_links, uploads

SECRET = bytes(range(32)).hex()


@pytest.fixture
def known(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Services in which every secret is `SECRET`, and itsdangerous signs in November 2023."""
    monkeypatch.setattr(type(services.store), "secret", lambda _store, _name: SECRET)
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: 1_700_000_000)
    return services


def test_a_signature_is_the_hmac_of_rfc_4231() -> None:
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert signature("0b" * 20, b"Hi There") == expected


def test_an_address_is_known_by_the_same_hash() -> None:
    expected = "email:038ff7295de0c332679cefbe81f4030483cb2bd99646834a723c77ffaf430b09"
    assert email_hash(SECRET, " Jö@Example.com") == expected


def test_a_thread_has_the_same_mark() -> None:
    assert threads.mark(SECRET, "T7K2M9QXRB") == "T7K2M9QXRB-1842c0354222573c60bb"


def test_a_mark_with_letters_that_only_look_alike_is_no_mark() -> None:
    mark = threads.mark(SECRET, "TSK2M9QXRB")
    assert threads.signed(SECRET, mark.lower()) == "TSK2M9QXRB"
    for letter, alike in (("K", "\N{KELVIN SIGN}"), ("S", "\N{LATIN SMALL LETTER LONG S}")):
        assert threads.signed(SECRET, mark.replace(letter, alike)) == ""


def test_a_list_of_files_is_signed_with_sha256(known: Services) -> None:
    token = uploads.hold(known, [Attachment("é.png", "image/png", 3, "ab" * 32)])
    signed, _, signature = token.rpartition(".")
    assert (signed[-7:], signature) == (".ZVPxAA", hmac_of("held files", signed))


def test_a_link_to_a_file_has_the_same_key(known: Services) -> None:
    assert (
        file_links.ticket_file(known.store, "F1")
        == "/attachments/F1?key=ZVPxAA.s0we50vbX14E6YkI6MSYawzDPio9G6aLZk02CZUIrHw"
    )
    html = file_links.with_keys(known, '<img src="/files/a/b%20c.png">', {"a/b c.png"})
    assert html == '<img src="/files/a/b%20c.png?key=ZVPxAA.xpiJF42WJnZwIihdEdOLEmwauiu6rTltsCU2T2oSJqw">'


def test_a_key_s_signature_is_an_hmac_with_sha256_of_name_and_time(known: Services) -> None:
    wanted = hmac_of("attachment", "F1.ZVPxAA")
    assert file_links.ticket_file(known.store, "F1") == f"/attachments/F1?key=ZVPxAA.{wanted}"


def test_a_key_opens_one_file_for_one_purpose_only(known: Services) -> None:
    key = file_links.ticket_file(known.store, "a.b").partition("?key=")[2]
    assert file_links.opens_ticket_file(known.store, "a.b", key)
    assert not file_links.opens_ticket_file(known.store, "a", f"b.{key}")
    assert not file_links.opens_ticket_file(known.store, "", f"a.b.{key}")
    assert not file_links.opens_article_file(known, "a.b", key)
    assert not file_links.opens_ticket_file(known.store, "a.b", "6553f100-" + "0" * 64)  # a key of an older version


def hmac_of(purpose: str, signed: str) -> str:
    key = hmac.digest(SECRET.encode(), purpose.encode(), "sha256")
    return urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).decode().rstrip("=")


def test_a_session_of_the_first_agent_has_the_same_stamp(known: Services) -> None:
    settings = replace(known.settings, admin_password="pässword")
    assert accounts.stamp(known.store, settings) == "396eff62dcc45602"


@pytest.mark.parametrize("other", ["", "ä", "abc", "ab?", "ab\ud800"])
def test_texts_are_the_same_only_when_they_are_equal(other: str) -> None:
    assert same(other, other)
    assert not same("ab", other)
    assert not same("ab\ud801", other)
