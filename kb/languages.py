"""Language codes: validation, spelling, matching and writing direction."""

from __future__ import annotations

import re
from collections.abc import Iterable

CODES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ast ceb ckb dsb "
    "fil fur haw hsb kab nds sco tok yue".split()
)
RIGHT_TO_LEFT = frozenset("ar ckb dv fa he ks ku ps sd ug ur yi".split())
_CODE = re.compile(r"([a-z]{2,3})((?:-[a-z0-9]{2,8}){0,2})")


def normalise(code: str) -> str | None:
    """Return a language code in lower case with hyphens ("pt-br", "zh"), or None if it is not one.

    >>> normalise("pt_BR"), normalise("js")
    ('pt-br', None)
    """
    code = code.strip().lower().replace("_", "-")
    match = _CODE.fullmatch(code)
    return code if match and match[1] in CODES else None


def without_region(code: str) -> str:
    """Return a language code without its region.

    >>> without_region("en-US"), without_region("pt_br"), without_region("")
    ('en', 'pt', '')
    """
    return code.strip().lower().replace("_", "-").split("-")[0]


def nearest(asked: str, offered: Iterable[str]) -> str | None:
    """Return the language in `offered` that is nearest to `asked`, or None if there is no match.

    >>> nearest("es-MX", ["en", "es"]), nearest("EN", ["en"]), nearest("pt", ["pt-br"]), nearest("fr", ["en"])
    ('es', 'en', 'pt-br', None)
    """
    tag, known = asked.lower().replace("_", "-"), list(offered)
    near = (tag, tag.split("-")[0])
    found = [lang for lang in known if lang in near] or [lang for lang in known if lang.split("-")[0] == near[1]]
    return max(found, key=len, default=None)


def direction(lang: str) -> str:
    """Return the value of HTML's `dir` for a language."""
    return "rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr"
