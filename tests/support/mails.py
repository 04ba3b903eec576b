"""E-mails from people and machines, as bytes."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP


def mail(
    text: str = "My invoice is wrong.",
    *,
    sender: str = "Jo Miller <jo@example.com>",
    subject: str = "Invoice",
    id: str = "<a1@example.com>",
    files: dict[str, bytes] | None = None,
    **headers: str,
) -> bytes:
    """Return an e-mail; underscores in names of headers become hyphens, and an empty value removes its header."""
    message = EmailMessage(policy=SMTP)
    given = {"From": sender, "To": "help@shop.example", "Subject": subject, "Message-ID": id}
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            message[name] = value
    message.set_content(text)
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def bounce(returned: str) -> bytes:
    """Return a mail server's notice that it could not deliver the e-mail with the id `returned`."""
    return (
        "Return-Path: <>\r\nFrom: Mail Delivery <MAILER-DAEMON@mx.example>\r\nTo: help@shop.example\r\n"
        "Subject: Undelivered Mail\r\nMessage-ID: <b1@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe user jo does not exist.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; jo@example.com\r\nAction: failed\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {returned}\r\nFrom: help@shop.example\r\n"
        "--b--\r\n"
    ).encode()
