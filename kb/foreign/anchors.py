"""The anchors of headings."""

from __future__ import annotations

import re
import unicodedata


def slug(text: str) -> str:
    """Return the anchor of a heading: its words in lower case with hyphens, in any script.

    >>> slug("Can't sign in?"), slug("¿Qué es el IVA?"), slug("如何登录")
    ('cant-sign-in', 'qué-es-el-iva', '如何登录')
    """
    text = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFC", text)).strip().lower()
    return re.sub(r"[\s_-]+", "-", text).strip("-")[:80].rstrip("-")
