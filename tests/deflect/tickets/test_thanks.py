"""A reply that is nothing but thanks is told from one that needs an answer, in many languages."""

from __future__ import annotations

import pytest

from deflect.tickets.thanks import is_thanks

THANKS = (
    *(
        "Thanks!",
        "thank you so much",
        "Thx :)",
        "Many thanks for your quick help, it works now.",
        "Perfect, thank you!",
    ),
    *("Danke", "Vielen Dank für die schnelle Hilfe!", "Super, danke, klappt jetzt.", "Herzlichen Dank"),
    *("Merci beaucoup", "Un grand merci pour votre aide, ça marche !", "Muchas gracias por la ayuda", "¡Mil gracias!"),
    *("Grazie mille, risolto", "Muito obrigada pela ajuda", "Hartelijk bedankt voor de snelle reactie", "Dank u wel"),
    *("Bardzo dziękuję za pomoc", "Tack så mycket för hjälpen!", "Mange tak for hjælpen", "Tusen takk for hjelpen"),
    *("Kiitos paljon!", "Děkuji moc", "Ďakujem pekne", "Köszönöm szépen", "Mulțumesc mult", "Çok teşekkür ederim"),
    *("Большое спасибо, всё работает", "Дуже дякую", "Ευχαριστώ πολύ", "תודה רבה", "شكرا جزيلا", "Terima kasih banyak"),
    *("Cảm ơn bạn rất nhiều", "बहुत धन्यवाद", "ありがとうございます。", "ご回答ありがとうございました。解決しました。"),
    *("谢谢！", "非常感谢您的帮助", "謝謝你們", "감사합니다!", "빠른 답변 감사합니다.", "ขอบคุณมากครับ"),
    *("👍", "🙏🏽🙏🏽", "❤️", "👍👍 thanks", "Perfect 🎉", ":-)"),
    *(
        "Hi Ann,\n\nthank you!\n\nBest regards,\nJo Miller\nACME Ltd\n+49 30 123456",
        "Thanks,\nJo",
        "Thanks\n\nJo Miller",
    ),
    *("Thank you!\n\nOn Monday Ann wrote:\n> Does it work?\n> Ann", "Danke!\n\nVon meinem iPhone gesendet"),
    *("Thanks!\n-- \nJo\nWhat can we do for you?", "Dear team, thank you. Have a nice day!", "Tack!\n\nMvh\nJo"),
    *("Paldies par palīdzību!", "Labai ačiū", "Suur aitäh", "Hvala lijepa", "Благодаря ви много", "Moltes gràcies"),
    *("Takk fyrir", "Merci, c'est bon.", "Vielen Dank, hat geklappt!", "Obrigada, já consegui", "Danke, geht wieder"),
    "Thanks!\n[cid:image001.png@01DA.B0]",
    "Спасибо!\n\n2 нояб. 2026 г., в 10:00, Help <help@shop.example> написал(а):\n> Проверьте?",
)
NOT_THANKS = (
    *("Thanks, but it still fails.", "Thanks. It does not work", "No thanks", "Thanks for nothing", "thanks?", ""),
    *("Thank you, when will it be done?", "Thanks, is it fixed now", "Thanks\nit still fails", "Thanks,\nstill broken"),
    *("Hello it still fails\nThanks", "Thanks in advance for sending the invoice", "It works now.", "ok", "👎", "😡"),
    *("Danke, aber es geht nicht.", "Danke, geht leider immer noch nicht", "Merci, mais ça ne marche pas"),
    *("Gracias, pero no funciona", "Grazie ma non funziona", "Obrigado, mas não funciona", "Bedankt, werkt niet"),
    *("Dziękuję, ale nie działa", "Tack men det fungerar inte", "Tak, men det virker ikke", "Takk, men fungerer ikke"),
    *(
        "Kiitos mutta ei toimi",
        "Спасибо, но не работает",
        "Teşekkürler ama çalışmıyor",
        "谢谢，还是不行",
        "谢谢，没有解决",
    ),
    *(
        "ありがとうございます。まだ直りません。",
        "감사합니다. 아직 안 됩니다.",
        "شكرا لكن لا يعمل",
        "תודה אבל זה לא עובד",
    ),
    *("Danke im Voraus", "Paldies, bet nedarbojas", "Hvala, ali ne radi", "Благодаря, но не работи", "[x]"),
    *("thank you " * 7, "Thanks 100%", "https://example.com/ thanks", "Thanks, order 1234", "Best regards,\nJo"),
    "Thanks. Please also change my address and call me, I have another problem.",
)


@pytest.mark.parametrize("text", THANKS)
def test_nothing_but_thanks_is_thanks(text: str) -> None:
    assert is_thanks(text, name="Jo Miller")


@pytest.mark.parametrize("text", NOT_THANKS)
def test_thanks_with_anything_else_is_a_reply(text: str) -> None:
    assert not is_thanks(text, name="Jo Miller")


def test_a_long_text_is_judged_at_once() -> None:
    assert not is_thanks("谢谢你" * 20_000)
    assert not is_thanks("thanks " * 20_000)
