"""The patterns that code, settings, forms and the description of the API share."""

from __future__ import annotations

import re

EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}")
ID = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")  # of a visitor or an episode
