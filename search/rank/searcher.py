"""Find articles for a typed query, while typing, for a message on a form, or related to another article."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from kb import failures as degradation
from kb.config import Settings
from kb.errors import BadGeneration
from kb.failures import Degraded
from kb.i18n import own_name
from kb.metrics import SEARCHES
from kb.render.snapshot import Snapshot
from search.index import embedder, generation
from search.index.embedder import Embedder
from search.rank import answers, completion, floor, stages
from search.rank.asked import Asked, ask, language_of, parsed
from search.rank.collection import Collection
from search.rank.hit import Hit, Results, Suggestions
from search.rank.questions import REMEMBERED, QuestionEncoder
from search.rank.ranking import Ranking, System, kind_of, rank, taught
from search.rank.tongue import tongue
from search.text import message
from search.text.query import Text

Audience = frozenset[str]
EVERYBODY: Audience = frozenset()
CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Ranked:
    """Documents with the probability that each answers, best first, and the ranking they come from."""

    ranked: tuple[tuple[int, float], ...]
    floor: float  # the calibrated floor of this mode
    asked: Asked
    ranking: Ranking | None  # None if the question is empty or no document may be found

    def cards(self, k: int, *, floor: float | None = None) -> list[tuple[int, float]]:
        """Return those of the first `k` at or above the floor. A question of only stop words has no cards."""
        if all(query.only_little for query in self.asked.queries.values()):
            return []
        least = self.floor if floor is None else floor
        return [(number, chance) for number, chance in self.ranked[:k] if chance >= least]


class Searcher:
    """Answers questions from one generation. All threads of a process share it."""

    def __init__(
        self,
        collection: Collection,
        *,
        settings: Settings,
        encoder: Embedder | None,
        failed: bool,
        remember: int = REMEMBERED,
    ) -> None:
        self.collection = collection
        self.settings = settings
        self.generation = collection.manifest.fingerprint
        self.learned = collection.learned  # the ranking learned from solved questions, or None
        self._questions = QuestionEncoder(collection, encoder, failed=failed, remember=remember)

    @classmethod
    def open(
        cls, folder: Path, *, settings: Settings, encoder: Embedder | None = None, remember: int = REMEMBERED
    ) -> Searcher:
        """Open the generation in `folder`. Raise BadGeneration if it can't be served.

        Without an `encoder`, the configured one is loaded. If that fails, `degraded` names the reason.
        """
        collection = Collection(folder)
        failed = False
        if encoder is None and collection.spaces:
            try:
                encoder = embedder.load(settings.embedder, models=settings.data / "models")
            except Exception as error:  # search by words works without the model
                degradation.degraded("embedder-failed", error)
                failed = True
        made = cls(collection, settings=settings, encoder=encoder, failed=failed, remember=remember)
        if made.degraded == "stale-vectors" or (made.degraded == "no-vectors" and settings.embedder != "none"):
            degradation.degraded(
                made.degraded, detail="the index has no vectors of this model yet; 'kb serve' and 'kb index' build them"
            )
        return made

    @cached_property
    def snapshot(self) -> Snapshot:
        """The articles of this generation as pages."""
        return Snapshot.open(self.collection.folder)

    @property
    def encoder(self) -> Embedder | None:
        """The embedder of questions, which the next generation's searcher reuses."""
        return self._questions.encoder

    @property
    def main_encoder(self) -> Embedder | None:
        """The embedder of the space that the ranking learns in, the collection's main one; None without vectors.

        A pair of embedders has two spaces, whose vectors have different lengths.
        """
        if self.degraded is not None or self.encoder is None:
            return None
        own = (space.embedder for space in embedder.spaces(self.encoder))
        return next((one for one in own if one.recipe == self.collection.main_recipe), None)

    @property
    def degraded(self) -> Degraded | None:
        """The reason why results are by words only, or None if they aren't."""
        return self._questions.degraded

    @property
    def ranker(self) -> str:
        """The name of the ranker in logs: its system and the generation."""
        if self.degraded is not None:
            return self._by_words
        return f"{'hybrid' if self.learned is None else 'learned'}-{self.generation}"

    @property
    def _by_words(self) -> str:
        return f"bm25-{self.generation}"

    def warm(self) -> None:
        """Prepare the public view, and encode a word in every space, so that no visitor waits for them."""
        self.collection.seen_by(EVERYBODY)
        self._questions.warm()

    def verify(self) -> None:
        """Check every file. Raise BadGeneration with the names of files that changed after the build."""
        broken = generation.damaged(self.collection.folder, self.collection.manifest)
        if broken:
            where = f"{self.collection.folder}: {', '.join(broken)}"
            raise BadGeneration(f"{where} changed after it was built; run 'kb index'")

    def search(
        self, text: str, *, lang: str, k: int = 10, audience: Audience = EVERYBODY, degraded: Degraded | None = None
    ) -> Results:
        """Return the articles that answer a typed query, best first, and the stage at which they were found.

        If `degraded` gives a reason, search by words only.
        """
        collection = self.collection.seen_by(audience)
        asked = _typed(collection, text, lang=lang, audience=audience)
        if asked.empty:
            return _counted(Results(asked.text.line, asked.page, "none", self.degraded or degraded, self.ranker, ()))
        if degraded is None:
            asked, ranker = self._encoded(collection, asked, asked.text.line), self.ranker
        else:
            asked, ranker = replace(asked, degraded=self.degraded or degraded), self._by_words
        found = stages.search(collection, asked, k=k, ranker=ranker, least=self.settings.floor_search)
        return _counted(replace(found, hits=labelled(found.hits, found.lang)))

    def complete(self, text: str, *, lang: str, k: int = 8, audience: Audience = EVERYBODY) -> Results:
        """Return the articles that complete the typed words. The last word may be unfinished."""
        collection = self.collection.seen_by(audience)
        ends = not text or text[-1].isspace()
        asked = _typed(collection, text, lang=lang, audience=audience, ends=ends)
        found = completion.complete(collection, asked, ends=ends, k=k)
        return _counted(
            replace(found, hits=labelled(found.hits, found.lang), degraded=self.degraded, ranker=self.ranker)
        )

    def suggest(
        self,
        subject: str,
        body: str,
        *,
        lang: str,
        k: int = 3,
        category: str | None = None,
        audience: Audience = EVERYBODY,
    ) -> Suggestions:
        """Return the articles that probably solve a message, or no articles if all are below the floor."""
        if category in self.collection.seen_by(audience).silent or self._is_silent(category, audience):
            return Suggestions(True, self.degraded, self.ranker, (), ())
        found = self.ranked_message(subject, body, lang=lang, k=CANDIDATES, audience=audience, system="learned")
        chosen = found.cards(k, floor=self.settings.floor_suggest)
        semantic = found.ranking.semantic if found.ranking else None
        cards = answers.hits(self.collection.seen_by(audience), chosen, queries=found.asked.queries, semantic=semantic)
        names = tuple((self.collection.documents[n].article, round(chance, 4)) for n, chance in found.ranked)
        cards = labelled(cards, found.asked.page)
        return Suggestions(not cards, found.asked.degraded, self.ranker, cards, names)

    def ranked_message(
        self, subject: str, body: str, *, lang: str, k: int, system: System = "hybrid", audience: Audience = EVERYBODY
    ) -> Ranked:
        """Return the `k` articles that most probably solve a message, without a floor."""
        asked, ranking = self.rank_message(subject, body, lang=lang, k=k, system=system, audience=audience)
        return self._judged(asked, ranking, mode="suggest")

    def rank_message(
        self, subject: str, body: str, *, lang: str, k: int, system: System = "hybrid", audience: Audience = EVERYBODY
    ) -> tuple[Asked, Ranking | None]:
        """Return a message's question and its ranking without probabilities, or None if nothing can be ranked."""
        collection = self.collection.seen_by(audience)
        said = message.read(subject, body)
        asked = _asked(collection, Text.of(said.whole), lang=lang, audience=audience, heavy=said.subject, offered=True)
        if asked.empty:
            return replace(asked, degraded=self.degraded), None
        if system != "bm25":
            asked = self._encoded(collection, asked, said.whole)
        ranking = rank(collection, asked, k=k, system=system)
        if system == "learned" and self.learned is not None and asked.vectors:
            own = self._questions.vector(self.learned.recipe, said.whole)
            ranking = taught(collection, ranking, collection.taught_by(self.learned), question=own, k=k)
        return asked, ranking

    def ranked_query(
        self, text: str, *, lang: str, k: int, system: System = "hybrid", audience: Audience = EVERYBODY
    ) -> Ranked:
        """Return the `k` articles that best answer a typed query, in the order of the search page, without a floor."""
        collection = self.collection.seen_by(audience)
        typed, found = self._staged(collection, text, lang=lang, k=k, system=system, audience=audience)
        if found is None:
            return self._judged(typed, None, mode="search")
        judged = self._judged(found.asked, found.ranking, mode="search")
        chances = dict(judged.ranked)
        order = stages.ordered(collection, typed, found.ranking)
        return replace(judged, ranked=tuple((n, chances.get(n, 1.0)) for n in order[:k]))

    def rank_query(
        self, text: str, *, lang: str, k: int, system: System = "hybrid", audience: Audience = EVERYBODY
    ) -> tuple[Asked, Ranking | None]:
        """Return a typed query's question and its ranking without probabilities, or None if nothing can be ranked."""
        collection = self.collection.seen_by(audience)
        typed, found = self._staged(collection, text, lang=lang, k=k, system=system, audience=audience)
        return (typed, None) if found is None else (found.asked, found.ranking)

    def _staged(
        self, collection: Collection, text: str, *, lang: str, k: int, system: System, audience: Audience
    ) -> tuple[Asked, stages.Staged | None]:
        typed = _typed(collection, text, lang=lang, audience=audience)
        if typed.empty:
            return replace(typed, degraded=self.degraded), None
        if system != "bm25":
            typed = self._encoded(collection, typed, typed.text.line)
        return typed, stages.staged(collection, typed, k=k, system=system)

    def _encoded(self, collection: Collection, asked: Asked, text: str) -> Asked:
        """Return `asked` with its language and the vectors of `text`, or with the reason if there are none."""
        lang = language_of(collection, asked)
        vectors, degraded = self._questions.encode(text, lang=lang, mask=asked.mask)
        return replace(asked, lang=lang, vectors=vectors, degraded=degraded)

    def _judged(self, asked: Asked, ranking: Ranking | None, *, mode: str) -> Ranked:
        if ranking is None:
            return Ranked((), 1.0, asked, None)
        tuned = floor.calibration(mode + kind_of(self.collection, ranking))
        chances = tuned.scores(ranking.features(), own=ranking.own)
        pairs = sorted(zip(ranking.order, map(float, chances), strict=True), key=lambda pair: -pair[1])
        return Ranked(tuple(pairs), tuned.floor, asked, ranking)

    def related(self, article_id: str, *, lang: str, k: int = 4, audience: Audience = EVERYBODY) -> tuple[Hit, ...]:
        """Return the articles nearest to an article, by the mean of its vectors, if any, and the words of its title."""
        collection = self.collection.seen_by(audience)
        mask = collection.visible(lang, audience).copy()
        own = [i for i in np.flatnonzero(mask) if collection.documents[i].article == article_id]
        if not own:
            return ()
        document = collection.documents[own[0]]
        mask[own] = False
        spaces = [space for space in collection.spaces if int(own[0]) in space and document.last > document.first]
        vectors = {space.recipe: space.mean(document.first, document.last) for space in spaces}
        title = Text.of(document.title)
        queries = parsed(collection, title, langs=[document.lang])
        ranking = rank(collection, Asked(title, lang, document.lang, mask, queries, vectors), k=k)
        scored = [(n, float(ranking.scores[n])) for n in ranking.order if ranking.scores[n] > 0]
        queries = dict.fromkeys(collection.postings, queries[document.lang])
        return answers.title_hits(collection, scored, queries=queries)

    def _is_silent(self, category: str | None, audience: Audience) -> bool:
        if category is None or not (self.collection.folder / "library.db").is_file():
            return False
        lang = self.collection.manifest.default_lang
        return any(c.name == category and not c.offers for c in self.snapshot.categories(lang, audience=audience))


def _typed(collection: Collection, text: str, *, lang: str, audience: Audience, ends: bool = True) -> Asked:
    return _asked(collection, Text.of(text), lang=lang, audience=audience, ends=ends)


def _asked(
    collection: Collection,
    text: Text,
    *,
    lang: str,
    audience: Audience,
    heavy: str = "",
    offered: bool = False,
    ends: bool = True,
) -> Asked:
    """Return a question with the articles that may answer it, each in the question's language if it has that one."""
    page = collection.spoken(lang)
    first = tongue(collection, text, page=page, ends=ends)
    mask = collection.visible(first, audience, page=page)
    mask = mask & collection.offered if offered else mask
    return ask(collection, text, lang=page, first=first, mask=mask, heavy=heavy)


def labelled(hits: tuple[Hit, ...], page: str) -> tuple[Hit, ...]:
    """Return hits with the own name of their language on those that aren't in the page's."""
    return tuple(replace(hit, language=own_name(hit.lang)) if hit.lang != page else hit for hit in hits)


def _counted(results: Results) -> Results:
    SEARCHES.labels(results.stage, results.degraded or "none").inc()
    return results
