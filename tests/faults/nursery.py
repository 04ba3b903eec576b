"""Fork a background process (writer and outbox) for each line of standard input; forking saves imports."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from deflect.delivery import outbox
from deflect.store import writer
from deflect.store.database import Store
from kb.config import Settings


def background(settings: Settings) -> None:
    """Run the writer and the outbox until killed."""
    stop = threading.Event()
    store = Store.open(settings.database)
    threading.Thread(target=writer.serve, args=(store, settings.writer_socket, stop), daemon=True).start()
    while not stop.wait(0.01):
        outbox.deliver_due(settings)


def main(data: str, url: str, secret: str) -> None:
    """Print the id of each forked process."""
    settings = Settings(
        data=Path(data), sinks=("webhook",), webhook_url=url, webhook_secret=secret, allow_networks=("127.0.0.0/8",)
    )
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            background(settings)
        print(pid, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
