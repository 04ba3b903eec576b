"""`/metrics`: counters and gauges for operators, in Prometheus's text format.

Only this machine and the networks in KB_METRICS_NETWORKS can read it. Counters increase where things happen
(`kb.metrics`). The state of the outbox, the index and the processes is read for each request.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, g, request

from deflect.api.http import client_address
from deflect.store import clock
from deflect.store.clock import SECOND
from deflect.store.services import Services, services
from kb import metrics, processes
from kb.errors import Forbidden, HelpCenterError
from kb.metrics import REQUESTS, Reading

blueprint = Blueprint("metrics", __name__)

OUTBOX = """
    SELECT CASE WHEN state = 'pending' AND unsure > 0 THEN 'perhaps sent' ELSE state END AS state,
           count(*) AS n, min(created) AS oldest
    FROM outbox WHERE state != 'sent' GROUP BY 1 ORDER BY 1
    """
NOT_TAKEN = "SELECT what, count(*) AS n FROM mails WHERE ticket IS NULL GROUP BY what ORDER BY what"


@blueprint.get("/metrics")
def show() -> Response:
    """Return all metrics. Raise Forbidden for an address outside the allowed networks."""
    here = services()
    if not _may_read(here):
        raise Forbidden("this address can't read the metrics; add its network to KB_METRICS_NETWORKS")
    return Response(metrics.text(list(_readings(here))), mimetype="text/plain; version=0.0.4")


def install(app: Flask) -> None:
    """Record the duration of each request of the application, by route and status."""
    app.before_request(_begin)
    app.after_request(_count)


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(route, response.status_code).observe(time.perf_counter() - g.pop("began", time.perf_counter()))
    return response


def _may_read(here: Services) -> bool:
    """Return True if the request comes from this machine or a listed network, and not through an unknown proxy."""
    trusted = here.settings.trusted_proxies
    if not trusted and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    try:
        address = ipaddress.ip_address(client_address(request, trusted_proxies=trusted))
    except ValueError:  # a Unix socket
        return False
    networks = [ipaddress.ip_network(network, strict=False) for network in here.settings.metrics_networks]
    return address.is_loopback or any(address in network for network in networks)


def _readings(here: Services) -> Iterator[Reading]:
    try:
        rows, left = here.store.rows(OUTBOX), here.store.rows(NOT_TAKEN)
    except HelpCenterError:  # the other metrics are still available
        rows = left = []
    waiting = [((row["state"],), float(row["n"])) for row in rows]
    ages = [((row["state"],), (clock.now() - row["oldest"]) / SECOND) for row in rows]
    yield Reading("shortstop_outbox", "Deliveries that have not been accepted yet.", ("state",), waiting)
    yield Reading("shortstop_outbox_oldest_seconds", "Age of the oldest delivery in each state.", ("state",), ages)
    mails = [((row["what"],), float(row["n"])) for row in left]
    yield Reading("shortstop_mails_not_taken", "E-mails of the last 30 days that became no ticket.", ("reason",), mails)
    found = [((name,), float(count)) for name, count in sorted(processes.running().items())]
    yield Reading("shortstop_processes", "Processes of this `kb serve`.", ("command",), found)
    try:
        collection = here.current.get().collection
    except HelpCenterError:  # no index yet, as /healthz says
        return
    name, built = collection.manifest.fingerprint, collection.folder.stat().st_mtime
    yield Reading("shortstop_generation", "The index generation in use.", ("name",), [((name,), 1.0)])
    yield Reading("shortstop_generation_age_seconds", "Time since it was built.", (), [((), time.time() - built)])
