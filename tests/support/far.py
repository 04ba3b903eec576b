"""A proxy on loopback that adds a round trip to a server, as distance does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE = 65536  # bytes
HANDSHAKES = 2  # round trips of a new connection: one for TCP and one for TLS 1.3


class Far:
    """Hands on what comes to `target`, a host and port, half a round trip later."""

    def __init__(self, target: tuple[str, int], *, trip: float) -> None:
        self.target, self.trip = target, trip  # trip: seconds
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop holds them weakly
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Accept connections until `stop` is set."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        for _ in range(5):
            await asyncio.sleep(0)  # asyncio loses whom it is just accepting when the server closes
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Note a connection at once: a task that is cancelled before it began would never close it."""
        self.connections += 1
        self._writers.append(writer)
        self._tasks.add(asyncio.create_task(self._client(reader, writer)))

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await asyncio.sleep(HANDSHAKES * self.trip)
            behind_reader, behind_writer = await asyncio.open_connection(*self.target)
            self._writers.append(behind_writer)
            await asyncio.gather(self._pump(reader, behind_writer), self._pump(behind_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"-"
            while data:
                try:
                    data = await reader.read(PIECE)
                except ConnectionError:
                    data = b""
                queue.put_nowait((loop.time() + self.trip / 2, data))

        async def write() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                with suppress(ConnectionError):
                    await writer.drain()

        await asyncio.gather(read(), write())


@contextmanager
def far(origin: str, *, trip: float) -> Iterator[Far]:
    """Put an origin `trip` seconds away while the block runs; `Far.port` is where."""
    url = urlsplit(origin)
    made = Far((url.hostname or "127.0.0.1", url.port or 80), trip=trip)
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(made.serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
