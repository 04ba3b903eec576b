"""The web workers: gunicorn with threads, preloaded, on the socket that `kb serve` holds."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers import gthread

from kb.config import Settings
from kb.site.app import create_app
from kb.site.demo import ByPort
from search.rank.current import Current

SILENCE = 5  # seconds that a sender may stop in the middle of a request before its thread goes to somebody else
SWITCH = 0.001  # seconds until a busy thread lets others on: Python's 5 ms, five times an event, were its p99


class Worker(gthread.ThreadWorker):
    """Gunicorn's threads, none of which waits for a sender that is silent.

    Browsers open connections that they may need; gunicorn gives each a thread for five seconds, and sixteen of them
    held up everybody. And a telephone that lost its network in the middle of a message kept its thread for good.
    """

    def init_process(self) -> None:
        """Limit how long a thread waits for the rest of a request; accepted sockets inherit it from the listeners."""
        for listener in self.sockets:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE, 0))
        logging.getLogger("gunicorn.error").addFilter(lambda record: not _silent(record))
        super().init_process()

    def handle(self, conn: gthread.TConn) -> Any:
        """Answer a request; a connection on which nothing has arrived yet waits without a thread."""
        if not conn.initialized and not conn.wait_for_data(0):
            return gthread._DEFER  # type: ignore[attr-defined]  # what its own handle returns then
        return super().handle(conn)


def _leave(_server: object, worker: Worker) -> None:
    """End a worker that has done its work: the models' threads are the parent's, and tidying them up here aborts."""
    if worker.booted:
        sys.stderr.flush()
        os._exit(0)


def _silent(record: logging.LogRecord) -> bool:
    """Return True if a line of the log is about a sender that stopped, which is its own affair."""
    return record.exc_info is not None and isinstance(record.exc_info[1], BlockingIOError)


class WebWorkers(BaseApplication):
    """Gunicorn with our settings instead of its own command line."""

    def __init__(self, settings: Settings, *, binds: Sequence[str]) -> None:
        self.settings, self.binds = settings, list(binds)
        super().__init__()

    def load_config(self) -> None:
        """Set what we need; everything else stays gunicorn's default."""
        options: dict[str, Any] = {
            "bind": self.binds,
            "worker_class": Worker,
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "preload_app": True,
            "loglevel": "warning",
            "graceful_timeout": 10,
            "timeout": 60,
            "keepalive": 5,
            "control_socket_disable": True,
            "limit_request_line": 8190,
            "forwarded_allow_ips": "",  # proxies are counted by deflect.api.http, not believed by name
        }
        options["worker_exit"] = _leave
        options["post_worker_init"] = self._follow
        if Path("/dev/shm").is_dir():
            options["worker_tmp_dir"] = "/dev/shm"  # a slow disk must not look like a dead worker
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application, made once before the workers are forked; a second socket is the demo shop's."""
        sys.setswitchinterval(SWITCH)
        app = create_app(self.settings)
        self.current: Current = app.extensions["shortstop"].current
        self.current.warm()  # models and index once, for all workers
        return ByPort(app, help_port=self.settings.port) if len(self.binds) > 1 else app

    def _follow(self, _worker: Worker) -> None:
        """Have a worker open new generations by itself: who asks first would wait for one, or for a model."""
        self.current.follow(threading.Event())
