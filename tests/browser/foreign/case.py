"""A foreign page, and which of its fields are meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One page: the body, the selectors of the fields, and the line that embeds the widget."""

    name: str
    html: str = ""  # of the body; empty: bodies/<name>.html, or the whole page pages/<name>.html
    subject: str = ""  # empty: the page has no subject
    message: str = "textarea"  # "frame >>> field" for a field in a frame
    form: str = ""  # of the line; empty: guessed
    lang: str = "en"
    title: str = "Acme"
    chosen: str = ""  # the option of a list of subjects
    nothing: bool = False  # no contact form: nothing is asked
    says: str = ""  # a part of the console's line
    first: str = ""  # pressed before anything is typed
    between: str = ""  # pressed between subject and message
    library: str = ""  # a folder of node_modules that the page needs
    ready: str = ""  # an expression that is true once the page is
