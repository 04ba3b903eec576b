"""The results of a search: hits with snippets, and the stage at which they were found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from kb.failures import Degraded

Stage = Literal["all", "enough", "corrected", "none"]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a snippet as plain text. `mark` is True for a word of the query."""

    text: str
    mark: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A found article with its best section and the sentence that answers.

    `url` is the article's address with `#anchor`; `heading` the heading path below the title ("Invoices > VAT");
    `score` is in [0, 1] and comparable within one mode only.
    """

    article: str
    lang: str
    title: str
    url: str
    anchor: str
    heading: str
    snippet: tuple[Fragment, ...]
    score: float
    language: str = ""  # the own name of its language, if that isn't the page's


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a search or a completion. `corrected` is the text that was searched instead of `query`."""

    query: str
    lang: str
    stage: Stage
    degraded: Degraded | None
    ranker: str
    hits: tuple[Hit, ...]
    corrected: str | None = None
    did_you_mean: str | None = None

    @property
    def abroad(self) -> tuple[str, ...]:
        """The languages of hits that aren't in the page's, in their order."""
        return tuple(dict.fromkeys(hit.language for hit in self.hits if hit.language))

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `GET search`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The offer for a message: the cards at or above the floor, and the candidates.

    `candidates` are at most ten pairs (article id, probability), best first, including those below the floor.
    """

    abstained: bool
    degraded: Degraded | None
    ranker: str
    cards: tuple[Hit, ...]
    candidates: tuple[tuple[str, float], ...]

    def document(self) -> dict[str, Any]:
        """Return the answer to `POST /offers` as JSON, without `episode`."""
        return {
            "abstained": self.abstained,
            "degraded": self.degraded,
            "ranker": self.ranker,
            "cards": [asdict(card) for card in self.cards],
        }
