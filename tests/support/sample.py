"""Build a small, real help center: articles in a folder, an index by words, and the application."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.serving import make_server

from deflect.store.database import Store
from deflect.store.services import EXTENSION
from deflect.store.writer import DirectWriter
from kb.config import Settings
from kb.server.indexing import refresh
from kb.site.app import create_app

PASSWORD = """---
title: Reset your password
summary: Two ways back into your account, with and without the phone.
queries: [I forgot my password]
aliases: [/old/reset.html]
verified: 2026-10-01
review_every: 30d
---

You can choose a new password in a minute.

## If the code never arrives

Look into the spam folder. The code comes from `codes@example.com`.

```python
print("code")  # a comment
```

| Code | Meaning |
|---|---|
| E1 | Wrong password |

!!! warning
    Never tell anybody your password.

### Spam filters

Some filters hold our code back for an hour.

## Without the phone

Use a recovery code instead of the phone.
"""

ARTICLES: Mapping[str, str] = {
    "account/_category.yml": "title: Your account\norder: 1\nsummary: Sign in and change who you are.\n"
    "es: {title: Tu cuenta, summary: Entrar y cambiar tus datos.}\n",
    "account/reset-password.md": PASSWORD,
    "account/reset-password.es.md": "---\ntitle: Cambia tu contraseña\nsummary: Dos maneras de volver.\n---\n\n"
    "Puedes elegir otra contraseña.\n\n## Si no llega el código\n\nMira el correo no deseado.\n",
    "account/reset-password.ar.md": "---\ntitle: إعادة تعيين كلمة المرور\n---\n\nافتح الإعدادات.\n\n## بدون الهاتف\n\n"
    "استخدم رمز الاسترداد.\n\n## إذا لم يصل الرمز\n\nتحقق من البريد.\n",
    "account/passkey.md": "---\ntitle: Sign in with a passkey\nsummary: No password at all.\n---\n\nOpen settings.\n",
    "account/old-sign-in.md": "---\ntitle: Sign in with a password hint\nstatus: archived\n---\n\nThe old way.\n",
    "account/draft.md": "---\ntitle: Unfinished zebra\nstatus: draft\n---\n\nThe zebra is not for anybody yet.\n",
    "account/clients.md": "---\ntitle: Clandestine rebate\naudience: [client]\naliases: [/rebate]\n---\n\n"
    "Clients get a rebate.\n",
    "billing/_category.yml": "title: Billing\norder: 2\nsummary: Invoices and cards.\n",
    "billing/invoice.md": "---\ntitle: Download an invoice\nsummary: Where they are.\npermalink: /help/invoices\n---\n"
    "\nInvoices are in the billing page. ![The billing page](page.png)\n",
    "billing/page.png": "not really a picture",
    "security/_category.yml": "title: Security\norder: 3\nsummary: Stolen accounts.\noffers: none\n",
    "security/stolen.md": "---\ntitle: My account was stolen\n---\n\nWrite to us at once, also without a password.\n",
}


def write(folder: Path, files: Mapping[str, str] = ARTICLES) -> Path:
    """Write files into a folder, and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def help_center(folder: Path, *, files: Mapping[str, str] = ARTICLES, index: bool = True, **over: Any) -> Flask:
    """Write articles into `folder` and return the application; `index=False` leaves the index unbuilt."""
    rates = {"rate_offers": 0, "rate_events": 0, "rate_tickets": 0, "rate_search": 0}
    given = {"floor_suggest": 0.0} | rates | over
    settings = Settings(articles=write(folder / "articles", files), data=folder / "var", embedder="none", **given)
    if index:
        refresh(settings, words_only=True, now=datetime.now(UTC))
    return application(settings)


def application(settings: Settings) -> Flask:
    """Return an application that writes to its store directly."""
    app = create_app(settings, writer=DirectWriter(Store.open(settings.database)))
    app.testing = True
    app.jinja_env.undefined = StrictUndefined  # a name that no view passes is an error
    return app


def fresh(app: Flask, folder: Path, **over: Any) -> Flask:
    """Return an application with the same articles and index and a new store, without indexing again."""
    settings = replace(app.extensions[EXTENSION].settings, data=folder, **over)
    settings.generations.symlink_to(app.extensions[EXTENSION].settings.generations)
    return application(settings)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of loopback, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
