"""Make sinks by name: those in KB_SINKS, and the ones for mail to requesters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name

from deflect.delivery.delivery import Delivery, TicketSink
from deflect.delivery.receipt import ReceiptSink
from deflect.delivery.smtp import ReplySink, SmtpSink
from deflect.delivery.webhook import WebhookSink
from deflect.delivery.zendesk import ZendeskSink
from deflect.tickets.ticket_writes import RECEIPT
from kb.config import Settings
from kb.errors import BadSetting
from search.rank.current import Current

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
    "reply": ReplySink.from_settings,  # an agent's answer to the requester
}
OWN = ("reply", RECEIPT)  # sinks for mail to the requester, which KB_SINKS cannot choose


def sink(name: str, settings: Settings, *, current: Current | None = None) -> TicketSink:
    """Return the sink with a name, or made by `package.module:factory`. Raise BadSetting if it cannot work.

    The receipt's sink searches `current` for articles.
    """
    if name == RECEIPT:
        return ReceiptSink.from_settings(settings, current=current or Current(settings))
    if ":" in name:
        try:
            made: TicketSink = resolve_name(name)(settings)
        except (ImportError, AttributeError) as error:
            raise BadSetting(f"the sink {name} cannot be loaded: {error}") from error
        return made
    if name not in FACTORIES:
        raise BadSetting(f"there is no sink {name}; KB_SINKS takes {CHOICES}")
    return FACTORIES[name](settings)


def configured(settings: Settings) -> list[TicketSink]:
    """Return the sinks of KB_SINKS. Raise BadSetting for the first that cannot work."""
    for name in OWN:
        if name in settings.sinks:
            raise BadSetting(f"the sink {name} cannot be in KB_SINKS, which takes {CHOICES}")
    return [sink(name, settings) for name in settings.sinks]
