"""Signatures of webhooks: the specification's example, and invalid signatures."""

import pytest

from deflect.delivery.webhook import sign, verify
from kb.errors import BadSetting

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = sign(SECRET, id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=BODY)


def test_the_published_example_is_signed_as_published() -> None:
    assert HEADERS["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_whole_fresh_webhook_passes() -> None:
    assert verify(SECRET, headers=HEADERS, body=BODY, now=1614265330 + 200)


def test_one_of_several_signatures_is_enough() -> None:
    assert verify(
        SECRET,
        headers=HEADERS | {"webhook-signature": "v1,xxx " + HEADERS["webhook-signature"]},
        body=BODY,
        now=1614265330,
    )


@pytest.mark.parametrize(
    "changed", [{"webhook-id": "msg_other"}, {"webhook-timestamp": "1614265331"}, {"webhook-signature": "v1,AAAA"}]
)
def test_a_changed_head_does_not(changed: dict[str, str]) -> None:
    assert not verify(SECRET, headers=HEADERS | changed, body=BODY, now=1614265330)


def test_a_changed_body_and_an_old_one_do_not() -> None:
    assert not verify(SECRET, headers=HEADERS, body=BODY + b" ", now=1614265330)
    assert not verify(SECRET, headers=HEADERS, body=BODY, now=1614265330 + 301)


def test_a_bad_secret_is_said_without_repeating_it() -> None:
    with pytest.raises(BadSetting, match="whsec_") as caught:
        sign("whsec_not/base64!", id="a", timestamp=1, body=b"")
    assert "not/base64" not in str(caught.value)
