"""The zendesk sink against a fake of Zendesk's API on loopback, not against the real one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from deflect.delivery import zendesk as module
from deflect.delivery.delivery import Delivery, DeliveryFailed, NotTaken, PerhapsSent
from deflect.delivery.sinks import configured, sink
from deflect.delivery.zendesk import ZendeskSink
from kb.config import Settings
from kb.errors import BadSetting
from kb.outbound import BadAddress

LOOPBACK = ("127.0.0.0/8",)
DELIVERY = Delivery(
    id="5f0c", ticket="T1", subject="No code", email="jo@example.com", name="", category="my account", channel="web",
    lang="en", page="https://shop.example/contact", fields={"plan": "Pro"}, author="requester",
    body="It never arrives.", created=1_790_856_000_000_000, trail=("search code 3 hits", "read account/reset"),
)  # fmt: skip


@dataclass
class Zendesk:
    """Tickets and comments as Zendesk keeps them; `fail` gives the status for a method, once."""

    tickets: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    fail: dict[str, int] = field(default_factory=dict)
    uploads: list[tuple[str, str, bytes]] = field(default_factory=list)
    too_large: int = 0  # bytes of a file, 0 being any
    wait: dict[str, threading.Event] = field(default_factory=dict)  # before the answer to a method
    kept: threading.Event = field(default_factory=threading.Event)  # set when a ticket is kept
    lose: bool = False  # keep the ticket, and answer with an error
    url: str = ""

    def app(self) -> Flask:
        """Return the five calls that the sink makes."""
        app = Flask(__name__)

        @app.before_request
        def _() -> Response | None:
            assert request.authorization is None or request.authorization.type == "basic"
            good = base64.b64encode(b"agent@shop.example/token:secret").decode()
            if request.headers.get("Authorization") != f"Basic {good}":
                return Response('{"error": "Couldn\'t authenticate you"}', status=401)
            status = self.fail.pop(request.method, 0)
            return Response("{}", status=status, headers={"Retry-After": "93"}) if status else None

        @app.get("/api/v2/tickets.json")
        def _find() -> Response:
            return jsonify(tickets=[one for one in self.tickets if one["external_id"] == request.args["external_id"]])

        @app.post("/api/v2/tickets.json")
        def _create() -> tuple[Response, int]:
            self.keys.append(request.headers["Idempotency-Key"])
            self.tickets.append(request.get_json()["ticket"] | {"id": 35436 + len(self.tickets)})
            self.kept.set()
            if "POST" in self.wait:
                self.wait["POST"].wait(20)
            if self.lose:
                self.lose = False
                return jsonify(error="InternalError"), 500
            return jsonify(ticket=self.tickets[-1]), 201

        @app.post("/api/v2/uploads.json")
        def _upload() -> tuple[Response, int]:
            if self.too_large and len(request.data) > self.too_large:
                return jsonify(error="AttachmentTooLarge"), 422
            self.uploads.append((request.args["filename"], request.mimetype, request.data))
            return jsonify(upload={"token": f"token-{len(self.uploads)}"}), 201

        @app.put("/api/v2/tickets/<int:number>.json")
        def _update(number: int) -> Response:
            self.comments.append(request.get_json()["ticket"]["comment"])
            return jsonify(ticket={"id": number})

        @app.get("/api/v2/tickets/<int:number>/comments.json")
        def _comments(number: int) -> Response:
            return jsonify(comments=[{"public": True, "body": "5f0c"}, *self.comments])

        return app


@pytest.fixture
def desk() -> Iterator[Zendesk]:
    running = Zendesk()
    server = make_server("127.0.0.1", 0, running.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    running.url = f"http://127.0.0.1:{server.server_port}"
    yield running
    server.shutdown()
    thread.join()
    server.server_close()


def zendesk(desk: Zendesk, **over: Any) -> ZendeskSink:
    return replace(ZendeskSink(desk.url, "agent@shop.example", "secret", LOOPBACK), **over)


def test_a_ticket_is_made_under_our_id_with_its_requester(desk: Zendesk) -> None:
    assert zendesk(desk).deliver(DELIVERY) == "35436"
    made = desk.tickets[0]
    assert (made["external_id"], made["subject"]) == ("T1", "No code")
    assert made["requester"] == {"email": "jo@example.com", "name": "jo@example.com"}
    assert made["comment"]["body"] == "It never arrives.\n\n--\nplan: Pro\npage: https://shop.example/contact"
    assert made["tags"] == ["shortstop", "category_my_account"]
    assert desk.keys == ["5f0c"]


def test_the_trail_is_a_note_that_only_agents_see(desk: Zendesk) -> None:
    zendesk(desk).deliver(DELIVERY)
    assert [note["public"] for note in desk.comments] == [False]
    assert "- search code 3 hits\n- read account/reset" in desk.comments[0]["body"]


def test_agents_see_who_was_signed_in_and_in_which_segment(desk: Zendesk) -> None:
    zendesk(desk).deliver(replace(DELIVERY, verified="u-4711", segment="client", trail=()))
    assert desk.tickets[0]["tags"][-1] == "segment_client"
    assert "u-4711" not in desk.tickets[0]["comment"]["body"]  # which goes to the requester too
    assert (desk.comments[0]["public"], "Signed in as u-4711." in desk.comments[0]["body"]) == (False, True)


def test_the_same_delivery_twice_is_one_ticket_with_one_note(desk: Zendesk) -> None:
    assert zendesk(desk).deliver(DELIVERY) == zendesk(desk).deliver(DELIVERY)
    assert (len(desk.tickets), len(desk.comments)) == (1, 1)


def test_an_answer_that_was_lost_makes_no_second_ticket(desk: Zendesk) -> None:
    desk.lose = True
    with pytest.raises(DeliveryFailed, match="answered 500"):
        zendesk(desk).deliver(DELIVERY)
    assert zendesk(desk).deliver(DELIVERY) == "35436"
    assert (len(desk.tickets), len(desk.comments)) == (1, 1)


def test_a_note_that_failed_is_added_at_the_next_try(desk: Zendesk) -> None:
    desk.fail = {"PUT": 409}
    with pytest.raises(DeliveryFailed, match="answered 409"):
        zendesk(desk).deliver(DELIVERY)
    zendesk(desk).deliver(DELIVERY)
    assert (len(desk.tickets), len(desk.comments)) == (1, 1)


def test_a_reply_by_e_mail_is_one_note_and_no_comment_that_goes_out(desk: Zendesk) -> None:
    zendesk(desk).deliver(replace(DELIVERY, trail=()))
    later = replace(DELIVERY, id="6a1d", body="It came.", again=True)
    assert zendesk(desk).deliver(later) == zendesk(desk).deliver(later) == "35436"
    assert [(note["public"], "It came." in note["body"]) for note in desk.comments] == [(False, True)]


def test_a_rate_limit_is_waited_for(desk: Zendesk) -> None:
    desk.fail = {"POST": 429}
    with pytest.raises(DeliveryFailed, match="wait 93 seconds") as failed:
        zendesk(desk).deliver(DELIVERY)
    assert failed.value.wait == 93
    assert desk.tickets == []


def test_a_wrong_token_names_the_settings(desk: Zendesk) -> None:
    with pytest.raises(DeliveryFailed, match="KB_ZENDESK_TOKEN"):
        zendesk(desk, token="wrong").deliver(DELIVERY)
    assert "secret" not in repr(zendesk(desk))


def test_nobody_at_home_is_a_failed_delivery(desk: Zendesk) -> None:
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1"):
        zendesk(desk, url="http://127.0.0.1:9").deliver(DELIVERY)


def test_a_private_address_must_be_allowed(desk: Zendesk) -> None:
    with pytest.raises(BadAddress):
        zendesk(desk, allow=()).deliver(DELIVERY)


def test_it_is_chosen_by_name_and_says_what_it_needs() -> None:
    given = {"zendesk_url": "https://shop.zendesk.com", "zendesk_user": "a@b.example", "zendesk_token": "t"}
    assert isinstance(configured(Settings(sinks=("zendesk",), **given))[0], ZendeskSink)
    with pytest.raises(BadSetting, match="KB_ZENDESK_URL"):
        sink("zendesk", Settings())


def test_what_is_sent_is_json_that_zendesk_reads(desk: Zendesk) -> None:
    zendesk(desk).deliver(replace(DELIVERY, body='"\n<b>\u2028 ü', trail=()))
    assert json.loads(json.dumps(desk.tickets[0]))["comment"]["body"].startswith('"\n<b>\u2028 ü')
    assert desk.comments == []


def test_an_answer_that_does_not_come_was_perhaps_sent_and_makes_no_second_ticket(
    desk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.wait = {"POST": threading.Event()}
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    with pytest.raises(PerhapsSent):
        zendesk(desk).deliver(DELIVERY)
    desk.wait["POST"].set()
    monkeypatch.undo()
    desk.kept.wait(10)
    assert zendesk(desk).deliver(DELIVERY) == "35436"
    assert len(desk.tickets) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_refusal_is_final(desk: Zendesk, status: int) -> None:
    desk.fail = {"POST": status}
    with pytest.raises(NotTaken, match=f"answered {status}"):
        zendesk(desk).deliver(DELIVERY)


@pytest.mark.parametrize("number", [None, True, "35436", -1, 2**70, [1], 1.5])
def test_a_ticket_number_is_judged(number: object) -> None:
    with pytest.raises(DeliveryFailed, match="without a ticket number"):
        module._number({"id": number})
