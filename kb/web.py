"""The web workers: gunicorn with threads, preloaded, on the socket that `kb serve` holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from kb.app import create_app
from kb.config import Settings
from kb.demo import ByPort


class WebWorkers(BaseApplication):
    """Gunicorn with our settings instead of its own command line."""

    def __init__(self, settings: Settings, *, binds: Sequence[str]) -> None:
        self.settings, self.binds = settings, list(binds)
        super().__init__()

    def load_config(self) -> None:
        """Set what we need; everything else stays gunicorn's default."""
        options: dict[str, Any] = {
            "bind": self.binds,
            "worker_class": "gthread",
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "preload_app": True,
            "loglevel": "warning",
            "graceful_timeout": 10,
            "timeout": 60,
            "keepalive": 5,
            "control_socket_disable": True,
            "limit_request_line": 8190,
            "forwarded_allow_ips": "",  # proxies are counted by deflect.web, not believed by name
        }
        if Path("/dev/shm").is_dir():
            options["worker_tmp_dir"] = "/dev/shm"  # a slow disk must not look like a dead worker
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application, made once before the workers are forked; a second socket is the demo shop's."""
        app = create_app(self.settings)
        app.extensions["shortstop"].current.warm()  # models and index once, for all workers
        return ByPort(app, help_port=self.settings.port) if len(self.binds) > 1 else app
