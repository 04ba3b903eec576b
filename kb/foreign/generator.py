"""Find out which system a folder of articles was written for, from that system's own settings file.

The file is searched for words, never executed. It may lie above the articles, up to the top of their git repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MOST_ABOVE = 6  # folders above the articles that are looked at
MAX_CHARACTERS = 256 * 1024
_BESIDE = ("docs", "website", "site")  # folders of a repository that may hold the settings file


@dataclass(frozen=True, slots=True)
class Generator:
    """The system that a folder was written for, as far as its links depend on it."""

    name: str = ""  # "docusaurus", "astro", "mkdocs", "hugo", "jekyll", "vitepress", "obsidian", or "" if unknown
    bases: tuple[str, ...] = ()  # folders that addresses begin with and files don't: "docs", "kb"
    hosts: tuple[str, ...] = ()  # of the system's own site
    slash: bool | None = None  # True if a page's address ends in a slash, so that `../x` begins one folder higher
    above: tuple[str, ...] = ()  # the names of the folders above the articles, in the repository

    @property
    def by_address(self) -> bool:
        """Return True if relative links without a suffix begin at the page's address, not at its file."""
        return self.name in ("docusaurus", "astro", "hugo", "jekyll")


UNKNOWN = Generator()
_FILES = (  # of each system, the most telling first
    (r"docusaurus\.config\.\w+", "docusaurus"),
    (r"astro\.config\.\w+", "astro"),
    (r"mkdocs\.ya?ml", "mkdocs"),
    (r"(?:hugo|config)\.(?:toml|ya?ml)", "hugo"),
    (r"_config\.ya?ml", "jekyll"),
    (r"\.vitepress|\.vuepress", "vitepress"),
    (r"\.obsidian", "obsidian"),
)
_STRING = r"""\s*[:=]\s*["'`]?([^"'`\s,#]*)"""
_BASES = re.compile(rf"""(?<![\w.])["']?(?:baseUrl|base|baseurl|routeBasePath){_STRING}""")
_SITES = re.compile(rf"""(?<![\w.])["']?(?:url|site|site_url|baseURL){_STRING}""")
_SLASH = re.compile(r"""(?:trailingSlash|use_directory_urls)["']?\s*[:=]\s*["']?(\w+)""")


def find(folder: Path) -> Generator:
    """Return the system that the articles in `folder` were written for."""
    above: list[str] = []
    places = [*_up(folder.resolve())]
    for place in places:
        if found := _settings(place):
            return _read(*found, above=tuple(above))
        above.append(place.name)
    for name in _BESIDE:
        if (folder / name).is_dir() and (found := _settings(folder / name)):
            return _read(*found, above=())
    return Generator(above=tuple(place.name for place in places[:-1]))


def _up(folder: Path) -> Iterator[Path]:
    """Yield the folder and those above it up to the top of its git repository; outside of one, only itself."""
    places = [folder, *folder.parents][: MOST_ABOVE + 1]
    top = next((number for number, place in enumerate(places) if (place / ".git").exists()), 0)
    yield from places[: top + 1]


def _settings(place: Path) -> tuple[str, Path] | None:
    try:
        names = sorted(entry.name for entry in place.iterdir())
    except OSError:
        return None
    for pattern, system in _FILES:
        for name in names:
            if re.fullmatch(pattern, name) and (name != "config.toml" or (place / "content").is_dir()):
                return system, place / name
    return None


def _read(name: str, path: Path, *, above: tuple[str, ...]) -> Generator:
    text = _text(path)
    sites = [parts for word in _SITES.findall(text) if (parts := _address(word))]
    words = [*_BASES.findall(text), *(path for _, path in sites)]
    folders = {word for base in words if "://" not in base for word in base.strip("/").split("/") if word}
    said = _SLASH.search(text)
    return Generator(
        name=name,
        bases=tuple(sorted(folders)),
        hosts=tuple(sorted({host for host, _ in sites})),
        slash=_slash(name, said[1] if said else "", text),
        above=above,
    )


def _slash(name: str, said: str, text: str) -> bool | None:
    if said in ("true", "always"):
        return True
    if said in ("false", "never"):
        return False
    if name == "jekyll":
        return bool(re.search(r"^permalink:\s*(?:pretty|.*/\s*$)", text, re.MULTILINE))
    return {"astro": True, "hugo": True, "mkdocs": True, "vitepress": False}.get(name)


def _address(word: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(word)
    except ValueError:
        return None
    return (parts.netloc.lower(), parts.path) if parts.scheme in ("http", "https") and parts.netloc else None


def _text(path: Path) -> str:
    """Return the text of a settings file; of a folder such as `.vitepress`, that of its config file."""
    try:
        if path.is_dir():
            path = next(iter(sorted(path.glob("config.*s"))), path / "config")
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MAX_CHARACTERS)
    except OSError:
        return ""
