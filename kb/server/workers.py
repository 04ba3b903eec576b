"""The web workers: gunicorn with threads, preloaded, on the socket that `kb serve` holds."""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from kb.config import Settings
from kb.server.child import Pulse
from kb.server.worker import Worker
from kb.site.app import create_app
from kb.site.demo import ByPort
from search.rank.current import Current

IDLE = 15  # seconds that a connection may wait for its next request: as long as a visitor thinks about a word
PROXY_IDLE = (
    150  # longer than proxies keep theirs (Caddy 120, nginx 60), or they would send a request into a closed one
)
FILES = 8192  # that a web worker may open
SWITCH = 0.001  # seconds until a busy thread yields: Python's default of 5 ms, five times per event, was the p99


def _leave(_server: object, worker: Worker) -> None:
    """End a worker without cleaning up: the threads of the models belong to the parent, and joining them aborts."""
    if worker.booted:
        sys.stderr.flush()
        os._exit(0)


def _allow_files() -> None:
    """Raise the number of files that a process may open: a connection can need three, and the usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class WebWorkers(BaseApplication):
    """Gunicorn with our settings instead of its own command line."""

    def __init__(self, settings: Settings, *, binds: Sequence[str], pulse: Pulse) -> None:
        self.settings, self.binds, self.pulse = settings, list(binds), pulse
        super().__init__()

    def load_config(self) -> None:
        """Set our options; the others keep gunicorn's defaults."""
        options: dict[str, Any] = {
            "bind": self.binds,
            "worker_class": Worker,
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "preload_app": True,
            "loglevel": "warning",
            "graceful_timeout": 10,
            "timeout": 60,
            "keepalive": PROXY_IDLE if self.settings.trusted_proxies else IDLE,
            "control_socket_disable": True,
            "limit_request_line": 8190,
            "sendfile": False,  # answers go through kb.server.connections.Line
            "forwarded_allow_ips": "",  # deflect.api.http trusts proxies by their number
        }
        options["worker_exit"] = _leave
        options["post_worker_init"] = self._begin
        if Path("/dev/shm").is_dir():
            options["worker_tmp_dir"] = "/dev/shm"  # or a slow disk makes a worker look dead
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application, made once before the workers are forked; a second socket serves the demo shop."""
        sys.setswitchinterval(SWITCH)
        _allow_files()
        app = create_app(self.settings)
        self.current: Current = app.extensions["shortstop"].current
        self.current.warm()  # load models and index once for all workers
        return ByPort(app, help_port=self.settings.port) if len(self.binds) > 1 else app

    def _begin(self, _worker: Worker) -> None:
        """Open new generations in the background, so that no visitor waits for one or for a model."""
        self.current.follow(threading.Event())
        self.pulse("", 0.0)
