"""The pages of `pages/`, each modelled on a real system."""

from __future__ import annotations

from tests.browser.foreign.case import Case

SUBJECT, MESSAGE = "[name=subject]", "[name=message]"
CF7 = {"subject": "[name=your-subject]", "message": "[name=your-message]"}
LABELLED = {"subject": "[name=f1]", "message": "[name=f3]"}
HUBSPOT = '[name="TICKET.subject"]', '[name="TICKET.content"]'

HANDED = [
    Case("01-cf7", **CF7),
    Case("01b-cf7-success", **CF7),
    Case("01c-honeypot-first", message=MESSAGE),
    Case("02-wpforms", subject="#wpforms-919-field_3", message="#wpforms-919-field_4", library="jquery"),
    Case("03-gravity", subject="#input_1_3", message="#input_1_4", library="jquery"),
    Case("04-hubspot", subject=HUBSPOT[0], message=HUBSPOT[1]),
    Case("04b-hubspot-frame", subject=f"iframe >>> {HUBSPOT[0]}", message=f"iframe >>> {HUBSPOT[1]}"),
    Case("05-shopify", message="#ContactForm-body"),
    Case("06-django", subject="#id_subject", message="#id_message"),
    Case("07-rails-turbo", subject="#ticket_subject", message="#ticket_body", library="@hotwired/turbo"),
    Case("09-webflow", message="#field"),
    Case(
        "10-squarespace",
        subject="#text-yui_3_17_2_1_3-field",
        message="#textarea-yui_3_17_2_1_4-field",
    ),
    Case("10b-digit-id"),
    Case("12-vue", subject="label:nth-of-type(1) input", library="vue", ready="document.querySelector('textarea')"),
    Case(
        "13-next-action", subject=SUBJECT, message=MESSAGE, library="react", ready="document.querySelector('textarea')"
    ),
    Case("14b-boost", library="htmx.org"),
    Case("16-zendesk", subject="#request_subject", message="#ed"),
    Case("18-dialog", subject=SUBJECT, message=MESSAGE, first="#open"),
    Case("18c-focus-trap", message=MESSAGE, first="#open"),
    Case("19-shadow", subject=SUBJECT, message=MESSAGE),
    Case("19b-shadow-guess", subject=SUBJECT, message=MESSAGE),
    Case(
        "19c-shadow-closed",
        message="#card",
        nothing=True,
        says='attachShadow({ mode: "open" })',
        ready="sr.querySelector('textarea').focus() ?? true",
    ),
    Case("20-frame", message="iframe >>> textarea"),
    Case(
        "21-tinymce",
        subject=SUBJECT,
        message=".tox-edit-area__iframe >>> body",
        library="tinymce",
        ready="window.ready != null",
    ),
    Case("22-quill", subject=SUBJECT, message=".ql-editor", library="quill", ready="window.ready != null"),
    Case(
        "23-ckeditor5",
        subject=SUBJECT,
        message=".ck-editor__editable",
        library="ckeditor5",
        ready="window.ready != null",
    ),
    Case(
        "24-trix",
        subject='[name="ticket[subject]"]',
        message="trix-editor",
        library="trix",
        ready="document.querySelector('trix-editor').editor != null",
    ),
    Case(
        "prosemirror", subject=SUBJECT, message=".ProseMirror", library="prosemirror-view", ready="window.ready != null"
    ),
    Case("25-many", subject="#contact [name=subject]", message="#contact [name=message]"),
    Case("25b-many-same-names", subject="#contact [name=subject]", message="#contact [name=message]"),
    Case("26-spa", subject=SUBJECT, message=MESSAGE, first="#to"),
    Case("27-no-form", subject=SUBJECT, message=MESSAGE, library="react", ready="document.querySelector('textarea')"),
    Case(
        "27b-no-form-guess",
        subject=SUBJECT,
        message=MESSAGE,
        library="react",
        ready="document.querySelector('textarea')",
    ),
    *(Case(f"28-{lang}", **LABELLED) for lang in ("cs", "he", "ja", "nl", "ru", "tr")),
    *(Case(f"29-{number}", subject="#real") for number in (0, 1, 3)),
    Case("30-aria", subject="[name=f1]", message="[name=f2]"),
    Case("32-contexttextarea", message=MESSAGE),
    Case("33-card", message=MESSAGE),
    *(Case(name, subject=SUBJECT, message=MESSAGE) for name in ("34-plain", "38-twice", "38b-twice-query")),
    Case("35-sandbox", subject=f"iframe >>> {SUBJECT}", message=f"iframe >>> {MESSAGE}"),
    Case("07e-element", subject='[name="ticket[subject]"]', message="textarea", library="@hotwired/turbo"),
    Case("37-sticky", message=MESSAGE),
]
