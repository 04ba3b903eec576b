"""Choose the language in which a question is searched first: the page's, or that of the question.

A question in another language than the page's finds what there is in its own language. That language is told by common
words and scripts, or else by words that articles in that language have and those in the page's don't. A question whose
words the page's language knows stays with the page.
"""

from __future__ import annotations

from search.rank.collection import Collection
from search.text.analyzer import analyzer
from search.text.query import Text, Word, parse

ENOUGH = 2 / 3  # share of the words of a question from which the page's language has it
HALF = 0.5  # share from which another language has it
MORE = 0.3  # by which its share must be larger than that of the page's language
SHORT = 40  # words of a question that are looked up; a longer one has common words to tell its language by
UNFINISHED = 3  # letters from which the last word may be the beginning of another


def tongue(collection: Collection, text: Text, *, page: str, ends: bool = True) -> str:
    """Return the language of the articles that are searched first. Without `ends`, the last word is unfinished."""
    others = [lang for lang in sorted(collection.postings) if lang != page]
    if not others or not text.tokens:
        return page
    if len(text.tokens) > SHORT:
        said = _said(collection, text, page)
        return said if said in others else page
    own = _share(collection, page, text, ends=ends)
    if own == 1.0:
        return page
    said = _said(collection, text, page)
    if said in others and _share(collection, said, text, ends=ends) > 0.0:
        return said
    if own >= ENOUGH:
        return page
    shares = {lang: _share(collection, lang, text, ends=ends) for lang in others}
    default = collection.manifest.default_lang
    best = max(others, key=lambda lang: (shares[lang], lang == default, lang))
    return best if shares[best] >= max(HALF, own + MORE) else page


def _said(collection: Collection, text: Text, page: str) -> str:
    """Return the language of articles that a text shows by itself, or the page's."""
    told = text.told(page)
    return collection.spoken(told) if told else page


def _share(collection: Collection, lang: str, text: Text, *, ends: bool) -> float:
    """Return the share of the words of `text` that articles in `lang` have, without its little words."""
    if lang not in collection.postings:
        return 0.0
    query = parse(text, analyzer(lang))
    words = query.asked or query.words
    last = None if ends or not text.tokens else analyzer(lang).plain(text.tokens[-1].text)
    known = sum(_is_known(collection, lang, word, begun=word.text == last) for word in words)
    return known / len(words) if words else 0.0


def _is_known(collection: Collection, lang: str, word: Word, *, begun: bool) -> bool:
    postings = collection.postings[lang]
    if word.terms and all(postings.row(term) is not None for term in word.terms):
        return True
    if any(postings.row(form) is not None for form in (word.text, *word.joined)):
        return True
    return begun and len(word.text) >= UNFINISHED and postings.begins(word.text)
