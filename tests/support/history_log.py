"""Write a log of visitors' events in the format of `kb events import`."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from deflect.history import imports
from kb.config import Settings

OFFER = {"articles": ["account/reset-password"], "scores": [0.9], "ranker": "x"}
ARTICLE = "account/reset-password"


class Log:
    """A list of events with consecutive ids."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, who: str, at: str, type: str, **fields: Any) -> None:
        """Add one event; `at` without a time means ten o'clock."""
        id = str(uuid.UUID(int=len(self.events) + 1))
        time = at if "T" in at else f"{at}T10:00:00Z"
        self.events.append({"visitor": who, "id": id, "type": type, "at": time, **fields})

    def episode(
        self,
        who: str,
        arm: str,
        *did: str,
        at: str = "2026-09-10",
        channels: tuple[str, ...] = ("web",),
        text: str = "",
        article: str = ARTICLE,
    ) -> None:
        """Add the episode `e-{who}`: an intent, an offer a second later, then the events of `did`, a minute apart."""
        in_it = {"episode": f"e-{who}"}
        self.add(who, f"{at}T10:00:00Z", "intent", arm=arm, channels=list(channels), **in_it)
        offer = OFFER | {"abstained": "abstained" in did, "arm": arm} | ({"text": text} if text else {})
        offer |= {} if "abstained" in did else {"cards": [article]}
        self.add(who, f"{at}T10:00:01Z", "offer", **offer, **in_it)
        for minute, what in enumerate((w for w in did if w != "abstained"), 1):
            more: dict[str, Any] = {
                "follow": {"article": article, "source": "offer"},
                "read": {"article": article},
                "solved": {"article": article},
                "not_this": {"article": article},
                "sent": {"ticket": f"T-{who}", "channel": "web"},
            }.get(what, {})
            self.add(who, f"{at}T10:{minute:02}:00Z", what, **more, **in_it)


def load(settings: Settings, folder: Path, log: Log, *calls: dict[str, Any]) -> None:
    """Import the log and contacts made elsewhere."""
    for name, rows, importer in (("e", log.events, imports.load_events), ("c", list(calls), imports.load_contacts)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        done = importer(settings, path)
        assert (done["stored"], done["bad"]) == (len(rows), [])


def call(who: str, at: str) -> dict[str, Any]:
    """Return a phone contact."""
    return {"visitor": who, "at": at, "channel": "phone"}
