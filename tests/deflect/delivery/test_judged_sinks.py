"""Sinks are judged when `kb serve` starts: a wrong address or a foreign error is named, and a hang only delays."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from deflect.delivery import sinks
from deflect.delivery.delivery import Delivery
from deflect.delivery.sinks import InboxSink, judge, sink
from kb.config import Settings
from kb.errors import BadSetting
from kb.server import doctor

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
HOOK = {"sinks": ("webhook",), "webhook_secret": SECRET}
MAIL = {"smtp_url": "smtp://mail.example"}
ZENDESK = {"zendesk_user": "a@b.example", "zendesk_token": "t"}
release = threading.Event()


def key_error(_: Settings) -> Any:
    raise KeyError("a secret")


def leaving(_: Settings) -> Any:
    raise SystemExit(3)


def endless(settings: Settings) -> Any:
    return endless(settings)


def hanging(_: Settings) -> Any:
    release.wait(20)
    return InboxSink()


def interrupted(_: Settings) -> Any:
    raise KeyboardInterrupt


def cancelled(_: Settings) -> Any:
    raise asyncio.CancelledError


def nothing(_: Settings) -> Any:
    return None


class Later:
    async def deliver(self, delivery: Delivery) -> str:
        return delivery.id


def later(_: Settings) -> Any:
    return Later()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (HOOK | {"webhook_url": "http://127.0.0.1/x"}, "webhook_url: .*KB_ALL"),
        (HOOK | {"webhook_url": "https://x.example/a\x01"}, "webhook_url cont"),
        (HOOK | {"webhook_url": "https://x.example/ü"}, "webhook_url contains"),
        ({"sinks": ("zendesk",), "zendesk_url": "http://10.0.0.1", **ZENDESK}, "zendesk_url: .*KB_ALLOW"),
        ({"smtp_url": "http://mail.example"}, "smtp_url must be"),
        ({"smtp_url": "smtp://mail.example:0", "smtp_from": "a@b.example"}, "smtp_url must be"),
        ({"smtp_url": "smtp://mail%20x.example", "smtp_from": "a@b.example"}, "smtp_url must be"),
        ({"smtp_url": "smtp://mail.example", "smtp_from": "a..b@x.example"}, "smtp_from: .* cannot be used"),
        ({"sinks": ("smtp",), "smtp_url": "smtp://mail.example", "smtp_to": "a..b@x.example"}, "smtp_to: .* cannot"),
        (MAIL | {"smtp_from": "a@b.example", "mail_to": "a..b@x.example"}, "mail_to: .* cannot"),
        ({"sinks": (f"{__name__}:key_error",)}, "cannot be loaded: KeyError, see the log"),
        ({"sinks": (f"{__name__}:leaving",)}, "cannot be loaded: SystemExit"),
        ({"sinks": (f"{__name__}:endless",)}, "cannot be loaded: RecursionError"),
        ({"sinks": (f"{__name__}:interrupted",)}, "cannot be loaded: KeyboardInterrupt"),
        ({"sinks": (f"{__name__}:cancelled",)}, "cannot be loaded: CancelledError"),
        ({"sinks": (f"{__name__}:nothing",)}, "has no method `deliver`"),
        ({"sinks": (f"{__name__}:later",)}, "must send before it returns"),
        ({"sinks": ("no.such:thing",)}, "cannot be loaded: No module"),
    ],
)  # fmt: skip
def test_a_sink_that_cannot_work_is_named_at_the_start(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        judge(Settings(**settings))


def test_a_sink_that_hangs_delays_the_start_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sinks, "PATIENCE", 0.05)
    judge(Settings(sinks=(f"{__name__}:hanging",)))
    assert "not ready" in caplog.text
    (found,) = doctor._sinks(Settings(sinks=(f"{__name__}:hanging",)))
    assert (found.state, found.sentence) == (
        "wrong",
        "those in KB_SINKS are not ready after 0 seconds; deliveries wait for them",
    )
    release.set()


def test_a_foreign_error_has_no_message_that_may_be_secret() -> None:
    with pytest.raises(BadSetting) as refused:
        sink(f"{__name__}:key_error", Settings())
    assert "a secret" not in str(refused.value)


def test_sinks_that_can_work_are_accepted_even_if_their_names_cannot_be_looked_up_now() -> None:
    given = {"webhook_url": "https://no-such-host.invalid/x", "webhook_secret": SECRET, "smtp_url": "smtp://x.example"}
    judge(Settings(sinks=("inbox", "webhook", "smtp"), smtp_to="Help <a@b.example>", **given))
