"""Consent: where visitors are asked first, nothing is noted of those who have not agreed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deflect.store.services import Services

ASK = "ask"
GIVEN = "given"  # what a page says in `consent` once its visitor agreed
WHY = "this visitor has not agreed to be recorded; send consent: given once they agree"


def asks(services: Services) -> bool:
    """Return True if visitors are asked before anything is noted of them."""
    return services.settings.consent == ASK


def has_agreed(services: Services, document: Mapping[str, Any]) -> bool:
    """Return True if something may be noted of whoever sent this document."""
    return not asks(services) or document.get("consent") == GIVEN


# It knows four in five of the 2,123 agents in a public list of crawlers and tools (crawler-user-agents 1.67), and takes
# none of 6,935 real browsers for one (fake-useragent 2.2). HeadlessChrome passes: owners try their own pages with it.
CRAWLER = re.compile(
    r"(?<!cu)bot"  # CUBOT is a telephone
    r"|crawl|spider|slurp|scrap|preview|monitor|scan|check|synthetic|lighthouse|uptime|fetch|externalhit|https?://",
    re.IGNORECASE,
)
BROWSER = re.compile(r"Mozilla/|Opera/")  # how every browser begins, and what a crawler has of it


def crawls(agent: str) -> bool:
    """Return True if an agent is a browser that names itself as one without a person, such as a search engine's.

    >>> crawls("Mozilla/5.0 (compatible; Googlebot/2.1)"), crawls("Checkout/1.0 (+https://shop.example)")
    (True, False)
    """
    return BROWSER.match(agent) is not None and is_machine(agent)


def is_machine(agent: str) -> bool:
    """Return True if an agent names itself as a crawler or a monitor, which a tool such as curl does not.

    >>> is_machine("Slackbot 1.0"), is_machine("curl/8.1"), is_machine("Mozilla/5.0 (X11; Linux x86_64; rv:144.0)")
    (True, False, False)
    """
    return CRAWLER.search(agent) is not None
