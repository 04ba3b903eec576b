"""One Markdown file as a value: what its front matter and its path say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Status = Literal["draft", "published", "archived"]


@dataclass(frozen=True, slots=True)
class Article:
    """One language of one article, as its file says; `id` is its path without suffix and language."""

    id: str  # "account/reset-password"
    lang: str
    path: str  # below the articles folder, with slashes: "account/reset-password.es.md"
    title: str
    summary: str
    category: str
    markdown: str  # the body, without front matter
    body_line: int  # the line of the file, from 1, where the body begins
    address: str  # "/en/articles/account/reset-password", or what slug or permalink says
    revision: str  # the first 12 hex digits of the file's sha256
    queries: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    owner: str = ""
    review_every: int | None = None  # days
    verified: date | None = None
    status: Status = "published"
    publish_at: datetime | None = None
    expire_at: datetime | None = None
    audience: tuple[str, ...] = ()  # empty: everyone
    order: int | None = None
    updated: datetime | None = None  # the last commit that touched the file; None outside git
