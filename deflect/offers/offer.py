"""Make offers: choose articles for a person about to write, and show them unless the person is in the control arm."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

from deflect.offers import log
from deflect.offers.context_cards import BY_CONTEXT, with_context
from deflect.offers.episode import Visit, intent, keys, new_id
from deflect.offers.log import with_text
from deflect.store import clock
from deflect.store.people import position
from deflect.store.services import Services
from kb.config import Settings
from kb.errors import BadDatabase, HelpCenterError
from kb.failures import Degraded, degraded
from kb.metrics import OFFERS
from search.rank.current import Current
from search.rank.hit import Hit, Suggestions
from search.rank.searcher import Searcher

CARDS = 3
LOGGED = 10  # candidates logged with the event, shown or not
LONGEST = 8000  # characters of a message that are searched; people describe their problem first
PATIENCE = 1.0  # seconds that a form without a script waits for an offer
NOTHING = Suggestions(abstained=True, degraded=None, ranker="none", cards=(), candidates=())


@dataclass(frozen=True, slots=True)
class Offer:
    """The answer to `POST /offers`. `degraded` also reports a failed search or a failed log."""

    episode: str | None
    abstained: bool
    degraded: Degraded | None
    ranker: str
    cards: tuple[Hit, ...]

    def document(self) -> dict[str, Any]:
        """Return the offer as JSON."""
        return asdict(self)


def make_offer(services: Services, visit: Visit, *, subject: str, body: str, patience: float | None = None) -> Offer:
    """Compute and log an offer. In the control arm the same offer is logged, but no cards are shown.

    A failure never stops the form. If the search fails, the offer has no cards. If the log fails, the cards are not
    shown either, because the episode would count as one without an offer. A visitor without consent gets cards, but
    no episode and no arm; so does everyone while the database is missing or damaged, since nothing is counted then.
    """
    found, reason = suggest(services.current, services.settings, visit, subject=subject, body=body, patience=patience)
    if not visit.agreed:
        return _counted(Offer(None, found.abstained, reason, found.ranker, found.cards), found)
    now = clock.now()
    try:
        who = keys(services, visitor=visit.visitor, claims=visit.claims)
        found, propensities = _explored(services, found, who)
        event = _event(found, propensities) | {
            "at": now,
            "degraded": reason,
            "lang": visit.lang or services.settings.lang,
        }
        begun = services.writer.run(
            log.log_offer,
            keys=who,
            intent=intent(services, visit),
            episode=visit.episode,
            event=with_text(event, f"{subject}\n{body}"),
            now=now,
        )
    except BadDatabase as error:
        reason = degraded("no-database", error)
        return _counted(Offer(visit.episode, found.abstained, reason, found.ranker, found.cards), found)
    except HelpCenterError as error:
        return Offer(visit.episode or new_id(), True, degraded("not-logged", error), found.ranker, ())
    cards = found.cards if begun["arm"] == "treatment" else ()
    return _counted(Offer(begun["episode"], found.abstained, reason, found.ranker, cards), found)


def _counted(offer: Offer, found: Suggestions) -> Offer:
    OFFERS.labels("shown" if offer.cards else "control" if found.cards else "abstained").inc()
    return offer


def _event(found: Suggestions, propensities: Sequence[float]) -> dict[str, Any]:
    """Return the event of an offer: candidates in order of rank, cards in order on the screen."""
    return {
        "id": new_id(),
        "type": "offer",
        "articles": [id for id, _ in found.candidates[:LOGGED]],
        "scores": [round(float(score), 6) for _, score in found.candidates[:LOGGED]],
        "abstained": found.abstained,
        "ranker": found.ranker,
        "cards": [card.article for card in found.cards],
        "propensities": [round(chance, 6) for chance in propensities],
    }


def _explored(services: Services, found: Suggestions, who: Sequence[str]) -> tuple[Suggestions, Sequence[float]]:
    """Return the offer with cards possibly swapped, and the probability of each card to be in its slot.

    Cards are never swapped if the owner's articles for a page changed them, because the ranking did not place these.
    """
    share = services.settings.swaps
    names = [card.article for card in found.cards]
    if not share or not who or len(names) < 2 or found.ranker.endswith(BY_CONTEXT):
        return found, [1.0] * len(names)
    slots = arranged(names, person=who[0], salt=services.store.secret("salt"), share=share)
    return replace(found, cards=tuple(found.cards[place] for place in slots.order)), slots.propensities


def suggest(
    current: Current, settings: Settings, visit: Visit, *, subject: str, body: str, patience: float | None = None
) -> tuple[Suggestions, Degraded | None]:
    """Rank articles for a message without logging. Also returns the reason when the result is degraded.

    After `patience` seconds it returns no suggestions.
    """

    def answer() -> tuple[Suggestions, Degraded | None]:
        try:
            found = _suggested(current.get(), settings, visit, subject=subject[:300], body=body[:LONGEST])
        except Exception as error:  # no failure of the search may stop the form
            return NOTHING, degraded("search-failed", error)
        return found, found.degraded

    if patience is None:
        return answer()
    answers: SimpleQueue[tuple[Suggestions, Degraded | None]] = SimpleQueue()
    threading.Thread(target=lambda: answers.put(answer()), daemon=True).start()
    try:
        return answers.get(timeout=patience)
    except Empty:
        return NOTHING, degraded("search-slow")


def _suggested(searcher: Searcher, settings: Settings, visit: Visit, *, subject: str, body: str) -> Suggestions:
    lang = visit.lang or settings.lang
    category, audience = visit.category or None, visit.claims.audience
    found = searcher.suggest(subject, body, lang=lang, k=CARDS, category=category, audience=audience)
    return with_context(searcher, visit, found, text=f"{subject} {body}", lang=lang, k=CARDS)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The card in each slot, as its rank counted from 0, and the probability that it is there."""

    order: tuple[int, ...]
    propensities: tuple[float, ...]


def arranged(articles: Sequence[str], *, person: str, salt: str, share: float) -> Arrangement:
    """Arrange `articles`, given best first, in slots. At most one pair of neighbours is swapped.

    Starting at the top, the first pair whose draw is below `share` is swapped. The draw depends on the person and the
    pair, so that the order stays the same while the person types. It is independent of the arm, although both use the
    same salt.

    >>> arranged(["a", "b", "c"], person="visitor:1", salt="s", share=0.0)
    Arrangement(order=(0, 1, 2), propensities=(1.0, 1.0, 1.0))
    """
    order = list(range(len(articles)))
    for upper in range(len(articles) - 1):
        pair = "\0".join(sorted(articles[upper : upper + 2]))
        if share > 0 and position(f"\0{person}\0{pair}", salt=salt) < share:
            order[upper], order[upper + 1] = order[upper + 1], order[upper]
            break
    chances = tuple(propensity(card, slot, of=len(order), share=share) for slot, card in enumerate(order))
    return Arrangement(tuple(order), chances)


def propensity(card: int, slot: int, *, of: int, share: float) -> float:
    """Return the probability that the card of rank `card` is in `slot`, both counted from 0, for `of` cards.

    >>> [propensity(0, slot, of=3, share=0.5) for slot in range(3)]
    [0.5, 0.5, 0.0]
    """
    down = _swapped(card, of=of, share=share)
    up = _swapped(card - 1, of=of, share=share)
    return {0: 1.0 - down - up, 1: down, -1: up}.get(slot - card, 0.0)


def _swapped(upper: int, *, of: int, share: float) -> float:
    """Return the probability that the card at `upper` is swapped with the one below it."""
    return share * (1.0 - share) ** upper if 0 <= upper < of - 1 else 0.0
