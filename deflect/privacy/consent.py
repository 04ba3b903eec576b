"""Decide if a visitor's actions may be recorded: after consent, if it is asked for, and never for crawlers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deflect.store.services import Services

ASK = "ask"
GIVEN = "given"  # the value of `consent` in a request once the visitor agreed
WHY = "this visitor has not agreed to be recorded; send consent: given once they agree"


def asks(services: Services) -> bool:
    """Return True if visitors must agree before they are recorded."""
    return services.settings.consent == ASK


def has_agreed(services: Services, document: Mapping[str, Any]) -> bool:
    """Return True if the sender of this document may be recorded."""
    return not asks(services) or document.get("consent") == GIVEN


# Matches four in five of the 2,123 user agents in a public list of crawlers and tools (crawler-user-agents 1.67), and
# none of 6,935 real browsers (fake-useragent 2.2). HeadlessChrome does not match, because owners test pages with it.
CRAWLER = re.compile(
    r"(?<!cu)bot"  # CUBOT is a phone
    r"|crawl|spider|slurp|scrap|preview|monitor|scan|check|synthetic|lighthouse|uptime|fetch|externalhit|https?://",
    re.IGNORECASE,
)
BROWSER = re.compile(r"Mozilla/|Opera/")  # the start of every browser's user agent, and of many crawlers'


def crawls(agent: str) -> bool:
    """Return True if a user agent is a browser that identifies itself as a crawler, such as a search engine's.

    >>> crawls("Mozilla/5.0 (compatible; Googlebot/2.1)"), crawls("Checkout/1.0 (+https://shop.example)")
    (True, False)
    """
    return BROWSER.match(agent) is not None and is_machine(agent)


def is_machine(agent: str) -> bool:
    """Return True if a user agent identifies itself as a crawler or a monitor. Tools such as curl do not.

    >>> is_machine("Slackbot 1.0"), is_machine("curl/8.1"), is_machine("Mozilla/5.0 (X11; Linux x86_64; rv:144.0)")
    (True, False, False)
    """
    return CRAWLER.search(agent) is not None
