"""The page of an error, with what was typed into the form that was refused, so that it can be copied."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from werkzeug.exceptions import HTTPException

from kb.failures import failure

TYPED = {"body": "Your text", "name": "Name", "email": "E-mail", "address": "Address"}  # never a password


def page(error: Exception) -> Any:
    """Return the page of an error. That of a failure has no menu, because the menu's counts need the database."""
    found = failure(error, during=f"{request.method} {request.endpoint}")
    if found.status >= 500:
        g.agent = None
    html = render_template("admin/error.html", sentence=found.sentence, status=int(found.status), typed=typed())
    return html, found.status, found.headers


def sentence(text: str) -> str:
    """Return the text of an error as a sentence.

    >>> sentence("the text is too long; shorten it")
    'The text is too long; shorten it.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def typed() -> dict[str, str]:
    """Return the label and the value of each field of the submitted form that has text."""
    try:
        return {label: request.form[name] for name, label in TYPED.items() if request.form.get(name, "").strip()}
    except HTTPException:  # the form is too large to be read
        return {}
