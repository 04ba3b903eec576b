"""A minifier for the widget's scripts, which are written so that it can read them.

It splits a script into tokens by regular expressions and drops comments and white space that no token needs. It gives
a class's private names and a file's constants in capitals one letter each, and shortens the stylesheet in a template
string. It reads no other JavaScript: a regular expression literal must follow `(`, or an operator and a space.
"""

from __future__ import annotations

import re
from string import ascii_letters, ascii_uppercase

REGEX = r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/"
TOKENS = (
    r"(?P<nothing>\s+|//[^\n]*|/\*.*?\*/)",
    r'"(?:[^"\\\n]|\\.)*"',
    r"`(?:[^`\\]|\\.)*`",
    rf"(?<=[(]){REGEX}|(?<=[=!:|&,][ ]){REGEX}",
    r"[\w$#]+|.",
)
TOKEN = re.compile("|".join(TOKENS), re.DOTALL)
NEEDED = re.compile(r"[\w$#]{2}|\+\+|--")  # neighbours that would be another token without a space
NAME = re.compile(r"#?\b[A-Za-z]\w*")
NEEDLESS = {(";", "}"), (",", "}"), (",", "]"), (",", ")")}  # where the first says nothing
SHORTER = {"true": "!0", "false": "!1", "undefined": "void 0"}
PROPERTY = re.compile(r"--(?!help)([a-z])[\w-]+")  # ours within the shadow root: no two begin with the same letter
PRIVATE = re.compile(r"#[A-Za-z]\w*")  # a private name is seen by its own class only
CONSTANT = re.compile(r"^const ([A-Z][A-Z_]+) = ", re.MULTILINE)  # what a file calls in capitals is its own, too


def squeeze(source: str) -> str:
    """Return a script without comments and needless white space, its own private names and constants shortened.

    >>> squeeze("// why\\nif (a) {\\n  return b + +c; // d\\n}\\n")
    'if(a){return b+ +c}'
    """
    parts: list[str] = []
    space, short = False, _short(source)
    for found in TOKEN.finditer(source):
        text = found.group()
        if found.lastgroup == "nothing":
            space = True
            continue
        if text.startswith("`\n"):  # a stylesheet
            text = re.sub(r"\s*([{};:,>])\s+|\s+([{])", r"\1\2", re.sub(r"\n\s*", "", text)).replace(";}", "}")
            text = PROPERTY.sub(r"--\1", text)
        elif text.startswith("`"):
            text = re.sub(
                r"\$\{[^}]*\}", lambda value: NAME.sub(lambda name: short.get(name[0], name[0]), value[0]), text
            )
        elif text == "const":
            text = "let"  # the same to a script that works
        text = short.get(text, text)
        text = SHORTER.get(text, text) if parts and parts[-1] != "." else text
        if parts and (parts[-1], text) in NEEDLESS:
            parts.pop()
        if text == ">" and _is_single(parts):  # (a) => is a =>
            parts[-4:] = [parts[-3], "="]
        if space and parts and NEEDED.fullmatch(parts[-1][-1] + text[0]):
            parts.append(" ")
        parts.append(text)
        space = False
    return "".join(parts)


def _is_single(parts: list[str]) -> bool:
    """Return True if the last parts are the single parameter of an arrow function in parentheses, followed by `=`."""
    name = parts[-3] if len(parts) > 4 and [parts[-4], *parts[-2:]] == ["(", ")", "="] else ""
    return name.isidentifier() and not NEEDED.fullmatch(parts[-5][-1] + name[0])


def _short(source: str) -> dict[str, str]:
    """Return a letter for each private name and each constant in capitals, in order of appearance."""
    tokens = [found.group() for found in TOKEN.finditer(source) if found.lastgroup != "nothing"]
    private = dict.fromkeys(text for text in tokens if PRIVATE.fullmatch(text))
    free = [letter for letter in ascii_uppercase if letter not in tokens]
    letters = [*ascii_letters, *(f"a{letter}" for letter in ascii_letters)]
    names = {name: f"#{letter}" for name, letter in zip(private, letters, strict=False)}
    return names | dict(zip(dict.fromkeys(CONSTANT.findall(source)), free, strict=False))
