"""`/livez`, `/readyz` and `/healthz` tell load balancers and operators what the server can do now.

A load balancer must not take a server out that can be read: everything is written by one process, so all web servers
would be out at once. So a writer or a database that is away is said in the answer, and the status stays 200.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from deflect.store.database import condition
from deflect.store.services import Services, services, state
from deflect.store.trial import Trial
from kb.errors import HelpCenterError
from kb.metrics import failing

blueprint = Blueprint("health", __name__)
UNSAVED = "the last write was refused; the log of 'kb serve' says why; run 'kb doctor'"  # for example after a cut log


@blueprint.get("/livez")
def alive() -> Response:
    """Answer 200: the process is alive. Whoever restarts it after no answer gains nothing from checking more."""
    return jsonify(alive=True)


@blueprint.get("/readyz", endpoint="readyz")
@blueprint.get("/healthz")
def ready() -> tuple[Response, int]:
    """Return the generation and the articles' revision, or 503 if there is no index.

    `writable` is true if a trial write succeeded, and otherwise `unwritable` has the reason. `database` is "ok" or a
    sentence.
    """
    here = services()
    duties = sorted(failing(here.settings.metrics))
    database = condition(here.settings) or (UNSAVED if "writer" in duties else "ok")
    known: dict[str, object] = {"database": database} | _writable(here)
    try:
        searcher = here.current.get()
    except HelpCenterError as error:
        return jsonify(ready=False, generation=None, revision=None, why=str(error), **known), 503
    known |= {"generation": searcher.generation, "revision": searcher.collection.manifest.content}
    if duties:
        known["failing"] = duties
    return jsonify(ready=True, **known), 200


def _writable(here: Services) -> dict[str, object]:
    why = state(Trial).failure(here.writer)
    return {"writable": False, "unwritable": why} if why else {"writable": True}
