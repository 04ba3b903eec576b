"""Scripts and stylesheets without comments and needless spaces, as browsers get them."""

from __future__ import annotations

from pathlib import PurePath

import rcssmin
import rjsmin

MINIFIERS = {".css": rcssmin.cssmin, ".js": rjsmin.jsmin}


def minified(text: str, *, name: str) -> str:
    """Return a script or a stylesheet minified, and any other text unchanged.

    >>> minified("a { color: red; } /* why */", name="site.css")
    'a{color:red}'
    """
    return str(MINIFIERS.get(PurePath(name).suffix, str)(text))
