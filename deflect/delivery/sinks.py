"""Make sinks by name: those in KB_SINKS, and the ones for mail to requesters."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name

from deflect.delivery.calls import check_address
from deflect.delivery.delivery import Delivery, TicketSink
from deflect.delivery.mail_server import Server
from deflect.delivery.receipt import ReceiptSink
from deflect.delivery.smtp import ReplySink, SmtpSink
from deflect.delivery.webhook import WebhookSink
from deflect.delivery.zendesk import ZendeskSink
from deflect.tickets.ticket_writes import RECEIPT
from kb.config import Settings
from kb.duties import FOREIGN
from kb.errors import BadSetting, HelpCenterError
from kb.failures import degraded
from kb.strict import plain
from search.rank.current import Current

ADDRESSES = {"webhook": "webhook_url", "zendesk": "zendesk_url"}
PATIENCE = 10.0  # seconds for the sinks of other packages to be made at the start
log = logging.getLogger("shortstop")
CHOICES = "inbox, smtp, webhook, zendesk or package.module:factory"


@dataclass(frozen=True, slots=True)
class InboxSink:
    """Does nothing: the ticket is already in the store and on the admin pages."""

    name: str = "inbox"

    def deliver(self, delivery: Delivery) -> str:
        """Return the ticket's own id."""
        return delivery.ticket


FACTORIES: Mapping[str, Callable[[Settings], TicketSink]] = {
    "inbox": lambda _: InboxSink(),
    "smtp": SmtpSink.from_settings,
    "webhook": WebhookSink.from_settings,
    "zendesk": ZendeskSink.from_settings,
}
OWN = ("reply", RECEIPT)  # sinks for mail to the requester, which KB_SINKS cannot choose


def sink(name: str, settings: Settings, *, current: Current | None = None) -> TicketSink:
    """Return the sink with a name, or made by `package.module:factory`. Raise BadSetting if it cannot work.

    The receipt's sink searches `current` for articles, and both sinks for requesters use its look.
    """
    if name == RECEIPT:
        return ReceiptSink.from_settings(settings, current=current or Current(settings))
    if name == "reply":
        return ReplySink.from_settings(settings, current=current)
    if ":" in name:
        return _of_another_package(name, settings)
    if name not in FACTORIES:
        raise BadSetting(f"there is no sink {name}; KB_SINKS takes {CHOICES}")
    return FACTORIES[name](settings)


def _of_another_package(name: str, settings: Settings) -> TicketSink:
    """Return the sink that `package.module:factory` makes. Whatever it raises is a BadSetting."""
    try:
        made: TicketSink = resolve_name(name)(settings)
        send: object = getattr(made, "deliver", None)
    except FOREIGN as error:
        known = isinstance(error, (ImportError, AttributeError, HelpCenterError))
        if not known:
            degraded("sink-failed", error)
        why = plain(error, longest=200) if known else f"{type(error).__name__}, see the log"
        raise BadSetting(f"the sink {name} cannot be loaded: {why}") from error
    if not callable(send):
        raise BadSetting(f"the sink {name} has no method `deliver`; see deflect/delivery/delivery.py")
    if inspect.iscoroutinefunction(send) or inspect.isgeneratorfunction(send) or inspect.isasyncgenfunction(send):
        raise BadSetting(f"the method `deliver` of the sink {name} must send before it returns, without async or yield")
    return made


def ready(settings: Settings) -> bool:
    """Make each sink once. Raise BadSetting for the first that cannot work, return False if they take too long."""
    errors: list[BaseException] = []

    def make() -> None:
        try:
            configured(settings)
        except FOREIGN as error:
            errors.append(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if errors:
        raise errors[0]
    return not thread.is_alive()


def judge(settings: Settings) -> None:
    """Make each sink once and look at its address. Raise BadSetting for the first that cannot work.

    A sink of another package that hangs only delays this, because its deliveries have a queue of their own.
    """
    if not ready(settings):
        log.warning("the sinks in KB_SINKS are not ready after %.0f seconds; deliveries wait for them", PATIENCE)
    for name, setting in ADDRESSES.items():
        if name in settings.sinks:
            check_address(getattr(settings, setting), setting=setting, allow=settings.allow_networks)
    if settings.smtp_url:
        Server.parse(settings.smtp_url)
    if settings.can_reply:
        ReplySink.from_settings(settings)


def configured(settings: Settings) -> list[TicketSink]:
    """Return the sinks of KB_SINKS. Raise BadSetting for the first that cannot work."""
    for name in OWN:
        if name in settings.sinks:
            raise BadSetting(f"the sink {name} cannot be in KB_SINKS, which takes {CHOICES}")
    return [sink(name, settings) for name in settings.sinks]
