"""`kb tune`: learn from outcomes, evaluate on later outcomes, and keep the result only if it is reliably better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deflect.learn import compare, installed
from deflect.learn.evidence import everything
from deflect.learn.installed import Encode, Resets, text_of
from deflect.learn.lessons import Lesson
from deflect.store.database import reading
from kb.config import Settings
from kb.errors import BadSetting
from search.index.embedder import Embedder
from search.index.learned import FOLDER
from search.learn.learn import USUALLY, Solved, TooFewOutcomes, Weighed, learn
from search.rank.current import Current
from search.rank.searcher import Searcher

HELD = 0.25  # share of the outcomes, the latest, on which the result is evaluated
LEAST_HELD = 30  # outcomes needed for the evaluation


@dataclass(frozen=True, slots=True)
class Ground:
    """The input of a tuning: the current articles, the outcomes that count, and the previous tuning."""

    searcher: Searcher
    encode: Encode
    past: list[Lesson]  # oldest first
    earlier: list[Lesson]
    later: list[Lesson]
    resets: Resets
    fine_tuned: dict[str, Any] | None  # the entry of the current encoder in `tuning.json`, if it was fine-tuned

    @property
    def until(self) -> int:
        """The time of the latest outcome."""
        return self.past[-1].at

    def weighed(self, known: Sequence[Lesson]) -> Weighed:
        """Return the weighing of the ranker, from the `known` outcomes that its encoder was not trained on."""
        if self.fine_tuned is None:
            return USUALLY
        seen = sum(one.at <= self.fine_tuned["until"] for one in known)
        return Weighed(self.fine_tuned["weights"], after=seen)


def tune(settings: Settings, *, dry_run: bool = False) -> dict[str, Any]:
    """Learn from the outcomes in the store and report the gain; unless `dry_run`, keep a reliable gain.

    The ranking learns from the earlier outcomes and is evaluated on the later ones of other people, by the reciprocal
    rank of the article that solved each. It is kept, fitted again on all outcomes, only if the paired 95 % interval of
    the gain lies above zero. Raise TooFewOutcomes, and BadSetting if there are no vectors.
    """
    ground = survey(settings)
    searcher, later = ground.searcher, ground.later
    searcher.learned = None
    before = compare.judge(searcher, later, system="hybrid", label="Before")
    searcher.learned, _ = learn(
        searcher, solved(ground.earlier), encode=ground.encode, weighed=ground.weighed(ground.earlier)
    )
    after = compare.judge(searcher, later, system="learned", label="After")
    report = counts(ground) | compare.compared(searcher, later, before, after)
    kept = report["gain"]["RR@10"]["low"] > 0 and not dry_run
    if kept:
        everything, _ = learn(searcher, solved(ground.past), encode=ground.encode, weighed=ground.weighed(ground.past))
        more = {"encoder": ground.fine_tuned} if ground.fine_tuned else {}
        installed.write(
            settings.articles / FOLDER, everything, report, until=ground.until, resets=ground.resets, **more
        )
    return report | {"kept": kept, "dry_run": dry_run, **compare.examples(later, before, after)}


def survey(settings: Settings) -> Ground:
    """Return the input of a tuning; raise TooFewOutcomes, and BadSetting if there are no vectors."""
    searcher = Current(settings).get()
    encoder = main_encoder(searcher)
    known = {document.article for document in searcher.collection.documents}
    previous = installed.read(settings) or {}
    resets = _resets(settings, searcher, encoder, previous)
    with reading(settings) as store:
        past = [one for one in installed.counting(everything(store), resets) if one.article in known]
    fine = previous.get("encoder")
    fine = fine if fine and fine["recipe"] == encoder.recipe else None
    earlier, later = split(past, after=fine["until"] if fine else None)
    if len(later) < LEAST_HELD:
        raise TooFewOutcomes(
            f"{len(past)} outcomes{', most of them known to the encoder,' if fine else ''} are too few for a tuning; "
            "import more with 'kb outcomes import'"
        )
    return Ground(searcher, installed.encoding(settings, encoder), past, earlier, later, resets, fine)


def split(past: Sequence[Lesson], *, after: int | None = None) -> tuple[list[Lesson], list[Lesson]]:
    """Split outcomes into earlier ones to learn from and later ones to evaluate on; no person or text is in both.

    The later ones exclude followed cards, and outcomes up to `after`, on which an encoder was trained.
    """
    outcomes = [one for one in past if one.weight == 1.0]
    first = int(len(outcomes) * (1 - HELD))
    since = outcomes[first].at if outcomes else 0
    hints = [one for one in past if one.weight != 1.0 and one.at < since]
    earlier = sorted([*outcomes[:first], *hints], key=lambda one: (one.at, one.id))
    people = {one.person for one in earlier if one.person}
    texts = {text_of(one) for one in earlier}
    later = [one for one in outcomes[first:] if one.person not in people and text_of(one) not in texts]
    return earlier, [one for one in later if after is None or one.at > after]


def solved(past: Sequence[Lesson]) -> list[Solved]:
    """Return outcomes in the form that the ranking learns from."""
    return [Solved(one.subject, one.body, one.lang, one.article, one.weight) for one in past]


def counts(ground: Ground) -> dict[str, Any]:
    """Return the numbers of outcomes, as the first part of a report."""
    return {
        "outcomes": {"learned_from": sum(one.weight == 1.0 for one in ground.earlier), "judged_on": len(ground.later)},
        "followed": sum(one.weight != 1.0 for one in ground.earlier),
        "reset": sorted(ground.resets),
    }


def shown(document: dict[str, Any]) -> str:
    """Return the report of a tuning as lines."""
    outcomes, gain = document["outcomes"], document["gain"]["RR@10"]
    offers, hits = document["offered"], document["before"]
    verdict = "kept in _tuning/; commit it, then run 'kb index'" if document["kept"] else _refusal(document)
    lines = [f"learned from {outcomes['learned_from']:,} outcomes, judged on {outcomes['judged_on']:,} later ones"]
    if document["followed"]:
        lines.append(f"and, with less weight, from {document['followed']:,} followed cards")
    lines += [f"{name}: {hits[name]:.3f} -> {document['after'][name]:.3f}" for name in hits]
    lines.append(f"gain in RR@10: {gain['difference']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]")
    for when, offer in offers.items():
        lines.append(f"offers {when}: to {offer['coverage']:.1%}, {offer['right']:.1%} of them right")
    lines.append(f"{document['won']:,} questions won, {document['lost']:,} lost; hit@3 by category and language:")
    for row in document["by"]:
        lines.append(f"  {row['what']}: {row['before']['hit@3']:.3f} -> {row['after']['hit@3']:.3f} of {row['n']}")
    lines += [_shown_example(how, row) for how in ("won", "lost") for row in document[f"most_{how}"]]
    if document["reset"]:
        lines.append(f"reset, because they changed: {', '.join(document['reset'])}")
    return "\n".join([*lines, verdict])


def _shown_example(how: str, row: dict[str, Any]) -> str:
    places = " -> ".join(str(rank) if rank else "below 10" for rank in (row["before"], row["after"]))
    return f"  {how}: {row['article']}, {places}: {' '.join(row['question'].split())[:80]}"


def _refusal(document: dict[str, Any]) -> str:
    return "not kept: a dry run" if document["dry_run"] else "not kept: the interval of the gain is not above zero"


def main_encoder(searcher: Searcher) -> Embedder:
    """Return the encoder of the space in which the ranking learns; raise BadSetting if there are no vectors."""
    found = searcher.main_encoder
    if found is None:
        raise BadSetting("learning needs vectors; run 'kb index' where shortstop[build] is installed")
    return found


def _resets(settings: Settings, searcher: Searcher, encoder: Embedder, previous: dict[str, Any]) -> Resets:
    """Return the time up to which the outcomes of each changed article no longer count.

    An article that changed since the last tuning loses the outcomes of that tuning. With vectors of another encoder,
    changes cannot be detected, and the existing resets stay.
    """
    resets = dict(previous.get("resets", {}))
    before = installed.installed(settings, encoder) if previous else None
    if before is not None:
        resets |= dict.fromkeys(searcher.collection.changed(before), previous["until"])
    return resets
