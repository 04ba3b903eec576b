"""An open-loop generator of requests, cheap enough to run beside the server it measures: one thread, plain sockets.

`python -m tests.bench.generator PORT SECONDS EVENTS SEARCHES SEED` prints a line of JSON for each answered request.
Requests are sent at random moments (Poisson) even if earlier ones are unanswered. A request's time counts from the
moment when it was due, so that a stalled server shows.
"""

from __future__ import annotations

import heapq
import json
import random
import selectors
import socket
import sys
import time
import uuid
from dataclasses import dataclass
from urllib.parse import quote

QUESTIONS = (
    "reset password", "how do I install it", "where are the tickets kept", "deflection rate", "webhook signature",
    "back up the database", "article with pictures", "translate an article", "holdout", "who can see my message",
    "change the colours of the widget", "export to a spreadsheet", "nginx", "delete my data", "search finds nothing",
)  # fmt: skip
PAGES = tuple(f"topic-{n % 12}/article-{n}" for n in range(300))
TYPES = ("follow", "read", "read", "helpful")
VISITORS = 20_000


@dataclass
class Asked:
    """One request: its kind, when it is due, its bytes, its event id, and how often its connection was cut."""

    kind: str
    due: float
    data: bytes
    id: str
    cut: int = 0


class Line:
    """A kept-alive connection and the request it is waiting for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked: Asked | None = None
        self.answer = b""

    def ask(self, asked: Asked) -> None:
        """Send a request."""
        self.asked, self.answer = asked, b""
        self.socket.sendall(asked.data)

    def read(self) -> tuple[int, bytes] | None:
        """Read bytes; return status and body once the answer is complete. Raises ConnectionError if it is cut."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        self.answer += data
        head, mark, body = self.answer.partition(b"\r\n\r\n")
        if not mark:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return (int(head.split(None, 2)[1]), body) if len(body) >= length else None


def planned(draw: random.Random, *, seconds: float, events: float, searches: float) -> list[Asked]:
    """Return all requests, with their bytes, in the order in which they are due."""
    found = [event(draw, due) for due in moments(draw, events, seconds)]
    found += [search(draw, due) for due in moments(draw, searches, seconds)]
    return sorted(found, key=lambda asked: asked.due)


def moments(draw: random.Random, rate: float, seconds: float) -> list[float]:
    """Return the seconds at which a Poisson process sends requests."""
    found, at = [], 0.0
    while rate and (at := at + draw.expovariate(rate)) < seconds:
        found.append(at)
    return found


def event(draw: random.Random, due: float) -> Asked:
    """Return a beacon with one event, like those of our pages."""
    id, type = str(uuid.UUID(int=draw.getrandbits(128), version=4)), draw.choice(TYPES)
    said = {"id": id, "type": type, "at": "2026-10-01T12:00:00Z", "article": draw.choice(PAGES), "source": "search"}
    said |= {"revision": "0a1b2c3d"} | ({"rank": draw.randint(1, 10)} if type == "follow" else {})
    body = json.dumps({"visitor": f"{draw.randrange(VISITORS):032x}", "events": [said]}).encode()
    head = (
        "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return Asked("event", due, head.encode() + body, id)


def search(draw: random.Random, due: float) -> Asked:
    """Return a search through the API."""
    path = f"/api/v1/search?lang=en&q={quote(draw.choice(QUESTIONS))}"
    return Asked("search", due, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(), "")


def run(port: int, plan: list[Asked], *, patience: float = 20.0) -> None:
    """Send each planned request when it is due, repeat it if its connection is cut, and print each answer.

    Free connections are reused, as by a proxy in front of the help center.
    """
    selector, out = selectors.DefaultSelector(), sys.stdout
    free: list[Line] = []
    waiting: list[tuple[float, int, Asked]] = []  # cut requests, each with the time to repeat it
    began, place, busy = time.perf_counter(), 0, 0
    while place < len(plan) or busy or waiting:
        now = time.perf_counter() - began
        if now > (plan[-1].due if plan else 0.0) + patience:
            break
        due: list[Asked] = []
        while place < len(plan) and plan[place].due <= now:
            due.append(plan[place])
            place += 1
        while waiting and waiting[0][0] <= now:
            due.append(heapq.heappop(waiting)[2])
        for asked in due:
            try:
                line = free.pop() if free else _opened(port, selector)
                line.ask(asked)
                busy += 1
            except OSError:
                asked.cut += 1
                heapq.heappush(waiting, (now + 0.05, id(asked), asked))
        pause = min([0.05, *([plan[place].due - now] if place < len(plan) else [])])
        for key, _ in selector.select(max(0.0, pause)):
            line = key.data
            asked = line.asked
            try:
                answer = line.read()
            except OSError:
                selector.unregister(line.socket)
                line.socket.close()
                if asked is None:
                    free.remove(line)
                else:
                    busy, asked.cut = busy - 1, asked.cut + 1
                    heapq.heappush(waiting, (time.perf_counter() - began, id(asked), asked))
                continue
            if answer is not None and asked is not None:
                busy, line.asked = busy - 1, None
                free.append(line)
                took = 1000 * (time.perf_counter() - began - asked.due)
                out.write(f'["{asked.kind}", {answer[0]}, {took:.3f}, {asked.cut}, "{asked.id}"]\n')
    out.flush()


def _opened(port: int, selector: selectors.BaseSelector) -> Line:
    line = Line(port)
    selector.register(line.socket, selectors.EVENT_READ, line)
    return line


def main() -> None:
    """Run the generator with the arguments of the command line."""
    port, seconds, events, searches, seed = sys.argv[1:6]
    draw = random.Random(int(seed))
    run(int(port), planned(draw, seconds=float(seconds), events=float(events), searches=float(searches)))


if __name__ == "__main__":
    main()
