"""Patterns shared by the code, the settings, the forms and the description of the API."""

from __future__ import annotations

import re

EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}")
ID = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")  # of a visitor or an episode
