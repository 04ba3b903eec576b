"""Links as other systems write them lead to the article or file that they mean."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from kb.content import library
from kb.foreign import generator

TREES = {  # name -> files; a settings file says which system the tree was written for
    "docusaurus": {
        "docusaurus.config.js": "module.exports = { baseUrl: '/kb/', trailingSlash: true, url: 'https://x.example' };",
        "docs/intro.md": "---\ntitle: Intro\nslug: /start\n---\n",
        "docs/core/01-entity.md": "# Entity\n",
        "docs/core/03-tests.md": "---\nid: testing\n---\n# Tests\n",
        "docs/core/core.md": "# Core\n",
        "static/img/a.png": "x",
    },
    "starlight": {
        "astro.config.mjs": "export default defineConfig({ site: 'https://x.example', base: '/help' });",
        "src/content/docs/en/guides/start.mdx": "# Start\n",
        "src/content/docs/en/guides/index.mdx": "# Guides\n",
        "src/content/docs/es/guides/start.mdx": "# Empezar\n",
        "src/content/docs/en/guides/Set Up.mdx": "# Set up\n",
        "public/pic.png": "x",
    },
    "mkdocs": {
        "mkdocs.yml": "site_name: X\nsite_url: https://x.example/tool/\n",
        "docs/index.md": "# Home\n",
        "docs/setup/index.md": "# Setup\n",
        "docs/setup/extra.md": "# Extra\n",
    },
    "hugo": {
        "hugo.toml": "baseURL = 'https://x.example/'\n",
        "content/en/guide/a.md": "# A\n",
        "content/en/guide/b/index.md": "# B\n",
        "content/en/guide/b/pic.png": "x",
        "content/en/release/v1.24.0.png": "x",
        "content/en/release/v1.24.1.png": "x",
    },
    "plain": {
        "a.md": "# A\n",
        "deep/b.md": "# B\n",
        "files/x.png": "x",
        "static/img/y.png": "x",
        "one/same.md": "# One\n",
        "two/same.md": "# Two\n",
    },
    "gitbook": {
        "guide/a.md": "# A\n",
        ".gitbook/assets/image (1).png": "x",
        ".gitbook/includes/part.md": "# Part\n",
        "_static/images/v1.23.0.png": "x",
        "_static/images/v1.23.1.png": "x",
    },
    "obsidian": {
        ".obsidian/app.json": "{}",
        "Home.md": "# Home\n",
        "Plans/Big plan.md": "# Big plan\n",
        "Files/pic one.png": "x",
    },
}
LINKS = [  # tree, folder of the articles, article, link, what it leads to
    ("docusaurus", "docs", "core/01-entity.md", "/start", "intro.md"),
    ("docusaurus", "docs", "core/01-entity.md", "/docs/start/", "intro.md"),
    ("docusaurus", "docs", "intro.md", "/kb/docs/core/entity#x", "core/01-entity.md"),
    ("docusaurus", "docs", "intro.md", "/docs/core/testing", "core/03-tests.md"),
    ("docusaurus", "docs", "core/core.md", "../core/entity", "core/01-entity.md"),
    ("docusaurus", "docs", "core/01-entity.md", "../testing", "core/03-tests.md"),
    ("docusaurus", "docs", "core/01-entity.md", "intro.md", "intro.md"),
    ("docusaurus", "docs", "intro.md", "/docs/core/", "core/core.md"),
    ("docusaurus", "docs", "intro.md", "@site/docs/core/01-entity.md", "core/01-entity.md"),
    ("docusaurus", "docs", "intro.md", "https://x.example/kb/docs/core/entity", "core/01-entity.md"),
    ("docusaurus", ".", "docs/intro.md", "/img/a.png", "static/img/a.png"),
    ("docusaurus", ".", "docs/intro.md", "/docs/core/entity", "docs/core/01-entity.md"),
    ("docusaurus", ".", "docs/intro.md", "@site/static/img/a.png", "static/img/a.png"),
    ("starlight", "src/content/docs", "en/guides/index.mdx", "/help/en/guides/start/", "en/guides/start.mdx"),
    ("starlight", "src/content/docs", "en/guides/index.mdx", "/es/guides/start/", "es/guides/start.mdx"),
    ("starlight", "src/content/docs", "en/guides/start.mdx", "../set-up/", "en/guides/Set Up.mdx"),
    ("starlight", "src/content/docs", "en/guides/start.mdx", "/en/guides/", "en/guides/index.mdx"),
    ("starlight", "src/content/docs", "en/guides/index.mdx", "./start/", "en/guides/start.mdx"),
    ("starlight", ".", "src/content/docs/en/guides/start.mdx", "/pic.png", "public/pic.png"),
    ("mkdocs", "docs", "setup/extra.md", "index.md", "setup/index.md"),
    ("mkdocs", "docs", "index.md", "setup/extra/", "setup/extra.md"),
    ("mkdocs", "docs", "setup/extra.md", "https://x.example/tool/setup/", "setup/index.md"),
    ("hugo", "content", "en/guide/a.md", "/guide/b/", "en/guide/b/index.md"),
    ("hugo", "content", "en/guide/a.md", "../b", "en/guide/b/index.md"),
    ("hugo", "content", "en/guide/b/index.md", "pic.png", "en/guide/b/pic.png"),
    ("plain", ".", "a.md", "/files/x.png", "files/x.png"),
    ("plain", ".", "a.md", "/img/y.png", "static/img/y.png"),
    ("plain", ".", "a.md", "/docs/deep/b.html", "deep/b.md"),
    ("plain", ".", "one/same.md", "/any/same", None),
    ("plain", ".", "a.md", "../b.md", None),
    ("plain", ".", "a.md", "deep/c.md", None),
    ("gitbook", ".", "guide/a.md", "../.gitbook/assets/image%20(1).png", ".gitbook/assets/image (1).png"),
    ("gitbook", ".", "guide/a.md", "../.gitbook/includes/part.md", None),
    ("gitbook", ".", "guide/a.md", "/_static/images/v1.23.1.png", "_static/images/v1.23.1.png"),
    ("hugo", "content", "en/guide/a.md", "/release/v1.24.0.png", "en/release/v1.24.0.png"),
    ("obsidian", ".", "Home.md", "Big%20plan.md", "Plans/Big plan.md"),
    ("obsidian", ".", "Plans/Big plan.md", "/_wiki/home", "Home.md"),
    ("obsidian", ".", "Plans/Big plan.md", "/_wiki/pic%20one.png", "Files/pic one.png"),
    ("obsidian", ".", "Home.md", "/_wiki/None", None),
]


def grown(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (folder / ".git").mkdir()
    return folder


@pytest.mark.parametrize(("tree", "below", "source", "link", "leads"), LINKS)
def test_a_link_leads_where_its_system_leads(
    tree: str, below: str, source: str, link: str, leads: str | None, tmp_path: Path
) -> None:
    shelf = library.load(grown(tmp_path, TREES[tree]) / below)
    article = next(article for article in shelf.articles if article.path == source)
    found = shelf.addresses.resolve(link, article=article)
    path = found.article or (unquote(found.href.removeprefix("/files/")) if found.kind == "file" else None)
    assert path == leads


@pytest.mark.parametrize(
    ("tree", "name", "bases", "slash"),
    [
        ("docusaurus", "docusaurus", ("kb",), True),
        ("starlight", "astro", ("help",), True),
        ("mkdocs", "mkdocs", ("tool",), True),
        ("hugo", "hugo", (), True),
        ("obsidian", "obsidian", (), None),
        ("plain", "", (), None),
    ],
)
def test_a_settings_file_says_the_system(
    tree: str, name: str, bases: tuple[str, ...], slash: bool | None, tmp_path: Path
) -> None:
    found = generator.find(grown(tmp_path, TREES[tree]))
    assert (found.name, found.bases, found.slash) == (name, bases, slash)


def test_no_settings_file_is_read_above_the_repository(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: X")
    inside = tmp_path / "clone"
    inside.mkdir()
    assert generator.find(grown(inside, {"a.md": "# A"})).name == ""


def test_outside_a_repository_only_the_folder_itself_is_read(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: X")
    (tmp_path / "docs").mkdir()
    assert generator.find(tmp_path / "docs").name == ""
