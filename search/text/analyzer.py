"""Split text into terms for the index and for queries, and detect its language.

Words are stemmed by language. Scripts without spaces between words become pairs of characters. Codes such as file names
and versions stay whole. The language of a text is detected by its script or its stop words.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import Stemmer
from whoosh.lang.stopwords import stoplists

from search.text.han import SIMPLER

SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
)
# Marks above and below letters, which \w leaves out: accents, and the vowel signs of Hebrew, Arabic and Indic scripts.
_MARKS = "".join(
    chr(point) for point in range(0x300, 0xE00) if unicodedata.category(chr(point)) in ("Mn", "Mc")
)  # fmt: skip
_LETTER = rf"(?:(?![{_UNSPACED}_])[\w{_MARKS}])"
_APOSTROPHES = "'’‘`´ʼ′＇"
_PUNCTUATION = _APOSTROPHES + "\x00-\x7f\u2000-\u206f\u3000-\u303f\uff00-\uff65«»…·¿¡°§©®™•"
_TOKEN = re.compile(
    rf"(?P<run>[{_UNSPACED}]+)|(?P<word>{_LETTER}+(?:[{_APOSTROPHES}]{_LETTER}+)*)|(?P<sign>[^\s\w{_PUNCTUATION}])"
)
_SPECIAL = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_PLAIN_WORD = re.compile(rf"[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*")  # a word, if nothing matches _SPECIAL
_SIGN = re.compile(rf"[^\s\w{_PUNCTUATION}]")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['`][A-Za-z0-9]+)*")
_SEPARATORS = str.maketrans(dict.fromkeys(',;()[]{}<>"“”«»„!?|=', " "))
_BEFORE, _AFTER = "'’‘`*…-—–/\\&", ".:'’‘`*…-—–/\\&"
_ARROW = re.compile(r"(?<=[ \w.)*])[>→›▸](?=[ \w(*.])")
_VERSION = re.compile(r"^v(?=\d+\.\d)")
_CODE = re.compile(r"\d|\w[._+#@:/\\]\w|[+#]$|^\.\w{2,5}$")
_RUNS = re.compile(rf"[{_UNSPACED}]")
_TURNED = re.compile(rf"[{_APOSTROPHES}]")
# French, Italian and Catalan articles and pronouns that lose their vowel before another: l’, qu’, dell’.
_ELIDED = re.compile(
    rf"^(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu|(?:d|n|s)?(?:a|e|u)ll)[{_APOSTROPHES}](?=\w)", re.IGNORECASE
)
LONGEST = 64  # characters kept of a term
LOOKED_AT = 4000  # characters of a text that are read to detect its language
LEAST = 0.12  # least share of a language's stop words among the words of a text
LEAD = 1.3  # a language needs more than this many times the stop words of the next one

# The most common words, folded, of languages for which Whoosh has no stop words.
_MORE = {
    "pl": "i w z na nie sie jest do to ze jak co po mi moja moje czy dla od przez przy tak juz tylko mam mozna byc",
    "cs": "a v na se je to ze s z do jak co po mi moje pro od pri tak jsem jsou byt bylo ale prosim kdyz nebo mam",
}
_SCRIPTS = {
    "ja": "\u3040-\u30ff", "ko": "\uac00-\ud7af", "zh": "\u4e00-\u9fff", "th": "\u0e00-\u0e7f",
    "ar": "\u0600-\u06ff", "he": "\u0590-\u05ff", "el": "\u0370-\u03ff", "hi": "\u0900-\u097f",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of an unspaced script or a symbol, with its position in the text."""

    text: str
    start: int
    end: int
    kind: str  # "word", "run" or "sign"


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` in any script. A symbol such as an emoji is a token."""
    for match in (_ASCII_WORD if text.isascii() else _TOKEN).finditer(text):  # same tokens, a third of the time
        yield Token(match.group(), match.start(), match.end(), match.lastgroup or "word")


def _words(text: str) -> tuple[Counter[str], list[Token]]:
    """Return the count of each word in `text`, and the tokens that are not words."""
    if text.isascii():
        return Counter(_ASCII_WORD.findall(text)), []
    if not _SPECIAL.search(text):  # a fifth of the time
        signs = [Token(match.group(), match.start(), match.end(), "sign") for match in _SIGN.finditer(text)]
        return Counter(_PLAIN_WORD.findall(text)), signs
    words, others = Counter[str](), []
    for token in tokens(text):
        if token.kind == "word":
            words[token.text] += 1
        else:
            others.append(token)
    return words, others


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return `text` without case, accents, vowel signs and apostrophes, so that what is typed without them is equal.

    >>> fold("Ærø Contraseña ＡＢＣ Đặt can’t إعَادَة ぱすわーど")
    'aero contrasena abc dat cant اعاده パスワード'
    """
    if text.isascii():
        return text.lower().translate(_ALIKE)
    split = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_APART)).casefold())
    bare = "".join(char for char in split if not (unicodedata.combining(char) and _is_mark(char)))
    return unicodedata.normalize("NFC", bare.translate(_ALIKE))


def _is_mark(char: str) -> bool:
    """Return True for a mark that people leave out: an accent, or a vowel sign of Hebrew or Arabic."""
    return "\u0300" <= char <= "\u036f" or "\u0591" <= char <= "\u06ed"


_APART = str.maketrans("", "", _APOSTROPHES)  # before anything else, since NFKD makes a space of one of them
# Letters that people type as others: without the key for them, or from habit.
_ALIKE = {
    **str.maketrans(
        {"đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
    ),
    **str.maketrans("ةىٱ", "هيا", "ـ" + _APOSTROPHES),
    **SIMPLER,
    **{point: point + 0x60 for point in (*range(0x3041, 0x3097), 0x309D, 0x309E)},  # hiragana as katakana
}


class Analyzer:
    """Turn text into terms of one language. A language without a stemmer keeps its words unstemmed."""

    def __init__(self, lang: str) -> None:
        base = lang.split("-")[0].lower()
        self.lang = lang
        self._algorithm = SNOWBALL.get(base)
        self._local = threading.local()  # stemmers aren't thread-safe
        self._stems: dict[str, tuple[str, ...]] = {}
        self.stopwords = frozenset(fold(word) for word in stoplists.get(base, ()))
        self.elides = base in ("fr", "it", "ca")

    def terms(self, text: str) -> list[str]:
        """Return the terms of `text` for the index: the stems of words, the pairs and characters of unspaced runs."""
        return [term for token in tokens(text) for term in self._indexed(token)]

    def count(self, text: str) -> tuple[Counter[str], Counter[str]]:
        """Return the count of each term in `text`, and the count of each folded, unstemmed word.

        The terms are those of `terms`. Each distinct word is stemmed once, so a long text takes a third of the time.
        """
        counts, plain = Counter[str](), Counter[str]()
        words, others = _words(text)
        for word, count in words.items():
            plain[self.plain(word)] += count
            for stem in self.stems(word):
                counts[stem] += count
        for token in others:
            counts.update(self._indexed(token))
        return counts, plain

    def query(self, text: str) -> list[str]:
        """Return the terms of `text` for a query, one for each word, in order and with repeats."""
        return [term for token in tokens(text) for term in self.asked(token)]

    def asked(self, token: Token) -> tuple[str, ...]:
        """Return the terms of one token of a query."""
        if token.kind == "run":
            return _pairs(fold(token.text)) or tuple(fold(token.text))
        return self.stems(token.text)[:1]

    def plain(self, word: str) -> str:
        """Return the folded, unstemmed word, without an elided article: "ordinateur" of "L’ordinateur"."""
        return fold(_ELIDED.sub("", word) if self.elides else word)[:LONGEST]

    def stems(self, word: str) -> tuple[str, ...]:
        """Return the folded stem of `word` and, if different, the stem of the folded word."""
        known = self._stems.get(word)
        if known is None:
            known = self._stemmed(word)
            if len(self._stems) < 200_000:
                self._stems[word] = known
        return known

    def is_stopword(self, word: str) -> bool:
        """Return True if `word` is a stop word of this language."""
        return fold(word) in self.stopwords

    def _indexed(self, token: Token) -> tuple[str, ...]:
        if token.kind == "run":
            run = fold(token.text)
            return (*_pairs(run), *run)
        return self.stems(token.text)

    def _stemmed(self, word: str) -> tuple[str, ...]:
        plain = _TURNED.sub("'", word.casefold()).removesuffix("'s")[:LONGEST]
        if self.elides:
            plain = _ELIDED.sub("", plain)
        folded = fold(plain)
        if self._algorithm is None:
            return (folded,)
        first, second = fold(self._stem(plain)) or folded, self._stem(folded) or folded
        return (first,) if first == second else (first, second)

    def _stem(self, word: str) -> str:
        stemmer = getattr(self._local, "stemmer", None)
        if stemmer is None:
            stemmer = self._local.stemmer = Stemmer.Stemmer(self._algorithm)
        return str(stemmer.stemWord(word))


@cache
def analyzer(lang: str) -> Analyzer:
    """Return the analyzer of a language. All callers share it and its cache of stems."""
    return Analyzer(lang)


def codes(text: str) -> list[str]:
    """Return the codes in `text`, which match exactly: errors, versions, file and host names, steps of menu paths.

    A version is written without its v.

    >>> codes("Error 0x80070005 in prefs.js, see Tools > Account Settings (v1.2)")
    ['0x80070005', 'prefs.js', '1.2', 'tools>account']
    """
    found = []
    for raw in text.translate(_SEPARATORS).split():
        if raw.isalpha():
            continue
        chunk = raw.lstrip(_BEFORE).rstrip(_AFTER)
        if not chunk.isalpha() and _is_code(chunk):
            found.append(_VERSION.sub("", fold(chunk))[:LONGEST])
    for arrow in _ARROW.finditer(text):
        start, end = arrow.span()
        found.append(_step(text[max(0, start - LONGEST) : start], text[end : end + LONGEST]))
    return [code for code in found if code]


def releases(code: str) -> list[str]:
    """Return what a version is a release of: 2 parts or more of its beginning.

    >>> releases("2.10.1"), releases("prefs.js")
    (['2.10'], [])
    """
    parts = code.split(".")
    if len(parts) < 3 or not code.replace(".", "").isdigit():
        return []
    return [".".join(parts[:count]) for count in range(2, len(parts))]


def _step(before: str, after: str) -> str:
    """Return a step of a menu path: the last word before the arrow and the first after it."""
    left, right = re.findall(r"[\w'’-]+", before), re.findall(r"[\w'’-]+", after)
    return f"{fold(left[-1])}>{fold(right[0])}"[:LONGEST] if left and right else ""


def _is_code(chunk: str) -> bool:
    """Return True for a word with digits or signs inside, and for numbers of three digits or more.

    Examples are `ERR_42`, `C++`, `.csv`, `1.2.3`, `imap.example.com` and `Ctrl+S`.
    """
    if len(chunk) < 2 or chunk.isdigit():
        return len(chunk) >= 3
    return bool(_CODE.search(chunk)) and not _RUNS.search(chunk)


def _pairs(run: str) -> tuple[str, ...]:
    return tuple(run[i : i + 2] for i in range(len(run) - 1))


def detect(text: str, *, usual: str = "", found: Iterable[Token] | None = None) -> str | None:
    """Return the language of `text`, or None if neither its script nor its stop words show it.

    A language other than `usual` needs at least twice the stop words of `usual`, plus one. `found` are the tokens of
    `text`, if the caller already has them.

    >>> detect("¿Cómo puedo cambiar mi contraseña?"), detect("error 42")
    ('es', None)
    """
    sample = text[:LOOKED_AT]
    if script := _script(sample):
        return script
    found = tokens(sample) if found is None else (token for token in found if token.end <= LOOKED_AT)
    words = [fold(token.text) for token in found if token.kind == "word"]
    counts = {lang: sum(_weight(word) for word in words if word in small) for lang, small in little_words().items()}
    best, second = sorted(counts, key=lambda lang: (-counts[lang], lang))[:2]
    clear = counts[best] >= max(2.0, LEAST * len(words)) and counts[best] > LEAD * counts[second]
    if clear and best != usual and counts[best] < 2.0 * counts.get(usual, 0.0) + (1.0 if usual else 0.0):
        return None
    return best if clear else None


@cache
def little_words() -> dict[str, frozenset[str]]:
    """Return the stop words of each language, folded."""
    lists = {lang: frozenset(fold(word) for word in words) for lang, words in stoplists.items() if words}
    return lists | {lang: frozenset(words.split()) for lang, words in _MORE.items()}


def _weight(word: str) -> float:
    """Return the weight of a stop word: half for a single letter, which may be an initial."""
    return 0.5 if len(word) == 1 else 1.0


def _script(text: str) -> str | None:
    letters = sum(char.isalpha() for char in text)
    enough = 0.3 * max(letters, 1)
    return next((lang for lang, chars in _SCRIPTS.items() if len(re.findall(f"[{chars}]", text)) > enough), None)
