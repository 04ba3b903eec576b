"""Judge a word by its characters: is it random, as keys are, or mixed, as passwords are?"""

from __future__ import annotations

import re
from itertools import pairwise

# Pairs of letters that are frequent in 17 European languages (nine in ten of their pairs), by their first letter.
_FOLLOWING = (
    "aabcdfghijklmnprstuvyz baeiloru caehiklortu daeiosu eacdegiklmnoprstuvxz faior gaehioru haeio iabcdegjklmnoprstv "
    "jaeis kaeioru ladegilostu mabeiou nacdegikostuy ocdfgklmnoprstuvw paeioru qu racdegiklmnorstuy sacehiklopstuz "
    "taehiorstu uabdegilmnprst vaei waehio yao zaei"
)
FREQUENT = frozenset(group[0] + second for group in _FOLLOWING.split() for second in group[1:])
ODD = 0.5  # share of odd pairs from which a run is random; words have about 0.1, random runs 0.6 to 0.9
SHORTEST = 16
HEX = 24  # digits from which a hexadecimal number is a key; ids and short hashes of commits have fewer

_PLAIN = re.compile(
    r"""(?x) (?:
      \d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?          # a date
    | \d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:[ap]m)?     # a time
    | [vV]?\d+(?:\.\d+)+(?:[-+]?[a-z]+\.?\d*)?      # a version or a decimal number
    | \d+(?:st|nd|rd|th|er|e|º|ª|[.]|x|-[^\W\d_]{1,12}|[a-z]{1,8}|[A-Z]{1,3}|[A-Z][a-z]{1,4})   # 1st, 2x, 8-digit, 30s
    | [A-Z]{2,4}\d                                   # FIDO2
    | [€$£¥]\d[\d.,]*|\d[\d.,]*[€$£¥%]              # a price or a share
    | [^\W\d_]+[/-][^\W\d_]+(?:[/-][^\W\d_]+)?      # and/or, case-sensitive
    | (?i:ctrl|strg|control|alt|option|shift|cmd|command|win)\+\S{1,12}  # a shortcut
    | [^\W\d_]+['’][^\W\d_]+                        # doesn't
    | (?:https?|ftp)://\S* | www\.\S* | [\w.-]+\.(?:com|org|net|html?|php|pdf|png|jpe?g|txt|docx?|zip|exe)
    | (?i:1password|2fa|mfa2|office365|o365|keepass2|windows\d+|win\d+|ios\d*|android\d*|firefox\d*|chrome\d*
          |safari\d*|edge\d*          |macos\d*|oauth2?|sha-?\d+|md5|utf-?8|ipv[46]|mp[34]|h26[45]|web2
          |ps[345]|covid-?19|base64|bcrypt|argon2(?:id?)?|x509
          |iphone\w*|ipad\w*|galaxy\w*|thinkpad\w*|step\d+|page\d+|log4j|s3|ec2|k8s|i18n|wpa[23]?|wifi[56]?|usb[23-]?c?|html5|css3|php[578]?|python[23]?)
    ) $"""
)
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_SPECIAL = re.compile(r"[!@#$%^&*+=~?|§€_<>{}\\]")
_NUMBER_AT_END = re.compile(r"^[^@]+@\d{3,}$")  # tulip@8368, but not node@20 and root@web1
_WORD_AND_NUMBER = re.compile(r"[^\W\d_]+\d{1,2}")

FUNCTION_WORD = re.compile(  # in a sentence, but hardly in a passphrase
    r"(?i)\b(?:the|an?|is|are|be|to|of|not|your|must|with|for|der|die|das|ist|und|el|la|es|le|est|il|è|o|é)\b"
)


def is_random(run: str, shortest: int = SHORTEST) -> bool:
    """Return True if a run of letters and digits is too odd for words, names of programs and numbers.

    >>> is_random("tZ4qLm09XbaWe7Rk"), is_random("MicrosoftEdgeUpdateTask2024"), is_random("linux-image-6.1.0-amd64")
    (True, False, False)
    """
    signs = [c for part in re.split(r"[-_]", run) if not _is_word(part) for c in part if c.isalnum()]
    letters = sum(c.isalpha() for c in signs)
    if len(signs) < shortest or letters < 3 or (letters == len(signs) and len(signs) < 20):
        return False
    if len(signs) < HEX and all(c in "0123456789abcdef" for c in signs):
        return False
    odd = sum(_is_odd(one, two) for one, two in pairwise(signs))
    return odd >= ODD * (len(signs) - 1)


def _is_word(part: str) -> bool:
    """Return True for the prefix of an id that can be read, such as `hybrid` or `request`."""
    pairs = [f"{one}{two}" for one, two in pairwise(part.lower())]
    return part.isalpha() and len(part) > 2 and sum(pair not in FREQUENT for pair in pairs) * 4 <= len(pairs)


def _is_odd(one: str, two: str) -> bool:
    if ord(two) - ord(one) in (0, 1):  # "xxxx", or as in the alphabet
        return False
    if one.isalpha() and two.isalpha():
        rises = one.islower() and two.isupper()
        return rises or f"{one}{two}".lower() not in FREQUENT
    return one.isdigit() != two.isdigit()


def is_mixed(value: str) -> bool:
    """Return True if a word has the letters, digits and signs of a password, and is no date, version, price or name.

    >>> is_mixed("hunter2"), is_mixed("Tr0ub4dor&3"), is_mixed("4711"), is_mixed("2026-10-01"), is_mixed("sensitive")
    (True, True, True, False, False)
    """
    if not 4 <= len(value) <= 200 or _PLAIN.match(value) or _PLAIN.match(value.rstrip("?!.,")):
        return False
    digit, letter = _DIGIT.search(value), _LETTER.search(value)
    if digit or _SPECIAL.search(value[1:-1]):
        return bool(letter) or value.isdigit() or len(value) >= 6
    inner = value[1:]
    camel = not value.isupper() and sum(c.isupper() for c in inner) >= 2
    return camel or len(re.findall(r"[^\W_]+[-.]", value)) >= 3


def is_very_mixed(value: str) -> bool:
    """Return True if a word is so mixed that it is a password without a verb before it; `Windows11` is not."""
    if not is_mixed(value) or len(value) < 6 or value.isdigit() or _WORD_AND_NUMBER.fullmatch(value):
        return False
    if (value.count("-") >= 3 and any(map(str.isdigit, value))) or is_random(value):
        return True
    kinds = sum((value != value.lower(), value != value.upper(), any(map(str.isdigit, value))))
    package = "@" in value and not _NUMBER_AT_END.search(value) and (kinds < 3 or "." in value)
    signed = _SPECIAL.search(value[1:]) and not package
    return kinds >= 2 if signed else kinds == 3 and re.search(r"\d[^\W\d_]|(?!(?:19|20)\d\d$)\d{3}", value) is not None
