"""What the widget keeps of a foreign form, when it forgets it, and which sendings count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.shop import Help, shop_and_help, until_kept

pytestmark = pytest.mark.browser
CARDS = "help-widget [part=card]"
OFFERS = "help-widget [part=offers]"
TEXT = "the code never arrives"
FIELDS = '<label>Message <textarea name="message"></textarea></label><label>Email <input type="email" name="email">'
FORM = f'<form id="contact" action="/send" method="post">{FIELDS}</label><button>Send</button></form>'
TAG = '<script type="module" src="HELP/widget/1/help-widget.js" data-form="#contact"></script>'
JQUERY = Path(__file__).parent / "foreign" / "node_modules" / "jquery" / "dist" / "jquery.min.js"
BY_SCRIPT = """contact.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!contact.email.value) return;
  await fetch("/send", { method: "POST", body: new FormData(contact) });
  %s
});"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Help]:
    """A fake help center and a shop for all tests of this module."""
    with shop_and_help() as both:
        yield both


@pytest.fixture(scope="module")
def tab(browser: Browser, shop: Help) -> Iterator[Page]:
    """One page of a fresh profile for all tests of this module."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def help(shop: Help, tab: Page) -> Help:
    """The fake help center with nothing recorded, and a tab in which nothing is stored."""
    tab.goto("about:blank")
    tab.unroute_all()
    shop.pages = {"empty": "<!doctype html><title>Empty</title>"}
    tab.goto(f"{shop.shop}/empty.html")
    tab.evaluate("sessionStorage.clear()")
    for recorded in (shop.events, shop.offers, shop.posts, shop.asked):
        recorded.clear()
    return shop


def put(page: Page, help: Help, html: str, *, script: str = "", name: str = "page.html") -> None:
    """Go to a page of the shop with the given HTML, then the widget's line, then a script."""
    tag = "" if "help-widget.js" in html else TAG
    scripts = f"<script>{script}</script>" if script else ""
    whole = f"<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>{html}{tag}{scripts}"
    help.pages[name.split(".")[0]] = whole
    page.goto(f"{help.shop}/{name}")


def write(page: Page, text: str = TEXT, *, field: str = "[name=message]") -> None:
    """Type into a field."""
    page.locator(field).first.press_sequentially(text)


def offered(page: Page, text: str = TEXT) -> None:
    """Write a message, and wait for its cards and until it is kept."""
    write(page, text)
    expect(page.locator(CARDS)).to_have_count(3)
    until_kept(page, text[-12:])


def stored(page: Page) -> str:
    """Return the drafts as text."""
    return str(page.evaluate("Object.keys(sessionStorage).map((key) => key + sessionStorage[key]).join(' ')"))


def drafts(page: Page) -> int:
    """Return the number of drafts."""
    return int(page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('draft')).length"))


# Secrets.

LABELS = [
    "Kartennummer", "Kreditkartennummer", "Prüfziffer", "CVC", "CVV2", "Card number", "Numéro de carte", "Cryptogramme",
    "Número de tarjeta", "Número do cartão", "Numer karty", "Číslo karty", "Номер карты", "カード番号", "卡号",
    "카드 번호",
    "رقم البطاقة", "מספר כרטיס", "IBAN", "身份证", "DNI", "NIE / NIF", "CPF", "CNPJ", "PESEL", "BSN", "SSN",
    "Social security number", "National Insurance number", "Codice fiscale", "Steuer-ID", "Steueridentifikationsnummer",
    "Personnummer", "Passport no.", "Reisepassnummer", "Driving licence", "Führerschein", "PIN", "TAN", "OTP",
    "Einmalcode", "Verification code", "Code de vérification", "验证码", "Mot de passe", "Contraseña", "Senha", "Hasło",
    "Пароль", "密码", "パスワード", "비밀번호", "Wachtwoord", "Lösenord", "Şifre", "Passwort", "Kennwort", "Password",
    "Aadhaar", "Rodné číslo", "マイナンバー", "주민등록번호", "كلمة المرور", "סיסמה",
]  # fmt: skip
NAMES = ["cardNumber", "card_number", "cc-num", "ccnumber", "x_card_num", "cvv", "cvc2", "securityCode", "iban", "ssn",
         "user_pin", "otp", "otpCode", "passwd", "newPassword", "passport_no", "nationalId", "code",
         "tax-id"]  # fmt: skip
PLAIN = ["Subject", "Your name", "Phone", "Order number", "Company", "Opinion", "Shipping address", "Distance", "City",
         "Discard", "Betreff", "Standort", "Organisation", "Titel", "Länder", "Anschrift", "Incident", "Passage",
         "Objet", "Asunto", "Assunto", "件名", "주제", "Тема", "الموضوع", "Street", "Stanza"]  # fmt: skip


def judged(page: Page, help: Help, made: list[str]) -> list[bool]:
    """Return whether each field is a secret, by the very module."""
    return list(
        page.evaluate(
            """async ([folder, made]) => {
                const { isSecret } = await import(`${folder}/widget/1/secrets.js`);
                return made.map((html) => {
                    document.body.innerHTML = html;
                    return isSecret(document.querySelector("input, textarea"));
                });
            }""",
            [help.origin, made],
        )
    )


def test_fields_for_secrets_are_known_by_labels_in_many_languages(tab: Page, help: Help) -> None:
    found = judged(tab, help, [f"<label>{label} <input name=f1></label>" for label in LABELS])
    assert [label for label, secret in zip(LABELS, found, strict=True) if not secret] == []


def test_fields_for_secrets_are_known_by_name_and_id(tab: Page, help: Help) -> None:
    made = [html for name in NAMES for html in (f"<input name='{name}'>", f"<input id='{name}'>")]
    assert [html for html, secret in zip(made, judged(tab, help, made), strict=True) if not secret] == []


def test_other_fields_are_no_secrets(tab: Page, help: Help) -> None:
    made = [f"<label>{label} <input name='{label.lower()}'></label>" for label in PLAIN]
    made += [
        "<label>Message (no card numbers or passwords, please) <textarea name=m></textarea></label>",
        "<input name=subject placeholder='What is it about?'>",
        "<label>Order number <input name=order value=12345></label>",
        "<label>ZIP <input name=zip value=12345></label>",
    ]
    assert [html for html, secret in zip(made, judged(tab, help, made), strict=True) if secret] == []


@pytest.mark.parametrize(
    "html",
    [
        "<input type=password>",
        "<input autocomplete='section-a billing cc-number'>",
        "<input autocomplete=one-time-code>",
        "<input autocomplete=current-password>",
        "<input inputmode=numeric maxlength=6>",
        "<input pattern='[0-9]{6}'>",
        "<input pattern='\\d*' maxlength=4>",
        "<input maxlength=6 value=482913>",
        "<input maxlength=1>",
        "<input style='-webkit-text-security: disc'>",
        "<table><tr><td>Kartennummer</td><td><input name=f7></td></tr></table>",
        "<b id=t>IBAN</b><input aria-labelledby='x t'>",
        "<input aria-label='Security code'>",
        "<input placeholder='Card number'>",
        "<textarea name=passphrase></textarea>",
    ],
)
def test_fields_for_secrets_are_known_by_other_signs(tab: Page, help: Help, html: str) -> None:
    assert judged(tab, help, [html]) == [True]


TEXTS = {
    "card 4111 1111 1111 1111 12/27 ok": "card […] 12/27 ok",
    "order 12 4111-1111-1111-1111 x": "order 12 […] x",
    "カード番号は４１１１１１１１１１１１１１１１です": "カード番号は[…]です",
    "٤١١١١١١١١١١١١١١١": "[…]",
    "from DE89 3704 0044 0532 0130 00 and on": "from […] and on",
    "gb82west12345698765432": "[…]",
    "my SSN is 123-45-6789.": "my SSN is […].",
    "CPF 529.982.247-25": "CPF […]",
    "RSSMRA80A01H501U": "[…]",
    "DNI: 12345678Z": "DNI: […]",
    "mein PIN: 1234": "mein PIN: […]",
    "PESEL 44051401359": "PESEL […]",
    "Kennwort lautet hunter22": "Kennwort lautet […]",
    "身份证 11010519491231002X": "身份证 […]",
    "CVC 123": "CVC […]",
    "IMEI 352099001761481": "IMEI 352099001761481",
    "order number 12345678": "order number 12345678",
    "I forgot my password, order 12345": "I forgot my password, order 12345",
    "error 0x80070005, E-1042, HTTP 404": "error 0x80070005, E-1042, HTTP 404",
    "card 2 is broken": "card 2 is broken",
    "call +49 170 1234567 on 2024-05-01": "call +49 170 1234567 on 2024-05-01",
    "version 2.10.1": "version 2.10.1",
    "I am 44051401359 and 111222333": "I am […] and […]",
    "52998224725, 10000000146, 01010750160": "[…], […], […]",
    "01010 750160 or 44059901359": "01010 750160 or 44059901359",
    "order 123456789, call 48601234567": "order 123456789, call 48601234567",
    "the code is 482913": "the code is […]",
    "code: 482 913, el código es 482913": "code: […], el código es […]",
    "error code 800705, Fehlercode 482913": "error code 800705, Fehlercode 482913",
    "code 404, zip code 10115": "code 404, zip code 10115",
    "4111 1111 1111 1112": "4111 1111 1111 1112",
}


def test_numbers_within_a_text_leave_a_mark_and_the_rest_stays(tab: Page, help: Help) -> None:
    found = tab.evaluate(
        """async ([folder, texts]) => {
            const { masked } = await import(`${folder}/widget/1/secrets.js`);
            return texts.map(masked);
        }""",
        [help.origin, list(TEXTS)],
    )
    assert dict(zip(TEXTS, found, strict=True)) == TEXTS


def test_a_long_text_is_looked_through_within_a_tenth_of_a_second(tab: Page, help: Help) -> None:
    took = tab.evaluate(
        """async ([folder]) => {
            const { masked } = await import(`${folder}/widget/1/secrets.js`);
            const text = "my card and 12 34 56 78 90 passwords AB12 3456 7890 1234 are lost. ".repeat(750);
            const begun = performance.now();
            masked(text);
            return performance.now() - begun;
        }""",
        [help.origin],
    )
    assert took < 400, "a loaded machine takes four times as long"


def test_secrets_are_neither_kept_nor_asked_nor_recorded(tab: Page, help: Help) -> None:
    secrets = {"cardnumber": "4111111111111111", "cvc": "737", "iban": "DE89370400440532013000", "ssn": "123456789"}
    inputs = "".join(f'<label>{name} <input name="{name}"></label>' for name in secrets)
    shown = '<input name="reveal" type="password">'
    put(
        tab,
        help,
        f'<form id="contact">{inputs}{shown}<label>Message <textarea name="message"></textarea></label></form>',
    )
    for name, value in secrets.items():
        write(tab, value, field=f"[name={name}]")
    write(tab, "open sesame", field="[name=reveal]")
    tab.evaluate("contact.reveal.type = 'text'")
    offered(tab, "4111 1111 1111 1111 was charged twice")
    tab.get_by_role("button", name="Not this: Answer 1").click()
    help.wait("not_this")
    everything = stored(tab) + json.dumps(help.offers) + json.dumps(help.events)
    for value in (*secrets.values(), "4111 1111", "open sesame"):
        assert value not in everything
    tab.reload()
    expect(tab.locator("[name=message]")).to_have_value("[…] was charged twice")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("my PIN 1234 fails", "my PIN … fails"),
        ("password is hunter22 again", "password is … again"),
        ("the code 482913 is old", "the code … is old"),
        ("error code 482913 again", "error code 482913 again"),
        ("forgot my password, E-1042", "forgot my password, E-1042"),
    ],
)
def test_a_code_named_in_a_sentence_is_not_asked(tab: Page, help: Help, text: str, asked: str) -> None:
    put(tab, help, FORM)
    tab.locator("[name=message]").fill(text)
    expect(tab.locator(CARDS)).to_have_count(3)
    assert help.offers[-1]["body"] == asked


# To which form a draft belongs.


def test_a_draft_returns_to_its_form_and_to_no_other(tab: Page, help: Help) -> None:
    two = FORM + FORM.replace("contact", "other")
    put(tab, help, two)
    offered(tab)
    tab.reload()
    expect(tab.locator("#contact [name=message]")).to_have_value(TEXT)
    expect(tab.locator("#other [name=message]")).to_have_value("")
    put(
        tab,
        help,
        two.replace('id="contact"', 'id="contact" class="new" name="x"').replace("#contact", "form"),
        name="b.html",
    )
    tab.wait_for_load_state("networkidle")
    expect(tab.locator("#contact [name=message]")).to_have_value("")


def test_a_draft_returns_to_the_form_of_a_frame_once_it_is_entered(tab: Page, help: Help) -> None:
    help.pages["inner"] = f"<!doctype html><title>Inner</title>{FORM}"
    put(tab, help, f'<iframe src="/inner.html"></iframe>{TAG}')
    message = tab.frame_locator("iframe").locator("[name=message]")
    message.press_sequentially(TEXT)
    expect(tab.locator(CARDS)).to_have_count(3)
    until_kept(tab, TEXT)
    tab.reload()
    message.focus()
    expect(message).to_have_value(TEXT)


def test_what_was_typed_in_a_frame_before_its_file_came_is_kept(tab: Page, help: Help) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.route("**/frames.js", hold)
    filled = FORM.replace('name="email"', 'name="email" value="ana@example.com"')
    help.pages["inner"] = f"<!doctype html><title>Inner</title>{filled}"
    put(tab, help, f'<iframe src="/inner.html"></iframe>{TAG}')
    with tab.expect_request("**/frames.js"):
        tab.frame_locator("iframe").locator("[name=message]").press_sequentially(TEXT)
    held[0].continue_()
    expect(tab.locator(CARDS)).to_have_count(3)
    until_kept(tab, TEXT)
    assert "ana@example.com" not in stored(tab)


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("page.html?view=contact&utm_source=mail", TEXT),
        ("page.html?view=jobs", ""),
        ("page.html?view=contact#/jobs", ""),
        ("page.html?view=contact#top", TEXT),
    ],
)
def test_a_draft_belongs_to_the_page_by_query_and_route(tab: Page, help: Help, address: str, there: str) -> None:
    put(tab, help, FORM, name="page.html?view=contact")
    offered(tab)
    tab.goto("about:blank")
    tab.goto(f"{help.shop}/{address}")
    tab.wait_for_load_state("networkidle")
    expect(tab.locator("[name=message]")).to_have_value(there)


def test_a_draft_is_not_put_into_a_field_of_another_kind_or_one_that_the_page_filled(tab: Page, help: Help) -> None:
    fields = '<label>Subject <input name="a"></label><label>Place <input name="b"></label>'
    put(tab, help, FORM.replace("<button", f"{fields}<button"))
    write(tab, "Late parcel", field="[name=a]")
    write(tab, "Paris", field="[name=b]")
    offered(tab)
    changed = fields.replace('<input name="a"', '<input type="tel" name="a"').replace('"b"', '"b" value="Rome"')
    put(tab, help, FORM.replace("<button", f"{changed}<button"))
    expect(tab.locator("[name=message]")).to_have_value(TEXT)
    assert [tab.locator(f"[name={name}]").input_value() for name in "ab"] == ["", "Rome"]


def test_what_the_page_filled_in_is_not_kept(tab: Page, help: Help) -> None:
    put(tab, help, FORM.replace('name="email"', 'name="email" value="ana@example.com"'))
    offered(tab)
    assert "ana@example.com" not in stored(tab)


def test_a_draft_returns_where_the_page_writes_the_text_into_the_field_as_react_does(tab: Page, help: Help) -> None:
    script = "contact.message.oninput = ({ target }) => (target.textContent = target.value)"
    put(tab, help, FORM, script=script)
    offered(tab)
    assert stored(tab).count("the code") == 1, "also not in the field's name"
    tab.reload()
    expect(tab.locator("[name=message]")).to_have_value(TEXT)


def test_a_draft_of_yesterday_is_forgotten(tab: Page, help: Help) -> None:
    put(tab, help, FORM)
    offered(tab)
    tab.evaluate("""() => {
        const key = Object.keys(sessionStorage).find((key) => key.includes("draft"));
        sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), " at": Date.now() - 86500000 });
    }""")
    tab.reload()
    tab.wait_for_function("!Object.keys(sessionStorage).some((key) => key.includes('draft'))")
    expect(tab.locator("[name=message]")).to_have_value("")


# Sent, reset and emptied.

SIGNS = {
    "its event": "contact.dispatchEvent(new CustomEvent('wpcf7mailsent', { bubbles: true }))",
    "a reset": "contact.reset()",
    "emptied fields": "contact.message.value = contact.email.value = ''",
    "the form has gone": "contact.outerHTML = '<p>Thank you</p>'",
    "the form is hidden": "contact.style.display = 'none'",
    "another view": "history.pushState({}, '', '/thanks')",
    "another page": "location.href = '/empty.html'",
    "Turbo": "contact.dispatchEvent(new CustomEvent('turbo:submit-end', { bubbles: true, detail: { success: true } }))",
    "htmx": "const detail = { successful: true };"
    "contact.dispatchEvent(new CustomEvent('htmx:afterRequest', { bubbles: true, detail }))",
    "HubSpot": "postMessage({ type: 'hsFormCallback', eventName: 'onFormSubmitted' }, '*')",
    "by its method": "contact.submit()",
}
LEADS = {"another page": "**/empty.html", "by its method": "**/send"}  # where the page goes by these signs


@pytest.mark.parametrize("sign", SIGNS)
def test_a_form_sent_by_script_counts_once_and_is_forgotten(tab: Page, help: Help, sign: str) -> None:
    put(tab, help, FORM, script=BY_SCRIPT % SIGNS[sign])
    offered(tab)
    tab.get_by_role("button", name="Send").click()
    write(tab, "jo@example.com", field="[name=email]")
    assert help.types().count("attempted") == 0, "the page refused it"
    tab.get_by_role("button", name="Send").click()
    help.wait("attempted")
    if sign in LEADS:  # a visit of ours would be interrupted by that of the page
        tab.wait_for_url(LEADS[sign])
    tab.goto(f"{help.shop}/empty.html")
    assert help.types().count("attempted") == 1
    if sign != "by its method":
        assert drafts(tab) == 0
    tab.goto(f"{help.shop}/page.html")
    tab.wait_for_load_state("networkidle")
    expect(tab.locator("[name=message]")).to_have_value("")


@pytest.mark.parametrize("event", ["wpformsAjaxSubmitSuccess", "gform_confirmation_loaded", "submit_success"])
def test_a_success_by_jquery_is_heard(tab: Page, help: Help, event: str) -> None:
    if not JQUERY.exists():
        pytest.skip("jquery is missing; 'npm install jquery' in tests/browser/foreign brings it")
    where = "document" if event.startswith("gform") else "contact"
    tab.route("**/jquery.js", lambda route: route.fulfill(path=JQUERY, content_type="text/javascript"))
    script = BY_SCRIPT % f"jQuery({where}).trigger('{event}', [1])"
    put(tab, help, FORM + '<script src="/jquery.js"></script>', script=script)
    offered(tab)
    write(tab, "jo@example.com", field="[name=email]")
    tab.get_by_role("button", name="Send").click()
    assert help.wait("attempted")["accepted"] is True
    assert (help.types().count("attempted"), drafts(tab)) == (1, 0)


def test_a_form_without_submit_event_counts_when_an_answer_came_and_it_was_emptied(tab: Page, help: Help) -> None:
    send = "await fetch('/send', { method: 'POST', body: new FormData(contact) })"
    script = f"go.onclick = async () => {{ {send}; contact.message.value = ''; }}"
    put(tab, help, FORM.replace("<button>Send", '<button type="button" id="go">Send'), script=script)
    offered(tab)
    tab.get_by_role("button", name="Send").click()
    help.wait("attempted")
    assert (help.types().count("attempted"), drafts(tab)) == (1, 0)


@pytest.mark.parametrize("name", ["Close", "Dismiss"])
def test_a_form_that_is_closed_is_not_sent(tab: Page, help: Help, name: str) -> None:
    put(
        tab,
        help,
        FORM.replace("<button", f"<button type=button onclick='contact.hidden = true'>{name}</button><button"),
    )
    offered(tab)
    tab.get_by_role("button", name=name, exact=True).first.click()
    expect(tab.locator(OFFERS)).to_be_hidden()
    tab.goto(f"{help.shop}/empty.html")
    help.wait("left")
    assert "attempted" not in help.types()


def test_a_submit_that_the_page_prevents_is_no_attempt(tab: Page, help: Help) -> None:
    put(tab, help, FORM, script="addEventListener('submit', (event) => event.preventDefault())")
    offered(tab)
    tab.get_by_role("button", name="Send").click()
    write(tab, " at all")
    tab.goto(f"{help.shop}/empty.html")
    help.wait("left")
    assert "attempted" not in help.types()


def test_two_sendings_count_twice(tab: Page, help: Help) -> None:
    put(tab, help, FORM, script=BY_SCRIPT % "contact.reset()")
    for times in (1, 2):
        before = len(help.offers)
        offered(tab, f"{TEXT} {times}")
        write(tab, "jo@example.com", field="[name=email]")
        tab.get_by_role("button", name="Send").click()
        help.wait("attempted", times=times)
        expect(tab.locator("[name=message]")).to_have_value("")
    assert help.offers[before].get("episode") is None, "the second message is a new question"


def test_a_form_sent_into_a_frame_counts_once(tab: Page, help: Help) -> None:
    script = """document.querySelector("iframe").onload = ({ target }) => {
      if (target.contentDocument?.title === "Thanks") contact.remove();
    };"""
    put(tab, help, FORM.replace("<form", '<form target="to"') + '<iframe name="to"></iframe>', script=script)
    offered(tab)
    tab.get_by_role("button", name="Send").click()
    help.wait("attempted")
    assert (help.types().count("attempted"), drafts(tab)) == (1, 0)


@pytest.mark.parametrize("act", ["contact.reset()", "empty"])
def test_a_form_that_was_reset_or_emptied_is_forgotten(tab: Page, help: Help, act: str) -> None:
    put(tab, help, FORM)
    offered(tab)
    if act == "empty":
        tab.locator("[name=message]").press("Control+a")
        tab.locator("[name=message]").press("Delete")
    else:
        tab.evaluate(act)
    tab.wait_for_function("!Object.keys(sessionStorage).some((key) => key.includes('draft'))")
    expect(tab.locator(OFFERS)).to_be_hidden()
    assert "attempted" not in help.types()


# Closing.


def test_closed_means_closed_for_this_question_also_after_a_reload(tab: Page, help: Help) -> None:
    put(tab, help, FORM)
    offered(tab)
    tab.locator(OFFERS).get_by_role("button", name="Close").click()
    expect(tab.locator(OFFERS)).to_be_hidden()
    asked = len(help.offers)
    more = " on my new phone since yesterday evening, whatever I try"
    write(tab, more)
    until_kept(tab, more)
    assert (len(help.offers), tab.locator(OFFERS).is_hidden()) == (asked, True)
    tab.reload()
    expect(tab.locator("[name=message]")).to_have_value(TEXT + more)
    write(tab, " again")
    until_kept(tab, "again")
    assert len(help.offers) == asked
    tab.locator("[name=message]").fill("where is my invoice for october")
    write(tab, "?")
    expect(tab.locator(CARDS)).to_have_count(3)


def test_closing_is_undone_with_the_keyboard(tab: Page, help: Help) -> None:
    put(tab, help, FORM)
    offered(tab)
    tab.locator(CARDS).first.focus()
    tab.keyboard.press("Escape")
    expect(tab.locator(OFFERS)).to_be_hidden()
    expect(tab.locator("[name=message]")).to_be_focused()
    for _ in range(3):  # e-mail, Send, Undo
        tab.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Undo")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator(CARDS)).to_have_count(3)
    expect(tab.locator(CARDS).first).to_be_focused()


# Modals.

NATIVE = """const made = document.createElement("dialog");
made.innerHTML = FORM;
made.onclick = ({ clientX, clientY }) => {
  const { left, right, top, bottom } = made.getBoundingClientRect();
  if (clientX < left || clientX > right || clientY < top || clientY > bottom) made.close();
};
document.body.append(made);
made.showModal();"""
TRAP = """const made = document.createElement("div");
made.setAttribute("role", "dialog");
made.ariaModal = "true";
made.style = "position: fixed; inset: 10% 40% auto 10%; background: white";
made.innerHTML = FORM;
document.body.append(made);
for (const other of document.body.children) if (other !== made) other.inert = true;
document.addEventListener("focusin", ({ target }) => made.contains(target) || made.querySelector("textarea").focus());
document.addEventListener("pointerdown", ({ target }) => made.contains(target) || made.remove(), true);
made.addEventListener("keydown", (event) => {
  const stops = [...made.querySelectorAll("textarea, input, button, [tabindex='0']")];
  if (event.key !== "Tab" || event.shiftKey || event.target !== stops.at(-1)) return;
  event.preventDefault();
  stops[0].focus();
});
made.querySelector("textarea").focus();"""


@pytest.mark.parametrize("kind", [NATIVE, TRAP], ids=["dialog", "focus trap"])
def test_a_modal_made_later_holds_cards_and_panel(tab: Page, help: Help, kind: str) -> None:
    put(tab, help, "<p>A page</p>", script=f"const FORM = {json.dumps(FORM)}; window.show = () => {{ {kind} }}")
    tab.evaluate("show()")
    offered(tab)
    for _ in range(3):  # e-mail, Send, a card or its ×
        tab.keyboard.press("Tab")
    assert tab.locator(OFFERS).evaluate("(box) => box.matches(':focus-within')"), "reached by keyboard"
    tab.locator(CARDS).first.click()
    expect(tab.locator("help-widget [part=panel]")).to_contain_text("Choose Text me a code.")
    tab.locator("help-widget [part=panel] [part=body] p").first.click()
    expect(tab.locator("#contact")).to_be_visible()
    tab.get_by_role("button", name="This solved it").click()
    help.wait("solved")
    expect(tab.locator("#contact")).to_be_visible()


def test_cards_in_a_modal_do_not_keep_the_page_from_putting_in_another_line(tab: Page, help: Help) -> None:
    put(tab, help, "<p>A page</p>", script=f"const FORM = {json.dumps(FORM)}; window.show = () => {{ {TRAP} }}")
    tab.evaluate("show()")
    offered(tab)
    errors: list[str] = []
    tab.once("pageerror", lambda error: errors.append(str(error)))
    tab.evaluate("""() => {
        const made = document.createElement("script");
        made.type = "module";
        made.src = document.querySelector("script[src]").src;
        made.dataset.label = "Ask us";
        document.body.append(made);
    }""")
    expect(tab.locator("help-widget [part=button]")).to_have_count(1)
    assert errors == []


# Warnings, and errors in the panel.


def test_a_sandboxed_frame_is_told_what_it_lacks(tab: Page, help: Help) -> None:
    help.pages["inner"] = f"<!doctype html><title>Inner</title>{FORM}{TAG}"
    help.pages["page"] = (
        '<!doctype html><title>Outer</title><iframe src="/inner.html" sandbox="allow-scripts"></iframe>'
    )
    tab.goto(f"{help.shop}/page.html")
    frame = tab.frame_locator("iframe")
    frame.locator("[name=message]").press_sequentially(TEXT)
    expect(frame.locator(CARDS)).to_have_count(3)
    with tab.expect_console_message(lambda message: "is allow-same-origin missing" in message.text):
        frame.get_by_role("button", name="Not this: Answer 1").click()


def test_an_article_that_cannot_be_shown_is_linked(tab: Page, help: Help) -> None:
    tab.route("**/api/v1/articles/**", lambda route: route.abort())
    put(tab, help, FORM)
    offered(tab)
    tab.locator(CARDS).first.click()
    expect(tab.locator("help-widget [part=panel]")).to_contain_text("We can't show this article here.")
    link = tab.locator("help-widget [part=panel] .article a")
    expect(link).to_have_attribute("href", f"{help.origin}/en/articles/account/answer-1#by-phone")


def test_a_long_paste_into_our_form_is_said_and_not_cut(tab: Page, help: Help) -> None:
    put(tab, help, '<script type="module" src="HELP/widget/1/help-widget.js" data-label="Help"></script>')
    tab.evaluate("document.querySelector('help-widget').open('contact')")
    tab.get_by_label("Subject").fill("A log")
    tab.get_by_label("E-mail").fill("jo@example.com")
    tab.get_by_label("Message").fill("x" * 50_120)
    expect(tab.get_by_role("alert")).to_contain_text("shorten it by about 120 characters")
    tab.get_by_role("button", name="Send").click()
    assert len(tab.get_by_label("Message").input_value()) == 50_120
    tab.get_by_label("Message").fill("説" * 21_000)
    expect(tab.get_by_role("alert")).to_contain_text("too long")
    assert help.tickets == []
    tab.get_by_label("Message").fill("x" * 49_000)
    tab.get_by_role("button", name="Send").click()
    expect(tab.locator("help-widget [part=panel]")).to_contain_text("T-2345")
