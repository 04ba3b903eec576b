"""Pages that were written before the widget's scoring was tuned, and measured once after; bodies in `bodies/`."""

from __future__ import annotations

from tests.browser.foreign.case import Case

UNSEEN = [
    Case("formidable", subject="#field_e6lis6", message="#field_9jv0r1"),
    Case("elementor", subject="#form-field-field_1"),
    Case("salesforce-case", subject="#subject"),
    Case("jira-service-management", subject="#summary", message="#ak"),
    Case("freshdesk", subject="#helpdesk_ticket_subject"),
    Case("aspnet", subject="#ctl00_Main_txtBetreff"),
    Case("google-forms", subject='[name="entry.1000020"]'),
    Case("jotform", subject="#input_3"),
    Case("mui", subject='[id=":r1:"]', message='[id=":r3:"]'),
    Case("select-subject", subject="#r", chosen="Return an order"),
    Case("drupal-comment", nothing=True),
    Case("job-application", nothing=True),
    Case("shop-review", nothing=True),
    Case("polish-table", subject="[name=p3]", lang="pl"),
    Case("arabic", subject="[name=a3]", lang="ar"),
    Case("korean", subject="[name=wr_3]", lang="ko"),
    Case("floating-after", subject="[name=x3]"),
    Case("outside-by-form", subject="#k1", form="#cf"),
    Case("honeypots", subject="#u1", message="#u2"),
    Case("tabs", subject="[name=subject]", first="#t2"),
    Case("steps", subject="[name=subject]", between="#next"),
    Case("web-components", subject="#w1 input", message="#w2 textarea"),
    Case("srcdoc-frame", subject="iframe >>> [name=subject]", message="iframe >>> textarea"),
    Case("address-and-source", subject="[name=req_title]", message="[name=note]"),
    Case("react-no-form", subject="[aria-labelledby=q1]"),
]
