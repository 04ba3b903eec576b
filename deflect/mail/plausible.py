"""Judge how much a text looks like a language, to tell a right reading of bytes from a wrong one.

A wrong charset shows itself in three ways. Its letters belong to no language together: `Pøihlášení` mixes Danish and
Czech, `оПХБЕР` is in the wrong case, and Greek read as Russian has the rare letters of Russian. Its signs stand where
nobody writes them: `Gr÷sse`. And it has characters that no message has, such as control characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache

from charset_normalizer.constant import FREQUENCIES

# The letters beyond ASCII of languages in Latin script: the usual ones, and after the bar the rare ones.
LATIN = (
    "äöüß|", "éèàêçùâîôû|ëïœüÿæ", "áéíóúñ|ü", "ãçáéíóúâêõôà|ü", "àèéìòù|ó", "ëé|èïóöüê", "åæø|éó", "äöå|éšžü",
    "áðéíóúýþæö|", "ąćęłńóśźż|", "áčďéěíňóřšťúůýž|", "áäčéíľňôšťúýž|ďĺóŕ", "áéíóöőúüű|", "čćžšđ|", "ăâîșțşţ|",
    "çğıöşüi̇|âîû", "ąčęėįšųūž|", "āčēģīķļņšūž|", "äõöü|šž", "çë|", "àçéèóò|íïúü·",
    "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ|",
)  # fmt: skip
# Scripts with their languages in FREQUENCIES, and letters that its lists of 26 leave out.
SCRIPTS = {
    "Russian": "шющэфёъ", "Ukrainian": "шєюґщф'", "Bulgarian": "шюфь", "Serbian": "бгзћчжљњђћџхцшф",
    "Greek": "φψβξζϊϋΐΰ", "Hebrew": "זךצףץ", "Arabic": "ةثظذزغئءآؤض", "Farsi": "ثذضظغصئءآ",
    "Thai": "่้๊๋์ัิีึืุูำาะเแโใไ็ๆฯฉซฎฏฐฑฒณญฌธฝฟภมยฤลวศษสฬอฮ", "Hindi": "", "Kazakh": "ұүөһәхцчшщъьэюяв",
}  # fmt: skip
HAN = frozenset(FREQUENCIES["Chinese"] + FREQUENCIES["Japanese"])
HANGUL = frozenset(FREQUENCIES["Korean"])
CAPITAL = 0.7  # the weight of a capital letter: charsets of one script often differ in the case of letters
CJK = 1.5  # the weight of a character that takes two bytes

FINE = frozenset(
    "’‘‚“”„«»‹›–—…•·¡¿€£¥§°©®™½¼²³±×\u00a0‑‐―、。，！？；：「」『』（）《》【】・～〜ー\u3000،؛؟״׳־ªº№①②③④⑤⑥⑦⑧⑨"
)
OFTEN_INSIDE = frozenset("’'·‐‑–—―×・ー～〜\u00ad")
BAD = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f]")
MIXED = re.compile(
    r"[a-zà-ÿ][\u0370-\u06ff\u0e00-\u0e7f\uff66-\uff9f]|[\u0370-\u06ff\u0e00-\u0e7f][a-zà-ÿ]|[A-Za-z][\u2e80-\uffdc]{1,2}(?=[a-z?!.])"
)
NEVER = re.compile(r"ã\b|õ\b|\Bþ|\bð|\bß|[^\W\d_]·(?!l)")  # Portuguese, Icelandic, German and Catalan never write this


def plausibility(text: str) -> float:
    """Return about 1 for each character beyond ASCII that fits a language and its neighbours, and less if not.

    >>> plausibility("Größe") > plausibility("Grцße") < 0 < plausibility("Размер")
    True
    """
    marks, text = len(text), unicodedata.normalize("NFC", text)
    marks -= len(text)  # that joined a letter, as in Vietnamese
    counts = Counter(text)
    beyond = {c: n for c, n in counts.items() if c > "\x7f"}
    letters: dict[str, float] = defaultdict(float)
    for c, n in beyond.items():
        if unicodedata.category(c)[0] in "LM":
            letters[c.lower()] += n * (1.0 if c.lower() == c else CAPITAL)
    signs = {c: n for c, n in beyond.items() if c.lower() not in letters and not BAD.match(c)}
    return marks + _letters(letters) + _signs(text, signs) - _breaks(text, letters)


def _letters(letters: Mapping[str, float]) -> float:
    """Return the score of letters in the language where they fit best."""
    if not letters:
        return 0.0
    cjk = {c: n for c, n in letters.items() if "\u1100" <= c <= "\uffdc" and not "\u1e00" <= c <= "\u1fff"}
    rest = {c: n for c, n in letters.items() if c not in cjk}
    best = max(sum(n * known.get(c, -1.5) for c, n in rest.items()) for known in _languages()) if rest else 0.0
    return best + CJK * max(
        sum(n * weight(c) for c, n in cjk.items()) for weight in (_chinese, _taiwanese, _japanese, _korean)
    )


@cache
def _languages() -> tuple[dict[str, float], ...]:
    """Return the weight of each letter in each language, for scripts with letters of one byte."""
    latin = []
    for usual, _, rare in (letters.partition("|") for letters in LATIN):
        latin.append(dict.fromkeys(rare, 0.3) | dict.fromkeys(usual, 1.0))
    others = []
    for name, more in SCRIPTS.items():
        common = [c for c in FREQUENCIES[name] if c > "\x7f"]
        others.append(dict.fromkeys(more, 0.2) | {c: 1.0 - 0.8 * n / len(common) for n, c in enumerate(common)})
    return (*latin, *others)


@cache
def _chinese(char: str) -> float:
    return _level(char, "gb2312", first=0xB0, last=0xD7)


@cache
def _taiwanese(char: str) -> float:
    return _level(char, "big5", first=0xA4, last=0xC6)


@cache
def _japanese(char: str) -> float:
    if "\u3041" <= char <= "\u30ff" or char == "々":
        return 0.9
    return 0.3 if "\uff66" <= char <= "\uff9f" else _level(char, "euc_jp", first=0xB0, last=0xCF)


@cache
def _korean(char: str) -> float:
    if not "\uac00" <= char <= "\ud7a3":
        return -0.5
    return 1.0 if char in HANGUL else 0.5 if _encoded(char, "euc_kr") else -0.5


def _level(char: str, codec: str, *, first: int, last: int) -> float:
    """Return the weight of a Chinese character: its standard lists the frequent ones first."""
    lead = _encoded(char, codec)
    if not lead or "\u3041" <= char <= "\u30ff":
        return -0.5
    return 1.0 if char in HAN else 0.6 if first <= lead <= last else 0.0


def _encoded(char: str, codec: str) -> int:
    """Return the first byte of a character in a charset, or 0 if the charset lacks it."""
    return char.encode(codec, "ignore")[:1][0] if char.encode(codec, "ignore") else 0


def _signs(text: str, signs: Mapping[str, int]) -> float:
    """Return the score of punctuation and symbols: the usual ones count a little unless they split a word."""
    inside = "".join(re.escape(c) for c in signs if c not in OFTEN_INSIDE)
    split = len(re.findall(rf"(?<=[^\W\d_])[{inside}]+(?=[^\W\d_])", text)) if inside else 0
    return sum(n * (0.3 if c in FINE else -0.7) for c, n in signs.items()) - 1.5 * split


def _breaks(text: str, letters: Mapping[str, float]) -> float:
    """Return the penalty for control characters, and for words in two scripts or in mixed case."""
    lower = "".join(c for c in letters if c.isalpha() and c.upper() != c)
    upper = lower.upper()
    case = len(re.findall(f"[a-z{lower}][{upper}]|[{lower}][A-Z]", text)) if lower else 0
    return 2.5 * len(BAD.findall(text)) + 1.5 * len(MIXED.findall(text)) + case + len(NEVER.findall(text))
