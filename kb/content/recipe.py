"""What makes two renderings of one text comparable: our code that renders, and the libraries it stands on."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

_KB = Path(__file__).parent.parent
_MODULES = (
    *("content/article", "content/foreign_keys", "content/foreign_markdown", "content/links"),
    *("render/budget", "render/dialect", "render/lists", "render/outline", "render/rendered"),
    *("render/render", "render/sanitise"),
)
_READING = ("content/frontmatter", "languages", "content/keys")
_LIBRARIES = ("markdown", "nh3", "pygments", "pymdown-extensions")


@functools.cache
def recipe() -> str:
    """Return a name that changes when an article's page may change though the article does not."""
    digest = hashlib.sha256()
    for name in _MODULES:
        digest.update((_KB / f"{name}.py").read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)} ".encode())
    return digest.hexdigest()[:16]


@functools.cache
def reading() -> str:
    """Return a name that changes when what is read of an article's file may change though the file does not."""
    digest = hashlib.sha256(recipe().encode())
    for name in _READING:
        digest.update((_KB / f"{name}.py").read_bytes())
    digest.update(version("pyyaml").encode())
    return digest.hexdigest()[:16]
