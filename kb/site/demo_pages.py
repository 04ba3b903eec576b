"""The pages of the demo shop, its goods, and its words in some of the languages of the widget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its name in the menu, and one line that tells what to try on it."""

    name: str
    hint: str


@dataclass(frozen=True, slots=True)
class Good:
    """Something to buy; `shape` names its picture and its page, which says `more` and has the `facts`."""

    name: str
    price: str
    text: str
    shape: str
    more: str
    facts: str


PAGES = {
    "": Page("Shop", "Press Help in the corner: the panel opens with articles, completes your search, and has a form."),
    "product": Page(
        "Product", "Press Help, open an article, and follow the arrow beside its title to the whole article."
    ),
    "checkout": Page(
        "Checkout", "Press Help: an entry for /checkout in _contexts.yml decides which articles come first here."
    ),
    "contact": Page(
        "Contact", "Write a question into the message: articles that may answer it appear beside the form."
    ),
    "editor": Page("Returns", "The message is an editor with bold text. Write into it: the articles appear beside it."),
    "dialog": Page("Ask an expert", "Press the button and write into the form of the dialog: the articles open in it."),
    "app": Page(
        "My account", "This is a single-page app: open Messages, whose form comes later, and write. Then go elsewhere."
    ),
}
FORM_PAGES = ("contact", "sent")  # the pages in every language

GOODS = (
    Good(
        "Reading lamp Ember", "€ 89", "Brass and oak, with a dimmer.", "lamp",
        "Its light is warm enough to read by and dim enough to fall asleep in.",
        "42 cm high · E27 bulb up to 40 W · two-year guarantee",
    ),
    Good(
        "Beeswax pillar", "€ 14", "Burns for sixty hours.", "candle",
        "Poured from local beeswax, it smells of honey even before you light it.",
        "15 cm high · 7 cm wide · cotton wick",
    ),
    Good(
        "Storm lantern", "€ 46", "Keeps its flame in any wind.", "lantern",
        "For the terrace, the boat, and the next power cut.",
        "31 cm high · blackened steel and glass · for candles up to 6 cm wide",
    ),
    Good(
        "Dinner candles", "€ 9", "Six, in ivory.", "pair",
        "They fit every common holder and don't drip on the tablecloth.",
        "25 cm high · 2.2 cm wide · burn for eight hours each",
    ),
)  # fmt: skip

WORDS = {
    "en": {
        "name": "English",
        "contact": "Write to us",
        "lead": "Marta and Jo read every message and answer within a day.",
        "subject": "Subject",
        "message": "Message",
        "email": "E-mail",
        "send": "Send",
        "thanks": "Thank you, we have your message.",
        "shop": "Shop",
        "hint": PAGES["contact"].hint,
        "try": "Try it",
    },
    "es": {
        "name": "Español",
        "contact": "Escríbanos",
        "lead": "Marta y Jo leen cada mensaje y responden en un día.",
        "subject": "Asunto",
        "message": "Mensaje",
        "email": "Correo electrónico",
        "send": "Enviar",
        "thanks": "Gracias, tenemos su mensaje.",
        "shop": "Tienda",
        "hint": "Escriba una pregunta en el mensaje: junto al formulario aparecen artículos que quizá la respondan.",
        "try": "Pruébelo",
    },
    "de": {
        "name": "Deutsch",
        "contact": "Schreiben Sie uns",
        "lead": "Marta und Jo lesen jede Nachricht und antworten innerhalb eines Tages.",
        "subject": "Betreff",
        "message": "Nachricht",
        "email": "E-Mail",
        "send": "Senden",
        "thanks": "Danke, Ihre Nachricht ist da.",
        "shop": "Laden",
        "hint": "Schreiben Sie eine Frage in die Nachricht: Neben dem Formular erscheinen Artikel, die sie vielleicht "
        "beantworten.",
        "try": "Ausprobieren",
    },
    "ar": {
        "name": "العربية",
        "contact": "اكتب إلينا",
        "lead": "تقرأ مارتا وجو كل رسالة وتردان خلال يوم.",
        "subject": "الموضوع",
        "message": "الرسالة",
        "email": "البريد الإلكتروني",
        "send": "إرسال",
        "thanks": "شكرًا، وصلتنا رسالتك.",
        "shop": "المتجر",
        "hint": "اكتب سؤالًا في الرسالة: تظهر بجانب النموذج مقالات قد تجيب عنه.",
        "try": "جرّب",
    },
}
